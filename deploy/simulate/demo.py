"""`make demo`: 260 made-up referrals become decisions, matches, sessions, pages and a funnel, on a real stack."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
from rich.console import Console
from rich.progress import Progress

from deploy.keycloak.identities import shipped_people
from deploy.local import control, state, surroundings
from deploy.simulate import doors, worries
from deploy.simulate.bundles import bundle, headers
from deploy.simulate.cast import PROJECT_MANAGERS, VOLUNTEERS, Staff
from deploy.simulate.doors import Doors
from deploy.simulate.figures import durations
from deploy.simulate.outcome import show_outcomes
from deploy.simulate.referrals import SITES, Planned, plan
from deploy.simulate.sign_ins import show_sign_ins
from deploy.simulate.stack import Stack, described
from deploy.simulate.tokens import SignedIn, Tokens
from deploy.simulate.watch import Watch, watching
from shared.runtime.clock import SystemClock, new_id

SEED = 20260
AT_ONCE = 8
REGISTERED, CAP = 62, 3
"""Source: Parents in Mind pilot summary (62 of 77 volunteers became active); three places each holds 182 matches."""
GATES = ["training", "readiness", "checks"]


@dataclass
class Story:
    """What the demo has done so far."""

    doors: Doors
    watch: Watch
    console: Console
    now: datetime
    planned: list[Planned]
    cases: dict[int, UUID] = field(default_factory=dict)
    posted_at: dict[UUID, float] = field(default_factory=dict)
    volunteers: dict[str, list[UUID]] = field(default_factory=dict)
    with_account: dict[UUID, Staff] = field(default_factory=dict)

    def say(self, words: str) -> None:
        """Tell the person who watches."""
        self.console.print(words)


async def referrals(story: Story) -> None:
    """Post every referral, half-way down the road of a trust and a small team: bundles and plain JSON."""
    with Progress(console=story.console, transient=True) as progress:
        bar = progress.add_task("posting referrals", total=len(story.planned))

        async def post(number: int, planned: Planned) -> None:
            started = time.monotonic()
            if planned.route == "bars":
                message = bundle(planned, new_id(), story.now)
                sent = headers(new_id(), new_id(), planned.site)
                case = await doors.refer_bundle(story.doors, message, sent)
            else:
                case = await doors.refer(story.doors, planned.body(story.now.date()))
            story.cases[number], story.posted_at[case] = case, started
            progress.advance(bar)

        await doors.gather_bounded([lambda n=n, p=p: post(n, p) for n, p in enumerate(story.planned)], AT_ONCE)  # type: ignore[misc]
    missing = await story.watch.until({str(case) for case in story.cases.values()}, within_s=60)
    bundles = sum(planned.route == "bars" for planned in story.planned)
    story.say(f"1. {len(story.cases)} referrals acknowledged, {bundles} of them BaRS-shaped messages")
    story.say(f"   {len(story.cases) - len(missing)} have a recommendation")


async def volunteers(story: Story) -> None:
    """Register the volunteers who passed every gate, spread over the sites."""

    async def register(number: int) -> None:
        site = SITES[number % len(SITES)]
        herself = VOLUNTEERS.get(site) if number < len(SITES) else None
        account = shipped_people().person(herself.name).id if herself else None
        try:
            volunteer = await doors.register_volunteer(story.doors, site, GATES, CAP, account)
        except doors.Conflict:  # an earlier demonstration registered her; its matches are still hers
            herself, volunteer = None, await doors.register_volunteer(story.doors, site, GATES, CAP)
        story.volunteers.setdefault(site, []).append(volunteer)
        if herself:
            story.with_account[volunteer] = herself

    await doors.gather_bounded([lambda n=n: register(n) for n in range(REGISTERED)], AT_ONCE)  # type: ignore[misc]
    story.say(f"2. {REGISTERED} volunteers ready at {len(SITES)} sites, {CAP} places each")


async def decisions(story: Story) -> None:
    """Each site's project manager decides its cases: the machine only recommended."""

    async def decide(number: int, planned: Planned) -> None:
        case, manager = story.cases[number], PROJECT_MANAGERS[planned.site]
        if planned.supported:
            await doors.decide(story.doors, case, "accepted", "one-to-one", "fits", by=manager)
        elif not planned.flags:
            await doors.decide(story.doors, case, "declined", None, "needs_not_met", by=manager)

    await doors.gather_bounded([lambda n=n, p=p: decide(n, p) for n, p in enumerate(story.planned)], AT_ONCE)  # type: ignore[misc]
    accepted = sum(planned.supported for planned in story.planned)
    story.say(
        f"3. A named project manager decided: {accepted} accepted, the others declined with signposts, risk held back"
    )


