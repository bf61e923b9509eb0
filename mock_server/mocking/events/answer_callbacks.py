"""The callbacks that follow the answers of one contract, and the messages that their addresses are made from."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from mock_server.core.json_text import read_json
from mock_server.core.types import JSON
from mock_server.http.media_types import is_json
from mock_server.http.messages import Response
from mock_server.mocking.mock_request import MockRequest
from mock_server.openapi.model import Contract
from mock_server.openapi.webhooks.callbacks import Callback, callbacks_after
from mock_server.openapi.webhooks.runtime_expressions import ExpressionMessages


class AnswerCallbacks:
    """The callbacks of operations, those of each read when it is first answered."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._callbacks: dict[str, Sequence[Callback]] = {}

    def after(self, request: MockRequest, answer: Response) -> Sequence[Callback]:
        """Return the callbacks that follow an answer; none after a failure, and where an answer is preferred."""
        if request.world is None or answer.status >= 400 or request.preferences.is_of_the_answer:
            return ()
        operation = request.operation
        callbacks = self._callbacks.get(operation.key)
        if callbacks is None:
            callbacks = self._callbacks[operation.key] = callbacks_after(self._contract, operation)
        return callbacks


def messages_of(request: MockRequest, answer: Response, body: JSON) -> ExpressionMessages:
    """Return a request and its answer as runtime expressions see them; ``body`` is what the request's body means."""
    sent, prefix = request.request, request.world.prefix if request.world is not None else ""
    return ExpressionMessages(
        f"{sent.origin}{prefix}{sent.raw_path or sent.path}" + (f"?{sent.query}" if sent.query else ""),
        sent.method,
        answer.status,
        {name: unquote(text) for name, text in request.path_parameters.items()},
        sent.query,
        sent.headers,
        body,
        answer.headers,
        read_json(answer.body) if answer.body and is_json(answer.header("content-type") or "") else None,
    )
