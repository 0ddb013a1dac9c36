"""The one place where a request is let in or not: who asks is proved, the table is asked, the answer is noted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response

from shared.access.caller import VISITOR, Caller
from shared.access.glass.kept import PURPOSE, Glass, Glasses
from shared.access.policy.table import Operation, Policy
from shared.access.rate import Rates
from shared.access.reach import Placed, Reach
from shared.access.refusals import ASKS_FOR_MORE, not_allowed, prove_again, too_often, unproved
from shared.access.turned_away import TurnedAway
from shared.events.refusal import NotFound
from shared.runtime.clock import Clock
from shared.runtime.errors import Failure
from shared.runtime.problems import Refused

log = structlog.get_logger()
SUBJECTS = ("case", "concern", "volunteer", "site", "person", "service_request")
"""Path parameters that name what a request is about."""

BREAK_GLASS = "break-glass.begin"

Words = tuple[str, str]
"""Code and detail of the answer about something that is not there."""
Handler = Callable[[Request], Awaitable[Response]]


class Authenticator(Protocol):
    """One way of proving who asks."""

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """The caller; None when the request shows nothing of this kind. Raises `Refused` for what proves nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """What the audit is told of one request. `spooled`: it may be chained later, when the log does not answer."""

    caller: Caller
    operation: str
    subjects: tuple[str, ...]
    purpose: str
    outcome: str
    spooled: bool = False


class Audit(Protocol):
    """Keeps who did what."""

    async def note(self, admission: Admission) -> None:
        """Durable on return. Raises `Failure` when it cannot be."""
        ...


