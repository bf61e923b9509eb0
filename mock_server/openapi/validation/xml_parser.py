"""XML bodies to the values that a schema means by them.

OpenAPI 3.1 and 3.2, "XML Object": names, attributes, texts, wrapped arrays. Expat parses; a prefix is ignored.
Entities are refused, so that a small body cannot become a huge one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast
from xml.parsers.expat import ExpatError, ParserCreate

from mock_server.core.types import JSON
from mock_server.openapi.coercion import Raw, TypeHints

_TEXT = "#text"


def parse_xml(body: bytes) -> Any:
    """Return the value of the root element of an XML document, as :class:`_ElementReader` makes it.

    Raises ValueError for what is not well-formed, with line and column. Nothing of the contract is used here, so a
    ValueError can only come from the body.
    """
    reader = _ElementReader()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(body, True)
    except ExpatError as problem:
        where, column = problem.lineno, problem.offset + 1
        raise ValueError(f"line {where}, column {column}: {str(problem).partition(':')[0]}") from None
    (root,) = reader.document.values()
    return root


class _ElementReader:
    """Makes a value of each element that expat reads: None, its text, or a dictionary of what is within.

    In a dictionary the names of attributes begin with ``@``, text beside them is ``#text``, and elements of one name
    are a list. White space around texts is no part of them.
    """

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self._open: list[tuple[dict[str, Any], list[str]]] = [(self.document, [])]

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element with its attributes."""
        self._open.append(({f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        """Add a piece of text to the element that is open."""
        self._open[-1][1].append(text)

    def end(self, name: str) -> None:
        """Close an element, and put its value into the one around it."""
        members, pieces = self._open.pop()
        text = "".join(pieces).strip() or None
        if members and text:
            members[_TEXT] = text
        siblings, _ = self._open[-1]
        value = members or text
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]


def _refuse_entities(*declaration: object) -> NoReturn:
    raise ValueError("entities are disabled")


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
