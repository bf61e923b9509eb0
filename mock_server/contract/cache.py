"""What the libraries said of a contract, remembered by digest in the user's cache directory.

So a second start neither applies overlays nor checks the document, nor has its routes read again. A file
that is damaged, partial or of another version is as good as none. Settings do not go in: they do not
change what a contract is.
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

from mock_server.exchange import JSON

_PACKAGES = ("openapi_spec_validator", "jsonschema_rs", "python_jsonpath", "connexion")
"""Whose versions the digest covers, since what they said depends on them."""


@cache
def _readers() -> bytes:
    """The code that reads contracts and fixture files: what another version of it said is not this one's word."""
    here = Path(__file__).parent
    files = [*here.glob("*.py"), *(here.parent / "routing").glob("*.py"), *here.parent.glob("*file.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).digest()


@cache
def _versions(places: tuple[str, ...]) -> bytes:
    """The versions of the packages, as the directories are called that record what is installed.

    ``NAME-VERSION.dist-info`` (PyPA, "Recording installed projects"). importlib.metadata would say the same; it takes
    20 ms of a start to import it and have it read them.
    """
    names: list[str] = []
    for place in places:
        with contextlib.suppress(OSError):  # an archive, or a directory that is not there
            names += os.listdir(place)
    directories = {name.lower() for name in names if name.endswith((".dist-info", ".egg-info"))}
    return "\n".join(sorted(name for name in directories if name.partition("-")[0] in _PACKAGES)).encode()


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over the texts a contract is made of, in order, and over what judges them."""
    total = hashlib.sha256(_readers() + _versions(tuple(sys.path)))
    for part in parts:
        total.update(f"{len(part)}\n".encode() + part)
    return total.hexdigest()


def recall(key: str, kind: str) -> JSON:
    """What was remembered under a digest; None where there is nothing that can be trusted."""
    try:
        seal, _, body = _file(key, kind).read_bytes().partition(b"\n")
        if seal.decode("ascii") != hashlib.sha256(body).hexdigest():
            return None
        return cast("JSON", json.loads(body))
    except (OSError, ValueError):
        return None


def remember(key: str, kind: str, value: JSON) -> None:
    """Keep a value. A cache that cannot be written is no error: the next start is slower."""
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
    from platformdirs import user_cache_path

    return user_cache_path("mock-server") / f"{key}.{kind}.json"
