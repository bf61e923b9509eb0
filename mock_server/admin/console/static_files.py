"""Files that pages load: stylesheets, scripts and icons of the package, each below a digest of its content.

A path with the digest never has another content, so browsers keep what they got for good (RFC 8246). What has the
suffix ``.gz`` on disk is sent compressed to clients that read gzip (RFC 9110, 8.4.1), and else as it was before.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Request, Response, ResponseSource

STATIC = "/static/"
"""Where static files are, below ``/__admin``."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_DIGEST = 16
"""Characters of a digest in a path: 64 bits, and nobody else chooses the content."""


@value_class
class StaticFile:
    """A file as it is sent. ``content`` is compressed where ``is_compressed``; ``digest`` is of what is on disk."""

    name: str
    content: bytes
    is_compressed: bool
    digest: str

    @property
    def path(self) -> str:
        """The path below ``/__admin``."""
        return f"{STATIC}{self.digest}/{self.name}"

    @property
    def content_type(self) -> str:
        """The media type, by the name."""
        return _TYPES[self.name[self.name.rindex(".") :]]


@cache
def static_files() -> dict[str, StaticFile]:
    """Return the files of the package by name, without the suffix ``.gz``."""
    return {file.name: file for file in _files()}


def _files() -> Iterator[StaticFile]:
    for entry in files("mock_server.admin.console").joinpath("static").iterdir():
        name = entry.name.removesuffix(".gz")
        if name[name.rfind(".") :] in _TYPES:
            content = entry.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_DIGEST]
            yield StaticFile(name, content, name != entry.name, digest)


def static_response(request: Request, path: str) -> Response | None:
    """Return the answer for a path below ``/__admin``; None where no file has it.

    A client that has the file already gets a 304 (RFC 9110, 13.1.2).
    """
    digest, _, name = path.removeprefix(STATIC).partition("/")
    file = static_files().get(name)
    if file is None or file.digest != digest:
        return None
    headers: Headers = (
        ("cache-control", "public, max-age=31536000, immutable"),
        ("etag", f'"{file.digest}"'),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    )
    if f'"{file.digest}"' in (request.header("if-none-match") or ""):
        return Response(304, headers, source=ResponseSource.CONTROL)
    headers = (("content-type", file.content_type), *headers)
    if not file.is_compressed:
        return Response(200, headers, file.content, ResponseSource.CONTROL)
    if "gzip" in (request.header("accept-encoding") or ""):
        return Response(200, (*headers, ("content-encoding", "gzip")), file.content, ResponseSource.CONTROL)
    return Response(200, headers, gzip.decompress(file.content), ResponseSource.CONTROL)
