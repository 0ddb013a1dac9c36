"""Puts the things into the services, by the commands and events that would have put them there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from services.outcomes.adapters.kafka import journeys_handler
from services.outcomes.app import Service as Outcomes
from services.referral.app import Referral
from services.referral.domain.messages import KeepMessage
from services.safeguarding.app import Service as Safeguarding
from services.safeguarding.domain.commands import Acknowledge, CloseConcern
from services.support.app import Support
from services.support.domain.case.commands import EndSupport, HearPlaceHeld, MakeMatch
from services.support.domain.volunteer.commands import HoldPlace, RegisterVolunteer
from services.triage.app import Triage
from services.triage.domain.commands import DecideCase, HearReferral
from shared.events.ids import concern_id
from shared.runtime.clock import SystemClock
from shared.runtime.submission import Scope, Submission
from shared.testing.running import running
from tests.access.matrix import things as t
from tests.outcomes.world import recorded, referral
from tests.referral.cases import receive
from tests.safeguarding.world import raise_it
from tests.support.cases import LPM, RULES, hear_triage
from tests.triage.cases import received

HER = {"given": "Testa", "family": "Matrix-Test", "phone": "07700 900123", "safe_to_contact": "yes"}
INDEX = {"nhs_number": t.NHS_NUMBER}
_CAUSES = count()


async def submit(executor: Any, *asked: tuple[Any, tuple[str, str] | None]) -> None:
    """One after the other: each is refused where the one before was."""
    for one, place in asked:
        scope = Scope(*place) if place else None
        await executor.submit(Submission(one, t.named(f"cause/{next(_CAUSES)}"), scope))


async def referrals(service: Referral) -> None:
    """Referrals, each with who it is about: those that are asked about, and those that triage and support know of."""
    async with service.client, running(service.executor, service.vault):
        for one in (*t.SENT.all, *t.TRIAGE.all, *t.SUPPORT.all):
            case = UUID(one.id)
            cause, stream = t.named(f"sealed/{case}"), f"case/{case}"
            await service.vault.seal(subject=case, stream=stream, cause=cause, record=HER, index=INDEX, new=True)
            await submit(service.executor, (receive(case=case, sent_by=one.organisation), (one.provider, one.site)))


async def messages(service: Referral) -> None:
    """Messages that nobody has read."""
    async with service.client, running(service.executor):
        for one in t.MESSAGES.all:
            await submit(service.executor, (KeepMessage(UUID(one.id), "RXX"), (one.provider, one.site)))


async def triage_cases(service: Triage) -> None:
    """Cases whose words nobody has read, so that none can be declined; one that was accepted."""
    async with service.client, running(service.executor):
        for one in t.TRIAGE.all:
            case = UUID(one.id)
            text = one.id != str(t.DECIDED)
            event = received(text_unread=text).model_copy(update={"case": case})
            await submit(service.executor, (HearReferral(case, event), (one.provider, one.site)))
        await submit(service.executor, (DecideCase(t.DECIDED, "accepted", "fits", LPM, "one-to-one"), None))


async def support_cases(service: Support) -> None:
    """Volunteers, and cases that wait, are matched or ended."""
    until = SystemClock().now() + timedelta(days=2)
    async with service.client, service.http, running(service.executor):
        for one in t.VOLUNTEERS.all:
            given = RegisterVolunteer(UUID(one.id), RULES.gates, (t.GIVES[UUID(one.id)],))
            await submit(service.executor, (given, (one.provider, one.site)))
        for one in t.SESSIONS.all:
            case, place = UUID(one.id), (one.provider, one.site)
            heard = replace(hear_triage(offer=None), case=case)
            await submit(service.executor, (heard, place))
            if one.volunteer:
                with_whom = UUID(one.volunteer)
                await submit(
                    service.executor,
                    (HoldPlace(with_whom, case), None),
                    (HearPlaceHeld(case, with_whom, until), None),
                    (MakeMatch(case, with_whom, held_back=False, offer=t.GIVES[with_whom]), None),
                )
        ending = EndSupport(t.ENDED, "goals_met", review=True, by=LPM, held_back=False)
        await submit(service.executor, (ending, None))


async def concerns(service: Safeguarding) -> None:
    """Concerns that wait, are taken or closed."""
    lead, later = "safeguarding-lead/lead-halton", SystemClock().now() + timedelta(hours=1)
    async with service.client, running(service.executor):
        for one in t.CONCERNS.all:
            signal = next(each for each in t.SIGNALS.values() if str(concern_id(each)) == one.id)
            raised = replace(raise_it(), concern=UUID(one.id), signal_id=signal, case=t.named(f"about/{signal}"))
            await submit(service.executor, (raised, (one.provider, one.site)))
        for concern in (t.TAKEN, t.CLOSED):
            await submit(service.executor, (Acknowledge(concern, lead, "ring-her", later), None))
        await submit(service.executor, (CloseConcern(t.CLOSED, "made-safe", ("spoke-with-her",)), None))
    await service.close()


async def journeys(service: Outcomes) -> None:
    """So many journeys in each place that a sum says whose were counted."""
    at, hear = datetime(2026, 1, 5, 9, tzinfo=UTC), journeys_handler(service.views)
    for place, many in t.COUNTED.items():
        for number in range(many):
            case = t.named(f"journey/{place}/{number}")
            event = referral(number).event.model_copy(update={"case": case})
            provider, site = place
            assert await hear([replace(recorded(event, 1, site=site, at=at), provider=provider)]) == [None]
