"""Stores of records: a protocol, and its implementations in memory and in databases."""

from mock_server.storage.change_set import MOST_CHANGE_SETS, MOST_SNAPSHOTS, NO_CAUSE, Cause, ChangeSet, Snapshot
from mock_server.storage.interfaces import RecordReader, RecordWriter, Store, StoreFactory
from mock_server.storage.lasting import DELIVERIES, ENDPOINTS, EVENTS, FAULTS, LASTING, MOST_EVENTS, SEARCHED
from mock_server.storage.memory import MemoryStore
from mock_server.storage.overlay import CopyOnWriteRecords
from mock_server.storage.pending import PendingRecords
from mock_server.storage.query import ALL, RecordQuery
from mock_server.storage.record import HANDLE, KEYS, Absence, OwnRow, Record, RecordChange
from mock_server.storage.revision import UNASKED, UNKNOWN, next_revision
from mock_server.storage.state_budget import StateBudget
from mock_server.storage.temporary import temporary_database
from mock_server.storage.urls import open_stores

__all__ = [
    "ALL",
    "DELIVERIES",
    "ENDPOINTS",
    "EVENTS",
    "FAULTS",
    "HANDLE",
    "KEYS",
    "LASTING",
    "MOST_CHANGE_SETS",
    "MOST_EVENTS",
    "MOST_SNAPSHOTS",
    "NO_CAUSE",
    "SEARCHED",
    "UNASKED",
    "UNKNOWN",
    "Absence",
    "Cause",
    "ChangeSet",
    "CopyOnWriteRecords",
    "MemoryStore",
    "OwnRow",
    "PendingRecords",
    "Record",
    "RecordChange",
    "RecordQuery",
    "RecordReader",
    "RecordWriter",
    "Snapshot",
    "StateBudget",
    "Store",
    "StoreFactory",
    "next_revision",
    "open_stores",
    "temporary_database",
]
