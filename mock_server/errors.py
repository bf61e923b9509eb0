"""Every error that reaches a user, for programs that catch them; see :mod:`mock_server.core.errors`."""

from mock_server.core.errors import (
    ContractError,
    ControlError,
    FixtureError,
    GenerationError,
    InstructionError,
    MockServerError,
    PluginError,
    StoreError,
    StoreFullError,
    StoreLostError,
    UsageError,
    WorkerStartError,
)

__all__ = [
    "ContractError",
    "ControlError",
    "FixtureError",
    "GenerationError",
    "InstructionError",
    "MockServerError",
    "PluginError",
    "StoreError",
    "StoreFullError",
    "StoreLostError",
    "UsageError",
    "WorkerStartError",
]
