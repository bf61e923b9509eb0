"""Content negotiation: which of the documented media types an ``Accept`` header gets (RFC 9110, 12.5.1).

A range with another value of a parameter than the documented type does not match; a parameter that the type does not
have is ignored: clients name versions that contracts do not (``application/vnd.github+json; version=1``). The most
specific range that matches a type gives its quality. Of types with equal quality, the one with the more specific range
is chosen, then by the order of the header, then by the order of the contract.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mock_server.core.sized_cache import LONGEST
from mock_server.core.value_class import value_class
from mock_server.http.media_types import is_json

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r""";\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*)""")
_QUALITY = re.compile(r"[01]?(\.[0-9]*)?")

_USUAL = {
    "*": "application/json",
    "application": "application/json",
    "audio": "audio/mpeg",
    "image": "image/png",
    "multipart": "multipart/mixed",
    "text": "text/plain",
    "video": "video/mp4",
}
"""The media type to send where the contract documents a range."""
_SAME, _SUFFIX, _KIND, _ANY = 3, 2, 1, 0
"""How specifically a range matches a type."""


@value_class
class MediaRange:
    """One element of ``Accept``. ``name`` and ``parameters`` are in lower case; ``charset`` is not among them."""

    name: str
    parameters: frozenset[tuple[str, str]]
    quality: float
    position: int

    def fits(self, name: str, parameters: frozenset[tuple[str, str]]) -> int | None:
        """Return how specifically this matches a media type; None where it does not match."""
        documented = dict(parameters)
        if any(documented.get(key, value) != value for key, value in self.parameters):
            return None
        kind, _, subtype = self.name.partition("/")
        if self.name == name:
            return _SAME + len(self.parameters & parameters)
        # A client that reads application/json reads every type that is written in JSON (RFC 6839, 3.1).
        if subtype in ("json", "xml") and kind == "application" and name.endswith("+" + subtype):
            return _SUFFIX
        if subtype != "*":
            return None
        return _ANY if kind == "*" else _KIND if name.startswith(kind + "/") else None


@value_class
class NegotiatedMedia:
    """The media type of the answer: the index of the documented one, and the value of ``Content-Type``."""

    index: int
    content_type: str


def negotiate(names: tuple[str, ...], accept: str) -> NegotiatedMedia | None:
    """Return the documented media type that suits best; None where none is acceptable.

    ``accept`` is the header, its lines joined by commas. Where it is empty or unreadable, JSON comes first.
    """
    return _known_choice(names, accept) if len(accept) <= LONGEST else _choice(names, accept)


def _choice(names: tuple[str, ...], accept: str) -> NegotiatedMedia | None:
    ranges = _ranges(accept)
    if not ranges:
        index = next((i for i, name in enumerate(names) if is_json(name)), 0)
        return NegotiatedMedia(index, concrete_media_type(names[index])) if names else None
    candidates: list[tuple[float, int, int, int, str]] = []
    for index, name in enumerate(names):
        for candidate in _candidates(name, ranges):
            fit = _fit(candidate, ranges)
            if fit is not None and fit[0] > 0:
                quality, closeness, position = fit
                candidates.append((-quality, -closeness, position, index, candidate))
                break
    if not candidates:
        return None
    *_, index, content_type = min(candidates)
    return NegotiatedMedia(index, content_type)


_known_choice = lru_cache(maxsize=4096)(_choice)


def concrete_media_type(name: str) -> str:
    """Return a media type for a documented one, which may be a range (``text/*``)."""
    kind, _, subtype = name.partition("/")
    return _USUAL.get(kind, "application/octet-stream") if subtype == "*" else name


def _candidates(name: str, ranges: tuple[MediaRange, ...]) -> list[str]:
    """Return the types that may be sent for a documented name: more than one where it is a range."""
    kind, _, subtype = name.partition("/")
    if subtype != "*":
        return [name]
    wished = sorted(
        (media_range for media_range in ranges if "*" not in media_range.name),
        key=lambda media_range: -media_range.quality,
    )
    return [
        concrete_media_type(name),
        *(media_range.name for media_range in wished if kind in ("*", media_range.name.partition("/")[0])),
    ]


def _fit(name: str, ranges: tuple[MediaRange, ...]) -> tuple[float, int, int] | None:
    """Return quality, specificity and position of the range that matches a type most specifically, or None."""
    essence, parameters = _read(name)
    fits = [
        (closeness, media_range)
        for media_range in ranges
        if (closeness := media_range.fits(essence, parameters)) is not None
    ]
    if not fits:
        return None
    closeness, best = max(fits, key=lambda fit: (fit[0], fit[1].quality))
    return best.quality, closeness, best.position


def _ranges(accept: str) -> tuple[MediaRange, ...]:
    ranges = []
    for position, element in enumerate(_ELEMENT.findall(accept)):
        name, parameters = _read(element)
        name = "*/*" if name == "*" else name  # some old clients of Java say so
        if re.fullmatch(r"[^\s/;]+/[^\s/;]+", name):
            quality = next((value for key, value in parameters if key == "q"), "1")
            readable = _QUALITY.fullmatch(quality) and quality not in ("", ".")
            others = frozenset(parameter for parameter in parameters if parameter[0] != "q")
            ranges.append(MediaRange(name, others, min(float(quality), 1.0) if readable else 1.0, position))
    return tuple(ranges)


def _read(text: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return a media type and its parameters, without charset: the body is sent in UTF-8 in any case."""
    pairs = ((key.lower(), value.strip('"').lower()) for key, value in _PARAMETER.findall(text))
    return text.partition(";")[0].strip().lower(), frozenset(pair for pair in pairs if pair[0] != "charset")
