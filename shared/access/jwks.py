"""The issuer's public keys: kept, fetched again when a token names one we do not have, and kept on when it is away."""

import asyncio
import json
import time
from pathlib import Path
from typing import Protocol

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.runtime.errors import Unavailable

log = structlog.get_logger()
FRESH_FOR_S = 600.0
ASK_AGAIN_AFTER_S = 10.0
"""A token with a key id nobody has must not make us ask the issuer each time: a stranger could choose a new one."""
TRY_AGAIN_AFTER_S = 1.0
"""The same when the issuer did not answer: meanwhile nobody new is believed."""
ANSWER_WITHIN_S = 3.0


class Keys(Protocol):
    """Where public keys come from."""

    async def having(self, kid: str) -> KeySet:
        """The keys as they are now; looked for again, if that is due, when none is called `kid`.

        Raises `Unavailable` when none is and the issuer did not answer: that is no reason to call a token bad.
        """
        ...


class PinnedKeys:
    """Keys from a file, read once."""

    def __init__(self, file: Path) -> None:
        self._keys = KeySet.import_key_set(json.loads(file.read_text()))

    async def having(self, kid: str) -> KeySet:
        """See `Keys.having`; a file has no others."""
        return self._keys


class FetchedKeys:
    """Keys from the issuer's address. When it does not answer, those we have stay good: rotation is announced ahead."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http
        self._keys = KeySet([])
        self._fetched_at = self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._failed = False

    async def having(self, kid: str) -> KeySet:
        """See `Keys.having`. Whoever has a key nobody knows yet waits for an answer that is under way."""
        if self._knows(kid) and self._asking.locked():
            return self._keys
        if self._is_due(kid):
            async with self._asking:
                if self._is_due(kid):
                    await self._fetch()
        if self._failed and not self._knows(kid):
            raise Unavailable("the issuer's keys cannot be read")
        return self._keys

    def _knows(self, kid: str) -> bool:
        return any(key.kid == kid for key in self._keys.keys)

    def _is_due(self, kid: str) -> bool:
        now = time.monotonic()
        if now - self._asked_at < (TRY_AGAIN_AFTER_S if self._failed else ASK_AGAIN_AFTER_S):
            return False
        return not self._knows(kid) or now - self._fetched_at > FRESH_FOR_S

    async def _fetch(self) -> None:
        try:
            answer = await self._http.get(self._url, timeout=ANSWER_WITHIN_S)
            self._keys = KeySet.import_key_set(answer.raise_for_status().json())
            self._fetched_at, self._failed = time.monotonic(), False
        except (httpx.HTTPError, ValueError, KeyError, TypeError, JoseError) as failed:
            self._failed = True
            log.warning("issuer.keys_unread", error_code=type(failed).__name__, outcome="the ones we have stay")
        finally:
            self._asked_at = time.monotonic()
