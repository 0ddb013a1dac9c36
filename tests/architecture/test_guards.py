"""The whole checkout keeps the rules of its own house, and each guard is seen to catch a planted violation."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import guards
from tests.architecture.sources import CHECKOUT

pytestmark = pytest.mark.slow

Guard = Callable[[Path], list[str]]
ALL: tuple[Guard, ...] = (
    guards.oversize,
    guards.without_docstring,
    guards.forbidden_calls,
    guards.impure,
    guards.unwanted_text,
)


@pytest.mark.parametrize("guard", ALL, ids=lambda guard: guard.__name__)
def test_the_checkout_passes(guard: Guard) -> None:
    assert guard(CHECKOUT) == []


def test_nine_functions_in_ten_are_short() -> None:
    assert guards.function_lengths_p90(CHECKOUT) <= guards.NINE_IN_TEN_FUNCTIONS


LONG_FILE = '"""Long."""\n' + "x = 1\n" * guards.LONGEST_FILE
LONG_FUNCTION = '"""Long."""\ndef f() -> None:\n' + "    x = 1\n" * guards.LONGEST_FUNCTION
PATH = "/" + "work/somewhere"

PLANTED: tuple[tuple[Guard, str, str, str], ...] = (
    (guards.oversize, "shared/runtime/long.py", LONG_FILE, "301 lines"),
    (guards.oversize, "tests/long.py", LONG_FUNCTION, "f has 41 lines"),
    (guards.without_docstring, "services/triage/app.py", "x = 1\n", "services/triage/app.py"),
    (guards.forbidden_calls, "shared/runtime/tail.py", "from datetime import datetime\ndatetime.now()", "datetime.now"),
    (guards.forbidden_calls, "shared/runtime/tail.py", "import datetime as d\nd.datetime.utcnow()", "datetime.utcnow"),
    (guards.forbidden_calls, "deploy/x.py", "import time\nstart = time.time()", "time.time"),
    (guards.forbidden_calls, "services/triage/app.py", "from uuid import uuid4 as mint", "uuid.uuid4"),
    (guards.forbidden_calls, "tests/test_x.py", "import uuid\nuuid.uuid4()", "uuid.uuid4"),
    (guards.forbidden_calls, "services/triage/settings.py", "import os\nos.environ['X']", "os.environ"),
    (guards.forbidden_calls, "services/triage/settings.py", "from os import getenv", "os.getenv"),
    (guards.forbidden_calls, "services/triage/app.py", "from faststream.kafka import KafkaBroker", "KafkaBroker"),
    (guards.forbidden_calls, "services/triage/app.py", "import faststream.kafka as k\nk.KafkaBroker()", "KafkaBroker"),
    (guards.forbidden_calls, "tests/test_x.py", "from unittest import mock\nmock.patch('x')", "mock.patch"),
    (guards.forbidden_calls, "tests/test_x.py", "from unittest.mock import patch\npatch.object(x)", "mock.patch"),
    (guards.impure, "services/triage/domain/decide.py", "import os", "imports os"),
    (guards.impure, "services/triage/domain/decide.py", "from time import sleep", "imports time"),
    (guards.impure, "services/triage/domain/decide.py", "import httpx", "imports httpx"),
    (guards.impure, "services/triage/domain/decide.py", "from services.triage.adapters import http", "adapters"),
    (guards.impure, "services/triage/domain/decide.py", "from shared.runtime.clock import new_id", "shared.runtime"),
    (guards.impure, "services/triage/domain/rules/policy.py", "async def f(): ...", "asynchronous"),
    (guards.impure, "services/triage/domain/policy.py", "open('x')", "calls open"),
    (guards.impure, "shared/events/catalogue.py", "import random", "imports random"),
    (guards.impure, "shared/instruments/hads.py", "from pymongo import MongoClient", "imports pymongo"),
    (guards.impure, "shared/programmes/load.py", "from pathlib import Path", "imports pathlib"),
    (guards.unwanted_text, "requirements.lock", "--index" + "-url https://example.org", "registry"),
    (guards.unwanted_text, "docs/a.md", "see https://pypi." + "org/project/x", "registry"),
    (guards.unwanted_text, "Makefile", f"cd {PATH}", "path of one machine"),
    (guards.unwanted_text, "docs/a.md", "it is BaRS" + "-compliant", "says"),
)


@pytest.mark.parametrize(
    ("guard", "name", "text", "expected"), PLANTED, ids=lambda v: getattr(v, "__name__", str(v))[:40]
)
def test_a_planted_violation_is_found(guard: Guard, name: str, text: str, expected: str, tmp_path: Path) -> None:
    planted = tmp_path / name
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(text)

    (found, *_) = guard(tmp_path)

    assert expected in found
    assert name in found


def test_a_tree_of_long_functions_is_found(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "x.py").write_text("".join(f"def f{n}():\n" + "    1\n" * 30 for n in range(20)))

    assert guards.function_lengths_p90(tmp_path) > guards.NINE_IN_TEN_FUNCTIONS


@pytest.mark.parametrize(
    ("guard", "name", "text"),
    [
        (guards.forbidden_calls, "shared/runtime/clock.py", "from uuid import uuid4\nuuid4()"),
        (guards.forbidden_calls, "shared/runtime/settings.py", "import os\nos.environ"),
        (guards.forbidden_calls, "shared/runtime/tail.py", "from datetime import datetime\nnow = clock.now()"),
        (
            guards.impure,
            "services/triage/domain/x.py",
            "from services.triage.domain import state\nfrom . import policy",
        ),
        (
            guards.impure,
            "services/triage/domain/x.py",
            "from datetime import timedelta\nfrom pydantic import BaseModel",
        ),
        (guards.impure, "services/triage/adapters/http.py", "import asyncio\nasync def f(): ..."),
        (guards.without_docstring, "services/__init__.py", ""),
    ],
    ids=lambda v: getattr(v, "__name__", str(v))[:40],
)
def test_what_is_permitted_is_left_alone(guard: Guard, name: str, text: str, tmp_path: Path) -> None:
    permitted = tmp_path / name
    permitted.parent.mkdir(parents=True, exist_ok=True)
    permitted.write_text(text)

    assert guard(tmp_path) == []