async def support(story: Story) -> None:
    """Match each accepted case with a volunteer of its site, and log two sessions."""
    places = {site: [one for one in mine for _ in range(CAP)] for site, mine in story.volunteers.items()}

    async def walk(number: int, planned: Planned, volunteer: UUID) -> None:
        case, manager = story.cases[number], PROJECT_MANAGERS[planned.site]
        await story.doors.until("support", f"/api/cases/{case}", lambda _: True, asker=manager)
        await doors.match(story.doors, case, volunteer, by=manager)
        for session in (1, 2):
            by = story.with_account.get(volunteer, manager)
            await doors.log_session(story.doors, case, story.now, session, by=by)

    work = [(n, p, places[p.site].pop()) for n, p in enumerate(story.planned) if p.supported]
    await doors.gather_bounded([lambda w=w: walk(*w) for w in work], AT_ONCE)  # type: ignore[misc]
    story.say(f"4. {len(work)} matches made, {2 * len(work)} sessions logged")


async def follow_ups(story: Story) -> None:
    """Record the follow-up questionnaires of those who gave one."""

    async def follow(number: int, planned: Planned) -> None:
        body = {
            "instrument": "HADS",
            "version": "1",
            "totals": planned.follow_up,
            "stage": "follow_up",
            "taken_on": story.now.date().isoformat(),
        }
        path = f"/api/cases/{story.cases[number]}/measures"
        await story.doors.post("triage", path, body, asker=PROJECT_MANAGERS[planned.site])

    work = [(n, p) for n, p in enumerate(story.planned) if p.follow_up]
    await doors.gather_bounded([lambda w=w: follow(*w) for w in work], AT_ONCE)  # type: ignore[misc]
    story.say(f"5. {len(work)} follow-up questionnaires recorded")


async def tell(
    stack: Stack, console: Console, planned: list[Planned] | None = None, tokens: Tokens | None = None
) -> None:
    """The whole story, from an empty stack to the figures.

    `planned` is who is referred, or a fresh 260; `tokens` where proofs come from, or the stack's own issuer.
    """
    now = SystemClock().now()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client, watching(stack.kafka) as watch:
        caller = Doors(stack.services, client, tokens or SignedIn(stack, client))
        planned = planned or list(plan(SEED + int(now.timestamp()), now.date()))
        story = Story(caller, watch, console, now, planned)
        for chapter in (referrals, volunteers, decisions, support, follow_ups):
            await chapter(story)
        pages = await worries.tell(caller, stack, client, story.cases[len(story.planned) - 1], story.say)
        await show_outcomes(story.doors, story.planned, console)
        waits = [watch.seen[str(case)] - at for case, at in story.posted_at.items() if str(case) in watch.seen]
        console.print(durations("POST to recommendation, as an independent listener saw it", waits))
        console.print(durations("worry raised to page taken by the mail server", pages))


def main() -> None:
    """Start the stack, tell the story, say what to open; where nobody watches, stop it again."""
    asked, console = surroundings.read(), Console(highlight=False)
    if state.alive(asked.folder):
        raise SystemExit("A stack is running already, perhaps with a ladder of minutes. Stop it first: make down")
    control.up(asked.folder)
    try:
        asyncio.run(tell(described(asked.folder), console))
    finally:
        if asked.unattended:
            control.down(asked.folder)
    if not asked.unattended:
        stack = described(asked.folder)
        show_sign_ins(stack, console)
        for name, url in stack.services.items():
            console.print(f"  {name:13} {url}")
        console.print("Stop everything with: make down")


if __name__ == "__main__":
    main()
