"""`python -m deploy.simulate.token NAME`: prints an access token of a person or trust of the stack that runs."""

import asyncio
import sys

import httpx

from deploy.local.surroundings import read
from deploy.simulate.signing_in import NotSignedIn
from deploy.simulate.stack import Stack, described
from deploy.simulate.tokens import SignedIn


async def token_of(stack: Stack, name: str) -> str:
    """A token, good for five minutes. Raises `NotSignedIn`; `KeyError` for a name nobody has."""
    async with httpx.AsyncClient(trust_env=False) as http:
        source = SignedIn(stack, http)
        return await (source.system_token(name) if name in stack.clients else source.staff_token(name))


def main() -> None:
    """Print it, or say in one line why there is none."""
    try:
        stack = described(read().folder)
    except FileNotFoundError:
        raise SystemExit("the stack is not running; start it with: make up") from None
    name = "".join(sys.argv[1:])
    if name not in {*stack.users, *stack.clients}:
        raise SystemExit(f"{__doc__}\nNAME is one of: {' '.join([*stack.users, *stack.clients])}")
    try:
        print(asyncio.run(token_of(stack, name)))
    except (NotSignedIn, httpx.HTTPError) as refused:
        raise SystemExit(f"no token: {refused}") from None


if __name__ == "__main__":
    main()
