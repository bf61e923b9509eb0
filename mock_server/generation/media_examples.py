"""The examples of a contract that can be sent: those that are valid by their schema."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.identity_cache import IdentityCache
from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_document import SchemaDocument
from mock_server.http.body_serializers import NOTHING, serialize_body
from mock_server.openapi.model import Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.read_write_only import Direction


@value_class
class ValidExamples:
    """The examples of a media type that can be sent, some of them repaired, and findings about examples, by name."""

    media: MediaType
    values: Mapping[str, JSON]
    findings: Mapping[str, Diagnostic]

    def findings_of(self, name: str) -> tuple[Diagnostic, ...]:
        """Return the finding about the example of that name, or nothing."""
        return (self.findings[name],) if name in self.findings else ()


class Examples:
    """Validates each example once, when it is first needed."""

    def __init__(self, contract: Contract, schemas: SchemaDocument) -> None:
        self._contract = contract
        self._schemas = schemas
        self._answers = Direction(contract.document, "writeOnly")
        self._kept: IdentityCache[ValidExamples] = IdentityCache()

    def of(self, media: MediaType, response: ResponseSpec, operation: Operation) -> ValidExamples:
        """Return the examples of a media type of an operation's response."""
        examples = self._kept.get(media)
        if examples is None:
            pointer = operation.pointer + pointer_of("responses", response.status, "content", media.name)
            values, findings = {**media.examples}, {}
            for name, value in media.examples.items() if media.schema is not None else ():
                finding = self._finding(media, name, value, pointer)
                if finding is not None:
                    findings[name] = finding
                    values.pop(name)
                    repaired = self._repaired(media, value)
                    values |= {} if repaired is None else {name: repaired}
            examples = self._kept.keep(ValidExamples(media, values, findings), media)
        return examples

    def _finding(self, media: MediaType, name: str, value: JSON, pointer: str) -> Diagnostic | None:
        """Return what is wrong with an example by its schema, or None.

        The finding has no line: ``check`` looks it up, since on a large contract that takes a second.
        """
        body = serialize_body(value, media.name, media.schema, self._contract.resolve, is_authored=True)
        if body.validated == NOTHING:
            return None
        try:
            node = self._schemas.root(media.schema)
            reasons = [] if node.accepts(value) else node.reasons(value)
        except Exception:  # a schema that cannot be compiled refuses nothing here; the answer is validated later anyway
            return None
        if not reasons:
            return None
        where, actual, expected = reasons[0]
        parts = ("examples", name, "value") if name else ("example",)
        where = pointer + pointer_of(*parts) + where
        remedy = "Fix the example; until then it is sent repaired, or another answer in its place."
        return Diagnostic("example", self._contract.name, actual, expected, where, remedy)

    def _repaired(self, media: MediaType, value: JSON) -> JSON:
        """Return the example with the two common defects repaired that have one safe repair; None where others stay.

        JSON that is written as a text is parsed, and members that an answer must not have (``writeOnly``: the password
        of a user) are left out.
        """
        repaired = value
        if media.is_json and isinstance(value, str):
            with contextlib.suppress(ValueError, RecursionError):
                repaired = json.loads(value)
        repaired = self._answers.without(repaired, media.schema)
        return repaired if repaired != value and self._schemas.root(media.schema).accepts(repaired) else None
