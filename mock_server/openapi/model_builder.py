"""Build the parts of the model from the nodes of a document."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.openapi.model import Header, MediaType, ResponseSpec
from mock_server.openapi.traversal import resolved


def response_of(document: Mapping[str, JSON], status: str, node: JSON) -> ResponseSpec:
    """Return the :class:`ResponseSpec` of a response object, or of a reference to one."""
    response = resolved(document, node)
    headers = tuple(
        _header(document, name, resolved(document, item))
        for name, item in mapping_at(response, "headers").items()
        if name.lower() != "content-type"  # OpenAPI 3.1, Response Object: ignored
    )
    content = tuple(_media_type(document, name, entry) for name, entry in mapping_at(response, "content").items())
    return ResponseSpec(status, headers, content)


def _media_type(document: Mapping[str, JSON], name: str, node: JSON) -> MediaType:
    node = resolved(document, node)  # OpenAPI 3.2, "Components Object", mediaTypes
    media = mapping_at({"": node}, "")
    external = frozenset(
        key
        for key, item in mapping_at(media, "examples").items()
        if mapping_at({"": resolved(document, item)}, "").keys() & {"externalValue"}
    )
    examples = _examples(document, node)
    external = external.difference(examples)
    return MediaType(name, media.get("schema"), examples, external, media.get("itemSchema"), media)


def _header(document: Mapping[str, JSON], name: str, node: JSON) -> Header:
    """Return the :class:`Header` of a header object; one that is described by ``content`` holds JSON."""
    for media in mapping_at(node if isinstance(node, dict) else {}, "content").values():
        described = media if isinstance(media, dict) else {}
        schema, examples = described.get("schema", True), _examples(document, media)
        return Header(name, is_true(node, "required"), schema, examples, is_json=True)
    schema = node.get("schema", True) if isinstance(node, dict) else True
    return Header(name, is_true(node, "required"), schema, _examples(document, node), is_true(node, "explode"))


def is_true(node: JSON, key: str) -> bool:
    """Tell whether a node has this member, and it is ``true``."""
    return isinstance(node, dict) and node.get(key) is True


def _examples(document: Mapping[str, JSON], node: JSON) -> dict[str, JSON]:
    examples: dict[str, JSON] = {}
    if isinstance(node, dict) and "example" in node:
        examples[""] = node["example"]
    for name, item in mapping_at(node, "examples").items():
        example = resolved(document, item)
        said = mapping_at({"": example}, "")
        key = next((name for name in ("value", "dataValue", "serializedValue") if name in said), None)
        if key is not None:  # the latter two are of OpenAPI 3.2
            examples[name] = said[key]
    return examples
