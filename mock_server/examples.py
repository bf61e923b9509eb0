"""The examples of a contract that can be sent: those that keep the schema beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mock_server.contract.model import Contract, MediaType
from mock_server.contract.source import pointer_of
from mock_server.encode import NOTHING, encode
from mock_server.exchange import JSON, Finding
from mock_server.generate.document import Document


@dataclass(frozen=True, slots=True)
class Sound:
    """What is left of the examples of a media type, and what was found in the others, by name."""

    media: MediaType
    values: Mapping[str, JSON]
    findings: Mapping[str, Finding]


class Examples:
    """Looks at each example once, when it is first needed."""

    def __init__(self, contract: Contract, schemas: Document) -> None:
        self._contract = contract
        self._schemas = schemas
        self._kept: dict[int, Sound] = {}

    def of(self, media: MediaType, pointer: str) -> Sound:
        """The examples of a media type, which stands at a JSON Pointer."""
        found = self._kept.get(id(media))
        if found is None:
            findings = {
                name: finding
                for name, value in media.examples.items()
                if (finding := self._finding(media, name, value, pointer)) is not None
            }
            values = {name: value for name, value in media.examples.items() if name not in findings}
            found = self._kept[id(media)] = Sound(media, values, findings)
        return found

    def _finding(self, media: MediaType, name: str, value: JSON, pointer: str) -> Finding | None:
        if media.schema is None:
            return None
        body = encode(value, media.name, media.schema, self._contract.resolve, given=True)
        if body.judged == NOTHING:
            return None
        parts = ("examples", name, "value") if name else ("example",)
        where = pointer + pointer_of(*parts)
        return self.broken(media.schema, value, where)

    def broken(self, schema: JSON, value: JSON, pointer: str) -> Finding | None:
        """What a schema has against the value at a JSON Pointer of the contract."""
        try:
            node = self._schemas.root(schema)
            reasons = [] if node.accepts(value) else node.reasons(value)
        except Exception:  # a schema that cannot be asked refuses nothing here; the judge has the last word
            return None
        if not reasons:
            return None
        where, found, expected = reasons[0]
        remedy = "Mend the example; another answer is sent in its place."
        return Finding("example", self._contract.locate(pointer + where), found, expected, pointer + where, remedy)
