"""Values that a contract itself gives for a schema: examples first, then the default."""

from __future__ import annotations

from mock_server.exchange import JSON
from mock_server.generate.document import Node

_DEEPEST = 4
"""Branches within branches that are looked into."""


def documented(node: Node) -> list[JSON]:
    """What ``example``, ``examples`` and ``default`` of a schema say, those of its branches last.

    Whether the schema takes them is for the caller to ask. A default that is null or empty says what an absent
    member means and makes a poor answer; it is left out.
    """
    cache = node.document.kept
    key = (node, "documented")
    if key not in cache:
        cache[key] = _documented(node, 0)
    values: list[JSON] = cache[key]
    return values


def _documented(node: Node, depth: int) -> list[JSON]:
    values: list[JSON] = []
    keywords = node.keywords
    if "example" in keywords:
        values.append(keywords["example"])
    listed = keywords.get("examples")
    values += listed if isinstance(listed, list) else []
    default = keywords.get("default")
    if default not in (None, "", [], {}):
        values.append(default)
    if depth >= _DEEPEST:
        return values
    if isinstance(keywords.get("$ref"), str):
        values += _documented(node.reference("$ref"), depth + 1)
    for key in ("allOf", "anyOf", "oneOf"):
        for branch in node.children(key):
            values += _documented(branch, depth + 1)
    return values
