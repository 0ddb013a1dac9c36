"""One intake in memory per test."""

from collections.abc import AsyncIterator

import pytest

from tests.referral.world import World, world


@pytest.fixture
async def intake() -> AsyncIterator[World]:
    """Both doors open; conformance on."""
    async with world() as opened:
        yield opened
