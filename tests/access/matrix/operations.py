"""One line for each route: what is performed, where, on which things, with which body. Reading first, endings last."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from tests.access.matrix import things as t
from tests.access.matrix.things import Things
from tests.referral.bodies import body as referral_body
from tests.referral.bodies import headers as fhir_headers
from tests.referral.bodies import message

Kind = Literal["object", "list", "free", "part"]
Made = Callable[[str], Any] | dict[str, Any] | bytes | None
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FAMILY_NAME = "Matrix-Test"


@dataclass(frozen=True)
class Asking:
    """One request that is made by everybody.

    `object`: asked about each of `about`, whose id fills the first name in braces of `path` unless `fill` has it, and
    is given to `body` if that is a function; `query` follows the path. `list`: the answer shows ids, which `shown`
    finds. `part`: a piece of another operation's answer, which `shown` finds or not. `free`: about nothing in
    particular. `page`: asked and filled in as a browser does. `but_not`: roles that may, but not with this body.
    """

    operation: str
    service: str
    method: str
    path: str
    about: Things | None = None
    kind: Kind = "object"
    body: Made = None
    page: bool = False
    fill: tuple[tuple[str, str], ...] = ()
    query: str = ""
    shown: Callable[[httpx.Response], set[str]] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    but_not: tuple[str, ...] = ()

    def url(self, thing: str) -> str:
        """The path about one thing."""
        given = dict(self.fill)
        path = re.sub(r"\{(\w+)\}", lambda found: given.get(found[1], thing), self.path)
        return path + self.query.replace("{}", thing)

    def content(self, thing: str) -> Any:
        """The body about one thing."""
        return self.body(thing) if callable(self.body) else self.body


def ids(answer: httpx.Response) -> set[str]:
    """Every id in an answer."""
    return set(UUIDS.findall(answer.text))


def _references(answer: httpx.Response) -> set[str]:
    """Volunteers by the first part of their ids, which is all that a page shows to whoever may change nothing."""
    return {one for one in t.VOLUNTEERS.family if one[:8] in answer.text}


def _places(answer: httpx.Response) -> set[str]:
    return {f"{one['site']} {one['offer']}" for one in answer.json()["capacity"]}


def _people(answer: httpx.Response) -> set[str]:
    return set(answer.json()["people"])


def _counted(many: int) -> set[str]:
    return {one.id for one, bit in zip(t.JOURNEYS.all, t.COUNTED.values(), strict=True) if many & bit}


def _funnel(answer: httpx.Response) -> set[str]:
    return _counted(answer.json()["stages"][0]["n"])


def _figures(answer: httpx.Response) -> set[str]:
    found = re.search(r"all sites.*?(\d+)", answer.text, re.DOTALL)
    assert found is not None
    return _counted(int(found[1]))


def _person(answer: httpx.Response) -> set[str]:
    return {"person"} if FAMILY_NAME in answer.text else set()


def _get(operation: str, service: str, path: str, about: Things | None = None, **more: Any) -> Asking:
    more.setdefault("kind", "object" if about else "free")
    return Asking(operation, service, "GET", path, about, **more)


def _post(operation: str, service: str, path: str, body: Made, about: Things | None = None, **more: Any) -> Asking:
    more.setdefault("kind", "object" if about else "free")
    return Asking(operation, service, "POST", path, about, body=body, **more)


def _listed(operation: str, service: str, path: str, about: Things, **more: Any) -> Asking:
    more.setdefault("shown", ids)
    return Asking(operation, service, "GET", path, about, kind="list", **more)


SESSION = {
    "offer": "one-to-one", "channel": "face_to_face", "minutes": 50, "outcome": "took_place", "reasons": [],
    "attended": True, "held_at": "2026-01-05T10:00:00Z",
}  # fmt: skip
WORRIED = {"signal_id": str(t.named("worried")), "in_danger": "no", "about": "child"}
SESSION_FORM = {
    "offer": "one-to-one", "channel": "face_to_face", "minutes": "50", "outcome": "took_place",
    "held_at": "2026-01-05T10:00",
}  # fmt: skip
WORRIED_FORM = {"in_danger": "no", "signal": str(t.named("worried on a page"))}
EPDS = {"instrument": "EPDS", "version": "1", "items": {"10": 0}, "stage": "baseline", "taken_on": "2026-11-20"}
CONSENT = {"scope": "tell_ended", "given": "no", "how": "by_telephone"}
DECLINE = {"outcome": "declined", "reason": "needs_not_met"}
ANNA = {"volunteer": str(t.ANNA)}
REGISTER: dict[str, Any] = {"offers": ["one-to-one"], "gates": []}
WAITING_CASE, PAUSE = (("case", str(t.WAITING)),), (("standing", "pause"),)
WITH_GLASS = ("referral", "triage", "support")
SERVICES = (*WITH_GLASS, "safeguarding", "outcomes")
LOOKUP = {"ids": [one.id for one in t.SENT.all], "purpose": "support"}
OF_ITS_OWN = tuple((name, value) for name, value in fhir_headers().items() if name != "NHSD-End-User-Organisation")
"""A message that names no organisation is its sender's."""
IN_FHIR = tuple((name, value) for name, value in OF_ITS_OWN if name != "Content-Type")
BY_NUMBER = f"?patient:identifier=https://fhir.nhs.uk/Id/nhs-number|{t.NHS_NUMBER}"
STAFF = ("triage-worker", "project-manager")
"""A message names an organisation of the NHS as its sender, and they belong to none: they send JSON."""
WAIT = t.AWAITING, t.AWAITING_ELSEWHERE, t.AWAITING_OTHERS

