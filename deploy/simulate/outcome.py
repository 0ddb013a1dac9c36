"""The figures at the end of the story: the funnel with n of m, and the paired change of HADS with its doubt."""

from typing import Any

from rich.console import Console

from deploy.simulate.doors import Doors
from deploy.simulate.figures import table
from deploy.simulate.referrals import REFERRED, SUPPORTED
from deploy.simulate.scores import FOLLOWED_UP

SCALES = ("anxiety", "depression")
FIGURES_WITHIN_S = 60.0


async def show_outcomes(doors: Doors, console: Console) -> None:
    """Wait until outcomes has heard everything, then print what its interface says."""
    funnel = await doors.until("outcomes", "/api/funnel", _complete, within_s=FIGURES_WITHIN_S)
    table(console, "Funnel, all sites", [_stage(stage) for stage in funnel["stages"]])
    rows = []
    for scale in SCALES:
        change = await doors.get("outcomes", f"/api/change?instrument=HADS&scale={scale}")
        rows.append({"scale": scale} | {name: value for name, value in change.items() if _plain(value)})
    table(console, "HADS, the same people before and after (change, never effect)", rows)


def _complete(funnel: dict[str, Any]) -> bool:
    reached = {stage["name"]: stage["n"] for stage in funnel["stages"]}
    wanted = {"referred": REFERRED, "supported": SUPPORTED, "followed_up": FOLLOWED_UP}
    return all(reached[stage] >= count for stage, count in wanted.items())


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    share = f"{stage['n']} of {stage['of']} ({stage['percent']}%)" if stage["of"] else str(stage["n"])
    return {"stage": stage["name"].replace("_", " "), "people": share}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= 20
