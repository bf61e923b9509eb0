"""What was learnt of a contract, remembered by digest in the user's cache directory.

A remembered contract is its document with overlays and repairs, and the findings; so a second start
neither applies overlays nor checks the document. A file that is damaged, partial or of another version
is as good as none. ``MOCK_SERVER`` settings do not go in: they do not change what a contract is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mock_server.exchange import JSON, Finding

FORMAT = "1"
_PACKAGES = ("contract-mock-server", "openapi-spec-validator", "python-jsonpath")
"""Whose versions a verdict depends on."""


def digest(parts: Iterable[bytes]) -> str:
    """SHA-256 over the texts a contract is made of, in order, and over what judges them."""
    total = hashlib.sha256(FORMAT.encode())
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            total.update(f"{package} {version(package)}\n".encode())
    for part in parts:
        total.update(f"{len(part)}\n".encode() + part)
    return total.hexdigest()


def recall(key: str) -> tuple[dict[str, JSON], tuple[Finding, ...]] | None:
    """The document and the findings remembered under a digest; None where there are none that can be trusted."""
    try:
        seal, _, body = _file(key).read_bytes().partition(b"\n")
        if seal.decode("ascii") != hashlib.sha256(body).hexdigest():
            return None
        kept = json.loads(body)
        return kept["document"], tuple(Finding(**finding) for finding in kept["findings"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(key: str, document: dict[str, JSON], findings: Sequence[Finding]) -> None:
    """Keep a document and its findings. A cache that cannot be written is no error: the next start is slower."""
    kept = {"document": document, "findings": [finding.as_json() for finding in findings]}
    body = json.dumps(kept, ensure_ascii=False).encode()
    file = _file(key)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=file.parent)
        with open(handle, "wb") as out:
            out.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(partial, file)  # whole or not at all


def _file(key: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("mock-server") / f"{key}.contract"
