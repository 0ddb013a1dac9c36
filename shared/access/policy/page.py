"""Writes the table as a page that a governance lead can read, approve, and compare with the last one she approved."""

from collections.abc import Iterator

from shared.access.policy.table import Operation, Policy
from shared.access.roles import ROLES

HEAD = """# Who may do what

Made from `shared/access/policy/table.yaml` by `python -m shared.access.policy`; do not edit. What stands in no row is
refused. No row can go or grow without this page changing; whoever owns it looks at the change.

Version {version}. Source: {source}. Owner: {owner}.

How far a row reaches: *any*; *provider* and *site*, one's own; *matches*, the people one is matched with; *self*;
*referrals*, those that one's own organisation sent. Out of reach looks exactly like what does not exist. Whoever was
matched may still log a session that took place before the end.

A test asks every operation over HTTP, in every role, for every service and for nobody, about what is within reach and
what is not, and compares the answers with this page (`tests/access/matrix`).
"""
FLAGS = {
    "identifiable": "noted before it is told",
    "changes": "noted",
    "step_up": "asks for a fresh proof",
    "worry_pass": "a worry pass is enough",
    "own_code": "her own code of the rota is enough",
    "break_glass": "may be reached beyond one's row for a reason and a short time",
    "device": "also from a remembered phone",
    "worry_first": "a worry in it is taken from whoever is signed in",
    "spooled": "may be noted on this machine first",
}
TITLES = {
    "health": "Every service", "docs": "Every service", "page": "Every service", "session": "Every service",
    "referral": "Referral", "people": "Referral", "triage": "Triage",
    "volunteer": "Support", "support": "Support", "match": "Support", "worry": "Support", "device": "Support",
    "signal": "Safeguarding", "concern": "Safeguarding", "coverage": "Safeguarding", "hold": "Safeguarding",
    "figures": "Outcomes", "journey": "Outcomes",
}  # fmt: skip
"""Where an operation of this family is asked; the rest are asked wherever they are of use."""
OTHER = "Audit and reaching beyond one's row"
COLUMNS = ("operation", "what it is", "who, and how far", "besides")


def page(policy: Policy) -> str:
    """The whole page as Markdown."""
    head = HEAD.format(version=policy.version, source=policy.source, owner=policy.owner)
    return "\n".join([head, *_sections(policy)]).rstrip() + "\n"


def _sections(policy: Policy) -> Iterator[str]:
    for title in (*dict.fromkeys(TITLES.values()), OTHER):
        yield f"## {title}\n"
        yield f"| {' | '.join(COLUMNS)} |"
        yield f"|{'---|' * len(COLUMNS)}"
        for name, operation in policy.operations.items():
            if _title(name, operation) == title:
                yield f"| `{name}` | {operation.what} | {_who(operation)} | {_besides(operation)} |"
        yield ""


def _title(name: str, operation: Operation) -> str:
    if name == "session.log":
        return "Support"
    return TITLES.get(name.partition(".")[0], OTHER)


def _who(operation: Operation) -> str:
    """Roles in their order, then services; `parsed` reads it back."""
    if operation.anyone:
        return "anyone"
    people = [f"{role}: {operation.rows[role]}" for role in ROLES if role in operation.rows]
    return "; ".join([*people, *(f"service {one}" for one in operation.services)])


def _besides(operation: Operation) -> str:
    found = [words for flag, words in FLAGS.items() if getattr(operation, flag)]
    if operation.identifiable and operation.changes:
        found.remove(FLAGS["changes"])
    return "; ".join([*found, *([f"a system's token carries `{operation.scope}`"] if operation.scope else [])])


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Who may do what as such a page says: operation -> role, "service <name>" or "anyone" -> how far."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            name, _, who, _ = (cell.strip() for cell in line.strip("|").split("|"))
            found[name.strip("`")] = dict(_row(one) for one in who.split("; "))
    return found


def _row(words: str) -> tuple[str, str]:
    who, _, scope = words.partition(": ")
    return who, scope or "any"
