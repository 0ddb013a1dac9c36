"""Tells whoever watches who can sign in, and what each of them may see (shared/access/policy/table.yaml in short)."""

from collections.abc import Mapping

from rich.console import Console

from deploy.simulate.stack import Stack
from shared.web.navigation import links

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
    """Print names, passwords and first pages of this stack's people; nothing where another issuer knows them.

    One line each, never cut: a password is there to be copied.
    """
    if stack.users:
        console.print(f"Who can sign in (at {stack.issuer}):")
    for name, said in stack.users.items():
        places = links(said["roles"][0], stack.services, "", "")
        begins = f", and begins at {places[0].href}" if places else ""
        sees = "; ".join(SEES[role] for role in said["roles"])
        console.print(f"  {name:16} {said['password']:22} sees {sees}{begins}", soft_wrap=True)
