"""The shape of a path: its segments, its parameters, the noun that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mock_server.core.value_class import value_class
from mock_server.openapi.model import path_parts
from mock_server.openapi.resources.names import is_plural, singular

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_ENDING = re.compile(r"\.(json|xml)$")
_VERSION = re.compile(r"v?\d+([._-]\d+)*(alpha|beta)?\d*", re.IGNORECASE)

Form = tuple[str, ...]
"""The segments of a path, with ``{}`` for each parameter: what siblings have in common."""


@value_class
class PathShape:
    """A path template, without trailing slash and without ``.json`` at its end, unless that is another path.

    ``form`` has ``{}`` for a parameter, ``parameters`` the names of those that fill a segment. ``noun`` is the last
    fixed segment, empty where there is none; ``plurals`` are those among the fixed segments, in the singular. Where
    ``is_compound``, a segment mixes text and parameters (``{base}...{head}``), which no rule here reads.
    """

    form: Form
    parameters: tuple[str, ...]
    noun: str
    plurals: frozenset[str]
    is_compound: bool


def path_shape(template: str, *, keeps_ending: bool = False) -> PathShape:
    """Return the shape of a path template."""
    path, _, _ = path_parts(template)
    plain = path.strip("/") if keeps_ending else _ENDING.sub("", path.strip("/"))
    segments = [part for part in plain.split("/") if part]
    names = [_PARAMETER.fullmatch(segment) if "{" in segment else None for segment in segments]
    form = tuple("{}" if name else segment for segment, name in zip(segments, names, strict=True))
    return PathShape(
        form,
        tuple(name.group(1).lstrip("+").rstrip("*") for name in names if name),
        noun_of(form),
        frozenset(singular(segment) for segment in form if is_plural(segment)),
        any("{" in segment and segment != "{}" for segment in form),
    )


def path_shapes(templates: Iterable[str]) -> dict[str, PathShape]:
    """Return the shapes of all paths of a contract: ``widget.json`` is a path of its own where ``widget`` is one."""
    known = set(templates)
    return {path: path_shape(path, keeps_ending=_ENDING.sub("", path) in known) for path in known}


def is_version(segment: str) -> bool:
    """Tell whether a segment is a version: ``v1``, ``2010-04-01``."""
    return _VERSION.fullmatch(segment) is not None


def noun_of(form: Form) -> str:
    """Return the last fixed segment of a form that is no version; empty where there is none."""
    for segment in reversed(form):
        if segment != "{}" and not is_version(segment):
            return segment
    return ""


def stem_of(form: Form) -> Form:
    """Return the path of the collection that an item path may belong to: all before its last parameters."""
    end = len(form)
    while end and form[end - 1] == "{}":
        end -= 1
    return form[:end]


def tail_of(form: Form) -> Form:
    """Return the fixed segments that come last, without the parameters after them: ``actions, secrets``."""
    stem = stem_of(form)
    start = len(stem)
    while start and stem[start - 1] != "{}":
        start -= 1
    return stem[start:]
