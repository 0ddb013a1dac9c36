"""The figures at the end of the story: the funnel with n of m, and the paired change of HADS with its doubt."""

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from deploy.simulate.cast import COMMISSIONER
from deploy.simulate.doors import Doors
from deploy.simulate.figures import table
from deploy.simulate.referrals import Planned

SCALES = ("anxiety", "depression")
FIGURES_WITHIN_S = 60.0


async def show_outcomes(doors: Doors, planned: Sequence[Planned], console: Console) -> None:
    """Wait until outcomes has heard everything, then print what its interface says."""
    funnel = await doors.until("outcomes", "/api/funnel", _has(planned), asker=COMMISSIONER, within_s=FIGURES_WITHIN_S)
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


def _has(planned: Sequence[Planned]) -> Callable[[dict[str, Any]], bool]:
    """Whether a funnel counts everybody who was referred, supported and followed up in the story."""
    followed_up = sum(one.follow_up is not None for one in planned)
    wanted = {"referred": len(planned), "supported": sum(one.supported for one in planned), "followed_up": followed_up}

    def complete(funnel: dict[str, Any]) -> bool:
        reached = {stage["name"]: stage["n"] for stage in funnel["stages"]}
        return all(reached[stage] >= count for stage, count in wanted.items())

    return complete


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    share = f"{stage['n']} of {stage['of']} ({stage['percent']}%)" if stage["of"] else str(stage["n"])
    return {"stage": stage["name"].replace("_", " "), "people": share}
