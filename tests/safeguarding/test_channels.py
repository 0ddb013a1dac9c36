"""A page by mail and by webhook: to the right person, recognisable when it comes twice, provably ours."""

from datetime import UTC, datetime
from typing import Any

import aiosmtpd.controller
import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Oracle
from standardwebhooks.webhooks import WebhookVerificationError

from services.safeguarding.adapters.channels import Mail, Webhook, page_of, signed
from shared.runtime.clock import SystemClock
from tests.safeguarding.world import LADDER, ROTA

SECRET = "whsec_c3Ntc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
PERSON = ROTA.takers("newham", "primary")[0]
PAGE = page_of("event/lead-newham/email", "8f62d196", "http://127.0.0.1/concerns/1", LADDER.wording)


class Inbox:
    """Keeps every mail that an SMTP server was handed."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """One mail."""
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 Taken"


@pytest.fixture
def inbox(unused_tcp_port):
    """An SMTP server on this machine."""
    caught = Inbox()
    server = aiosmtpd.controller.Controller(caught, hostname="127.0.0.1", port=unused_tcp_port)
    server.start()
    yield caught, unused_tcp_port
    server.stop()


async def test_a_mail_reaches_the_person_with_neutral_words(inbox):
    caught, port = inbox
    await Mail("127.0.0.1", port, "pages@safeguarding.example.org", 5.0).send(PAGE, PERSON, now=SystemClock().now())
    ((to, text),) = caught.mails
    assert to == [PERSON.email]
    assert "Subject: A concern needs you" in text
    assert "Reference: 8f62d196" in text
    assert "999" in text


async def test_a_webhook_is_signed_as_the_specification_asks():
    sent: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204)

    async with httpx.AsyncClient(transport=httpx.MockTransport(take)) as client:
        await Webhook("http://pager.example.org", SECRET, client, 5.0).send(PAGE, PERSON, now=SystemClock().now())
    (request,) = sent
    told = Oracle(SECRET).verify(request.content, dict(request.headers))
    assert told["data"]["to"] == PERSON.id
    assert PERSON.email not in request.content.decode()


async def test_a_refused_webhook_is_a_failure():
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500))) as client:
        with pytest.raises(httpx.HTTPStatusError):
            await Webhook("http://pager.example.org", SECRET, client, 5.0).send(PAGE, PERSON, now=SystemClock().now())


def test_another_body_does_not_fit_the_signature():
    headers = signed(SECRET, "page-1", b"{}", now=SystemClock().now())
    with pytest.raises(WebhookVerificationError):
        Oracle(SECRET).verify(b'{"a":1}', headers)


def test_the_same_page_signed_twice_keeps_its_id():
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert signed(SECRET, "page-1", b"{}", now=at) == signed(SECRET, "page-1", b"{}", now=at)
