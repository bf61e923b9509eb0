"""Generated data as response bodies: a record of the caller's, or a value by the schema."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.messages import ResponseSource
from mock_server.mocking.generated_values import DrawnValues
from mock_server.mocking.mock_request import NegotiatedRequest
from mock_server.mocking.record_factory import RecordFactory
from mock_server.mocking.sources.body_schemas import BodySchemas
from mock_server.mocking.sources.example import ExampleSource
from mock_server.mocking.sources.fixture import FixtureSource
from mock_server.mocking.sources.source import Selected
from mock_server.openapi.extensions import Resource
from mock_server.settings import Settings
from mock_server.storage import Record


class GeneratedSource:
    """Generates a body; the last link, which always has a value or raises."""

    def __init__(
        self,
        schemas: SchemaDocument,
        bodies: BodySchemas,
        settings: Settings,
        factories: Mapping[str, RecordFactory],
        fixtures: FixtureSource,
        examples: ExampleSource,
    ) -> None:
        self._schemas = schemas
        self._bodies = bodies
        self._settings = settings
        self._factories = factories
        self._fixtures = fixtures
        self._examples = examples
        self._values = DrawnValues()

    def select(self, request: NegotiatedRequest) -> Selected:
        """Return a generated body: a record where the body is one, else a value of the request's own.

        Raises :class:`GenerationError` where no valid value can be made.
        """
        resource = self._fixtures.resource(request)
        if resource is None:
            return self.by_schema(request, self._examples.findings(request))
        factory, suffix = self._factories[resource.name], request.credentials.suffix
        pins = factory.pins_named(suffix) or _pins_of(resource, self._fixtures.record(request))
        value = factory.value(suffix, self._seed(request), pins)
        return Selected(value, ResponseSource.GENERATED, sought=self._fixtures.record_key(request))

    def by_schema(self, request: NegotiatedRequest, findings: tuple[Diagnostic, ...]) -> Selected:
        """Return a body by its schema; equal requests get equal ones."""
        draw = SeedKey(self._seed(request), request.operation.key, request.identity)
        is_dynamic = request.is_dynamic(by_default=self._settings.dynamic)
        is_exemplary = not is_dynamic and request.preferences.seed is None

        def make() -> JSON:
            return generate(
                self._bodies.of(request.media),
                draw,
                self._schemas,
                fill_properties=not self._settings.no_fill_properties,
                complete=True,
                fill=self._settings.fill,
                exemplary=is_exemplary,
            )

        value = self._values.get(draw, request.media, is_exemplary, make)
        return Selected(value, ResponseSource.GENERATED, findings=findings)

    def _seed(self, request: NegotiatedRequest) -> int:
        return self._settings.seed if request.preferences.seed is None else request.preferences.seed


def _pins_of(resource: Resource, record: Record | None) -> dict[str, JSON]:
    """Return the members, by JSON Pointer, that make another record one of the same kind as this one."""
    pins: dict[str, JSON] = {}
    for pin in resource.pins if record is not None else ():
        with contextlib.suppress(KeyError):  # this record has no such member
            pins[pin] = value_at(record.value, pin) if record is not None else None
    return pins
