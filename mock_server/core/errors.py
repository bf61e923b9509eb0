"""Every error that reaches a user.

::

    MockServerError          exit code 2, one message
    ├── UsageError           a flag, a variable or an argument
    ├── ContractError        a contract or overlay that cannot be served
    ├── FixtureError         a record that cannot be served
    ├── GenerationError      a schema that no value satisfies
    ├── ControlError         a control request that a running server refused or did not answer
    ├── BrokenItemError      an item of a stream that breaks the contract; the stream ends
    ├── InstructionError     a pattern or scenario that cannot be understood or would break the contract
    ├── PluginError          a plugin that cannot be loaded
    ├── WorkerError          a worker process that cannot start
    ├── ProcessLostError     a process that ended before its work was done
    ├── StoreError           a store that cannot be opened
    │   ├── StoreLostError   one that does not answer for now; 503 while it serves
    │   └── StoreFullError   one that has no room; 507 while it serves
    └── HubError             a hub that cannot be opened
        ├── HubLostError     one that does not answer for now; 503 while it serves
        └── HubFullError     one that has no room or takes no changes; 503 while it serves

A message says where, what was found, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mock_server.core.diagnostics import Diagnostic


class MockServerError(Exception):
    """The root of all errors. ``findings`` has the parts of the message, where there are parts."""

    def __init__(self, message: str, findings: Iterable[Diagnostic] = ()) -> None:
        self.findings: tuple[Diagnostic, ...] = tuple(findings)
        super().__init__("\n".join([message, *(f"  {finding}" for finding in self.findings)]))


class UsageError(MockServerError):
    """A flag, a variable or an argument that cannot be understood or does not fit."""


class ContractError(MockServerError):
    """A contract or an overlay that cannot be read, understood or served."""


class FixtureError(MockServerError):
    """A fixture file or record that cannot be read or that breaks the contract."""


class GenerationError(MockServerError):
    """A schema for which no value was found."""


class ControlError(MockServerError):
    """An admin request that a running server refused, or that no server answered.

    ``status`` is that of the answer, 0 where there was none; ``problem`` is the problem document (RFC 9457).
    """

    def __init__(self, message: str, status: int = 0, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.problem: Mapping[str, Any] = problem or {}


class InstructionError(MockServerError):
    """An instruction of a test that cannot be understood or is not allowed."""


class PluginError(MockServerError):
    """A plugin that cannot be loaded: its import or its registration fails."""


class WorkerStartError(MockServerError):
    """A worker process that reported why it cannot start, or ended before it was ready."""


class ProcessLostError(MockServerError):
    """A process that ended before its work was done, such as one that was killed for want of memory."""


class BrokenItemError(MockServerError):
    """An item of a stream that is not valid; the findings say why."""

    def __init__(self, findings: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings


class StoreError(MockServerError):
    """A store that cannot be opened. No message of this kind has a password in it."""


class StoreLostError(StoreError):
    """A store that does not answer for now; nothing was changed, or the change was not reported as done."""


class StoreFullError(StoreError):
    """A store that is full; nothing was changed."""


class HubError(MockServerError):
    """A hub that cannot be opened. No message of this kind has a password in it."""


class HubLostError(HubError):
    """A hub that does not answer for now; whether a change was made is not known."""


class HubFullError(HubError):
    """A hub that has no room, or takes no changes; nothing was changed."""
