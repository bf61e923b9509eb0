"""The form of an answer: what it owes to the operation and to what the client accepts, and not to who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from mock_server.core.sized_cache import LONGEST
from mock_server.http.content_negotiation import NegotiatedMedia
from mock_server.http.messages import Response
from mock_server.mocking.mock_request import CannotHonourError, MockRequest, choice_of
from mock_server.mocking.streams import StreamItems, Streams
from mock_server.openapi.model import Operation, ResponseSpec

MOST_FORMS = 4096
"""Most forms that are remembered; where there are more, all are forgotten: clients choose what they accept."""


class AnswerForm:
    """The response, the status to send, and the media type; ``choice`` is None for an answer without a body.

    ``stream`` is what the items of a body are made by that is sent item by item. ``answer`` is the whole answer where
    it is the same for all who ask, once it was made: an example of the contract without headers of its own.
    """

    __slots__ = ("answer", "choice", "response", "status", "stream")

    def __init__(
        self, response: ResponseSpec, status: int, choice: NegotiatedMedia | None, stream: StreamItems | None
    ) -> None:
        self.response = response
        self.status = status
        self.choice = choice
        self.stream = stream
        self.answer: Response | None = None


_Key: TypeAlias = tuple[str, str, bool, int]
"""An operation, what the client accepts, whether it asks for a stream, and the status that leaves no choice, or 0."""


class AnswerForms:
    """The forms of the answers of one contract. To requests without preferences each is worked out once."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._forms: dict[_Key, AnswerForm] = {}
        self._responses: dict[str, tuple[ResponseSpec, ...]] = {}
        """The responses of each operation by its key, the usual one first."""

    def of(self, mock_request: MockRequest, fitting: tuple[ResponseSpec, int] | None = None) -> AnswerForm:
        """Return the form of the answer to a request.

        ``fitting`` are response and status where what came of the request leaves no choice. Raises as
        :func:`choice_of`, and :class:`CannotHonourError` for a status that the contract does not document.
        """
        accept = mock_request.accept
        if mock_request.preferences.is_of_the_answer or len(accept) > LONGEST:
            return self._form(mock_request, *(fitting or self._response(mock_request)))
        key = (mock_request.operation.key, accept, mock_request.wants_stream, fitting[1] if fitting else 0)
        form = self._forms.get(key)
        if form is None:
            form = self._form(mock_request, *(fitting or self._response(mock_request)))
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            self._forms[key] = form
        return form

    def _form(self, mock_request: MockRequest, response: ResponseSpec, status: int) -> AnswerForm:
        choice = choice_of(mock_request, response, status)
        # Every body that is a sequence has a source, event streams and JSON Lines alike.
        stream = None if choice is None else self._streams.source(mock_request.operation, response, choice.index)
        return AnswerForm(response, status, choice, stream)

    def _response(self, mock_request: MockRequest) -> tuple[ResponseSpec, int]:
        """Return the preferred response, or else the usual one of the operation, and the status to send.

        Raises :class:`CannotHonourError` for a preferred status that the contract does not document, or below 200.
        """
        operation, code = mock_request.operation, mock_request.preferences.code
        if code is not None:
            response = operation.response_for(code)
            if response is None or code < 200:
                documented = ", ".join(operation.responses) or "none"
                message = f"Found the preference code={code}; expected a documented status"
                raise CannotHonourError(f"{message}{' from 200 up' if code < 200 else ''}: {documented}.")
            return response, code
        named = mock_request.preferences.example
        responses = self._responses.get(operation.key)
        if responses is None:
            responses = self._responses[operation.key] = (*_by_use(operation),)
        # The preferred example may belong to another response than the usual one.
        for response in responses if named else ():
            if any(named in media.examples for media in response.content):
                return response, _a_status(response.status)
        return (responses[0], _a_status(responses[0].status)) if responses else (ResponseSpec("200"), 200)


def _by_use(operation: Operation) -> Iterator[ResponseSpec]:
    """Yield the responses that can be sent, the usual one first.

    The lowest explicit 2XX, the range 2XX, the default (as 200), and then all others in the order of the contract. A
    1XX is left out.
    """
    final = {key: response for key, response in operation.responses.items() if not key.startswith("1")}
    good = sorted(key for key in final if key.isdigit() and key[0] == "2")
    first = [*good, *(key for key in final if key.upper() == "2XX"), *(key for key in final if key == "default")]
    yield from (final[key] for key in first)
    yield from (response for key, response in final.items() if key not in first)


def _a_status(key: str) -> int:
    """Return a status for a key of ``responses``: 200 for ``2XX``, and 200 for ``default``, which names no status."""
    return int(key) if key.isdigit() else int(key[0]) * 100 if key[:1].isdigit() else 200