READING = (
    *(_get("session.own", service, "/", page=True) for service in SERVICES),
    *(_get("break-glass.see", service, "/break-glass", page=True) for service in WITH_GLASS),
    _listed("referral.list", "referral", "/sent", t.SENT, page=True),
    _get("referral.read", "referral", "/api/referrals/{case}", t.SENT),
    _get("referral.read", "referral", "/sent/{case}", t.SENT, page=True),
    _get("referral.read", "referral", "/FHIR/R4/ServiceRequest/{id}", t.SENT, headers=IN_FHIR),
    _listed("referral.read", "referral", "/FHIR/R4/ServiceRequest", t.SENT, query=BY_NUMBER, headers=IN_FHIR),
    _get("referral.identity", "referral", "/api/referrals/{case}", t.SENT, kind="part", shown=_person),
    _get("referral.identity", "referral", "/sent/{case}", t.SENT, kind="part", shown=_person, page=True),
    _listed("message.list", "referral", "/messages", t.MESSAGES, page=True),
    _get("message.read", "referral", "/messages/{message}", t.MESSAGES, page=True),
    _post("people.lookup", "referral", "/people/lookup", LOOKUP, t.SENT, kind="list", shown=_people),
    _listed("triage.list", "triage", "/api/cases", t.TRIAGE.only(*WAIT)),
    _listed("triage.list", "triage", "/api/cases", t.TRIAGE.only(t.DECIDED), query="?status=decided"),
    _listed("triage.list", "triage", "/worklist", t.TRIAGE.only(*WAIT), page=True),
    _get("triage.read", "triage", "/api/cases/{case}", t.TRIAGE),
    _get("triage.read", "triage", "/worklist/{case}", t.TRIAGE, page=True),
    _listed("volunteer.list", "support", "/api/volunteers", t.VOLUNTEERS),
    _listed("volunteer.list", "support", "/volunteers", t.VOLUNTEERS, shown=_references, page=True),
    _listed("volunteer.list", "support", "/api/capacity", t.PLACES, shown=_places),
    _listed("support.list", "support", "/api/cases", t.SUPPORT),
    _listed("support.list", "support", "/cases", t.SUPPORT, page=True),
    _get("support.read", "support", "/api/cases/{case}", t.SUPPORT),
    _get("support.read", "support", "/cases/{case}", t.SUPPORT, page=True),
    _get("worry.raise", "support", "/worried", page=True),
    _get("worry.raise", "support", "/worried/{case}", page=True),
    _get("device.remember", "support", "/phone", page=True),
    _listed("concern.list", "safeguarding", "/api/concerns", t.CONCERNS.without(t.CLOSED)),
    _listed("concern.list", "safeguarding", "/api/concerns", t.CONCERNS, query="?closed=true"),
    _listed("concern.list", "safeguarding", "/concerns", t.CONCERNS.without(t.CLOSED), page=True),
    _get("concern.read", "safeguarding", "/api/concerns/{concern}", t.CONCERNS),
    _get("concern.words", "safeguarding", "/api/concerns/{concern}/words", t.CONCERNS),
    _get("coverage.read", "safeguarding", "/api/coverage", t.SITES, query="?site={}"),
    _get("hold.read", "safeguarding", "/api/hold", query=f"?case={t.named('nobody')}"),
    _listed("figures.read", "outcomes", "/api/funnel", t.JOURNEYS, shown=_funnel),
    _listed("figures.read", "outcomes", "/figures", t.JOURNEYS, shown=_figures, page=True),
    _get("figures.read", "outcomes", "/api/change"),
    _get("journey.read", "outcomes", "/api/journeys/{case}", t.JOURNEYS),
)
"""Changes nothing."""
REFUSED = (
    *(_post("break-glass.begin", service, "/api/break-glass", {}) for service in WITH_GLASS),
    *(_post("break-glass.begin", service, "/break-glass", {}, page=True) for service in WITH_GLASS),
    _post("break-glass.notice", "safeguarding", "/api/break-glass-notices", {}),
    _post("triage.decide", "triage", "/api/cases/{case}/decision", DECLINE, t.TRIAGE),
    _post("triage.decide", "triage", "/worklist/{case}", DECLINE, t.TRIAGE, page=True),
    _post("volunteer.register", "support", "/api/volunteers", lambda site: REGISTER | {"site": site}, t.SITES),
    _post("volunteer.register", "support", "/volunteers", lambda s: REGISTER | {"site": s}, t.SITES, page=True),
    _post("match.make", "support", "/api/cases/{case}/match", ANNA, t.SUPPORT),
    _post("match.make", "support", "/cases/{case}/match", ANNA | {"step": "match"}, t.SUPPORT, page=True),
    _post(
        "match.make", "support", "/api/cases/{case}/match", lambda one: {"volunteer": one}, t.VOLUNTEERS,
        fill=WAITING_CASE,
    ),
    _post(
        "match.make", "support", "/cases/{case}/match", lambda one: {"volunteer": one, "step": "match"}, t.VOLUNTEERS,
        fill=WAITING_CASE, page=True,
    ),
    _post("support.end", "support", "/api/cases/{case}/end", {"reason": "goals_met", "review": True}, t.SUPPORT),
    _post("support.end", "support", "/cases/{case}/end", {"reason": "goals_met"}, t.SUPPORT, page=True),
    _post("device.remember", "support", "/phone", {"pin": "1", "again": "2"}, page=True),
    _post("concern.close", "safeguarding", "/api/concerns/{concern}/close", {"reason": "made-safe", "actions": []},
          t.CONCERNS),
)  # fmt: skip
"""What is sent could never be done: whoever may is told so by the domain, after her reach was looked at."""
CHANGING = (
    *(_post("break-glass.end", service, "/api/break-glass/end", {}) for service in WITH_GLASS),
    *(_post("break-glass.end", service, "/break-glass/end", {}, page=True) for service in WITH_GLASS),
    _post("triage.measure", "triage", "/api/cases/{case}/measures", EPDS, t.TRIAGE),
    _post("triage.measure", "triage", "/api/cases/{case}/measures", EPDS | {"items": {"10": 2}}, t.TRIAGE,
          headers=(("Idempotency-Key", "key-for-a-worry"),)),
    _post("triage.read-text", "triage", "/api/cases/{case}/text-read", {}, t.TRIAGE),
    _post("triage.read-text", "triage", "/worklist/{case}/read", {}, t.TRIAGE, page=True),
    _post("session.log", "support", "/api/cases/{case}/sessions", SESSION, t.SESSIONS),
    _post("session.log", "support", "/api/cases/{case}/sessions", SESSION | {"worry": WORRIED}, t.SESSIONS),
    _post("session.log", "support", "/cases/{case}/sessions", SESSION_FORM, t.SESSIONS, page=True),
    _post("session.log", "support", "/cases/{case}/sessions", SESSION_FORM | WORRIED_FORM, t.SESSIONS, page=True),
    _post("worry.raise", "support", "/api/cases/{case}/worries", WORRIED),
    _post("worry.raise", "support", "/worried", {"in_danger": "no"}, page=True),
    _post("worry.raise", "support", "/worried/{case}", {"in_danger": "no"}, page=True),
    _post("match.make", "support", "/api/cases/{case}/places", ANNA, t.SUPPORT),
    _post("match.make", "support", "/api/cases/{case}/places", lambda one: {"volunteer": one}, t.VOLUNTEERS,
          fill=WAITING_CASE),
    _post("device.revoke", "support", "/phone/forget", {"which": "all"}, page=True),
    _post("device.revoke", "support", "/volunteers/{volunteer}/forget-phones", {}, t.VOLUNTEERS, page=True),
    _post("volunteer.stand", "support", "/api/volunteers/{volunteer}/{standing}", {}, t.VOLUNTEERS, fill=PAUSE),
    _post("volunteer.stand", "support", "/volunteers/{volunteer}/{standing}", {}, t.VOLUNTEERS, fill=PAUSE, page=True),
    _post("signal.push", "safeguarding", "/api/signals", {}),
    _post("concern.raise", "safeguarding", "/api/concerns", WORRIED),
    _post("consent.record", "referral", "/api/referrals/{case}/consents", CONSENT, t.SENT),
    _post("consent.record", "referral", "/sent/{case}/consents", CONSENT, t.SENT, page=True),
    _post("message.settle", "referral", "/messages/{message}/read", {}, t.MESSAGES, page=True),
    _post("referral.withdraw", "referral", "/api/referrals/{case}/withdraw", {"reason": "her_wish"}, t.SENT),
    _post("referral.send", "referral", "/api/referrals", lambda site: referral_body(site=site), t.SITES),
    _post("referral.send", "referral", "/FHIR/R4/$process-message", message(), headers=OF_ITS_OWN, but_not=STAFF),
)  # fmt: skip
"""Nothing that stands above looks at what these change."""
ASKED = (*READING, *REFUSED, *CHANGING)
NOT_ASKED = {
    "/session/stay": "acts on a browser's session: tests/access/test_signing_in.py",
    "/session/role": "acts on a browser's session: tests/access/test_signing_in.py",
    "/api/concerns/stream": "never ends; reads what /api/concerns reads",
}
"""Routes by their path, each with the reason."""
NOT_OVER_HTTP = {"audit.read": "read by the operator's command, docs/audit.md"}
"""Operations of the page without a route."""
