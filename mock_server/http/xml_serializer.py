"""Values as XML, by the ``xml`` keywords of their schemas (OpenAPI 3.0 to 3.2, "XML Object").

The standard library writes and escapes; no XML is parsed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from xml.etree import ElementTree

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

NAMELESS = "xml"
"""The name of the root element of a schema that has none, neither by ``xml`` nor as a component."""
_DEEPEST = 20
"""Most levels of references and branches in which the schema of a member is searched."""
_NO_NAME = re.compile(r"[^\w.-]+")
_NO_CHARACTER = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""Characters that XML 1.0 (2.2) cannot have, escaped or not; compiled at the first use, not while a server starts."""

Resolve = Callable[[JSON], JSON]


def serialize_xml(value: JSON, schema: JSON, resolve: Resolve) -> bytes:
    """Return the XML document of a value, in UTF-8. ``resolve`` follows a schema's ``$ref``."""
    reader = _Schemas(resolve)
    name = _component(schema) or NAMELESS
    facts = reader.facts(schema)
    root = ElementTree.Element(facts.tag(name), facts.namespaces())
    if isinstance(value, list):
        items = reader.items(schema)
        item_facts = reader.facts(items)
        for item in value:
            _append(root, item_facts.tag(_component(items) or "item"), item, items, reader)
    else:
        _fill(root, value, schema, reader)
    written: bytes = ElementTree.tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + written


@value_class
class _XmlMetadata:
    """The values of the ``xml`` keyword of a schema."""

    name: str = ""
    namespace: str = ""
    prefix: str = ""
    kind: str = "element"
    """``element``, ``attribute``, ``text`` or ``none`` (OpenAPI 3.2, ``nodeType``); ``cdata`` is a text."""
    wrapped: bool = False

    def tag(self, otherwise: str) -> str:
        """Return the name of the element or the attribute, with its prefix."""
        name = _named(self.name or otherwise)
        return f"{_named(self.prefix)}:{name}" if self.prefix else name

    def namespaces(self) -> dict[str, str]:
        """Return the attribute that declares the namespace; empty where there is none."""
        if not self.namespace:
            return {}
        return {f"xmlns:{_named(self.prefix)}" if self.prefix else "xmlns": self.namespace}


class _Schemas:
    """Reads the parts of schemas that matter for XML."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def _nodes(self, schema: JSON, depth: int = 0) -> Iterator[Mapping[str, JSON]]:
        """Yield a schema, what it refers to, and its branches."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return
        yield schema
        if isinstance(schema.get("$ref"), str):
            yield from self._nodes(self._resolve({"$ref": schema["$ref"]}), depth + 1)
        for key in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(key)
            for branch in branches if isinstance(branches, list) else ():
                yield from self._nodes(branch, depth + 1)

    def facts(self, schema: JSON) -> _XmlMetadata:
        """Return the facts of a schema; nearer ones go before those of a reference."""
        said: dict[str, JSON] = {}
        for node in self._nodes(schema):
            xml = node.get("xml")
            said = {**xml, **said} if isinstance(xml, dict) else said
        kind = str(said.get("nodeType") or ("attribute" if said.get("attribute") is True else "element"))
        texts = (said.get("name"), said.get("namespace"), said.get("prefix"))
        name, namespace, prefix = (text if isinstance(text, str) else "" for text in texts)
        wrapped = said.get("wrapped") is True or ("nodeType" in said and kind == "element")
        return _XmlMetadata(name, namespace, prefix, "text" if kind == "cdata" else kind, wrapped)

    def member(self, schema: JSON, name: str) -> JSON:
        """Return the schema of a member of an object."""
        for key in ("properties", "additionalProperties"):
            for node in self._nodes(schema):
                under = node.get(key)
                if key == "properties" and isinstance(under, dict) and name in under:
                    return under[name]
                if key == "additionalProperties" and isinstance(under, dict):
                    return under
        return True

    def items(self, schema: JSON) -> JSON:
        """Return the schema of the items of an array."""
        return next((node["items"] for node in self._nodes(schema) if "items" in node), True)


def _fill(element: ElementTree.Element, value: JSON, schema: JSON, reader: _Schemas) -> None:
    """Write a value into its element."""
    if isinstance(value, dict):
        for name, member in value.items():
            _member(element, name, member, reader.member(schema, name), reader)
    elif isinstance(value, list):
        for item in value:
            _append(element, "item", item, reader.items(schema), reader)
    else:
        _add_text(element, value)


def _member(element: ElementTree.Element, name: str, value: JSON, schema: JSON, reader: _Schemas) -> None:
    """Write a member of an object: as an attribute, a text or elements."""
    facts = reader.facts(schema)
    if isinstance(value, list):
        _array(element, name, value, schema, reader)
    elif facts.kind == "attribute":
        for key, uri in facts.namespaces().items():
            element.set(key, uri)
        element.set(facts.tag(name), _text(value))
    elif facts.kind == "text":
        _add_text(element, value)
    elif facts.kind == "none":
        _fill(element, value, schema, reader)
    else:
        _append(element, facts.tag(name), value, schema, reader)


def _array(element: ElementTree.Element, name: str, values: list[JSON], schema: JSON, reader: _Schemas) -> None:
    """Write an array: its items one after the other, within an element of their own where it is wrapped.

    The items have the name of their own schema, else of the member; the name of the array is that of the wrapper.
    """
    facts, items = reader.facts(schema), reader.items(schema)
    tag = reader.facts(items).tag(name if not facts.wrapped else facts.name or name)
    if facts.wrapped:
        element = ElementTree.SubElement(element, facts.tag(name), facts.namespaces())
    for item in values:
        _append(element, tag, item, items, reader)


def _append(element: ElementTree.Element, tag: str, value: JSON, schema: JSON, reader: _Schemas) -> None:
    child = ElementTree.SubElement(element, tag, reader.facts(schema).namespaces())
    _fill(child, value, schema, reader)


def _add_text(element: ElementTree.Element, value: JSON) -> None:
    children = list(element)
    if children:
        children[-1].tail = (children[-1].tail or "") + _text(value)
    else:
        element.text = (element.text or "") + _text(value)


def _text(value: JSON) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return re.sub(_NO_CHARACTER, "\ufffd", text)


def _named(text: str) -> str:
    """Return a text as a name of XML 1.0 (2.3): without spaces and the like, and not beginning with a digit."""
    name = _NO_NAME.sub("_", text) or NAMELESS
    return name if name[0].isalpha() or name[0] == "_" else f"_{name}"


def _component(schema: JSON) -> str:
    """Return the name of the component that a schema refers to; empty where it is not a reference to one."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return str(reference).rpartition("/")[2] if isinstance(reference, str) and "/schemas/" in reference else ""
