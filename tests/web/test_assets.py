"""Style sheets and scripts come from ourselves, under names that change with them, small enough for a poor line."""

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from deploy.local import web
from deploy.local.places import CHECKOUT
from shared.web.assets import BUILT, Assets, NotBuilt

pytestmark = pytest.mark.slow

OUTSIDE = re.compile(
    r"""(?:src|href|action|srcset|poster|data)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|from\s*["']https?:""",
    re.IGNORECASE,
)
INLINE = re.compile(r"<style|\sstyle\s*=|\son[a-z]+\s*=(?!=)|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
TEMPLATES = sorted([*(CHECKOUT / "shared/web/templates").glob("*.html"), *CHECKOUT.glob("services/*/pages/*.html")])
LOCK = json.loads((web.HERE / "package-lock.json").read_text())


def built() -> list[Path]:
    """Every built file that a browser may be given."""
    return [path for path in BUILT.iterdir() if path.suffix in (".css", ".js", ".svg")]


async def test_an_asset_is_kept_for_a_year_under_the_hash_of_its_content(http):
    for url in re.findall(r'"(/assets/[^"]+)"', (await http.get("/live")).text):
        assert re.fullmatch(r"/assets/[a-z.-]+\.[0-9a-f]{12}\.(css|js|svg)", url)
        answer = await http.get(url)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        media = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
        assert answer.headers["content-type"] == media[url.rpartition(".")[2]]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("identity", None), ("", None)],
)
def test_the_smallest_form_that_is_accepted_is_sent(accepted, coding):
    assets = Assets()
    file = assets.url("beside.css").rpartition("/")[2]
    answer = assets.answer(file, accepted)
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = (BUILT / file).read_bytes()
    if coding == "gzip":
        assert gzip.decompress(bytes(answer.body)) == plain
    elif coding is None:
        assert answer.body == plain


@pytest.mark.parametrize("path", ["/assets/nothing.css", "/assets/manifest.json", "/assets/..%2Fpages.py", "/assets/"])
async def test_nothing_else_is_served(http, path):
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("damage", ["absent", "half", "file gone"])
def test_without_set_up_a_service_refuses_to_start_with_one_line(tmp_path, damage):
    folder = tmp_path / "built"
    if damage != "absent":
        shutil.copytree(BUILT, folder)
    if damage == "half":
        (folder / "manifest.json").write_text("{")
    if damage == "file gone":
        next(folder.glob("beside.*.js")).unlink()
    with pytest.raises(NotBuilt, match="run make setup") as stopped:
        Assets(folder)
    assert isinstance(stopped.value, SystemExit)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_no_template_loads_anything_from_outside_or_holds_script_or_style(template):
    text = template.read_text()
    assert not OUTSIDE.search(text)
    assert not INLINE.search(text)


@pytest.mark.parametrize(
    "name", ["beside.css", "beside.rtl.css", "beside.js", "htmx.js", "nhsuk-frontend.js", "icon.svg"]
)
def test_no_built_file_loads_anything_from_outside(name):
    text = (BUILT / Assets().url(name).rpartition("/")[2]).read_text()
    assert not OUTSIDE.search(text)
    assert "@font-face" not in text
    assert "Frutiger" not in text  # the NHS's typeface is not ours to use
    assert "sourceMappingURL" not in text


def test_a_build_that_would_load_from_outside_is_refused(tmp_path):
    own = tmp_path / "static"
    shutil.copytree(web.STATIC, own)
    with (own / "beside.css").open("a") as style:
        style.write("body { background: url(https://pictures.example.org/x.png) }")
    with pytest.raises(web.BuildFailed, match=r"beside.css would load from outside: url\(https://pictures"):
        web.build(tmp_path / "built", static=own)
    assert not (tmp_path / "built").exists()


def test_the_right_to_left_style_is_the_mirror_of_the_other():
    assets = Assets()
    usual, mirrored = (
        (BUILT / assets.url(name).rpartition("/")[2]).read_text() for name in ("beside.css", "beside.rtl.css")
    )
    inset = re.compile(r"\.nhsuk-inset-text\{[^}]*border-(left|right):")
    assert (inset.findall(usual), inset.findall(mirrored)) == (["left"], ["right"])


def test_the_set_up_of_the_present_files_was_run():
    assert web.packages_done()
    assert web.assets_done()


def test_every_package_of_the_pages_is_pinned_by_its_hash_and_names_no_registry():
    packages = {name: one for name, one in LOCK["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/=]{88}", one["integrity"]), name
        assert "resolved" not in one, name
    assert "://" not in (web.HERE / "package-lock.json").read_text()


def test_what_the_image_installs_is_what_pages_are_made_from():
    declared = json.loads((web.HERE / "package.json").read_text())
    assert LOCK["packages"][""]["dependencies"] == declared["dependencies"]
    assert LOCK["packages"]["node_modules/axe-core"]["dev"] is True
    assert not any(
        one.get("dev") for name, one in LOCK["packages"].items() if name.endswith(tuple(declared["dependencies"]))
    )


async def test_a_first_page_with_everything_it_loads_is_light(http):
    """As compressed as a browser without https asks for; what goes over the wire is measured in a browser."""
    page = await http.get("/live")
    assets = Assets()
    names = {*re.findall(r'"/assets/([^"]+)"', page.text), assets.url("nhsuk-frontend.js").rpartition("/")[2]}
    assert len(names) == 5
    weight = sum(len(assets.answer(file, "gzip").body) for file in names)
    assert weight + len(page.content) < 150_000
    assert len((await http.get("/components")).content) < 30_000
