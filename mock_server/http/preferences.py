"""Preferences of a request: ``Prefer`` (RFC 7240) and, for clients that cannot set headers, the query.

An unknown preference is ignored, as RFC 7240 (2) requires. A known one that cannot be read is an error: a test that
asks for a failure must not pass because of a typing error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote_plus

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class
from mock_server.http.messages import Request

LONGEST_DELAY = 600_000
"""Most milliseconds by which an answer, or an item of a stream, may be delayed."""
MOST_ITEMS = 100_000
"""Most items of a stream that a request may ask for."""

_PREFERENCE = re.compile(r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?\s*(?:;[^,]*)?""")


@value_class
class Preferences:
    """The preferences of a request; None for those not given. ``delay`` and ``interval`` are in milliseconds."""

    code: int | None = None
    example: str | None = None
    dynamic: bool | None = None
    seed: int | None = None
    variant: int | None = None
    delay: int = 0
    items: int | None = None
    interval: int | None = None
    validation: str | None = None

    @property
    def is_of_the_answer(self) -> bool:
        """Whether a preference is about the answer itself, and not about its timing or the request's validation."""
        wishes = (self.code, self.example, self.dynamic, self.seed, self.variant)
        return wishes != _NO_WISHES  # every answer asks, so no object is made for it

    def applied(self, names: frozenset[str]) -> str:
        """Return the value of ``Preference-Applied`` for those of the preferences in ``names``."""
        dynamic = None if self.dynamic is None else str(self.dynamic).lower()
        values = {
            "dynamic": dynamic,
            "code": self.code,
            "example": self.example,
            "seed": self.seed,
            "variant": self.variant,
            "delay": self.delay or None,
            "items": self.items,
            "interval": self.interval,
            "validation": self.validation,
        }
        return ", ".join(
            f"{name}={_token(value)}" for name, value in values.items() if name in names and value is not None
        )


def read_preferences(request: Request) -> tuple[Preferences, tuple[Diagnostic, ...]]:
    """Return the preferences of a request, and findings about unreadable ones. The header wins over the query."""
    if "__" not in request.query and request.header("prefer") is None:
        return _NONE
    entries = {
        name[2:]: (unquote_plus(value), f"query {name}")
        for name, _, value in (part.partition("=") for part in request.query.split("&"))
        if name.startswith("__")
    }
    for header in reversed(request.header_values("prefer")):
        entries |= {name: (value, "header prefer") for name, value in reversed(_pairs(header))}
    findings: list[Diagnostic] = []
    read: dict[str, object] = {}
    for name, reader in _READERS.items():
        if name in entries:
            value, location = entries[name]
            try:
                read[name] = reader(value)
            except ValueError as error:
                findings.append(Diagnostic("preference", location, f"{name}={value!r}", str(error)))
    return Preferences(**read), tuple(findings)  # type: ignore[arg-type]


def other_preferences(header: str) -> str:
    """Return a value of ``Prefer`` without what it asks of this server: the rest is for the API, by its contract.

    >>> other_preferences("code=404, return=minimal")
    'return=minimal'
    """
    pairs = (match for match in _PREFERENCE.finditer(header) if match[1].lower() not in _READERS)
    return ", ".join(match[0].strip() for match in pairs)


_NO_WISHES = (None,) * 5
NO_PREFERENCES = Preferences()
"""Those of nearly all requests."""
_NONE: tuple[Preferences, tuple[Diagnostic, ...]] = (NO_PREFERENCES, ())


def _pairs(header: str) -> list[tuple[str, str]]:
    pairs = []
    for match in _PREFERENCE.finditer(header):
        value = match[2] or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        pairs.append((match[1].lower(), value))
    return pairs


def _number(low: int | None, high: int | None, what: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(what)
        number = int(text)
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(what)
        return number

    return read


def _name(text: str) -> str:
    if not text:
        raise ValueError("the name of an example")
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ("", "true", "false"):
        raise ValueError("true or false")
    return text.lower() != "false"


def _strictness(text: str) -> str:
    if text.lower() not in STRICTNESS:
        raise ValueError(" or ".join(STRICTNESS))
    return text.lower()


_READERS: dict[str, Callable[[str], object]] = {
    "code": _number(100, 599, "a status from 100 to 599"),
    "example": _name,
    "dynamic": _switch,
    "seed": _number(None, None, "a whole number"),
    "variant": _number(0, None, "the number of a variant, from 0"),
    "delay": _number(0, LONGEST_DELAY, f"milliseconds from 0 to {LONGEST_DELAY}"),
    "items": _number(0, MOST_ITEMS, f"a number of items from 0 to {MOST_ITEMS}"),
    "interval": _number(0, LONGEST_DELAY, f"milliseconds from 0 to {LONGEST_DELAY}"),
    "validation": _strictness,
}


def _token(value: object) -> str:
    text = str(value)
    if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text.encode("ascii", "replace").decode()) + '"'


STRICTNESS = ("strict", "lenient", "warn", "off")
"""How strictly requests are validated."""
