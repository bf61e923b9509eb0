"""Stores of records: a protocol, and its implementations in memory and in databases."""

from mock_server.storage.interfaces import HANDLE, Layer, Record, Records, Store, Stores
from mock_server.storage.memory import MemoryStore
from mock_server.storage.overlay import LayeredStore
from mock_server.storage.query import ALL, Search
from mock_server.storage.revision import UNASKED, UNKNOWN, next_revision
from mock_server.storage.temporary import shared_address
from mock_server.storage.urls import open_stores

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
