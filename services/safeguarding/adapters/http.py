"""Safeguarding's JSON interface: signals, the worry button, the list, acknowledging and closing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.safeguarding.adapters.inbox import Inbox
from services.safeguarding.adapters.opening import Opening
from services.safeguarding.adapters.passes import CardPasses
from services.safeguarding.adapters.queries import UNKNOWN, Live, Queries
from services.safeguarding.adapters.raising import Raiser, Raising, Receipt
from services.safeguarding.adapters.taking import CodeRefused, Taking, TooManyTries
from services.safeguarding.domain.commands import CloseConcern
from services.safeguarding.domain.coverage import coverage
from services.safeguarding.domain.policy import Ladder
from services.safeguarding.domain.rota import Rota
from shared.access.app import guarded_router
from shared.access.caller import VISITOR, Caller
from shared.access.guard import Guard, caller_of_request, reach_of, within
from shared.access.reach import Placed
from shared.events.ids import command_cause
from shared.events.refusal import NotFound
from shared.programmes.model import Sites
from shared.runtime.body import Digest, claim_for, idempotency_key, parse, read_body
from shared.runtime.clock import Clock
from shared.runtime.executor import Executor
from shared.runtime.limits import OnRefusal, TurnedAway
from shared.runtime.operation import performs
from shared.runtime.problems import Refused, problem
from shared.runtime.submission import Scope, Submission
from shared.runtime.vault import Vault

KEY_HEADER = "Idempotency-Key"
KEY_LENGTHS = range(8, 65)
NO_SUCH_SITE = ("safeguarding.no_such_site", "There is no site with this id.")
UNREAD = frozenset({408, 413})
WORRYING = {"/api/concerns": "concern.raise", "/api/signals": "signal.push"}
NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Doors:
    """What the routes hand requests on to."""

    executor: Executor
    inbox: Inbox
    raising: Raising
    taking: Taking
    opening: Opening
    passes: CardPasses
    queries: Queries
    live: Live
    vault: Vault
    ladder: Ladder
    rota: Rota
    sites: Sites
    clock: Clock
    digest: Digest


class AcknowledgeBody(BaseModel):
    """What acknowledging asks for."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=1, max_length=64)
    next_step: str = Field(max_length=80)
    next_at: AwareDatetime


