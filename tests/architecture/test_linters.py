"""ruff and mypy are set up so that what they must refuse is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import CHECKOUT

pytestmark = pytest.mark.slow

STYLE = (
    ("DTZ005", "from datetime import datetime\n\nlater = datetime.now()\n"),
    ("TID251", "from uuid import uuid4\n\nminted = uuid4()\n"),
    ("TID251", "import os\n\nsetting = os.environ['X']\n"),
    ("TID251", "from unittest.mock import patch\n\nwith patch('x'):\n    pass\n"),
    ("TID251", "from faststream.kafka import KafkaBroker\n\nbroker = KafkaBroker()\n"),
    (
        "C901",
        "def f(x: int) -> int:\n" + "".join(f"    if x > {n}:\n        x -= 1\n" for n in range(9)) + "    return x\n",
    ),
    ("PLR0915", "def f() -> None:\n" + "    print('x')\n" * 31),
    ("PLR0913", "def f(a, b, c, d, e, f, g, h): ...\n"),
    ("BLE001", "try:\n    f()\nexcept Exception:\n    pass\n"),
    ("T201", "print('x')\n"),
    ("D100", "x = 1\n"),
    ("ERA001", "# x = f(1)\n"),
    ("G004", "import logging\n\nlogging.info(f'{x}')\n"),
)


@pytest.mark.parametrize(("rule", "text"), STYLE, ids=lambda v: str(v)[:30])
def test_ruff_refuses_a_planted_fault(rule: str, text: str) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--output-format=concise",
            "--stdin-filename=services/x/domain/x.py",
            "-",
        ],
        input=text,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert f" {rule} " in told.stdout


PLANTED = '''"""Five faults."""

from typing import Any, Literal, assert_never

from pydantic import BaseModel


class Fact(BaseModel):
    level: int


def untyped(x):
    return x


def missed(status: Literal["open", "closed", "lost"]) -> int:
    match status:
        case "open" | "closed":
            return 1
        case _ as other:
            assert_never(other)


def wrong() -> int:
    return "1"


def careless(x: Any) -> list:
    return [x]


Fact(level="high", other=1)
'''
EXPECTED = (
    "Function is missing a type annotation",
    'Argument 1 to "assert_never" has incompatible type "Literal[\'lost\']"',
    'Incompatible return value type (got "str", expected "int")',
    'Missing type arguments for generic type "list"',
    'Argument "level" to "Fact" has incompatible type "str"',
    'Unexpected keyword argument "other" for "Fact"',
)


def test_mypy_refuses_planted_faults(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(PLANTED)

    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", CHECKOUT / "pyproject.toml", "planted.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert [fault for fault in EXPECTED if fault not in told.stdout] == []
