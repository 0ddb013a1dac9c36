"""Three worries: one from a referral's code, one that is taken, one that nobody takes and that climbs the ladder."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from deploy.simulate.cast import LEAD, VOLUNTEERS, Staff
from deploy.simulate.doors import Doors, DoorShut
from deploy.simulate.stack import Stack
from shared.runtime.clock import SystemClock, new_id

LEADS_CODE = "246810"
"""The made-up lead of Coventry and Warwickshire has this code in the demonstration rota."""
WORRIED: Staff = VOLUNTEERS["coventry-warwickshire"]
PAGE_WITHIN_S = 20.0
CLIMB_WITHIN_S = 30.0


async def tell(
    doors: Doors, stack: Stack, client: httpx.AsyncClient, at_risk: UUID, say: Callable[[str], None]
) -> list[float]:
    """Raise two worries beside the referral's own; returns the seconds from each POST to its first page."""
    named = await doors.until(
        "safeguarding", "/api/concerns", lambda listed: bool(_of_case(listed, at_risk)), asker=LEAD
    )
    own = _of_case(named, at_risk)[0]
    await _page(client, stack, own["id"])
    say(f"6. The referral's own risk code opened concern {_short(own['id'])} and paged the lead on call")
    taken, first = await _raise_and_time(doors, client, stack, at_risk)
    body = {
        "code": LEADS_CODE,
        "next_step": "ring-referrer",
        "next_at": (SystemClock().now() + timedelta(hours=1)).isoformat(),
    }
    await doors.post("safeguarding", f"/api/concerns/{taken}/acknowledge", body, asker=None)
    say(f"7. Concern {_short(taken)}: paged, and taken by the lead with a next step and a time")
    climbing, second = await _raise_and_time(doors, client, stack, at_risk)
    concern = f"/api/concerns/{climbing}"
    await doors.until("safeguarding", concern, lambda seen: seen["rung"] >= 2, asker=LEAD, within_s=CLIMB_WITHIN_S)
    say(f"8. Concern {_short(climbing)}: nobody answered, so the backup and the manager were paged as well")
    return [first, second]


def _short(concern: Any) -> str:
    return str(concern)[:8]


def _of_case(listed: Any, case: UUID) -> list[dict[str, Any]]:
    concerns = listed["concerns"] if isinstance(listed, dict) else listed
    return [concern for concern in concerns if concern.get("case") == str(case)]


async def _raise_and_time(doors: Doors, client: httpx.AsyncClient, stack: Stack, case: UUID) -> tuple[UUID, float]:
    body = {"signal_id": str(new_id()), "case": str(case), "in_danger": "yes", "about": "adult"}
    started = SystemClock().now()
    receipt = (await doors.post("safeguarding", "/api/concerns", body, asker=WORRIED))["receipt"]
    page = await _page(client, stack, receipt)
    taken_at = datetime.fromisoformat(page["received_at"])
    return UUID(receipt), (taken_at - started).total_seconds()


async def _page(client: httpx.AsyncClient, stack: Stack, concern: str) -> dict[str, Any]:
    give_up = time.monotonic() + PAGE_WITHIN_S
    while time.monotonic() < give_up:
        for mail in (await client.get(stack.mail)).json():
            if concern in mail["text"]:
                found: dict[str, Any] = mail
                return found
        await asyncio.sleep(0.05)
    raise DoorShut(f"no page for concern {_short(concern)} within {PAGE_WITHIN_S:g} s")
