"""Makes what every service needs to know who asks and to keep who did what, from its settings."""

from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any

import httpx
from pymongo.asynchronous.database import AsyncDatabase

from shared.access.audit.log import AuditLog
from shared.access.audit.publishing import HeadsFile, HeadsToKafka
from shared.access.audit.spool import SpooledAudit
from shared.access.bearer import Bearer
from shared.access.glass.kept import BrokenGlass
from shared.access.glass.telling import TellBrokenGlass
from shared.access.guard import Authenticator, Guard
from shared.access.issuer_check import issuer_check
from shared.access.policy.table import Policy, policy_from
from shared.access.rate import Rate, Rates
from shared.access.replays import Replays
from shared.access.service_keys import Signer, Trusted, for_service
from shared.access.settings import ClaimNames
from shared.access.tokens import TokenCheck
from shared.runtime.clock import Clock
from shared.runtime.master_key import MasterKey
from shared.runtime.part import Part
from shared.runtime.settings import ServiceSettings

Database = AsyncDatabase[dict[str, Any]]
AUDIT_KEY = "audit"


def audit_database(database: Database) -> Database:
    """The audit's own, beside the service's."""
    return database.client[f"{database.name}_audit"]


@cache
def policy() -> Policy:
    """The table as shipped, read once: nobody changes it while a service runs."""
    return policy_from(resources.files("shared.access.policy").joinpath("table.yaml").read_text("utf-8"))


@dataclass(frozen=True)
class Access:
    """Made once for a service; `http` asks the issuer for its keys."""

    service: str
    policy: Policy
    names: ClaimNames
    check: TokenCheck | None
    signer: Signer
    trusted: Trusted
    replays: Replays
    audit: AuditLog
    heads: HeadsToKafka
    notes: SpooledAudit
    glass: BrokenGlass
    telling: TellBrokenGlass
    http: httpx.AsyncClient
    clock: Clock
    rate: Rate

    @property
    def parts(self) -> tuple[Part, ...]:
        """What runs in the background for as long as the service does."""
        return (self.audit, self.heads, self.notes, self.telling)

    def guard(self, *others: Authenticator) -> Guard:
        """The service's guard; `others` are further ways to prove who asks, looked at after the token."""
        bearer = Bearer(self.service, self.check, self.names, self.trusted, self.replays)
        rates = Rates(self.rate)
        return Guard(self.policy, (bearer, *others), self.notes, self.clock, rates=rates, glasses=self.glass)

    def to_safeguarding(self) -> str:
        """The header Authorization with which this service speaks to safeguarding for itself."""
        return for_service(self.signer, "safeguarding")

    async def ensure_indexes(self) -> None:
        """Make what must be there before the first request; harmless when it is."""
        await self.replays.ensure_indexes()
        await self.glass.ensure_indexes()
        await self.audit.ensure_indexes()


def access_of(settings: ServiceSettings, service: str, database: Database, master: MasterKey, clock: Clock) -> Access:
    """Make it. Raises `FileNotFoundError` without a signing key, `ValueError` for claims nobody knows."""
    names = ClaimNames(**settings.claims)
    http = httpx.AsyncClient(verify=settings.jwks_url.startswith("https:"), trust_env=False)
    key = master.derived(AUDIT_KEY)
    file = HeadsFile(settings.audit_heads, service, key)
    heads = HeadsToKafka(file, settings.kafka)
    glass, signer = BrokenGlass(database, clock), Signer(service, settings.signing_keys, clock)
    prove = partial(for_service, signer, "safeguarding")
    audit = AuditLog(service, audit_database(database), key, clock, heads=file, carry=heads.carry_last)
    return Access(
        service=service,
        policy=policy(),
        names=names,
        check=issuer_check(settings, settings.audience, http, clock, claims=names),
        signer=signer,
        trusted=Trusted(settings.trusted_keys, clock),
        replays=Replays(database),
        audit=audit,
        heads=heads,
        notes=SpooledAudit(audit, settings.audit_heads, service, key),
        glass=glass,
        telling=TellBrokenGlass(service, glass, settings.safeguarding, prove),
        http=http,
        clock=clock,
        rate=Rate(settings.client_rate, settings.client_burst),
    )
