"""What a batch of notes has for one world, as engines keep it: one row or one entry of a stream.

The entries of journals as bytes: their number, 28 bytes of each (number, started, elapsed, which exchange), then each
different exchange once, after its length. Integers are little-endian.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from struct import Struct

from mock_server.hub.model import Covered, Covering, JournalEntry, JournalNote, Note

_COUNT = Struct("<I")
_ENTRY = Struct("<QddI")


@dataclass(slots=True)
class Parcel:
    """Entries for the journal of a world, and what was covered there."""

    entries: list[JournalNote] = field(default_factory=list)
    coverings: dict[Covering, int] = field(default_factory=dict)
    """How many requests covered the same."""

    def covered(self) -> Covered:
        """Return what was covered, by operation."""
        operations: dict[str, tuple[int, frozenset[str]]] = {}
        for covering, count in self.coverings.items():
            requests, keys = operations.get(covering.target, (0, frozenset()))
            operations[covering.target] = (requests + count, keys | covering.keys)
        return operations


def parcels(notes: Sequence[Note]) -> dict[str, Parcel]:
    """Return what notes have for each world, by its name."""
    worlds: dict[str, Parcel] = {}
    for note in notes:
        parcel = worlds.get(note.world)
        if parcel is None:
            parcel = worlds[note.world] = Parcel()
        if type(note) is JournalNote:
            parcel.entries.append(note)
        covering = note.covering
        if covering is not None:
            parcel.coverings[covering] = parcel.coverings.get(covering, 0) + 1
    return worlds


def packed(entries: Sequence[JournalNote]) -> bytes:
    """Return entries as bytes."""
    places: dict[bytes, int] = {}
    parts = [_COUNT.pack(len(entries))]
    for _, number, started, elapsed, exchange, _ in entries:
        parts.append(_ENTRY.pack(number, started, elapsed, places.setdefault(exchange, len(places))))
    for exchange in places:
        parts += (_COUNT.pack(len(exchange)), exchange)
    return b"".join(parts)


def unpacked(journal: Iterable[bytes]) -> list[JournalEntry]:
    """Return the entries of a journal; equal exchanges are one object."""
    known: dict[bytes, bytes] = {}
    entries: list[JournalEntry] = []
    for content in journal:
        (count,) = _COUNT.unpack_from(content)
        place = end = _COUNT.size + count * _ENTRY.size
        exchanges = []
        while place < len(content):
            start = place + _COUNT.size
            place = start + _COUNT.unpack_from(content, place)[0]
            exchange = content[start:place]
            exchanges.append(known.setdefault(exchange, exchange))
        entries += [
            JournalEntry(number, started, elapsed, exchanges[index])
            for number, started, elapsed, index in _ENTRY.iter_unpack(content[_COUNT.size : end])
        ]
    return entries


def covered(counts: Iterable[tuple[str, int]], keys: Iterable[tuple[str, str]]) -> Covered:
    """Return what was covered, from requests by operation, and from operations and what they covered."""
    names: dict[str, set[str]] = {}
    for target, key in keys:
        names.setdefault(target, set()).add(key)
    return {target: (count, frozenset(names.get(target, ()))) for target, count in counts}
