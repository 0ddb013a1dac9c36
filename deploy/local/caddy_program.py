"""The Caddy that the front door's tests run: the system's, or one unpacked from Debian's package.

Unpacked and not installed, because the installed package would start a web server on whoever's machine this is.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local.places import CACHE
from deploy.local.tools import Missing

UNPACKED = CACHE / "caddy" / "usr" / "bin" / "caddy"
LISTS_OF_PACKAGES = ["apt-get", "update", "-qq"]
FETCH = ["apt-get", "download", "-qq", "caddy"]


def path() -> Path | None:
    """The program; None where there is none yet."""
    found = shutil.which("caddy")
    return Path(found) if found else UNPACKED if UNPACKED.exists() else None


def present() -> bool:
    """Whether there is one."""
    return path() is not None


def version() -> str:
    """What it says it is: "2.6.2", "v2.10.2 h1:...". Raises `FileNotFoundError` when there is none."""
    told = subprocess.run([str(path()), "version"], capture_output=True, text=True, check=True)
    return told.stdout.strip()


def unpack() -> None:
    """Fetch Debian's package, whose signature apt checks, and unpack it into the cache. Raises `Missing`."""
    fetched = None
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        with tempfile.TemporaryDirectory() as folder:
            fetched = _fetched(Path(folder)) or _fetched(Path(folder), after=LISTS_OF_PACKAGES)
            if fetched:
                subprocess.run(["dpkg-deb", "-x", str(fetched), str(CACHE / "caddy")], check=True)
    if not present():
        raise Missing(
            "Caddy is missing: put the program caddy (2.6 or later) on the path and run the same command again"
        )


def _fetched(folder: Path, *, after: list[str] | None = None) -> Path | None:
    for command in filter(None, (after, FETCH)):
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return next(folder.glob("caddy_*.deb"), None)
