"""The mail sink lists what came, newest last, says whether a webhook's signature holds, and forgets nothing."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from deploy.local import ports
from deploy.local.plan import mail_unit
from deploy.local.services import Addresses, key_file, webhook_secret
from deploy.local.testing import running

pytestmark = pytest.mark.slow


@pytest.fixture
def where() -> Addresses:
    """Ports of its own."""
    return Addresses(ports=ports.choose(("mail", "mail-http"), asked={}, before={}, usual={}), mongo="")


@contextmanager
def started(where: Addresses, folder: Path) -> Iterator[httpx.Client]:
    """A running sink that keeps its lists and its secret in this folder."""
    unit = mail_unit(where, folder / "mail", key_file(folder, "webhook"))
    with running(unit, folder), httpx.Client(base_url=where.mail, trust_env=False) as client:
        yield client


@pytest.fixture
def sink(where: Addresses, tmp_path: Path) -> Iterator[httpx.Client]:
    """A fresh sink."""
    with started(where, tmp_path) as client:
        yield client


def send(where: Addresses, subject: str) -> None:
    """One mail."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "beside@example.org", "lead@example.org", subject
    mail.set_content("Please open the page.\nReceipt 1")
    with smtplib.SMTP("127.0.0.1", where.ports["mail"], timeout=5) as connection:
        connection.send_message(mail)


def test_mails_are_listed_newest_last(sink: httpx.Client, where: Addresses) -> None:
    send(where, "First")
    send(where, "Second – with a dash")

    first, second = sink.get("/mails").json()
    assert [first["subject"], second["subject"]] == ["First", "Second – with a dash"]
    assert second["to"] == ["lead@example.org"]
    assert second["from"] == "beside@example.org"
    assert second["text"] == "Please open the page.\nReceipt 1\n"
    assert datetime.fromisoformat(first["received_at"]) <= datetime.fromisoformat(second["received_at"])


def test_a_sink_started_again_still_lists_what_came(where: Addresses, tmp_path: Path) -> None:
    with started(where, tmp_path):
        send(where, "Before")

    with started(where, tmp_path) as again:
        send(where, "After")
        assert [mail["subject"] for mail in again.get("/mails").json()] == ["Before", "After"]


def test_a_rightly_signed_webhook_is_verified_and_another_is_not(sink: httpx.Client, tmp_path: Path) -> None:
    body = '{"type":"page"}'
    now = datetime.fromtimestamp(tmp_path.stat().st_mtime, tz=UTC)
    signature = Webhook(webhook_secret(tmp_path)).sign("m1", now, body)
    stamp = str(int(now.timestamp()))
    for claimed in (signature, "v1,AAAA"):
        headers = {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": claimed}
        assert sink.post("/webhooks", content=body, headers=headers).status_code == 204

    listed = sink.get("/webhooks").json()

    assert [hook["verified"] for hook in listed] == [True, False]
    assert listed[0]["body"] == body
    assert listed[0]["headers"]["webhook-id"] == "m1"


def test_an_unsigned_webhook_is_listed_as_not_verified(sink: httpx.Client) -> None:
    assert sink.post("/webhooks", content=b"x").status_code == 204
    assert sink.get("/webhooks").json()[-1]["verified"] is False
