"""Rows that say what has happened in a world: what was told to others cannot be taken back with what it tells of."""

from __future__ import annotations

EVENTS = "#events"
"""The name of the rows that keep the events of a world."""
DELIVERIES = "#deliveries"
"""The name of the rows that keep the deliveries of a world."""
ENDPOINTS = "#webhooks"
"""The name of the rows that keep the endpoints of a world that were put by hand."""
FAULTS = "#webhook-faults"
"""The name of the rows that keep what is to go wrong with the next deliveries of a world."""
LASTING = frozenset({EVENTS, DELIVERIES, ENDPOINTS, FAULTS})
"""Rows of these names stay as they are where changes are undone, a snapshot is restored or another world is copied.

They are in no change set, no snapshot and no copy; a reset of the world drops them.
"""
SEARCHED = "searched"
"""The member by whose text alone a search in a database finds rows that are no records."""
MOST_EVENTS = 1000
"""Events that a world keeps, of one contract: the oldest leaves for a new one."""