class CloseBody(BaseModel):
    """What closing asks for."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=80)
    actions: tuple[str, ...] = Field(max_length=20)


def routes(doors: Doors) -> APIRouter:
    """Every JSON route of safeguarding."""
    router = guarded_router(prefix="/api")
    _signals(router, doors)
    _reading(router, doors)
    _acting(router, doors)
    return router


def _signals(router: APIRouter, doors: Doors) -> None:
    @router.post("/signals", status_code=202)
    @performs("signal.push")
    async def push(request: Request) -> JSONResponse:
        """Take an urgent event; 2xx once its raw body is durable, whatever it says."""
        acted = await doors.inbox.take(await request.body())
        return JSONResponse({"taken": True, "acted_on": acted}, status_code=202)

    @router.post("/concerns", status_code=201)
    @performs("concern.raise")
    async def raise_concern(request: Request) -> Response:
        """The worry button. 201 and every problem carry the receipt: the concern is durable (S3, S20)."""
        body, caller = await request.body(), caller_of_request(request)
        key = request.headers.get(KEY_HEADER)
        usable = key if key and len(key) in KEY_LENGTHS and key.isascii() and key.isprintable() else None
        claim = claim_for(caller.client, "raise-concern", usable) if usable else None
        by = _raiser(doors, caller)
        receipt = await doors.raising.take(body, key=usable, digest=doors.digest(body), claim=claim, by=by)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return _answer(receipt, is_json=media == "application/json", has_key=usable is not None)


def _raiser(doors: Doors, caller: Caller) -> Raiser:
    return Raiser(Scope(*doors.sites.home(caller.provider, caller.sites)), caller.device)


def _answer(receipt: Receipt, *, is_json: bool, has_key: bool) -> Response:
    """201, or a problem by its faults; the receipt is in each, since the concern stands."""
    faults = [{"field": name, "reason": reason} for name, reason in receipt.faults]
    if not has_key:
        faults.append({"field": KEY_HEADER, "reason": "is missing, or not 8 to 64 characters"})
    if receipt.key_reused:
        faults.append({"field": KEY_HEADER, "reason": "was used for another request"})
    if not is_json:
        faults.append({"field": "Content-Type", "reason": "is not application/json"})
    body: dict[str, Any] = {"receipt": str(receipt.concern)}
    if receipt.words_kept is not None:
        body["words_kept"] = receipt.words_kept
    if not faults:
        return JSONResponse(body, status_code=201, headers=NO_STORE)
    return problem(
        415 if not is_json else 422 if has_key and receipt.readable else 400,
        "safeguarding.taken_with_faults",
        "The concern was taken; something else was wrong",
        "The concern is safe under its receipt. It needs no second try.",
        errors=faults,
        headers=NO_STORE,
        extra=body,
    )


def keep_what_was_turned_away(doors: Doors, guard: Guard) -> OnRefusal:
    """A body too large or too slow to be read may still be a worry: what came of it is one (S3).

    Only of whoever proves who she is: a stranger must not be able to page anybody.
    """

    async def keep(turned_away: TurnedAway) -> None:
        operation = WORRYING.get(turned_away.path)
        if turned_away.status not in UNREAD or operation is None:
            return
        caller = await guard.known(Request(turned_away.scope), operation)
        if caller is VISITOR or guard.policy.reach(operation, caller) is None:
            return
        body = turned_away.body
        if operation == "signal.push":
            await doors.inbox.take(body)
        else:
            key, by = str(turned_away.correlation), _raiser(doors, caller)
            await doors.raising.take(body, key=key, digest=doors.digest(body), claim=None, by=by)

    return keep


def _reading(router: APIRouter, doors: Doors) -> None:
    @router.get("/concerns")
    @performs("concern.list")
    async def listed(request: Request, closed: bool = False) -> Any:
        """The live list: codes and times, no identity."""
        found = await doors.queries.listed(reach_of(request), closed=closed)
        return {"concerns": found, "ladder": doors.ladder.standing}

    @router.get("/concerns/stream")
    @performs("concern.list")
    async def stream(request: Request) -> StreamingResponse:
        """The live list as server-sent events, until the service stops."""
        events = doors.live.stream(reach_of(request), request.app.state.stopping)
        return StreamingResponse(events, media_type="text/event-stream", headers=NO_STORE)

    @router.get("/concerns/{concern}")
    @performs("concern.read")
    async def one(concern: UUID, request: Request) -> Any:
        """One concern: codes and times."""
        await doors.queries.check(concern, reach_of(request))
        found = await doors.queries.one(concern)
        if found is None:
            raise NotFound(*UNKNOWN)
        return found

    @router.get("/concerns/{concern}/words")
    @performs("concern.words")
    async def words(concern: UUID, request: Request) -> Any:
        """The words that came with a concern."""
        await doors.queries.check(concern, reach_of(request))
        return {"words": [record.get("about") for record in await doors.vault.of(concern)]}

    _asked_by_services(router, doors)


def _asked_by_services(router: APIRouter, doors: Doors) -> None:
    @router.get("/coverage")
    @performs("coverage.read")
    async def covered(site: str, request: Request) -> Any:
        """Who answers for a site now: a primary, a declared plan, or a gap (S25)."""
        within(reach_of(request), Placed(doors.sites.provider_of(site), site), NO_SUCH_SITE)
        return asdict(coverage(doors.rota, doors.ladder.working_hours, site, now=doors.clock.now()))

    @router.get("/hold")
    @performs("hold.read")
    async def hold(case: UUID) -> Any:
        """Whether an open concern holds matching, ending and status-out for a case (S24). No answer means hold."""
        return {"case": str(case), "hold": await doors.queries.holds(case)}


def _acting(router: APIRouter, doors: Doors) -> None:
    @router.post("/concerns/{concern}/acknowledge")
    @performs("concern.acknowledge")
    async def acknowledge(concern: UUID, request: Request) -> Any:
        """Take a concern with a personal code, a next step and its time; no sign-in (S21)."""
        key = idempotency_key(request)
        body = parse(AcknowledgeBody, await read_body(request))
        _, version = await taken(doors, concern, body, key=key)
        return {
            "id": str(concern),
            "version": version,
            "status": "acknowledged",
            "next_at": body.next_at.isoformat(),
            "note": doors.ladder.wording.before_acknowledging,
        }

    @router.post("/concerns/{concern}/close")
    @performs("concern.close")
    async def close(concern: UUID, request: Request) -> Any:
        """Close a concern with what was done; only a safeguarding lead or manager may."""
        key, person = idempotency_key(request), caller_of_request(request)
        raw = await read_body(request)
        body = parse(CloseBody, raw)
        await doors.queries.check(concern, reach_of(request))
        operation = f"close/{concern}"
        submission = Submission(
            input=CloseConcern(concern, body.reason, body.actions),
            cause=command_cause(person.client, operation, key),
            claims=(claim_for(person.client, operation, key),),
            digest=doors.digest(raw),
        )
        outcome = await doors.executor.submit(submission)
        return {"id": str(concern), "version": outcome.version, "status": "closed"}


async def taken(doors: Doors, concern: UUID, asked: AcknowledgeBody, *, key: str) -> tuple[str, int]:
    """Acknowledge a concern, and return who did and the version; the same again records nothing.

    Raises `Rejected` and `Refused`.
    """
    with codes_refused():
        command = await doors.taking.command(concern, code=asked.code, next_step=asked.next_step, next_at=asked.next_at)
    cause = command_cause(command.by_role, f"acknowledge/{concern}/{asked.next_step}/{asked.next_at}", key)
    outcome = await doors.executor.submit(Submission(command, cause))
    return command.by_role, outcome.version


@contextmanager
def codes_refused() -> Iterator[None]:
    """Answers a wrong code 403 and too many of them 429, without a hint."""
    try:
        yield
    except (CodeRefused, TooManyTries) as refused:
        raise Refused(429 if isinstance(refused, TooManyTries) else 403, refused.code, refused.detail) from None
