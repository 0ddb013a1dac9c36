"""Where things live in the checkout; standard library only, since set-up runs before any package is installed."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"
LOCAL = CHECKOUT / ".local"
VENV = CHECKOUT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
HERE = Path(__file__).resolve().parent
TOPICS_FILE = CHECKOUT / "deploy" / "topics.yaml"
SERVICES = ("referral", "triage", "support", "safeguarding", "outcomes")
