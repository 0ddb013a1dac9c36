"""How one page reaches one person: by mail and by signed webhook, each on its own and each replaceable."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

import aiosmtplib
import httpx
import orjson

from services.safeguarding.domain.policy import Wording
from services.safeguarding.domain.rota import PageChannel, Person

_NEUTRAL_DOMAIN = "pages.invalid"
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the notation's prefix, not a secret


@dataclass(frozen=True, slots=True)
class Page:
    """What may be said: a reference, a link and the crisis numbers; never a name or a story."""

    id: str
    reference: str
    link: str
    subject: str
    body: str


class Channel(Protocol):
    """Sends one page to one person; raises whatever went wrong."""

    async def send(self, page: Page, person: Person, *, now: datetime) -> None:
        """Return only when the far end has taken it."""
        ...


def page_of(page_id: str, reference: str, link: str, wording: Wording) -> Page:
    """The page about the concern `reference`; every sentence is the wording's."""
    body = wording.body.format(reference=reference, link=link)
    return Page(page_id, reference, link, wording.subject, body)


@dataclass(frozen=True)
class Mail:
    """Hands pages to an SMTP server."""

    host: str
    port: int
    sender: str
    timeout: float

    async def send(self, page: Page, person: Person, *, now: datetime) -> None:
        """One mail; its Message-ID is the page's, so a mail sent twice is recognised."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, person.email, page.subject
        message["Date"] = now
        message["Message-ID"] = f"<{hashlib.sha256(page.id.encode()).hexdigest()[:32]}@{_NEUTRAL_DOMAIN}>"
        message.set_content(page.body)
        await aiosmtplib.send(message, hostname=self.host, port=self.port, timeout=self.timeout)


@dataclass(frozen=True)
class Webhook:
    """Posts pages signed as the Standard Webhooks specification asks."""

    url: str
    secret: str
    client: httpx.AsyncClient
    timeout: float

    async def send(self, page: Page, person: Person, *, now: datetime) -> None:
        """One POST; the id is the page's and stays the same when it is tried again."""
        body = orjson.dumps(
            {
                "type": "concern.page",
                "timestamp": now.isoformat(),
                "data": {"to": person.id, "reference": page.reference, "link": page.link, "text": page.body},
            }
        )
        headers = signed(self.secret, page.id, body, now=now)
        answer = await self.client.post(self.url, content=body, headers=headers, timeout=self.timeout)
        answer.raise_for_status()


def signed(secret: str, message_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers that prove who sent `body`, with the time in whole seconds."""
    seconds = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    digest = hmac.new(key, b".".join([message_id.encode(), seconds.encode(), body]), hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


Channels = Mapping[PageChannel, Channel]
