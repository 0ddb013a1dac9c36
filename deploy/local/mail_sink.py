"""The far end of every page while nothing real is connected: takes mail by SMTP and webhooks by HTTP, and lists both.

`python -m deploy.local.mail_sink --smtp 18125 --http 18180 --folder F --secret-file K`
GET /mails and GET /webhooks: JSON lists, newest last. What came is kept in the folder, so a restart forgets nothing.
"""

import argparse
import asyncio
import json
from base64 import b64encode
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.runtime.clock import Clock, SystemClock

_LARGEST_BODY = 1_000_000


class Kept:
    """A list of records that is also lines of a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.items: list[dict[str, Any]] = []
        if file.exists():
            self.items = [json.loads(line) for line in file.read_text().splitlines()]

    def add(self, item: dict[str, Any]) -> None:
        """Keep one more."""
        self.items.append(item)
        with self._file.open("a") as file:
            file.write(json.dumps(item) + "\n")


class Sink:
    """Takes mail and webhooks."""

    def __init__(self, folder: Path, secret: str, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.mails = Kept(folder / "mails.jsonl")
        self.webhooks = Kept(folder / "webhooks.jsonl")
        self._secret = Webhook(secret)
        self._clock = clock

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """One mail has come."""
        content = envelope.content or b""
        parsed = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        text = parsed.get_body(("plain", "html"))
        self.mails.add(
            {
                "received_at": self._now(),
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "subject": parsed.get("Subject", ""),
                "headers": {name: str(value) for name, value in parsed.items()},
                "text": text.get_content().replace("\r\n", "\n") if text else "",
            }
        )
        return "250 Taken"

    async def take_webhook(self, request: Request) -> Response:
        """One webhook has come; whether its signature holds is noted, not judged."""
        body = await request.body()
        if len(body) > _LARGEST_BODY:
            return Response(status_code=413)
        try:
            self._secret.verify(body, dict(request.headers))
            verified = True
        except WebhookVerificationError:
            verified = False
        headers = {name: value for name, value in request.headers.items() if name.startswith("webhook-")}
        self.webhooks.add(
            {
                "received_at": self._now(),
                "verified": verified,
                "headers": headers,
                "body": body.decode(errors="replace"),
            }
        )
        return Response(status_code=204)

    async def list_mails(self, _request: Request) -> Response:
        """All mails, newest last."""
        return JSONResponse(self.mails.items)

    async def list_webhooks(self, _request: Request) -> Response:
        """All webhooks, newest last."""
        return JSONResponse(self.webhooks.items)

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds")


def app(sink: Sink, host: str, smtp_port: int) -> Starlette:
    """The HTTP side, which opens and closes the SMTP side with itself."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> Any:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(sink, enable_SMTPUTF8=True, ident="beside"), host, smtp_port)
        async with server:
            yield

    routes = [
        Route("/mails", sink.list_mails),
        Route("/webhooks", sink.list_webhooks),
        Route("/webhooks", sink.take_webhook, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--secret-file", type=Path, required=True, help="the bytes of the webhooks' secret")
    asked = parser.parse_args()
    secret = f"whsec_{b64encode(asked.secret_file.read_bytes()).decode()}"
    sink = Sink(asked.folder, secret, SystemClock())
    uvicorn.run(
        app(sink, asked.host, asked.smtp), host=asked.host, port=asked.http, access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
