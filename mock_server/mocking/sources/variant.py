"""The variants of responses, by their numbers."""

from __future__ import annotations

from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.generation.variants import Variant, variants
from mock_server.http.messages import ResponseSource
from mock_server.mocking.mock_request import CannotHonourError, MockRequest, NegotiatedRequest
from mock_server.mocking.sources.body_schemas import BodySchemas
from mock_server.mocking.sources.source import Selected
from mock_server.openapi.model import MediaType, Operation, ResponseSpec
from mock_server.settings import Settings

LISTS = 64
"""Most lists of variants to remember: building one takes seconds, and a client usually walks through one list."""


class VariantSource:
    """Selects the variant that ``Prefer: variant=`` numbers."""

    def __init__(self, schemas: SchemaDocument, bodies: BodySchemas, settings: Settings) -> None:
        self._schemas = schemas
        self._bodies = bodies
        self._settings = settings
        self._lists: dict[tuple[str, str, int], list[Variant]] = {}

    def select(self, request: NegotiatedRequest) -> Selected | None:
        """Return the variant of a number; None where the request has no such preference.

        Raises :class:`CannotHonourError` for a number beyond the last one.
        """
        if request.preferences.variant is None:
            return None
        return Selected(self.variant(request, request.response, request.media).value, ResponseSource.GENERATED)

    def variant(self, request: MockRequest | NegotiatedRequest, response: ResponseSpec, media: MediaType) -> Variant:
        """Return the preferred variant of a body; raises :class:`CannotHonourError` where there is no such one."""
        listed = self.listed(request.operation, response, media, request.preferences.seed)
        number = request.preferences.variant
        if number is None or number >= len(listed):
            raise no_such_variant(request, response, len(listed))
        return listed[number]

    def listed(self, operation: Operation, response: ResponseSpec, media: MediaType, seed: int | None) -> list[Variant]:
        """Return all variants of a body.

        They do not depend on the caller, so a number names the same variant for all. ``seed`` is that of the settings
        where it is None.
        """
        seed = self._settings.seed if seed is None else seed
        key = (operation.key, f"{response.status} {media.name}", seed)
        if key not in self._lists:
            while len(self._lists) >= LISTS:
                self._lists.pop(next(iter(self._lists)))
            draw = SeedKey(seed, operation.resource or operation.key, "variant")
            self._lists[key] = variants(
                self._bodies.of(media), draw, self._schemas, fill_properties=not self._settings.no_fill_properties
            )
        return self._lists[key]


def no_such_variant(request: MockRequest | NegotiatedRequest, response: ResponseSpec, count: int) -> CannotHonourError:
    """Return the error for a number of a variant that a response with ``count`` variants does not have."""
    expected = f"a number from 0 to {count - 1}" if count else "no variant, since the answer has no body"
    reason = f"{request.operation.key} {response.status} has {count} variants"
    return CannotHonourError(
        f"Found the preference variant={request.preferences.variant}; expected {expected}: {reason}.", 400
    )
