"""Style sheets and scripts, as set-up built them: served by ourselves, named by their content, kept for a year."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from shared.access.app import guarded_router
from shared.events.refusal import NotFound
from shared.runtime.operation import performs

BUILT: Final = Path(__file__).parent / "built"
"""Written by set-up (deploy/web/build.mjs), never committed."""
ROOT: Final = "/assets"
CODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""What is served to whoever accepts it, the smallest first."""
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
"""An asset says nothing about anybody and never changes under its name."""


class NotBuilt(SystemExit):
    """Set-up did not build the assets; a service with pages does not start without them, and says so in one line."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file with its media type; `compressed` by content coding."""

    file: str
    media_type: str
    plain: bytes
    compressed: Mapping[str, bytes]


class Assets:
    """Every asset, held in memory: a new set-up under a running service takes nothing away from open pages."""

    def __init__(self, folder: Path = BUILT) -> None:
        """Raises `NotBuilt`."""
        try:
            manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
            self._named = {name: _asset(folder, one["file"], one["type"]) for name, one in manifest.items()}
        except (OSError, ValueError, KeyError) as fault:
            raise NotBuilt(f"the pages' style sheets and scripts are not built: run make setup ({fault})") from None
        self._files = {asset.file: asset for asset in self._named.values()}

    def url(self, name: str) -> str:
        """Where the asset of this plain name lies. Raises `KeyError`."""
        return f"{ROOT}/{self._named[name].file}"

    def answer(self, file: str, accepted: str) -> Response:
        """The file in the smallest form that `accepted` (Accept-Encoding) takes. Raises `NotFound`."""
        asset = self._files.get(file)
        if asset is None:
            raise NotFound("page.no_such_asset", "There is no such file here.")
        codings = {one.partition(";")[0].strip().lower() for one in accepted.split(",") if not _refused(one)}
        for coding, _ in CODINGS:
            if coding in codings and coding in asset.compressed:
                headers = {**HEADERS, "Content-Encoding": coding}
                return Response(asset.compressed[coding], media_type=asset.media_type, headers=headers)
        return Response(asset.plain, media_type=asset.media_type, headers=dict(HEADERS))

    def routes(self) -> APIRouter:
        """The routes that serve them, open to anybody."""
        router = guarded_router(include_in_schema=False)

        @router.get(f"{ROOT}/{{file}}")
        @performs("page.asset")
        async def asset(file: str, request: Request) -> Response:
            return self.answer(file, request.headers.get("accept-encoding", ""))

        return router


@cache
def assets() -> Assets:
    """The assets of this process, read once. Raises `NotBuilt`."""
    return Assets()


def _asset(folder: Path, file: str, media_type: str) -> Asset:
    compressed = {
        coding: beside.read_bytes() for coding, suffix in CODINGS if (beside := folder / f"{file}{suffix}").exists()
    }
    return Asset(file, media_type, (folder / file).read_bytes(), compressed)


def _refused(coding: str) -> bool:
    return coding.replace(" ", "").lower().endswith((";q=0", ";q=0.0", ";q=0.00", ";q=0.000"))
