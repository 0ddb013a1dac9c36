"""Tells whoever watches who can sign in, and what each of them may see (shared/access/policy/table.yaml in short)."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from deploy.simulate.figures import table
from deploy.simulate.stack import Stack

SEES: Mapping[str, str] = {
    "referrer": "the referrals of her own trust",
    "triage-worker": "the worklist and cases of her sites",
    "project-manager": "cases, volunteers and figures of her sites",
    "volunteer": "the cases matched with her",
    "facilitator": "who is on call; logs sessions of her sites",
    "safeguarding-lead": "every concern of the provider",
    "safeguarding-manager": "every concern of the provider, and its figures",
    "trainer": "the volunteers of her sites",
    "evaluator": "figures, nobody's case",
    "commissioner": "figures, nobody's case",
    "auditor": "who did what, and figures",
    "information-governance": "who did what, and whom a referral is about",
    "operator": "nothing about anybody",
}


def show_sign_ins(stack: Stack, console: Console) -> None:
    """Print names and passwords of this stack's people; nothing where another issuer knows them."""
    if stack.users:
        table(console, f"Who can sign in ({stack.issuer})", [_row(name, said) for name, said in stack.users.items()])


def _row(name: str, said: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": name,
        "password": said["password"],
        "works at": ", ".join(said["sites"]) or said["provider"] or ", ".join(said["organisations"]),
        "sees": "; ".join(SEES[role] for role in said["roles"]),
    }
