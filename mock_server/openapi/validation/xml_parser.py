"""XML bodies to the values that a schema means by them.

OpenAPI 3.1 and 3.2, "XML Object": names, attributes, texts, wrapped arrays. xmltodict parses; a namespace prefix is
ignored. Entities are refused, so that a small body cannot become a huge one.
"""

from __future__ import annotations

from typing import Any, cast
from xml.parsers.expat import ExpatError

import xmltodict

from mock_server.core.types import JSON
from mock_server.openapi.coercion import Raw, TypeHints

_TEXT = "#text"


def parse_xml(body: bytes) -> Any:
    """Return the root element of an XML document as xmltodict represents elements.

    Raises ValueError for what is not well-formed, with line and column. Nothing of the contract is used here, so a
    ValueError can only come from the body.
    """
    try:
        document = xmltodict.parse(body, disable_entities=True)
    except ExpatError as problem:
        where, column = problem.lineno, problem.offset + 1
        raise ValueError(f"line {where}, column {column}: {str(problem).partition(':')[0]}") from None
    (root,) = document.values()
    return root


def value_of_xml(root: Any, shape: TypeHints) -> JSON:
    """Return the value of a root element; None where the schema describes only a text."""
    if not (shape.is_object or shape.is_array):
        return None
    return shape.value(_items(root, shape) if shape.is_array else _raw(root, shape))


def _raw(node: Any, shape: TypeHints) -> Raw:
    """Return an element with the names of its schema, and texts as leaves."""
    if shape.is_array and not shape.is_object and not shape.is_scalar:
        return [_raw(item, shape.item(index)) for index, item in enumerate(_list(node))]
    if not shape.is_object:
        text = node.get(_TEXT) if isinstance(node, dict) else node
        return "" if text is None else text if isinstance(text, str) else str(text)
    rest = {_local(key): child for key, child in (node if isinstance(node, dict) else {}).items() if key != _TEXT}
    members: dict[str, Raw] = {}
    for name in shape.names:
        member = shape.member(name)
        key = _key(name, member)
        if key == _TEXT:
            text = node.get(_TEXT) if isinstance(node, dict) else node
            members |= {} if text is None else {name: str(text)}
        elif key in rest:
            value = rest.pop(key)
            members[name] = _items(value, member) if member.is_array and _is_wrapped(member) else _raw(value, member)
    return members | {name: _unknown(child) for name, child in rest.items() if not name.startswith("@")}


def _items(node: Any, shape: TypeHints) -> Raw:
    """Return the items within the one element that wraps them."""
    children = [
        child for key, child in (node if isinstance(node, dict) else {}).items() if not key.startswith(("@", "#"))
    ]
    return [_raw(item, shape.item(index)) for index, item in enumerate(_list(children[0] if children else []))]


def _key(name: str, member: TypeHints) -> str:
    """Return the name of the element or attribute of a member; ``#text`` for a member that is the text itself."""
    xml = _xml(member)
    kind = xml.get("nodeType")
    if kind in ("text", "cdata"):
        return _TEXT
    if member.is_array and not _is_wrapped(member):
        return str(_xml(member.item(0)).get("name", name))
    return ("@" if xml.get("attribute") is True or kind == "attribute" else "") + str(xml.get("name", name))


def _is_wrapped(member: TypeHints) -> bool:
    """Tell whether an array has an element of its own around its items."""
    return _xml(member).get("wrapped") is True or _xml(member).get("nodeType") == "element"


def _xml(shape: TypeHints) -> dict[str, JSON]:
    stated = shape.keyword("xml")
    return stated if isinstance(stated, dict) else {}


def _local(key: str) -> str:
    """Return a name without its prefix; the name of an attribute keeps its ``@``."""
    sign = "@" if key.startswith("@") else ""
    return sign + key.removeprefix("@").rpartition(":")[2]


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [node]


def _unknown(node: Any) -> Raw:
    """Return an element that the schema has no member for, as it was sent."""
    if isinstance(node, dict):
        return {_local(key): _unknown(child) for key, child in node.items() if not key.startswith(("@", "#"))}
    return [_unknown(child) for child in node] if isinstance(node, list) else cast("str", node or "")
