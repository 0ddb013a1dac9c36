"""The programs that set-up needs from the system: looks for them, installs them on Debian as root, else names them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.surroundings import inherited

JAVA_AT_LEAST = 17  # Kafka 4 servers run on Java 17 and later
NODE_AT_LEAST = 18  # Debian 12's; the pages' build needs no newer


class Missing(Exception):
    """A prerequisite is not here and could not be installed; the message is the one line to show."""


@dataclass(frozen=True)
class Tool:
    """A prerequisite: how to see that it is there, and what Debian calls it."""

    name: str
    package: str
    present: Callable[[], bool]


def java_major() -> int:
    """The major version of the Java on the path, 0 if there is none."""
    if not shutil.which("java"):
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else 0


def node_major() -> int:
    """The major version of the Node.js on the path, 0 if there is none."""
    if not shutil.which("node"):
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", told)
    return int(found[1]) if found else 0


def _has_venv() -> bool:
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


JAVA = Tool(f"a Java runtime >= {JAVA_AT_LEAST}", "openjdk-17-jdk-headless", lambda: java_major() >= JAVA_AT_LEAST)
MAVEN = Tool("Maven", "maven", lambda: shutil.which("mvn") is not None)
NODE = Tool(
    f"Node.js >= {NODE_AT_LEAST} with npm",
    "npm",
    lambda: node_major() >= NODE_AT_LEAST and shutil.which("npm") is not None,
)
CHROMIUM = Tool(
    "Chromium", "chromium", lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
)
VENV = Tool("Python's venv module", "python3-venv", _has_venv)


def require(tool: Tool, *, installer: Callable[[str], None] | None = None) -> None:
    """Return when the tool is there, installing it if there is an installer; raises `Missing` otherwise."""
    if tool.present():
        return
    if installer:
        installer(tool.package)
    if not tool.present():
        raise Missing(f"{tool.name} is missing: install the package {tool.package} and run the same command again")


def installer_here() -> Callable[..., None] | None:
    """What installs packages on a Debian-like machine for root; None elsewhere."""
    return apt_install if os.geteuid() == 0 and shutil.which("apt-get") else None


def apt_install(*packages: str) -> None:
    """Install Debian packages; what goes wrong is seen by looking for the tool again."""
    print(f"installing {' '.join(packages)}", flush=True)
    quiet = {**inherited(), "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL, check=False)