class Guard:
    """Lets requests of one service in. `authenticators` are asked in turn; the first that knows the caller decides.

    `again`: how long ago she may have proved herself for an operation that asks for a fresh proof. `glasses`: who may
    reach beyond her row for a while, where the table lets an operation be widened.
    """

    def __init__(
        self,
        policy: Policy,
        authenticators: Sequence[Authenticator],
        audit: Audit,
        clock: Clock,
        *,
        again: timedelta = timedelta(minutes=5),
        rates: Rates | None = None,
        glasses: Glasses | None = None,
    ) -> None:
        self.policy = policy
        self._authenticators = tuple(authenticators)
        self._audit = audit
        self._clock = clock
        self._again = again
        self._rates = rates or Rates()
        self._glasses = glasses
        self._turned_away = TurnedAway()

    async def admit(self, request: Request, name: str) -> Reach:
        """How far the operation reaches for whoever asks; also kept in `request.state.reach`.

        Raises `Refused`: 401 for nobody and for a proof that is not fresh enough, 403 for a role without a row, 429 for
        too many.
        """
        operation, caller = self.policy.operations[name], VISITOR
        try:
            caller = await self._caller(request, operation)
            reach = await self._let_in(request, name, caller)
        except Refused as refused:
            showed = "Authorization" in request.headers
            self._turned_away.note(caller, refused.status, refused.code, showed_token=showed)
            raise
        request.state.glass = await self._glass(request, operation, caller)
        reach = self._widened(request, reach)
        request.state.caller, request.state.reach = caller, reach
        return reach

    async def _let_in(self, request: Request, name: str, caller: Caller) -> Reach:
        reach = self.policy.reach(name, caller)
        if reach is None:
            await self._refused(request, name, caller)
        assert reach is not None
        if caller.via == "device" and not self.policy.operations[name].device:
            raise unproved(ASKS_FOR_MORE)
        step_up = self.policy.operations[name].step_up and caller.kind == "person"
        if step_up and not self._proved_lately(caller):
            raise prove_again()
        if wait := self._rates.wait(caller):
            raise too_often(wait)
        return reach

    def also(self, request: Request, name: str) -> Reach | None:
        """How far one more operation reaches for whoever was let in; None when she may not. Nothing is noted."""
        reach = self.policy.reach(name, caller_of_request(request))
        return self._widened(request, reach) if reach is not None else None

    def _widened(self, request: Request, reach: Reach) -> Reach:
        glass: Glass | None = request.state.glass
        if glass is None or not self.policy.operations[reach.operation].break_glass:
            return reach
        return reach.beyond(str(glass.id))

    async def _glass(self, request: Request, operation: Operation, caller: Caller) -> Glass | None:
        """What she has broken; looked for where it counts, and where a page of hers has to say so."""
        shown = caller.via == "session" and request.method == "GET"
        if self._glasses is None or caller.through is not None or not (operation.break_glass or shown):
            return None
        if self.policy.reach(BREAK_GLASS, caller) is None:
            return None
        try:
            return await self._glasses.of(caller)
        except Failure:
            if operation.break_glass:
                raise
            return None

    async def answered(self, request: Request, name: str, handle: Handler) -> Response:
        """The answer of `handle`, given to whoever may have it, once that is noted.

        Reads of who somebody is and changes are noted while they are worked on, so that the audit costs no time of its
        own; but nothing is told before the note is durable. Raises what `admit` and `handle` raise, and `Failure` when
        it cannot be noted: nothing is told then, and a change is confirmed to nobody.
        """
        reach = await self.admit(request, name)
        operation = self.policy.operations[name]
        if not (operation.identifiable or operation.changes or reach.glass):
            return await handle(request)
        noting = asyncio.create_task(self.note_as(reach, subjects_of(request)), name="audit note")
        try:
            answer = await handle(request)
        except Exception as fault:
            await self._failed(noting, request, reach, fault)
            raise
        await noting
        return answer

    async def _failed(self, noting: "asyncio.Task[None]", request: Request, reach: Reach, fault: Exception) -> None:
        code = getattr(fault, "code", type(fault).__name__)
        self._turned_away.note(reach.caller, getattr(fault, "status", 0), code, showed_token=True)
        await noting
        await self._note_failed(request, reach, code)

    async def note_failed(self, request: Request, code: str) -> None:
        """Note that an admitted request got a page that says no instead of what it asked for. Raises `Failure`."""
        await self._note_failed(request, reach_of(request), code)

    async def _note_failed(self, request: Request, reach: Reach, code: str) -> None:
        """What was refused after it was let in is noted as such: somebody may be trying what is not hers."""
        await self._audit.note(self._admission(reach, subjects_of(request), "", f"failed: {code}"))

    def _admission(self, reach: Reach, subjects: Sequence[str], purpose: str, outcome: str) -> Admission:
        spooled = self.policy.operations[reach.operation].spooled
        return Admission(
            reach.caller, reach.operation, tuple(subjects), PURPOSE if reach.glass else purpose, outcome, spooled
        )

    async def note(self, request: Request, subjects: Sequence[str], *, purpose: str = "") -> None:
        """Note what an admitted request is about, before it is answered. Raises `Failure`."""
        await self.note_as(reach_of(request), subjects, purpose=purpose)

    async def note_as(self, reach: Reach, subjects: Sequence[str], *, purpose: str = "") -> None:
        """Note one more operation that a request performs beside its own. Raises `Failure`."""
        await self._audit.note(self._admission(reach, subjects, purpose, "admitted"))

    async def known(self, request: Request, name: str) -> Caller:
        """Who asks for an operation, whether she may or not; a visitor for whoever proves nothing."""
        found: Caller | None = getattr(request.state, "caller", None)
        if found is not None:
            return found
        try:
            return await self._caller(request, self.policy.operations[name])
        except Refused:
            return VISITOR

    async def _caller(self, request: Request, operation: Operation) -> Caller:
        for authenticator in self._authenticators:
            try:
                caller = await authenticator(request, operation)
            except (Refused, Failure):
                if operation.anyone:  # what needs no proof is not refused for a bad one, or for one nobody can check
                    return VISITOR
                raise
            if caller is not None:
                return caller
        return VISITOR

    def _proved_lately(self, caller: Caller) -> bool:
        return caller.proved_at is not None and self._clock.now() - caller.proved_at <= self._again

    async def _refused(self, request: Request, name: str, caller: Caller) -> None:
        if caller is VISITOR:
            raise unproved("access.missing")
        log.warning("access.refused", path=name, outcome=caller.role)
        await self._audit.note(Admission(caller, name, subjects_of(request), "", "refused"))
        raise not_allowed()


def subjects_of(request: Request) -> tuple[str, ...]:
    """What the path names."""
    found = (request.path_params.get(name) for name in SUBJECTS)
    return tuple(str(one) for one in found if one is not None)


def reach_of(request: Request) -> Reach:
    """How far the admitted request reaches."""
    found: Reach = request.state.reach
    return found


def caller_of_request(request: Request) -> Caller:
    """Who was let in."""
    found: Caller = request.state.caller
    return found


def within(reach: Reach, placed: Placed | None, unknown: Words) -> None:
    """Raises `NotFound` both for what does not exist (None) and for what is out of reach: they look the same.

    Raises `Refused` (403) where this caller was let in only for a worry.
    """
    if reach.scope == "nothing":
        raise not_allowed()
    if placed is None or not reach.covers(placed):
        raise NotFound(*unknown)


def placed(document: dict[str, Any], *, volunteer: str = "volunteer") -> Placed:
    """Where a view's document belongs."""
    return Placed(
        provider=document.get("provider"),
        site=document.get("site"),
        volunteer=document.get(volunteer),
        organisation=document.get("organisation"),
        person=document.get("person"),
    )
