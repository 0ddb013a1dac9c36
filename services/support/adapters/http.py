"""Support's JSON interface for cases: places, matches, sessions, worries and endings."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.support.adapters.acting import Acting
from services.support.adapters.doors import Asked, Doors
from shared.access.app import guarded_router
from shared.access.guard import caller_of_request, reach_of
from shared.events.codes import Code
from shared.events.ids import uuid_in
from shared.events.refusal import NotFound
from shared.runtime.body import parse, read_body, strict_json
from shared.runtime.operation import performs
from shared.runtime.problems import Refused

JSON = "application/json"


class PlaceBody(BaseModel):
    """Whose place."""

    model_config = ConfigDict(extra="forbid")

    volunteer: UUID


class MatchBody(BaseModel):
    """With whom; the offer where the decision named none."""

    model_config = ConfigDict(extra="forbid")

    volunteer: UUID
    offer: Code | None = None


class EndBody(BaseModel):
    """Why support ends, and whether it was looked at together. A reason in words is kept in the vault."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    review: bool


def routes(doors: Doors) -> APIRouter:
    """Every route about cases."""
    router = guarded_router(prefix="/api/cases")
    _reading(router, doors)
    _matching(router, Acting(doors))
    _ending(router, Acting(doors))
    _meeting(router, Acting(doors))
    return router


def _reading(router: APIRouter, doors: Doors) -> None:
    @router.get("")
    @performs("support.list")
    async def listed(request: Request, site: str | None = None, status: str | None = None) -> Any:
        """Cases in support."""
        return {"cases": await doors.queries.cases(reach_of(request), site=site, status=status)}

    @router.get("/{case}")
    @performs("support.read")
    async def one(case: UUID, request: Request, version: int = 0) -> Any:
        """A case with its volunteer and sessions."""
        return await doors.queries.case(case, reach_of(request), version=version)


def _matching(router: APIRouter, acting: Acting) -> None:
    @router.post("/{case}/places")
    @performs("match.make")
    async def hold(case: UUID, request: Request) -> Any:
        """Keep a volunteer's place for a case while the mother is asked (S29)."""
        body = await read_body(request)
        asked, person = parse(PlaceBody, body), caller_of_request(request)
        write = Asked.of(request, person, "hold-place", body)
        return JSONResponse(await acting.hold(request, write, case, asked.volunteer), status_code=201)

    @router.post("/{case}/match")
    @performs("match.make")
    async def match(case: UUID, request: Request) -> Any:
        """Match a case with a volunteer whose place is kept for it; safeguarding is asked first (S24)."""
        body = await read_body(request)
        asked, person = parse(MatchBody, body), caller_of_request(request)
        write = Asked.of(request, person, "make-match", body)
        made = await acting.match(request, write, case, asked.volunteer, asked.offer)
        return JSONResponse(made, status_code=201)


def _ending(router: APIRouter, acting: Acting) -> None:
    @router.post("/{case}/end")
    @performs("support.end")
    async def end(case: UUID, request: Request) -> Any:
        """End support; only a named person does, and not while safeguarding holds the case (S2, S24)."""
        body = await read_body(request)
        asked, person = parse(EndBody, body), caller_of_request(request)
        write = Asked.of(request, person, "end-support", body)
        return await acting.end(request, write, case, asked.reason, review=asked.review)


def _meeting(router: APIRouter, acting: Acting) -> None:
    @router.post("/{case}/sessions")
    @performs("session.log")
    async def log_session(case: str, request: Request) -> Any:
        """A session: its worry first, then the session itself, never refused for a fault in its fields (S3)."""
        body, receipt = await _worry_first(acting.doors, case, request, inside=True)
        try:
            answered = await _session(acting, case, request, body)
        except NotFound as unknown:
            raise Refused(404, unknown.code, unknown.detail, extra={"receipt": receipt}) from None
        except Refused as refused:
            refused.extra["receipt"] = receipt
            raise
        return JSONResponse({**answered, **({"receipt": receipt} if receipt else {})}, status_code=201)

    @router.post("/{case}/worries")
    @performs("worry.raise")
    async def worry(case: str, request: Request) -> Any:
        """The "worried now" button: 201 with the receipt once it is durable, whatever else was wrong (S19, S20)."""
        _, receipt = await _worry_first(acting.doors, case, request, inside=False)
        return JSONResponse({"receipt": receipt}, status_code=201)


async def _worry_first(doors: Doors, case: str, request: Request, *, inside: bool) -> tuple[bytes, str | None]:
    """The body, and the receipt of the worry in it: the whole body is one, or its field `worry`."""
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    body = await read_body(request, json_types=frozenset({media}))
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None if inside else {"about": body.decode(errors="replace")}
    if inside:
        sent = sent.get("worry") if isinstance(sent, dict) else None
    return body, await doors.worries.keep(sent if inside or sent else {}, uuid_in(case), request, body)


async def _session(acting: Acting, case: str, request: Request, body: bytes) -> dict[str, Any]:
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    named, sent = uuid_in(case), strict_json(body)
    if media != JSON:
        raise Refused(415, "body.media_type", f"Send {JSON}.")
    if named is None or not isinstance(sent, dict):
        raise Refused(422, "body.invalid", "A session is an object, about a case with an id.")
    write = Asked.of(request, caller_of_request(request), "log-session", body)
    return await acting.log_session(request, write, named, sent)
