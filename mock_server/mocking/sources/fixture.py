"""Records as response bodies: the one of the store or of the world that the caller's token selects."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.http.messages import ResponseSource
from mock_server.mocking.mock_request import MockRequest, NegotiatedRequest
from mock_server.mocking.record_factory import RecordFactory
from mock_server.mocking.sources.source import Selected
from mock_server.openapi.extensions import Resource
from mock_server.openapi.model import Contract
from mock_server.openapi.security import Credentials
from mock_server.storage import Record, Store


class FixtureSource:
    """Selects the record of the caller, unless the request prefers generated data."""

    def __init__(self, contract: Contract, store: Store, factories: Mapping[str, RecordFactory]) -> None:
        self._contract = contract
        self._store = store
        self._factories = factories

    def select(self, request: NegotiatedRequest) -> Selected | None:
        """Return the record that the caller selects; None where there is none."""
        # Looked up in any case: a record that is there gives its kind to the one that is generated in its place.
        record = self.record(request)
        if record is None or request.preferences.dynamic or request.preferences.seed is not None:
            return None
        return Selected(record.value, ResponseSource.FIXTURE, sought=self.record_key(request))

    def resource(self, request: NegotiatedRequest) -> Resource | None:
        """Return the resource that the body is a record of, or None."""
        resource = self._contract.extensions.resources.get(request.operation.resource or "")
        return resource if resource is not None and request.media.schema == {"$ref": resource.schema} else None

    def record_key(self, request: NegotiatedRequest) -> tuple[str, str] | None:
        """Return the name of the resource and the handle of the record that the caller selects, or None."""
        if request.sought is None:  # links of the chain ask one after the other
            resource = self.resource(request) if request.credentials.kind is not None else None
            request.sought = (None if resource is None else self._key(resource, request.credentials),)
        return request.sought[0]

    def _key(self, resource: Resource, credentials: Credentials) -> tuple[str, str] | None:
        if credentials.kind is None or credentials.kind.selects != resource.name:
            return None
        suffix = credentials.suffix
        if suffix in self._contract.extensions.suffixes or self._factories[resource.name].pins_named(suffix):
            return None  # no record has such a handle, so the store need not be asked
        return resource.name, suffix

    def record(self, request: NegotiatedRequest) -> Record | None:
        """Return the record that the caller selects, looked up once for a request; None where there is none."""
        return self._looked_up(self.record_key(request), request)

    def of_caller(self, request: MockRequest) -> Record | None:
        """Return the record that the caller selects, whatever the answer will show; None where there is none."""
        resource = self._contract.extensions.resources.get(request.operation.resource or "")
        return None if resource is None else self._looked_up(self._key(resource, request.credentials), request)

    def _looked_up(self, key: tuple[str, str] | None, request: MockRequest | NegotiatedRequest) -> Record | None:
        if key is None:
            return None
        if key not in request.records:
            store = self._store if request.world is None else request.world.store(self._store)
            request.records[key] = store.get(*key)
        return request.records[key]
