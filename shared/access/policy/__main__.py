"""python -m shared.access.policy: writes docs/access.md from the table."""

from pathlib import Path

from shared.access.policy.page import page
from shared.access.wiring import policy

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"

if __name__ == "__main__":
    PAGE.write_text(page(policy()), encoding="utf-8")
