"""A record of another resource, created by an effect as a request to create it would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.storage import Record, RecordChange, RecordReader
from mock_server.worlds.state.operations import StatefulOperation
from mock_server.worlds.state.outcome import StateRequest
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.verbs.creating import created
from mock_server.worlds.state.verbs.handling import Handling


def create_record(
    model: StateModel,
    request: StateRequest,
    reader: RecordReader,
    resource: str,
    sent: Mapping[str, JSON],
    scope: Mapping[str, str],
) -> tuple[Record, list[RecordChange]]:
    """Return a new record with what is given, the rest as a server sets it, and the rows that change.

    Its key is drawn from what is given. Relations may lead to what nobody made: data is believed.
    """
    plan = StatefulOperation(request.operation.operation, "create", model.resource(resource).resource)
    own = replace(request, operation=plan, path={}, query="", body=None, media="", upload=None, is_strict=False)
    handling = Handling(model, own, reader)
    handling.scope = dict(scope)
    return created(handling, sent, None, f"create of {resource}")
