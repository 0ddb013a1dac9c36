"""The figures at the end of the story: the funnel with n of m, and the paired change of HADS with its doubt."""

from typing import Any

from rich.console import Console

from deploy.simulate.cast import COMMISSIONER
from deploy.simulate.doors import Doors
from deploy.simulate.figures import table
from deploy.simulate.referrals import REFERRED, SUPPORTED
from deploy.simulate.scores import FOLLOWED_UP

SCALES = ("anxiety", "depression")
FIGURES_WITHIN_S = 60.0


async def show_outcomes(doors: Doors, console: Console) -> None:
    """Wait until outcomes has heard everything, then print what its interface says."""
    funnel = await doors.until("outcomes", "/api/funnel", _complete, asker=COMMISSIONER, within_s=FIGURES_WITHIN_S)
    table(console, "Funnel, all sites", [_stage(stage) for stage in funnel["stages"]])
    paths = [f"/api/change?instrument=HADS&scale={scale}" for scale in SCALES]
    changes = [await doors.get("outcomes", path, asker=COMMISSIONER) for path in paths]
    table(console, "HADS, the same people before and after (change, never effect)", [_change(one) for one in changes])


def _change(change: dict[str, Any]) -> dict[str, Any]:
    if change["too_few"]:
        return {"scale": change["scale"], "n": change["n"], "note": change["note"]}
    low, high = change["ci95"]
    return {
        "scale": change["scale"],
        "n": change["n"],
        "before": f"{change['mean_before']} ({change['band_before'].replace('_', ' ')})",
        "after": f"{change['mean_after']} ({change['band_after'].replace('_', ' ')})",
        "change": change["mean_change"],
        "95% CI": f"{low} to {high}",
        "p": change["p"],
        "lower": f"{change['lower']['n']} of {change['lower']['of']}",
    }


def _complete(funnel: dict[str, Any]) -> bool:
    reached = {stage["name"]: stage["n"] for stage in funnel["stages"]}
    wanted = {"referred": REFERRED, "supported": SUPPORTED, "followed_up": FOLLOWED_UP}
    return all(reached[stage] >= count for stage, count in wanted.items())


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    share = f"{stage['n']} of {stage['of']} ({stage['percent']}%)" if stage["of"] else str(stage["n"])
    return {"stage": stage["name"].replace("_", " "), "people": share}
