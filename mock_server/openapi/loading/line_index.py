"""The line of a node in a text. Only messages need it, but then often, so parsed texts are remembered."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import yaml

from mock_server.openapi.loading.yaml_loader import CoreSchemaLoader

_DECODER = json.JSONDecoder()
_BLANK = " \t\n\r"


def looks_like_json(name: str, text: str) -> bool:
    """Tell whether a text is JSON by its name, or by how it begins."""
    return name.lower().endswith(".json") or (text.lstrip()[:1] == "{" and text.lstrip()[1:].lstrip()[:1] in ('"', "}"))


def line_at(name: str, text: str, parts: list[str]) -> int | None:
    """Return the line (from 1) of the node at these parts of a JSON Pointer, or of its nearest ancestor in the text."""
    if looks_like_json(name, text):
        return line_in_json(text, parts)
    return line_in_yaml(text, parts, CoreSchemaLoader)


def line_in_yaml(text: str, parts: list[str], loader: Any) -> int | None:
    """Return the line (from 1) of the node at these parts of a JSON Pointer, or of its nearest ancestor in the text.

    Return None where the text is not YAML or is empty.
    """
    try:
        node = _composed(text, loader)
    except (yaml.YAMLError, RecursionError):
        return None
    if node is None:
        return None
    line: int = node.start_mark.line + 1
    for part in parts:
        step = _child(node, part)
        if step is None:
            break
        line, node = step
    return line


@lru_cache(maxsize=4)
def _composed(text: str, loader: Any) -> yaml.Node | None:
    return yaml.compose(text, Loader=loader)


def _child(node: yaml.Node, part: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        value = node.value[int(part)]
        return value.start_mark.line + 1, value
    return None


def line_in_json(text: str, parts: list[str]) -> int | None:
    """Return the line (from 1) of the node, or of its nearest ancestor, in a JSON text; None where it is not JSON."""
    try:
        return _indexed(text).line(parts)
    except (ValueError, IndexError, RecursionError):
        return None


class _Index:
    """The positions at which the members of a JSON text begin, found as far as they were needed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._members: dict[int, tuple[dict[str, tuple[int, int]], Iterator[tuple[str, int, int]]]] = {}
        """By the position of an object or an array: the members found so far, and the iterator over the others."""

    def line(self, parts: list[str]) -> int:
        """Return the line (from 1) of the node at these parts, or of its nearest ancestor."""
        place = at = _skip(self._text, 0)
        for part in parts:
            step = self._below(at, part)
            if step is None:
                break
            place, at = step
        return bisect_left(self._breaks, place) + 1

    def _below(self, at: int, name: str) -> tuple[int, int] | None:
        """Return the positions of a member (or item) of what begins at ``at``, and of its value; None without one.

        The text after it is not parsed: to skip a value takes as long as to read it.
        """
        if at not in self._members:
            opening = self._text[at]
            rest = self._of_object(at) if opening == "{" else self._of_array(at) if opening == "[" else iter(())
            self._members[at] = ({}, rest)
        members, rest = self._members[at]
        while name not in members:
            following = next(rest, None)
            if following is None:
                return None
            members[following[0]] = following[1:]
        return members[name]

    def _of_object(self, at: int) -> Iterator[tuple[str, int, int]]:
        text = self._text
        at = _skip(text, at + 1)
        while text[at] == '"':
            start = at
            key, at = scanstring(text, at + 1)
            at = _skip(text, _skip(text, at) + 1)
            yield key, start, at
            at = _skip(text, _DECODER.raw_decode(text, at)[1])
            if text[at] != ",":
                return
            at = _skip(text, at + 1)

    def _of_array(self, at: int) -> Iterator[tuple[str, int, int]]:
        text = self._text
        at = _skip(text, at + 1)
        number = 0
        while text[at] != "]":
            yield str(number), at, at
            number += 1
            at = _skip(text, _DECODER.raw_decode(text, at)[1])
            at = _skip(text, at + 1) if text[at] == "," else at


@lru_cache(maxsize=4)
def _indexed(text: str) -> _Index:
    return _Index(text)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
