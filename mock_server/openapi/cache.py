"""Results of reading a contract, stored by digest in the user's cache directory.

So a second start neither applies overlays nor checks the document, nor reads its routes again. A file that is damaged,
partial or of another version is ignored. Settings are not part of the digest: they do not change what a contract is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import cast

from mock_server import plugins
from mock_server.core.types import JSON
from mock_server.core.user_cache import user_cache

_PACKAGES = ("openapi_spec_validator", "jsonschema_rs", "python_jsonpath", "connexion")
"""Packages whose versions are part of the digest, since the results depend on them."""

READERS = ("core", "plugins", "http", "openapi", "storage/fixtures")
"""The packages, with all below them, that decide what a contract or a fixture file says."""


def reader_files() -> list[Path]:
    """Return the files of the code that reads contracts and fixture files, in order."""
    package = Path(__file__).parent.parent
    return sorted(file for reader in READERS for file in (package / reader).rglob("*.py"))


def digest_of(files: Iterable[Path]) -> bytes:
    """Return the SHA-256 of what is in these files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).digest()


@cache
def _readers() -> bytes:
    """Return the digest of the code that reads: results of other code are not used."""
    return digest_of(reader_files())


@cache
def _versions(places: tuple[str, ...]) -> bytes:
    """Return the versions of the packages, from the names of the directories that record what is installed.

    ``NAME-VERSION.dist-info`` (PyPA, "Recording installed projects"). importlib.metadata has the same; it takes 20 ms
    of a start to import it and have it read them.
    """
    names: list[str] = []
    for place in places:
        with contextlib.suppress(OSError):  # an archive, or a directory that is not there
            names += os.listdir(place)
    directories = {name.lower() for name in names if name.endswith((".dist-info", ".egg-info"))}
    return "\n".join(sorted(name for name in directories if name.partition("-")[0] in _PACKAGES)).encode()


def digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256, in hex, of the texts a contract is made of, in order, and of the code that reads them.

    Plugins are part of that code: a format of theirs may refuse an example.
    """
    total = hashlib.sha256(_readers() + _versions(tuple(sys.path)) + plugins.identity())
    for part in parts:
        total.update(f"{len(part)}\n".encode() + part)
    return total.hexdigest()


def get(key: str, kind: str) -> JSON:
    """Return what was stored under a digest; None where there is nothing that can be trusted."""
    try:
        seal, _, body = _file(key, kind).read_bytes().partition(b"\n")
        if seal.decode("ascii") != hashlib.sha256(body).hexdigest():
            return None
        return cast("JSON", json.loads(body))
    except (OSError, ValueError):
        return None


def put(key: str, kind: str, value: JSON) -> None:
    """Store a value. A cache that cannot be written is not an error: the next start is slower."""
    import tempfile  # a second start has nothing to write

    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    file = _file(key, kind)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=file.parent)
        try:
            with open(handle, "wb") as out:
                out.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            os.replace(partial, file)  # whole or not at all
        except OSError:
            os.unlink(partial)


def _file(key: str, kind: str) -> Path:
    return Path(user_cache(), f"{key}.{kind}.json")
