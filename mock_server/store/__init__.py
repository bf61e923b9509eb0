"""Where records are kept: a protocol, and what keeps it."""

from mock_server.store.memory import MemoryStore
from mock_server.store.protocol import Record, Store

__all__ = ["MemoryStore", "Record", "Store"]
