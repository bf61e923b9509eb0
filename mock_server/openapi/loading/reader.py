"""Reading of the text at a path or at an http(s) URL."""

from __future__ import annotations

from pathlib import Path

from mock_server.core.errors import ContractError, MockServerError

MAX_BYTES = 64 * 1024 * 1024
"""The largest text that is read. GitHub's contract, one of the largest known, has 13 MB."""


def is_url(place: str) -> bool:
    """Tell whether a place is an http(s) URL and not a path."""
    return place.lower().startswith(("http://", "https://"))


def read_text(place: str, error: type[MockServerError] = ContractError, *, what: str = "contract") -> str:
    """Return the text at a path or an http(s) URL.

    Raises ``error`` where it is missing, unreadable, too large or not UTF-8.
    """
    raw = _downloaded(place, error, what) if is_url(place) else _opened(place, error, what)
    if len(raw) > MAX_BYTES:
        raise error(f"{place}: found more than {MAX_BYTES:,} bytes; expected {indefinite(what)} of at most that size.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{place}:{line}: found the byte 0x{raw[problem.start]:02x};"
            f" expected {indefinite(what)} in UTF-8. Save it as UTF-8."
        ) from None


def _opened(place: str, error: type[MockServerError], what: str) -> bytes:
    try:
        with Path(place).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        raise error(
            f"{place}: found {_reason(problem)}; expected {indefinite(what)} that can be read. Check the path."
        ) from None


def _reason(problem: OSError | ValueError) -> str:
    return (getattr(problem, "strerror", "") or str(problem) or "an unknown failure").lower()


def _downloaded(place: str, error: type[MockServerError], what: str) -> bytes:
    from mock_server.openapi.loading.http_reader import DownloadError, download  # few contracts come from an address

    try:
        return download(place, MAX_BYTES + 1)
    except DownloadError as problem:
        raise error(f"{place}: found {problem}; expected {indefinite(what)} to download. Check the address.") from None


def indefinite(what: str) -> str:
    """Return a noun with its article: ``a contract``, ``an overlay``."""
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
