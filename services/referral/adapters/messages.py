"""Messages that wait for a reader: the list, one of them with its words, and the word of whoever read it (S13)."""

from typing import Any
from uuid import UUID

from services.referral.adapters.queries import People
from services.referral.domain.message_views import MESSAGES
from services.referral.domain.messages import MarkMessageRead
from shared.access.caller import Caller
from shared.access.guard import placed, within
from shared.access.reach import Reach
from shared.events.ids import command_cause
from shared.runtime.executor import Executor
from shared.runtime.submission import Outcome, Submission
from shared.runtime.views import Views

BASE = MESSAGES.rpartition("_v")[0]
MOST_LISTED = 500
NO_MESSAGE = ("referral.no_message", "There is no such message.")
Document = dict[str, Any]


class KeptMessages:
    """Reads and settles messages within somebody's reach."""

    def __init__(self, views: Views, people: People, executor: Executor) -> None:
        self._views = views
        self._people = people
        self._executor = executor

    async def waiting(self, reach: Reach) -> list[Document]:
        """Those that nobody has read, the longest waiting first."""
        wanted = {"$and": [reach.query(), {"read_by": None}]}
        found = (await self._documents()).find(wanted).sort("received_at", 1).limit(MOST_LISTED)
        return [{"id": one["_id"], **one} async for one in found]

    async def one(self, message: UUID, reach: Reach) -> Document:
        """One message without its words. Raises `NotFound`."""
        found = await (await self._documents()).find_one({"_id": str(message)})
        within(reach, placed(found) if found else None, NO_MESSAGE)
        assert found is not None
        return {"id": found["_id"], **found}

    async def words(self, message: UUID) -> Document:
        """What came with it, from the vault; nothing once it is erased."""
        return await self._people.identity(message)

    async def mark_read(self, message: UUID, caller: Caller, key: str) -> Outcome:
        """A named person has read it; said twice it is said once. Raises what the executor raises."""
        cause = command_cause(caller.client, f"message-read/{message}", key)
        return await self._executor.submit(Submission(MarkMessageRead(message, str(caller)), cause))

    async def _documents(self) -> Any:
        return self._views.collection(await self._views.reads(BASE) or MESSAGES)
