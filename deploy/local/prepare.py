"""Set-up: virtual environment, hashed packages, Kafka, Keycloak, a mongod that runs, the pages' assets.

Needs only Python >= 3.11. `python -m deploy.local.prepare browser front-door` adds what tests alone need. Each step is
marked when it has ended, so set-up resumes where it was interrupted and is a look at the marks afterwards.
"""

import fcntl
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import caddy_program, jars, keycloak_program, tools, web
from deploy.local.places import CACHE, CHECKOUT, VENV, VENV_PYTHON
from deploy.local.stamps import is_done, key_of, set_done
from deploy.local.surroundings import read

PACKAGES = CHECKOUT / "requirements-dev.lock"
PACKAGES_MARK = VENV / "beside-packages"
MONGOD_MARK = VENV / "beside-mongod"
MONGOD_LIBRARIES = ("libcurl4", "libssl3", "liblzma5")  # what the mongod wheel links to
STOPS = (
    *(tools.Missing, jars.NotFetched, jars.JarsDiffer),
    *(keycloak_program.NotBuilt, web.NotInstalled, web.BuildFailed),
)
_FIND_MONGOD = "from deploy.local.mongod_program import path; print(path())"


def main(wanted: Sequence[str] = ()) -> int:
    """Run every step that is not done; 0 when all are, 1 after one line that says what is missing."""
    steps = (*STEPS, *(MORE[name] for name in wanted))
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for title, done, run in steps:
                if not done():
                    print(f"set-up: {title}", flush=True)
                    run()
        except (*STOPS, subprocess.CalledProcessError) as problem:
            print(f"set-up stopped: {problem}", file=sys.stderr)
            return 1
    return 0


def packages_key() -> str:
    """What the virtual environment is made from: the lock file and the Python that made it."""
    return key_of(PACKAGES, sys.version)


def packages_done() -> bool:
    """Whether the virtual environment holds exactly the locked packages."""
    return VENV_PYTHON.exists() and is_done(PACKAGES_MARK, packages_key())


def install_packages() -> None:
    """Make the virtual environment afresh if its lock changed, then install with hashes."""
    _require(tools.VENV)
    if PACKAGES_MARK.exists() or not _runs(VENV_PYTHON):
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "-r", str(PACKAGES)], check=True)
    set_done(PACKAGES_MARK, packages_key())


def fetch_with_maven(resolve: Callable[[], None]) -> None:
    """Fetch a server, for which Java and Maven must be there."""
    _require(tools.JAVA)
    _require(tools.MAVEN)
    resolve()


def java_done() -> bool:
    """Whether a Java that can run Kafka is on the path; cheap enough to ask each time."""
    return tools.JAVA.present()


def mongod_key() -> str:
    """What the check of mongod was made for."""
    return key_of(packages_key(), read().mongod or "")


def check_mongod() -> None:
    """See mongod start; install the libraries it links to where that is possible."""
    found = subprocess.run([VENV_PYTHON, "-c", _FIND_MONGOD], capture_output=True, text=True, cwd=CHECKOUT, check=False)
    program = Path(found.stdout.strip() or "/mongod-not-found")
    install = tools.installer_here()
    if not _runs(program) and install:
        install(*MONGOD_LIBRARIES)
    if not _runs(program):
        libraries = ", ".join(MONGOD_LIBRARIES)
        raise tools.Missing(f"mongod does not start: install {libraries}, or name another mongod in BESIDE_MONGOD")
    set_done(MONGOD_MARK, mongod_key())


def install_pages_packages() -> None:
    """Fetch what the pages are built from, for which Node.js and npm must be there."""
    _require(tools.NODE)
    web.install_packages()


def _require(tool: tools.Tool) -> None:
    tools.require(tool, installer=tools.installer_here())


def _runs(program: Path) -> bool:
    if not program.exists():
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


Step = tuple[str, Callable[[], bool], Callable[[], None]]
STEPS: tuple[Step, ...] = (
    ("virtual environment and packages", packages_done, install_packages),
    ("Java", java_done, lambda: _require(tools.JAVA)),
    ("Kafka's jars", jars.present, lambda: fetch_with_maven(jars.resolve)),
    ("Keycloak", keycloak_program.present, lambda: fetch_with_maven(keycloak_program.resolve)),
    ("mongod", lambda: is_done(MONGOD_MARK, mongod_key()), check_mongod),
    ("what the pages are built from", web.packages_done, install_pages_packages),
    ("the pages' style sheets and scripts", web.assets_done, web.build_assets),
)
MORE: dict[str, Step] = {
    "browser": ("a browser for the tests of pages", tools.CHROMIUM.present, lambda: _require(tools.CHROMIUM)),
    "front-door": ("a Caddy for the tests of the front door", caddy_program.present, caddy_program.unpack),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
