"""Stores of records: a protocol, and its implementations in memory and in databases."""

from mock_server.store.address import open_stores
from mock_server.store.layered import LayeredStore
from mock_server.store.memory import MemoryStore
from mock_server.store.private import shared_address
from mock_server.store.protocol import HANDLE, Layer, Record, Records, Store, Stores
from mock_server.store.revision import UNASKED, UNKNOWN, next_revision
from mock_server.store.search import ALL, Search

__all__ = [
    "ALL",
    "HANDLE",
    "UNASKED",
    "UNKNOWN",
    "Layer",
    "LayeredStore",
    "MemoryStore",
    "Record",
    "Records",
    "Search",
    "Store",
    "Stores",
    "next_revision",
    "open_stores",
    "shared_address",
]
