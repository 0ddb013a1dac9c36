"""Takes a mapped referral in: identity sealed first, then the commit, then the answer. Every way in ends here."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.referral.adapters.mapped import Mapped, Origin
from shared.instruments.model import Instrument
from shared.programmes.load import ProgrammeData
from shared.runtime.body import Digest
from shared.runtime.clock import Clock, new_id
from shared.runtime.executor import Executor
from shared.runtime.submission import Outcome, Scope, Submission
from shared.runtime.vault import Vault

NOWHERE = "unknown"
"""The site of a message that names none we know; safeguarding's cover for it is the provider's own."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks under which names: `cause` for once-only effect, `claims` unique for ever, `digest` of the body."""

    cause: UUID
    claims: tuple[str, ...]
    digest: str | None
    correlation: UUID | None


class Intake:
    """What the adapters of this service share: rules as data, the clock, the vault and the executor."""

    def __init__(
        self,
        executor: Executor,
        vault: Vault,
        data: ProgrammeData,
        instruments: Mapping[str, Instrument],
        clock: Clock,
        *,
        digest: Digest,
    ) -> None:
        self.executor = executor
        self.vault = vault
        self.data = data
        self.instruments = instruments
        self.clock = clock
        self.digest = digest

    def origin(self, organisation: str, message: str) -> Origin:
        """A message of `organisation`, about to make a case of its own."""
        return Origin(new_id(), organisation, message, self.clock.now().date(), self.data, self.instruments)

    def scope(self, site: str | None) -> Scope:
        """Provider and site; an unknown site belongs to the first provider, so that somebody answers for it."""
        provider = self.data.sites.provider_of(site) if site else None
        if site and provider:
            return Scope(provider, site)
        return Scope(self.data.sites.first, NOWHERE)

    async def take(self, mapped: Mapped, asking: Asking) -> Outcome:
        """Seal and commit; durable on return. Asked again, the first outcome comes back, marked as repeated.

        Raises what `Executor.submit` and `Vault.seal` raise.
        """
        command = mapped.command
        await self.vault.seal(
            subject=command.case,
            stream=command.stream,
            cause=asking.cause,
            record=mapped.identity,
            index=mapped.index,
            new=True,
        )
        return await self.executor.submit(
            Submission(
                input=command,
                cause=asking.cause,
                scope=self.scope(mapped.site),
                correlation=asking.correlation,
                claims=asking.claims,
                digest=asking.digest,
                creates=True,
            )
        )
