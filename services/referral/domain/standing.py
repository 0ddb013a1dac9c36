"""Where a referral stands, from what other services reported and from her own word; and as referrers are told it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from shared.events.referral import Standing

Status = Literal["received", "offered", "waiting", "supported", "closed"]
STATUSES: tuple[Status, ...] = ("received", "offered", "waiting", "supported", "closed")


@dataclass(frozen=True, slots=True)
class Heard:
    """How far each other service took the case. Two facts, so that the order they are heard in cannot matter."""

    triage: Standing | None = None
    support: Standing | None = None

    def and_also(self, standing: Standing) -> "Heard":
        """With `standing`, which each service reports in order; triage's and support's words do not mix."""
        if standing in ("offered", "declined"):
            return replace(self, triage=standing)
        return replace(self, support=standing)


NOTHING_HEARD = Heard()


def status_of(heard: Heard, *, withdrawn: bool) -> Status:
    """What follows from everything heard; support knows more than triage, a withdrawal ends it all."""
    if withdrawn or heard.support == "ended":
        return "closed"
    if heard.support == "supported":
        return "supported"
    if heard.support == "waiting":
        return "waiting"
    if heard.triage == "declined":
        return "closed"
    return "offered" if heard.triage == "offered" else "received"


@dataclass(frozen=True, slots=True)
class Told:
    """What a referrer may be told of each status while she was asked for no more (S16), and whose rule it is."""

    version: str
    source: str
    owner: str
    statuses: Mapping[Status, Status]
    with_scope: Mapping[Status, Mapping[str, str]]

    def status_for(self, status: Status, consents: Mapping[str, str]) -> str:
        """What a referrer is told of `status` by what she agreed to; not asked and no are alike (S16)."""
        more = self.with_scope.get(status)
        agreed = more is not None and consents.get(more["scope"]) == "yes"
        return more["status"] if more and agreed else self.statuses[status]
