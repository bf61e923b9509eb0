"""A contract as it was published: its operations, with references followed, from JSON or YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import yaml

Node: TypeAlias = Mapping[str, Any]
"""An object of the document."""
Steps: TypeAlias = tuple[str, ...]
"""The way from the root of the document to a node: the reference tokens of a JSON Pointer, unescaped."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_REFERENCES = 50
"""References in a row that are followed; a contract that needs more goes in a circle."""


@dataclass(frozen=True)
class Entry:
    """One entry of ``content``: its media type, and where its schema and that of its items stand."""

    media_type: str
    node: Node
    schema: Steps | None
    item_schema: Steps | None


@dataclass(frozen=True)
class Answerable:
    """A documented answer. ``status`` is the key of ``responses``."""

    status: str
    node: Node
    content: tuple[Entry, ...]


@dataclass(frozen=True)
class Operation:
    """An operation of a contract. ``parameters`` are those of the path item too, each with the way to its schema."""

    method: str
    path: str
    node: Node
    parameters: tuple[tuple[Node, Steps | None], ...]
    body: Node | None
    content: tuple[Entry, ...]
    """The media types that the body may have."""
    responses: tuple[Answerable, ...]
    security: tuple[tuple[str, ...], ...]
    """The alternatives of security schemes; empty where anybody may ask."""

    @property
    def key(self) -> str:
        """Return the name of the operation: ``GET /pets/{id}``."""
        return f"{self.method} {self.path}"

    def response_for(self, status: int) -> Answerable | None:
        """Return what documents a status: the status itself, else its range, else ``default``."""
        documented = {response.status.upper(): response for response in self.responses}
        for key in (str(status), f"{status // 100}XX", "DEFAULT"):
            if key in documented:
                return documented[key]
        return None


class PublishedContract:
    """A contract of OpenAPI 3, read from a file."""

    def __init__(self, name: str, document: Node) -> None:
        self.name = name
        self.document = document

    @classmethod
    def read(cls, file: Path) -> PublishedContract:
        """Read a contract from a file in JSON or YAML. Raises :class:`ValueError` for what is no OpenAPI 3."""
        text = file.read_text(encoding="utf-8")
        document = json.loads(text) if file.suffix == ".json" else yaml.load(text, Loader=_Loader)
        if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
            raise ValueError(f"{file}: found no member openapi: 3.x; expected a contract of OpenAPI 3")
        return cls(file.stem, document)

    @cached_property
    def is_old(self) -> bool:
        """Return whether schemas are of OpenAPI 3.0's dialect."""
        return str(self.document["openapi"]).startswith("3.0")

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return the operations, in the order of the document."""
        return tuple(self._operations())

    @cached_property
    def schemes(self) -> Mapping[str, Node]:
        """Return the security schemes by name."""
        components = mapping(self.document.get("components"))
        return {name: self.follow(scheme)[0] for name, scheme in mapping(components.get("securitySchemes")).items()}

    def at(self, steps: Steps) -> Any:
        """Return the node at the end of a way. Raises :class:`LookupError` where there is none."""
        node: Any = self.document
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node

    def follow(self, node: Any, steps: Steps = ()) -> tuple[Node, Steps]:
        """Return what a node's ``$ref`` leads to, and where that stands; an empty object where that is nothing."""
        for _ in range(_MOST_REFERENCES):
            if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
                break
            steps = way(node["$ref"])
            try:
                node = self.at(steps)
            except (LookupError, ValueError, TypeError):
                return {}, ()
        return (node, steps) if isinstance(node, Mapping) else ({}, steps)

    def _operations(self) -> Iterator[Operation]:
        for path, node in mapping(self.document.get("paths")).items():
            item, steps = self.follow(node, ("paths", path))
            for method in METHODS:
                if isinstance(item.get(method), Mapping):
                    yield self._operation(path, method, item, steps)

    def _operation(self, path: str, method: str, item: Node, steps: Steps) -> Operation:
        node = item[method]
        below = (*steps, method)
        parameters: dict[tuple[str, str], tuple[Node, Steps | None]] = {}
        for owner, place in ((item, steps), (node, below)):
            for index, entry in enumerate(owner.get("parameters") or ()):
                parameter, at = self.follow(entry, (*place, "parameters", str(index)))
                if parameter:
                    parameters[parameter["name"], parameter["in"]] = (parameter, self._schema_of(parameter, at))
        body, at = self.follow(node["requestBody"], (*below, "requestBody")) if "requestBody" in node else (None, ())
        return Operation(
            method.upper(),
            path,
            node,
            tuple(parameters.values()),
            body,
            self._content(body or {}, at),
            tuple(self._responses(node, below)),
            self._security(node),
        )

    def _responses(self, node: Node, below: Steps) -> Iterator[Answerable]:
        for status, entry in mapping(node.get("responses")).items():
            if not str(status).startswith("x-"):
                response, at = self.follow(entry, (*below, "responses", status))
                yield Answerable(str(status), response, self._content(response, at))

    def _content(self, node: Node, at: Steps) -> tuple[Entry, ...]:
        entries = []
        for media_type, child in mapping(node.get("content")).items():
            entry, place = self.follow(child, (*at, "content", media_type))
            schema = (*place, "schema") if "schema" in entry else None
            item_schema = (*place, "itemSchema") if "itemSchema" in entry else None
            entries.append(Entry(media_type, entry, schema, item_schema))
        return tuple(entries)

    def _schema_of(self, parameter: Node, at: Steps) -> Steps | None:
        if "schema" in parameter:
            return (*at, "schema")
        for media_type, entry in mapping(parameter.get("content")).items():
            return (*at, "content", media_type, "schema") if "schema" in entry else None
        return None

    def _security(self, node: Node) -> tuple[tuple[str, ...], ...]:
        alternatives = node.get("security", self.document.get("security")) or ()
        return () if {} in alternatives else tuple(tuple(requirement) for requirement in alternatives)


def mapping(node: Any) -> Mapping[str, Any]:
    """Return an object of the document; an empty one where something else, or nothing, stands."""
    return node if isinstance(node, Mapping) else {}


def way(reference: str) -> Steps:
    """Return where a reference within the document leads. Raises :class:`ValueError` for one out of it."""
    if not reference.startswith("#"):
        raise ValueError(f"found the reference {reference}; expected one within the document")
    tokens = reference[1:].split("/")[1:]
    return tuple(unquote(token).replace("~1", "/").replace("~0", "~") for token in tokens)


class _Loader(yaml.CSafeLoader):
    """YAML whose dates stay texts, as JSON has them, and whose numbers are those of JSON (YAML 1.2, 10.2)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in listed if tag != "tag:yaml.org,2002:timestamp"]
    for first, listed in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)$"), list("-0123456789")
)
