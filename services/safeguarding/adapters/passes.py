"""What her own code opened stays open for a while in the browser she typed it into: no issuer stands in between."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from starlette.requests import Request
from starlette.responses import Response

from shared.access.caller import Caller
from shared.access.policy.table import Operation
from shared.access.session.cookies import Cookie
from shared.access.session.secrets import fresh, stored
from shared.runtime.clock import Clock

Document = dict[str, Any]
COOKIE = "card"


def caller_of(acting: str, proof: str = "") -> Caller:
    """Whoever typed her own code, as the audit knows her; `acting` is role and id as events name people."""
    role, _, person = acting.partition("/")
    return Caller(kind="person", id=person, role=role, via="own_code", roles=(role,), proof=proof)


class CardPasses:
    """An authenticator that is asked only where a person's own code is enough. Each pass is for one concern."""

    def __init__(
        self, kept: AsyncCollection[Document], cookie: Callable[[str], Cookie], clock: Clock, life: timedelta
    ) -> None:
        self._kept = kept
        self._cookie = cookie
        self._clock = clock
        self._life = life

    async def ensure_indexes(self) -> None:
        """Let those that are over go by themselves; harmless when the index exists."""
        await self._kept.create_indexes([IndexModel("ends_at", expireAfterSeconds=0)])

    async def give(self, answer: Response, concern: UUID, acting: str) -> None:
        """Let the browser that gets `answer` open the concern's card for a while."""
        secret, ends_at = fresh(), self._clock.now() + self._life
        pass_ = {"_id": stored(secret), "concern": concern, "acting": acting, "ends_at": ends_at}
        await self._kept.insert_one(pass_)
        self._of(concern).put(answer, secret, seconds=int(self._life.total_seconds()))

    async def __call__(self, request: Request, operation: Operation) -> Caller | None:
        """See `Authenticator`. A pass that is over or for another concern is as good as none."""
        concern = request.path_params.get("concern")
        if not operation.own_code or concern is None:
            return None
        secret = self._of(concern).read(request)
        found = await self._kept.find_one({"_id": stored(secret)}) if secret else None
        if found is None or str(found["concern"]) != str(concern) or found["ends_at"] <= self._clock.now():
            return None
        return caller_of(found["acting"], found["_id"][:16])

    def _of(self, concern: UUID | str) -> Cookie:
        return self._cookie(f"{COOKIE}-{str(concern)[:8]}")
