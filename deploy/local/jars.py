"""Fetches what is pinned with Maven and refuses any file that is not the one recorded; standard library only."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local.places import CACHE, HERE
from deploy.local.stamps import is_done, key_of, set_done

POM = HERE / "kafka" / "pom.xml"
LOCK = HERE / "kafka" / "jars.lock"
MARK = CACHE / "kafka" / "done"
FOLDER = CACHE / "kafka" / "jars"


class NotFetched(Exception):
    """Maven failed; the message holds what it said."""


class JarsDiffer(Exception):
    """Maven resolved something other than what the lock records."""


def present() -> bool:
    """Whether the jars of the committed pom and lock are in the cache."""
    return is_done(MARK, key_of(POM, LOCK))


def resolve() -> None:
    """Fetch the jars into a fresh folder, check each one's SHA-256, and put the folder in place.

    Raises `JarsDiffer` for a missing, extra or changed jar, `NotFetched` if Maven fails.
    """
    MARK.parent.mkdir(parents=True, exist_ok=True)
    MARK.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=MARK.parent) as folder:
        fetched = Path(folder) / "jars"
        fetch(POM, "dependency:copy-dependencies", fetched)
        check(fetched, LOCK.read_text())
        shutil.rmtree(FOLDER, ignore_errors=True)
        fetched.rename(FOLDER)
    set_done(MARK, key_of(POM, LOCK))


def fetch(pom: Path, goal: str, folder: Path) -> None:
    """Have Maven copy what a pom names into a folder; raises `NotFetched`."""
    copy = [goal, f"-DoutputDirectory={folder}"]
    maven = subprocess.run(["mvn", "-q", "-B", "-f", pom, *copy], capture_output=True, text=True, check=False)
    if maven.returncode != 0:
        raise NotFetched(f"Maven could not fetch {pom.parent.name}:\n{maven.stdout}{maven.stderr}".strip())


def check(folder: Path, lock: str) -> None:
    """Compare a folder of fetched files with the lock's lines of "<sha256>  <name>"; raises `JarsDiffer`."""
    expected = {line.split()[1]: line.split()[0] for line in lock.splitlines() if line.strip()}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise JarsDiffer(f"these files are not the ones that are recorded: {', '.join(wrong)}")
