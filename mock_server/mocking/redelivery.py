"""Operations that have deliveries made once more, as data says (``redeliver`` of ``x-mock-webhooks``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mock_server.core.diagnostics import Diagnostic
from mock_server.mocking.mock_request import MockRequest
from mock_server.openapi.delivery_extensions import Redelivery
from mock_server.openapi.model import Contract
from mock_server.storage import RecordChange, Store
from mock_server.worlds.state.refusal import RefusedError

if TYPE_CHECKING:
    from mock_server.worlds.events.outbox import Outbox


class Redeliveries:
    """The operations of one contract that have deliveries made once more."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self._store = store
        self._by_operation: dict[str, Redelivery] = {
            operation.key: redelivery
            for redelivery in contract.extensions.webhooks.redeliver
            for operation in contract.operations.values()
            if redelivery.is_of(operation)
        }

    def changes(self, request: MockRequest, outbox: Outbox | None) -> Sequence[RecordChange]:
        """Return the rows that change where a request has deliveries made once more; none of any other operation.

        Raises :class:`RefusedError` where there is no such delivery, and :class:`StoreError`.
        """
        redelivery = self._by_operation.get(request.operation.key)
        if redelivery is None or request.world is None:
            return ()
        text = unquote(request.path_parameters.get(redelivery.parameter, ""))
        records = request.world.store(self._store)
        changes = () if outbox is None else outbox.once_more(redelivery.meaning, text, request.world, records)
        if not changes:
            expected = (
                f"the id of {'an event' if redelivery.meaning == 'event' else f'a {redelivery.meaning}'} of a webhook"
            )
            finding = Diagnostic("state", f"path {redelivery.parameter}", repr(text[:80]), expected)
            raise RefusedError("no_such_record", finding)
        return changes
