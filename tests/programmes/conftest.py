"""The shipped data files, read as a service reads them."""

from importlib.resources import files

import pytest

from shared.programmes.load import ProgrammeData, load


def read(name: str) -> str:
    """The text of a shipped data file."""
    return files("shared.programmes").joinpath(name).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def data() -> ProgrammeData:
    """Everything, loaded once."""
    return load(read)
