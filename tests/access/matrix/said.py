"""What docs/access.md says, read as its readers do: the page is what the services are held to, not the table."""

from pathlib import Path

from shared.access.policy.page import parsed

SAID = parsed((Path(__file__).resolve().parents[3] / "docs" / "access.md").read_text(encoding="utf-8"))
