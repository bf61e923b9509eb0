"""Where records are kept: a protocol, and what keeps it."""

from mock_server.store.layered import LayeredStore
from mock_server.store.memory import MemoryStore
from mock_server.store.protocol import Record, Records, Store

__all__ = ["LayeredStore", "MemoryStore", "Record", "Records", "Store"]
