"""Reads what the provider decides: the ladder, the rota and the rules of contact cards."""

from dataclasses import dataclass
from pathlib import Path

from services.safeguarding.domain.broken_glass import TellingRules
from services.safeguarding.domain.broken_glass import rules_from as telling_from
from services.safeguarding.domain.card import CardRules
from services.safeguarding.domain.card import rules_from as card_rules_from
from services.safeguarding.domain.policy import Ladder, ladder_from
from services.safeguarding.domain.rota import Rota, rota_from
from services.safeguarding.settings import Settings

SHIPPED = Path(__file__).parent.parent / "rules"


@dataclass(frozen=True)
class Rules:
    """The ladder, the rota and the rules of cards and of break-glass, from the named files or the shipped ones."""

    ladder: Ladder
    rota: Rota
    card: CardRules
    glass: TellingRules

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """Read and check them; a service with a misspelt rota does not start."""
        return cls(
            ladder_from(_read(settings.ladder_file, "ladder.yaml")),
            rota_from(_read(settings.rota_file, "rota.yaml")),
            card_rules_from(_read(settings.card_file, "card.yaml")),
            telling_from(_read(settings.break_glass_file, "break_glass.yaml")),
        )


def _read(named: str, shipped: str) -> str:
    return (Path(named) if named else SHIPPED / shipped).read_text(encoding="utf-8")
