"""Values that a contract itself gives for a schema: examples first, then the default."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.schema_document import SchemaNode

_DEEPEST = 4
"""Most levels of branches within branches that are searched."""
_EXAMPLES: CacheKey[SchemaNode, list[JSON]] = CacheKey()


def schema_examples(node: SchemaNode) -> list[JSON]:
    """Return the values of ``example``, ``examples`` and ``default`` of a schema, those of its branches last.

    The caller checks whether they are valid. A default that is null or empty describes an absent member and makes a
    poor answer; it is left out.
    """
    examples = node.document.caches[_EXAMPLES]
    if node not in examples:
        examples[node] = _documented(node, 0)
    return examples[node]


def _documented(node: SchemaNode, depth: int) -> list[JSON]:
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
