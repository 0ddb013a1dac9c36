"""What a page's form asks of the domain: who, what, under which key, with the bytes that make a repeat the same."""

from collections.abc import Mapping

from fastapi import Request

from services.support.adapters.doors import Asked
from shared.access.app import guard_of
from shared.access.guard import caller_of_request
from shared.runtime.clock import new_id
from shared.runtime.http import correlation_of
from shared.web.forms import Form


async def asked(request: Request, form: Form, operation: str) -> Asked:
    """A write under the form's own key, so that pressing twice writes once."""
    key = form.one("key") or str(new_id())
    return Asked(caller_of_request(request), operation, key, await request.body(), correlation_of(request))


def may(request: Request, operations: Mapping[str, str]) -> dict[str, bool]:
    """For each name, whether the reader has any reach for its operation: what a page offers her."""
    policy, caller = guard_of(request).policy, caller_of_request(request)
    reaches = {name: policy.reach(operation, caller) for name, operation in operations.items()}
    return {name: reach is not None and reach.scope != "nothing" for name, reach in reaches.items()}
