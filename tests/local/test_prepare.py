"""Set-up runs each step once, resumes after an interruption, and refuses jars that are not the recorded ones."""

import hashlib
import shutil
from pathlib import Path

import pytest

from deploy.local import jars, tools, web
from deploy.local.stamps import is_done, key_of, set_done
from deploy.local.tools import Missing, Tool

pytestmark = pytest.mark.slow


def test_a_step_is_done_only_for_the_inputs_it_ran_with(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text("a==1")
    mark = tmp_path / "marks" / "packages"

    assert not is_done(mark, key_of(lock))

    set_done(mark, key_of(lock))
    assert is_done(mark, key_of(lock))

    lock.write_text("a==2")
    assert not is_done(mark, key_of(lock))


def test_inputs_do_not_run_into_each_other() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


def test_a_half_written_mark_is_no_mark(tmp_path: Path) -> None:
    mark = tmp_path / "packages"
    (tmp_path / "packages.partial").write_text(key_of("x"))

    assert not is_done(mark, key_of("x"))


def a_jar(folder: Path, name: str, content: bytes) -> str:
    """Write a jar and give its line of the lock."""
    (folder / name).write_bytes(content)
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n"


def test_the_recorded_jars_are_accepted(tmp_path: Path) -> None:
    lock = a_jar(tmp_path, "one.jar", b"1") + a_jar(tmp_path, "two.jar", b"2")

    jars.check(tmp_path, lock)


@pytest.mark.parametrize(
    ("present", "named"),
    [
        ({"one.jar": b"1"}, "two.jar"),
        ({"one.jar": b"1", "two.jar": b"changed"}, "two.jar"),
        ({"one.jar": b"1", "two.jar": b"2", "three.jar": b"3"}, "three.jar"),
    ],
    ids=["missing", "changed", "extra"],
)
def test_other_jars_are_refused_by_name(present: dict[str, bytes], named: str, tmp_path: Path) -> None:
    recorded = tmp_path / "recorded"
    fetched = tmp_path / "fetched"
    recorded.mkdir()
    fetched.mkdir()
    lock = a_jar(recorded, "one.jar", b"1") + a_jar(recorded, "two.jar", b"2")
    for name, content in present.items():
        a_jar(fetched, name, content)

    with pytest.raises(jars.JarsDiffer, match=named):
        jars.check(fetched, lock)


def test_the_cached_kafka_is_the_recorded_one() -> None:
    assert jars.present()
    jars.check(jars.FOLDER, jars.LOCK.read_text())


def test_a_present_tool_is_left_alone() -> None:
    tools.require(Tool("a thing", "no-such-package", lambda: True))


def test_a_missing_tool_is_one_line_with_the_package_to_install() -> None:
    with pytest.raises(Missing) as missing:
        tools.require(Tool("Maven", "maven", lambda: False))

    assert "install the package maven" in str(missing.value)
    assert "\n" not in str(missing.value)


def test_a_missing_tool_is_installed_where_that_is_possible() -> None:
    installed: list[str] = []

    tools.require(Tool("Maven", "maven", lambda: "maven" in installed), installer=installed.append)

    assert installed == ["maven"]


def test_a_tool_that_is_still_missing_after_installing_is_named() -> None:
    with pytest.raises(Missing, match="maven"):
        tools.require(Tool("Maven", "maven", lambda: False), installer=lambda _package: None)


def test_a_java_that_can_run_kafka_is_here() -> None:
    assert tools.java_major() >= tools.JAVA_AT_LEAST


def test_the_pages_are_built_from_what_the_lock_names() -> None:
    assert web.packages_done()
    assert web.assets_done()
    assert tools.node_major() >= tools.NODE_AT_LEAST


def test_assets_are_built_anew_when_a_file_of_theirs_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    static = tmp_path / "static"
    shutil.copytree(web.STATIC, static)
    monkeypatch.setattr(web, "STATIC", static)
    assert web.assets_done()

    (static / "beside.css").write_text("p { color: #000 }")

    assert not web.assets_done()


def test_a_package_that_npm_cannot_install_is_said_with_what_npm_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "package-lock.json"
    changed = (web.HERE / "package-lock.json").read_text().replace("sha512-", "sha512-A", 1)
    lock.write_text(changed)
    (tmp_path / "package.json").write_text((web.HERE / "package.json").read_text().replace("10.6.1", "10.6.2"))
    monkeypatch.setattr(web, "DECLARED", (lock, tmp_path / "package.json"))
    monkeypatch.setattr(web, "PACKAGES", tmp_path / "cache" / "node_modules")
    monkeypatch.setattr(web, "PACKAGES_MARK", tmp_path / "cache" / "done")

    with pytest.raises(web.NotInstalled, match="npm could not install"):
        web.install_packages()

    assert not web.packages_done()
