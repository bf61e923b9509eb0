"""Stores of records: a protocol, and its implementations in memory and in databases."""

from mock_server.storage.interfaces import HANDLE, Record, RecordReader, RecordWriter, Store, StoreFactory
from mock_server.storage.memory import MemoryStore
from mock_server.storage.overlay import CopyOnWriteRecords
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.revision import UNASKED, UNKNOWN, next_revision
from mock_server.storage.temporary import temporary_database
from mock_server.storage.urls import open_stores

__all__ = [
    "ALL",
    "HANDLE",
    "UNASKED",
    "UNKNOWN",
    "CopyOnWriteRecords",
    "MemoryStore",
    "Record",
    "RecordQuery",
    "RecordReader",
    "RecordWriter",
    "Store",
    "StoreFactory",
    "next_revision",
    "open_stores",
    "temporary_database",
]
