"""Fetches the packages that pages are built from, and builds the pages' assets; standard library only."""

import shutil
import subprocess
from pathlib import Path

from deploy.local.places import CACHE, CHECKOUT
from deploy.local.stamps import is_done, key_of, set_done

HERE = CHECKOUT / "deploy" / "web"
DECLARED = (HERE / "package.json", HERE / "package-lock.json", HERE / ".npmrc")
STATIC = CHECKOUT / "shared" / "web" / "static"
BUILT = CHECKOUT / "shared" / "web" / "built"
PACKAGES = CACHE / "web" / "node_modules"
PACKAGES_MARK = CACHE / "web" / "done"
BUILT_MARK = CACHE / "web" / "built"


class NotInstalled(Exception):
    """npm failed; the message holds what it said."""


class BuildFailed(Exception):
    """The assets could not be built, or would load something from outside; the message says which."""


def packages_done() -> bool:
    """Whether the packages of the committed lock are in the cache."""
    return PACKAGES.is_dir() and is_done(PACKAGES_MARK, key_of(*DECLARED))


def install_packages() -> None:
    """Install exactly what the lock names, each file checked against its hash. Raises `NotInstalled`."""
    PACKAGES_MARK.unlink(missing_ok=True)
    PACKAGES.parent.mkdir(parents=True, exist_ok=True)
    for file in DECLARED:
        shutil.copy(file, PACKAGES.parent / file.name)
    told = subprocess.run(["npm", "ci"], cwd=PACKAGES.parent, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise NotInstalled(f"npm could not install what the pages are built from:\n{told.stdout}{told.stderr}".strip())
    set_done(PACKAGES_MARK, key_of(*DECLARED))


def assets_done() -> bool:
    """Whether the built assets are those of the present files."""
    return (BUILT / "manifest.json").is_file() and is_done(BUILT_MARK, _assets_key())


def build_assets() -> None:
    """Build them into a fresh folder and put it in place. Raises `BuildFailed`."""
    build(BUILT)
    set_done(BUILT_MARK, _assets_key())


def build(folder: Path, *, packages: Path = PACKAGES, static: Path = STATIC) -> None:
    """Build the assets into `folder`. Raises `BuildFailed`."""
    command: list[str | Path] = ["node", HERE / "build.mjs", packages, static, folder]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise BuildFailed(f"the pages' assets could not be built:\n{told.stdout}{told.stderr}".strip())


def _assets_key() -> str:
    own = sorted(path for path in STATIC.iterdir() if path.is_file())
    return key_of(*DECLARED, HERE / "build.mjs", *(path.name for path in own), *own)
