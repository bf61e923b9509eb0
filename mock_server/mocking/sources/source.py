"""The interface of a source of response bodies, and what a source selects."""

from __future__ import annotations

from typing import Protocol

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import ResponseSource
from mock_server.mocking.mock_request import NegotiatedRequest


@value_class
class Selected:
    """The value of a response body and its origin.

    ``example`` is the name of the example that it is, empty for others. ``findings`` are about what the contract
    offered and could not be sent. ``sought`` is the resource and the handle of the record that was looked up, whether
    or not there was one: the response depends on it.
    """

    value: JSON
    source: ResponseSource
    example: str = ""
    findings: tuple[Diagnostic, ...] = ()
    sought: tuple[str, str] | None = None
    reads: tuple[str, ...] = ()
    """The resources of the records that it shows inside."""
    notes: tuple[Diagnostic, ...] = ()
    """What the client is told of it (``Mock-Findings``)."""


class BodySource(Protocol):
    """A link of the chain of sources."""

    def select(self, request: NegotiatedRequest) -> Selected | None:
        """Return the body of the response to a request; None where this source has none, and the next one is asked.

        Changes nothing that a second call could see: a request may be started again in a thread. Raises
        :class:`CannotHonourError` for a preference that is for this source and cannot be met,
        :class:`GenerationError` where no valid value can be made, and :class:`StoreError`.
        """
