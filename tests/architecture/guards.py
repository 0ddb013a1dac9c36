"""The guards that no linter has: each takes a tree and gives one line per violation, so a test can plant one."""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import PRODUCTION, Source, committed_files, python_files

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
NINE_IN_TEN_FUNCTIONS = 25

# Each of these belongs in one file, where it is made safe or replaceable; nowhere is `patch` needed.
CLOCK = frozenset({"shared/runtime/clock.py"})
ENVIRONMENT = frozenset({"shared/runtime/settings.py", "deploy/local/surroundings.py"})
NOT_CALLED_ELSEWHERE: dict[str, frozenset[str]] = {
    **dict.fromkeys(("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"), CLOCK),
    **dict.fromkeys(("datetime.date.today", "time.time", "time.time_ns", "uuid.uuid1", "uuid.uuid4"), CLOCK),
    **dict.fromkeys(("os.environ", "os.environb", "os.getenv", "os.putenv"), ENVIRONMENT),
    "faststream.kafka.KafkaBroker": frozenset({"shared/runtime/consumer.py"}),
    **dict.fromkeys(("unittest.mock.patch", "pytest_mock", "faststream.kafka.fastapi"), frozenset[str]()),
}

PURE = re.compile(r"services/[^/]+/domain/.*|shared/(events|instruments|programmes)/.*")
PURE_SHARED = ("shared.events", "shared.instruments", "shared.programmes")
PURE_PACKAGES = frozenset({"pydantic", "yaml"})  # yaml turns text into data; who reads the file is an adapter
# fmt: off
TOUCHES_THE_WORLD = frozenset(
    {
        "asyncio", "builtins", "concurrent", "contextvars", "ctypes", "fcntl", "ftplib", "gc", "getpass",
        "glob", "http", "imaplib", "importlib", "inspect", "io", "logging", "mmap", "multiprocessing", "os",
        "pathlib", "pickle", "pickletools", "platform", "poplib", "pty", "queue", "random", "resource",
        "sched", "secrets", "select", "selectors", "shelve", "shutil", "signal", "smtplib", "socket",
        "socketserver", "sqlite3", "ssl", "subprocess", "sys", "syslog", "tempfile", "threading", "time",
        "tracemalloc", "urllib", "warnings", "weakref", "webbrowser", "xmlrpc",
    }
)
# fmt: on
PURE_STANDARD = sys.stdlib_module_names - TOUCHES_THE_WORLD
IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "__import__", "breakpoint"})

# Spelt apart here, so that this file does not find itself.
_HOSTS = (
    "pypi org",
    "pythonhosted org",
    "registry npmjs",
    "repo maven apache",
    "repo1 maven",
    "crates io",
    "golang org",
)
REGISTRIES = (
    *(host.replace(" ", ".") for host in _HOSTS),
    *(f"--{option}" for option in ("index-url", "extra-index-url", "find-links", "trusted-host")),
)
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|root|home|tmp|Users)/\w")
_WORDS = ("bars|-examples", "..|/shared/", "bars-|compliant", "bars |compliant", "chat|gpt", "cla|ude", "co|pilot")
WORDS = tuple(word.replace("|", "") for word in _WORDS)
NAMES_WORDS_ITSELF = frozenset({".gitignore"})


def oversize(root: Path) -> list[str]:
    """Files over 300 lines and functions over 40."""
    found = []
    for source in python_files(root):
        lines = len(source.text.splitlines())
        if lines > LONGEST_FILE:
            found.append(f"{source.name}: {lines} lines")
        found += [
            f"{source.name}:{function.lineno}: {function.name} has {length(function)} lines"
            for function in functions(source)
            if length(function) > LONGEST_FUNCTION
        ]
    return found


def function_lengths_p90(root: Path) -> float:
    """The length that nine functions in ten of the production code keep; 0 for a tree with hardly any."""
    lengths = [length(function) for source in python_files(root, PRODUCTION) for function in functions(source)]
    return statistics.quantiles(lengths, n=10)[-1] if len(lengths) > 1 else 0.0


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def without_docstring(root: Path) -> list[str]:
    """Modules that do not say why they exist; an empty package marker has nothing to say."""
    return [
        source.name
        for source in python_files(root)
        if not ast.get_docstring(source.tree) and (source.tree.body or source.path.name != "__init__.py")
    ]


def forbidden_calls(root: Path) -> list[str]:
    """Uses of time, chance, environment, brokers and patching outside the one file each belongs to."""
    return [
        f"{source.name}:{line}: {name}"
        for source in python_files(root)
        for name, line in names_used(source.tree)
        for banned, homes in NOT_CALLED_ELSEWHERE.items()
        if (name == banned or name.startswith(f"{banned}.")) and source.name not in homes
    ]


def names_used(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every imported name and every dotted use of one, with its full path and line, whatever it was renamed to."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {a.asname: a.name for a in node.names if a.asname}
            known |= {top: top for a in node.names if not a.asname for top in a.name.split(".")[:1]}
            yield from ((a.name, node.lineno) for a in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported = {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
            known |= imported
            yield from ((name, node.lineno) for name in imported.values())
    yield from _dotted_uses(tree, known)


def _dotted_uses(tree: ast.Module, known: dict[str, str]) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (dotted := _dotted(node)):
            first, _, rest = dotted.partition(".")
            if first in known:
                yield f"{known[first]}.{rest}", node.lineno


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def impure(root: Path) -> list[str]:
    """What a domain or the published language does beyond deciding: IO imports, IO calls, anything asynchronous."""
    return [
        f"{source.name}:{line}: {fault}"
        for source in python_files(root, PRODUCTION)
        if PURE.fullmatch(source.name)
        for fault, line in _impurities(source)
    ]


def _impurities(source: Source) -> Iterator[tuple[str, int]]:
    own = ".".join(source.path.relative_to(source.root).parts[: 3 if source.name.startswith("services") else 2])
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield "is asynchronous", node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"calls {node.func.id}", node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            relative = isinstance(node, ast.ImportFrom) and node.level
            yield from ((f"imports {n}", node.lineno) for n in names if not relative and not _is_pure(n, own))


def _is_pure(module: str, own: str) -> bool:
    inside = any(module == package or module.startswith(f"{package}.") for package in (own, *PURE_SHARED))
    return inside or module.partition(".")[0] in PURE_STANDARD | PURE_PACKAGES


def unwanted_text(root: Path) -> list[str]:
    """Package registries' addresses, paths of somebody's machine, and words that have no place in this repository."""
    found = []
    for path in committed_files(root):
        name = path.relative_to(root).as_posix()
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{number}: {fault}" for number, line in enumerate(lines, 1) for fault in _unwanted(name, line)
        ]
    return found


def _unwanted(name: str, line: str) -> Iterator[str]:
    lowered = line.lower()
    yield from (f"names the registry {word}" for word in REGISTRIES if word in lowered)
    if match := MACHINE_PATH.search(line):
        yield f"names a path of one machine: {match[0]}..."
    if name not in NAMES_WORDS_ITSELF:
        yield from (f"says {word}" for word in WORDS if word in lowered)
