"""The routes by which people sign in and out at a service: to the issuer and back, in one of their roles.

Every service with pages hangs them on; nothing in them knows whose product the issuer is.
"""

import structlog
from cryptography.fernet import InvalidToken
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from shared.access.app import guard_of, guarded_router
from shared.access.claims import caller_of
from shared.access.guard import caller_of_request
from shared.access.reach import Reach
from shared.access.session.attempts import Attempt
from shared.access.session.kept import Session
from shared.access.session.paths import local_path
from shared.access.session.wiring import SignIn
from shared.access.viewer import END, END_EVERYWHERE, STAY, SWITCH
from shared.runtime.errors import Failure, Unavailable
from shared.runtime.operation import performs
from shared.runtime.problems import Refused
from shared.web.forms import form_of
from shared.web.headers import page_headers, settings_of
from shared.web.pages import Pages, redirect

log = structlog.get_logger()
LEAVE, BACK, SIGNED_OUT, BY_ISSUER = "/sign-in", "/sign-in/back", "/signed-out", "/sign-out/by-issuer"


def sign_in_routes(sign_in: SignIn, pages: Pages) -> APIRouter:
    """All of them."""
    router = guarded_router(include_in_schema=False)
    _coming(router, sign_in)
    _staying(router, sign_in)
    _leaving(router, sign_in, pages)
    return router


def _coming(router: APIRouter, sign_in: SignIn) -> None:
    @router.get(LEAVE)
    @performs("session.begin")
    async def leave(request: Request, to: str = "/", again: bool = False) -> Response:
        """Off to the issuer; `again`: to prove herself anew."""
        if sign_in.issuer is None:
            raise Unavailable
        attempt = await sign_in.attempts.begin(local_path(to))
        answer = _away(request, await sign_in.issuer.leave_for(attempt, again=again))
        sign_in.attempt_cookie.put(answer, attempt.browser, seconds=int(sign_in.limits.attempt.total_seconds()))
        return answer

    @router.get(BACK)
    @performs("session.begin")
    async def back(
        request: Request, state: str = "", code: str = "", iss: str | None = None, error: str | None = None
    ) -> Response:
        """Back from the issuer with a code, once; a new session under a new name, whatever there was before."""
        attempt = await _attempt(request, sign_in, state)
        if error is not None or sign_in.issuer is None:
            raise Refused(403, "access.sign_in_refused", "The issuer did not let you in.")
        claims, id_token = await sign_in.issuer.identity(attempt, code, iss)
        caller = caller_of(claims, sign_in.names, via="session")
        await _end_before(request, sign_in)
        await guard_of(request).note_as(Reach("session.begin", "any", caller), ())
        secret = await sign_in.sessions.begin(
            caller,
            issuer_session=str(claims.get("sid") or ""),
            id_token=sign_in.sealing.encrypt(id_token.encode()),
        )
        log.info("session.begun", outcome=caller.role)
        answer = redirect(request, attempt.to)
        sign_in.attempt_cookie.drop(answer)
        sign_in.cookie.put(answer, secret)
        return answer


async def _attempt(request: Request, sign_in: SignIn, state: str) -> Attempt:
    browser = sign_in.attempt_cookie.read(request)
    attempt = await sign_in.attempts.take(state, browser) if state and browser else None
    if attempt is None:
        raise Refused(400, "access.sign_in_over", "This sign-in was not begun here, or it is over. Begin again.")
    return attempt


async def _end_before(request: Request, sign_in: SignIn) -> None:
    before = sign_in.cookie.read(request)
    if before is not None:
        await sign_in.sessions.end(before)


def _staying(router: APIRouter, sign_in: SignIn) -> None:
    @router.post(STAY)
    @performs("session.own")
    async def stay(request: Request) -> Response:
        """Being asked kept the session alive; a script hears for how long, a form goes back where it was."""
        session: Session = request.state.session
        if "application/json" in request.headers.get("accept", ""):
            seconds = int((session.idle_ends_at - sign_in.clock.now()).total_seconds())
            return JSONResponse({"seconds": seconds}, headers={"Cache-Control": "no-store"})
        return redirect(request, local_path((await form_of(request)).one("to")))

    @router.post(SWITCH)
    @performs("session.own")
    async def act_as(request: Request) -> Response:
        """Act in another of her own roles, without signing in again; it begins on the role's first page."""
        secret = sign_in.cookie.read(request) or ""
        try:
            new = await sign_in.sessions.act_as(secret, (await form_of(request)).one("role"))
        except (ValueError, LookupError):
            raise Refused(403, "access.not_her_role", "You do not hold this role.") from None
        answer = redirect(request, "/")
        sign_in.cookie.put(answer, new)
        return answer


def _leaving(router: APIRouter, sign_in: SignIn, pages: Pages) -> None:
    @router.post(END)
    @performs("session.end")
    async def end(request: Request) -> Response:
        """Sign out here and at the issuer, who tells every other service."""
        return await _ended(request, sign_in, everywhere=False)

    @router.post(END_EVERYWHERE)
    @performs("session.end")
    async def end_everywhere(request: Request) -> Response:
        """The same on every device of hers."""
        return await _ended(request, sign_in, everywhere=True)

    @router.get(SIGNED_OUT)
    @performs("session.begin")
    async def signed_out(request: Request) -> Response:
        """What she sees afterwards."""
        return pages.page(request, "signed_out.html")

    @router.post(BY_ISSUER)
    @performs("session.end")
    async def by_issuer(request: Request) -> Response:
        """The issuer's own word that somebody signed out elsewhere (OpenID Connect Back-Channel Logout 1.0)."""
        token = (await form_of(request)).one("logout_token")
        if sign_in.back_channel is None:
            raise Unavailable
        try:
            ended = await sign_in.back_channel.take(token)
        except Refused as refused:
            raise Refused(400, refused.code, "This is no word of the issuer's.") from None
        log.info("session.ended_by_issuer", count=ended)
        return Response(status_code=200, headers={"Cache-Control": "no-store"})


async def _ended(request: Request, sign_in: SignIn, *, everywhere: bool) -> Response:
    """Nothing without a form of hers: whoever forges one signs nobody out."""
    session: Session | None = getattr(request.state, "session", None)
    if session is None:
        return redirect(request, SIGNED_OUT)
    elsewhere = await _issuers_end(sign_in, session)
    answer = _away(request, elsewhere) if elsewhere else redirect(request, SIGNED_OUT)
    secret, caller = sign_in.cookie.read(request), caller_of_request(request)
    if secret is not None:
        await sign_in.sessions.end(secret)
    if everywhere:
        await sign_in.sessions.end_all_of(caller.id)
    sign_in.cookie.drop(answer)
    return answer


async def _issuers_end(sign_in: SignIn, session: Session) -> str | None:
    """Where the issuer signs her out; None while it is away, or for a session that it did not begin."""
    if sign_in.issuer is None or not session.id_token:
        return None
    try:
        return await sign_in.issuer.sign_out(sign_in.sealing.decrypt(session.id_token).decode())
    except (Failure, InvalidToken) as failed:
        log.warning("session.end_not_told", error_code=type(failed).__name__)
        return None


def _away(request: Request, url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, page_headers(settings_of(request.app)))
