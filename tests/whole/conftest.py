"""One stack with a Keycloak for this folder: it takes most of a minute to start, so the tests leave it whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.testing import LocalStack, own_stack


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Everything there is, all of it running when a test begins."""
    folder: Path = tmp_path_factory.mktemp("whole")
    with own_stack(folder, keycloak=True) as running:
        yield running
