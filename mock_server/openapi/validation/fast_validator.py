"""Fast validation: accept what is certainly valid without asking openapi-core.

jsonschema-rs decides in microseconds what takes openapi-core a millisecond. Only its yes is final: for everything else
openapi-core decides, and describes what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import cast

from mock_server.core.compact_json import value_written
from mock_server.core.diagnostics import UnreadableError
from mock_server.core.json_text import read_json
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Headers, Request, Response, ResponseSource, Route
from mock_server.http.sequences import form_of
from mock_server.openapi.model import BODYLESS, FRAMING, Header, ResponseSpec
from mock_server.openapi.validation.parameters import Parameter, RequestParts, read_parameter

Accepts = Callable[[JSON], bool]
AcceptsOf = Callable[[JSON], Accepts]
"""Returns, for a schema of the contract, a function that tells whether it accepts a value."""
_NOWHERE = Route()
_WRITTEN_HERE = frozenset({ResponseSource.STATE, ResponseSource.GENERATED})
"""Sources of answers whose JSON this program has written, so that no name stands twice in an object."""
_REMEMBERED = 256
"""Most sets of headers that are remembered for each response."""


@value_class
class FastResponseValidator:
    """What a documented response accepts, by media type and header."""

    bodies: dict[str, Accepts]
    headers: tuple[tuple[Parameter, Accepts], ...]
    streams: frozenset[str] = frozenset()
    """The media types of bodies that are validated item by item, when the items are sent."""
    _known: dict[Headers, bool] = field(default_factory=dict)
    """Results for sets of headers that were validated before: most answers have the same headers.

    A plain dictionary that is cleared when it is full, since every response looks up.
    """

    def of(self, answer: Response) -> bool:
        """Tell whether an answer is certainly valid; False means that openapi-core has to decide."""
        if self.headers and not self._has_known_headers(answer):
            return False
        if answer.stream is not None:
            return essence_of(answer.header("content-type") or "") in self.streams
        if not self.bodies or answer.status in BODYLESS:
            return not self.bodies and not answer.body and answer.header("content-type") is None
        content_type = answer.header("content-type") or ""
        accepts = self.bodies.get(essence_of(content_type))
        if accepts is None or (answer.validated is None and not is_json(content_type)):
            return False
        if answer.validated == b"":
            return True  # bytes that no schema can validate
        try:
            text = answer.body if answer.validated is None else answer.validated
            return accepts(_value_of(text, answer.source))
        except ValueError:
            return False

    def _has_known_headers(self, answer: Response) -> bool:
        known = self._known.get(answer.headers)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[answer.headers] = self._has_good_headers(answer)
        return known

    def _has_good_headers(self, answer: Response) -> bool:
        lines = tuple((name.lower(), value) for name, value in answer.headers)
        sent = RequestParts(Request("", "", headers=lines), _NOWHERE)
        for parameter, accepts in self.headers:
            try:
                readings = parameter.readings(sent)
                good = not parameter.required if readings is None else any(map(accepts, readings))
            except UnreadableError:
                return False
            if not good:
                return False
        return True


def _value_of(text: bytes, source: ResponseSource) -> JSON:
    """Return the value of a JSON text; ValueError for what is none."""
    is_own = source in _WRITTEN_HERE
    is_latest, value = value_written(text) if is_own else (False, None)
    return value if is_latest else cast("JSON", read_json(text, is_own=is_own))


def fast_validator_of(
    response: ResponseSpec, accepts_of: AcceptsOf, resolve: Callable[[JSON], JSON]
) -> FastResponseValidator | None:
    """Return what a response accepts; None where it has a header with a name that no parameter can have.

    Media ranges and sequences are left out: openapi-core validates them.
    """
    bodies = {
        essence_of(media.name): _anything if media.schema is None else taking(media.schema, accepts_of)
        for media in response.content
        if "*" not in media.name and media.item_schema is None
    }
    headers: list[tuple[Parameter, Accepts]] = []
    for header in response.headers:
        parameter = _parameter(header, resolve)
        if parameter is None:
            return None
        if header.name.lower() not in FRAMING:
            headers.append((parameter, accepts_of(header.schema)))
    streams = frozenset(essence_of(media.name) for media in response.content if form_of(media.name))
    return FastResponseValidator(bodies, tuple(headers), streams)


def taking(schema: JSON, accepts_of: AcceptsOf) -> Accepts:
    """Return a function that tells whether a value is certainly valid against a schema; built at its first call.

    It returns False where that cannot be decided here, as for a request without the ``readOnly`` members that only
    answers have: openapi-core then validates the value at its place in the document.
    """
    accepts: Accepts | None = None

    def takes(value: JSON) -> bool:
        nonlocal accepts
        if accepts is None:
            accepts = accepts_of(schema)
        try:
            return accepts(value)
        except (ValueError, RecursionError):
            return False

    return takes


def _parameter(header: Header, resolve: Callable[[JSON], JSON]) -> Parameter | None:
    node: dict[str, JSON] = {"name": header.name, "in": "header", "required": header.required}
    if header.is_json:
        node["content"] = {"application/json": {"schema": header.schema}}
    else:
        node |= {"schema": header.schema, "explode": header.explode}
    return read_parameter(node, resolve)


def _anything(value: JSON) -> bool:
    return True
