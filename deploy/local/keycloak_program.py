"""Fetches the pinned Keycloak, unpacks it and builds it for its database once; standard library only."""

import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from deploy.local import jars
from deploy.local.places import CACHE, HERE
from deploy.local.stamps import is_done, key_of, set_done

POM = HERE / "keycloak" / "pom.xml"
LOCK = HERE / "keycloak" / "zip.lock"
MARK = CACHE / "keycloak" / "done"
FOLDER = CACHE / "keycloak" / "server"
DATABASE = "dev-file"
UNUSED = "ciba,device-flow,impersonation,kerberos,organization,token-exchange-standard"
"""Ways in that nobody needs here."""
_BUILD = ("build", f"--db={DATABASE}", f"--features-disabled={UNUSED}")
_OPENED = ("java.util", "java.util.concurrent", "java.security")
_THREADS = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"


class NotBuilt(Exception):
    """Keycloak could not be built; the message holds what it said."""


def present() -> bool:
    """Whether the Keycloak of the committed pom and lock is in the cache, built."""
    return is_done(MARK, _key())


def resolve() -> None:
    """Fetch, check, unpack and build in a fresh folder, then put it in place.

    A server that was not built beforehand builds itself at its first start, which costs each stack 7 s.
    Raises `jars.NotFetched`, `jars.JarsDiffer`, `NotBuilt`.
    """
    MARK.parent.mkdir(parents=True, exist_ok=True)
    MARK.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=MARK.parent) as folder:
        fetched = Path(folder) / "zip"
        jars.fetch(POM, "dependency:copy", fetched)
        jars.check(fetched, LOCK.read_text())
        with zipfile.ZipFile(next(fetched.iterdir())) as packed:
            packed.extractall(folder)
        unpacked = next(Path(folder).glob("keycloak-*"))
        build = [*command(unpacked, unpacked), *_BUILD]
        built = subprocess.run(build, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise NotBuilt(f"Keycloak could not be built:\n{built.stdout}{built.stderr}".strip())
        shutil.rmtree(FOLDER, ignore_errors=True)
        unpacked.rename(FOLDER)
    set_done(MARK, _key())


def command(program: Path, home: Path, *jvm: str) -> tuple[str, ...]:
    """How the server in `program` is run with its data under `home`: what its kc.sh does, without a shell between.

    The shell would be the process that is stopped or killed, and leave the server behind.
    """
    return (
        *("java", *jvm, *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED)),
        *("-XX:+ExitOnOutOfMemoryError", "-Dfile.encoding=UTF-8", "-Duser.language=en", "-Duser.country=US"),
        f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={_THREADS}",
        *(f"-Dkc.home.dir={home}", f"-Djboss.server.config.dir={home / 'conf'}"),
        *("-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-Dpicocli.disable.closures=true"),
        *("-cp", str(program / "lib" / "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint"),
    )


def _key() -> str:
    return key_of(POM, LOCK, *_BUILD)
