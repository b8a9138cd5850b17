"""Serves a page: its files, read once, under the strictest headers that let it work.

They hold no data, so no session is asked for. Nothing outside the fixed list is served, whatever a name says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

INDEX = "index.html"
COMMON = "streams.web"
"""Colours and type, the icon, elements from values."""
MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Own files only, no inline script or style, and no way at all to make script from text (Trusted Types)."""
_UNUSED = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "clipboard-write", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Beside those of every answer (`guard.py`): no-store, nosniff, no-referrer."""


@dataclass(frozen=True, slots=True)
class Page:
    """The files of the page by name."""

    files: Mapping[str, bytes]

    @classmethod
    def load(cls, package: str) -> Page:
        """From the folder `page` of a package, with what all pages have in common."""
        folders = [resources.files(one).joinpath("page") for one in (COMMON, package)]
        found = [file for folder in folders for file in folder.iterdir() if _media(file.name)]
        return cls({file.name: file.read_bytes() for file in found})

    def routes(self) -> list[Route]:
        """`GET /` and `GET /page/<name>`."""
        return [Route("/", self._index), Route("/page/{name}", self._file)]

    async def _index(self, _: Request) -> Response:
        return self._answer(INDEX)

    async def _file(self, request: Request) -> Response:
        return self._answer(request.path_params["name"])

    def _answer(self, name: str) -> Response:
        content = self.files.get(name)
        if content is None:
            raise HTTPException(404)
        return Response(content, headers=HEADERS, media_type=_media(name))


def _media(name: str) -> str | None:
    return MEDIA.get(PurePosixPath(name).suffix)
