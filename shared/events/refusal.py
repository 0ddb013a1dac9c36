"""How a decision says no to a command: a stable code that names the broken rule and repeats nobody's data."""


class Rejected(Exception):
    """A command that may not happen; `code` is dotted and stable (`triage.already_decided`), `detail` plain English."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class NotFound(Rejected):
    """The thing a command names does not exist."""
