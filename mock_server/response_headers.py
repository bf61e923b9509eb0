"""The headers that a contract documents for an answer: an example's, or made by their schemas."""

from __future__ import annotations

import contextlib
import json

from mock_server.contract.model import FRAMING, Header, Response
from mock_server.errors import GenerationError
from mock_server.exchange import JSON, Headers
from mock_server.generate.document import Document
from mock_server.generate.seeds import Draw
from mock_server.generate.walker import generate

_HAS_GRAMMAR = frozenset({"link", "set-cookie"})
"""Headers whose values clients take apart: a text made up by a schema would only stop them."""


class ResponseHeaders:
    """Writes the headers of answers."""

    def __init__(self, schemas: Document, seed: int) -> None:
        self._schemas = schemas
        self._seed = seed
        self._takes_kept: dict[tuple[int, str], tuple[Header, JSON, bool]] = {}

    def written(self, response: Response, example: str, identity: str) -> Headers:
        """The headers beside the body example of that name (empty: none), for whoever ``identity`` is.

        Raises :class:`GenerationError` where nothing fits a required one.
        """
        headers: list[tuple[str, str]] = []
        for header in response.headers:
            if header.name.lower() not in FRAMING:
                value = self._value(header, example, identity)
                if value is not None:
                    headers.append((header.name, _line(header, value)))
        return tuple(headers)

    def _value(self, header: Header, example: str, identity: str) -> JSON:
        value = header.value_for(example)
        if value is None and header.examples:
            value = next(iter(header.examples.values())) if header.required else None
        if value is not None and self._takes(header, example, value):
            return value
        if not header.required and (header.name.lower() in _HAS_GRAMMAR or (header.examples and value is None)):
            return None
        try:
            draw = Draw(self._seed, "header", f"{identity} {header.name}")
            return generate(header.schema, draw, self._schemas, exemplary=True)
        except GenerationError:
            if header.required:
                raise
            return None

    def _takes(self, header: Header, example: str, value: JSON) -> bool:
        """Whether the schema takes an example: found out once, since the header stays with the contract."""
        entry = self._takes_kept.get((id(header), example))
        if entry is None or entry[0] is not header or entry[1] is not value:
            entry = self._takes_kept[id(header), example] = (header, value, self._reads(header, value))
        return entry[2]

    def _reads(self, header: Header, value: JSON) -> bool:
        """Whether the schema takes a value, which may be written as it stands on the wire (``"7"``)."""
        node = self._schemas.root(header.schema)
        readings: list[JSON] = [value, [*value.split(",")]] if isinstance(value, str) else [value]
        with contextlib.suppress(ValueError):
            readings += [json.loads(value)] if isinstance(value, str) else []
        return any(node.accepts(reading) for reading in readings)


def _line(header: Header, value: JSON) -> str:
    return json.dumps(value, separators=(",", ":")) if header.is_json else _simple(value, header.explode)


def _simple(value: JSON, explode: bool) -> str:
    """A value in the style ``simple``, which is that of all headers (OpenAPI 3.1, "Style Values")."""
    if isinstance(value, list):
        return ",".join(_simple(item, explode) for item in value)
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{name}{between}{_simple(member, explode)}" for name, member in value.items())
    return value if isinstance(value, str) else json.dumps(value)
