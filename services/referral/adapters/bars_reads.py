"""What a sender may read in FHIR: its own referrals by our id or by NHS number, which messages are taken, our codes."""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.referral.adapters.bars_answers import FHIR, UK_CORE, capabilities, patient_of
from services.referral.adapters.bars_definitions import code_systems, definitions_of, use_case_of
from services.referral.adapters.bars_faults import BarsRefused, media_type, require
from services.referral.adapters.bars_headers import answer_type, check_accepted, ids_of
from services.referral.adapters.bars_profile import Profile
from services.referral.adapters.mapped import digits_of
from services.referral.adapters.queries import Found, Referrals
from shared.access.guard import reach_of
from shared.events.ids import uuid_in
from shared.runtime.clock import Clock

NHS_NUMBER = "/id/nhs-number"
MOST_FOUND = 50
REFERRAL = {"system": f"{FHIR}/CodeSystem/message-category-servicerequest", "code": "referral"}


class Finder(Protocol):
    """The vault, as far as it finds people."""

    async def find(self, name: str, value: str) -> list[UUID]:
        """The people whose records carry this value."""
        ...


class Reads:
    """Answers reads and searches; nothing here says who she is, and what others sent is not there (SAFETY S18)."""

    def __init__(
        self, referrals: Referrals, finder: Finder, profile: Profile, clock: Clock, *, conditions: Iterable[str]
    ) -> None:
        self._referrals = referrals
        self._finder = finder
        self._profile = profile
        self._clock = clock
        self._own_codes = code_systems(profile, conditions)

    async def one(self, request: Request) -> Response:
        """`GET /ServiceRequest/{id}`."""
        self._asked(request)
        case = uuid_in(request.path_params["id"])
        if case is None:
            raise BarsRefused("bars.not_found")
        return self._answer(request, self._request(case, await self._referrals.one(case, reach_of(request))))

    async def search(self, request: Request) -> Response:
        """`GET /ServiceRequest?patient:identifier=<system>|<NHS number>`; an unknown person finds nothing."""
        self._asked(request)
        system, _, value = request.query_params.get("patient:identifier", "").rpartition("|")
        require(value and system.lower().endswith(NHS_NUMBER), "bars.search")
        cases = await self._finder.find("nhs_number", digits_of(value) or "")
        found, reach = await self._referrals.some(cases[:MOST_FOUND]), reach_of(request)
        shown = [self._request(case, one) for case, one in found.items() if reach.covers(one.placed)]
        return self._answer(request, self._searchset(shown))

    async def definitions(self, request: Request) -> Response:
        """`GET /MessageDefinition?context=<service>&context=<use case>`: what this service takes, or nothing."""
        said = [part for one in request.query_params.getlist("context") for part in one.split("&context=")]
        contexts = {one.rpartition("|")[2].strip() for one in said if one.strip()}
        require(contexts, "bars.search")
        services = contexts & self._profile.services.keys()
        others = contexts - services
        taken = services and others <= {self._profile.use_case}
        found = definitions_of(min(services), self._profile, now=self._clock.now()) if taken else []
        return self._answer(request, self._searchset(found))

    async def code_systems(self, request: Request) -> Response:
        """`GET /CodeSystem?url=`: ours of that address, or all of ours."""
        self._asked(request)
        url = request.query_params.get("url")
        found = [one for one in self._own_codes if url in (None, one["url"])]
        return self._answer(request, self._searchset(found))

    async def code_system(self, request: Request) -> Response:
        """`GET /CodeSystem/{id}`."""
        self._asked(request)
        found = next((one for one in self._own_codes if one["id"] == request.path_params["id"]), None)
        if found is None:
            raise BarsRefused("bars.not_found")
        return self._answer(request, found)

    async def metadata(self, _request: Request) -> Response:
        """`GET /metadata`; a sender may keep it for half a day."""
        body = capabilities(self._profile, now=self._clock.now())
        version = media_type(self._profile.core_versions[-1])
        return JSONResponse(body, headers={"Cache-Control": "max-age=43200"}, media_type=version)

    def _asked(self, request: Request) -> None:
        ids_of(request.headers)
        check_accepted(request.headers, self._profile.core_versions)

    def _request(self, case: UUID, found: Found) -> dict[str, Any]:
        return {
            "resourceType": "ServiceRequest",
            "id": str(case),
            "meta": {"lastUpdated": self._now()},  # a version would rise with what she did not give away (S16)
            "status": _status(found),
            "intent": "plan",
            "category": [{"coding": [REFERRAL, use_case_of(self._profile)]}],
            "subject": {"reference": f"Patient/{patient_of(case)}"},
            "authoredOn": found.shown["received_at"].isoformat(timespec="milliseconds"),
        }

    def _searchset(self, found: list[dict[str, Any]]) -> dict[str, Any]:
        entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in found]
        stamp = {"lastUpdated": self._now(), "profile": [f"{UK_CORE}/UKCore-Bundle"]}
        bundle = {"resourceType": "Bundle", "meta": stamp, "type": "searchset", "total": len(found)}
        return bundle | ({"entry": entries} if entries else {})

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="milliseconds")

    def _answer(self, request: Request, body: dict[str, Any]) -> Response:
        said = answer_type(request.headers, self._profile.core_versions)
        return JSONResponse(body, headers={"Cache-Control": "no-store"}, media_type=said)


def _status(found: Found) -> str:
    """As the standard calls it; how support goes on is hers to tell, so it stays "active" (SAFETY S16)."""
    if found.cancelled:
        return "revoked"
    return "completed" if found.shown["status"] == "closed" else "active"


async def not_offered(_request: Request) -> Response:
    """Slots, appointments and documents: not ours."""
    raise BarsRefused("bars.not_offered")
