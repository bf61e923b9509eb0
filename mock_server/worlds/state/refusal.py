"""The refusal of an operation that keeps state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON

Refusal = Literal["no_such_record", "conflict", "relation_missing", "invalid_request"]
"""The failures with which operations refuse; the contract's own answers to them are sent."""


class RefusedError(Exception):
    """Raised where an operation refuses.

    ``findings`` say why, for the client; ``reads`` are the resources read; ``about`` is what an answer may show of it:
    ``record``, ``request``. ``resource`` is that of a record that is not there.
    """

    def __init__(self, failure: Refusal | str, *findings: Diagnostic) -> None:
        """Take the failure, of these or of those that data of the contract names."""
        self.failure = failure
        self.findings = findings
        self.reads: tuple[str, ...] = ()
        self.resource = ""
        self.about: Mapping[str, JSON] = {}
        super().__init__("; ".join(map(str, findings)))


def no_such_record(resource: str, *findings: Diagnostic) -> RefusedError:
    """Return the refusal of a request for a record of a resource that is not there."""
    error = RefusedError("no_such_record", *findings)
    error.resource = resource
    return error
