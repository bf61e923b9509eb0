"""What a world remembers of its records, over the stores of all contracts: change sets, snapshots, and its parent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from time import time

from mock_server.core.value_class import value_class
from mock_server.storage import ChangeSet, RecordReader, RecordWriter, Snapshot, Store
from mock_server.worlds.world import World


@value_class
class StoredChangeSet:
    """A change set, and the store whose records it is about."""

    store: Store
    change_set: ChangeSet


class TooManyStepsError(Exception):
    """Raised where there are fewer change sets than are to be taken back: ``number`` of them. Nothing is changed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class WorldHistory:
    """The history and the snapshots of a world. Its methods raise :class:`StoreError` where a store is lost or full."""

    def __init__(self, world: World, stores: Sequence[Store]) -> None:
        self._world = world
        self._stores = stores

    def change_sets(self) -> Sequence[StoredChangeSet]:
        """Return the change sets that are remembered, the last first."""
        sets = [StoredChangeSet(store, change_set) for store, layer in self._layers() for change_set in layer.history()]
        return sorted(sets, key=lambda each: (each.change_set.cause.at, each.change_set.number), reverse=True)

    def undo(self, steps: int) -> Sequence[StoredChangeSet]:
        """Take back the last so many change sets, and return them, the last first.

        Raises :class:`TooManyStepsError` where there are fewer.
        """
        sets = self.change_sets()
        if steps > len(sets):
            raise TooManyStepsError(len(sets))
        undone: list[StoredChangeSet] = []
        for store, number in Counter(each.store for each in sets[:steps]).items():
            undone += [StoredChangeSet(store, change_set) for change_set in self._world.layer(store).undo(number)]
        if len(undone) < steps:
            raise TooManyStepsError(len(undone))  # another process was quicker
        return sets[:steps]

    def freeze(self, name: str) -> bool:
        """Keep the records of the world under a name; return whether there was no snapshot of that name."""
        is_new = name not in self.snapshots()
        now = time()
        for store in self._stores:
            self._world.layer(store).freeze(name, now)
        return is_new

    def snapshots(self) -> Mapping[str, Snapshot]:
        """Return the snapshots by name, in alphabetical order; ``records`` is the number of all contracts together."""
        snapshots: dict[str, Snapshot] = {}
        for _, layer in self._layers():
            for name, snapshot in layer.snapshots().items():
                former = snapshots.get(name)
                records = snapshot.records + (former.records if former is not None else 0)
                snapshots[name] = Snapshot(name, snapshot.at, records)
        return dict(sorted(snapshots.items()))

    def restore(self, name: str) -> bool:
        """Have the records of a snapshot again; return whether there is one of that name."""
        if name not in self.snapshots():
            return False
        for store, _ in [*self._layers()]:
            self._world.layer(store).restore(name)
        return True

    def drop_snapshot(self, name: str) -> bool:
        """Drop a snapshot; return whether there was one of that name."""
        dropped = [layer.drop_snapshot(name) for _, layer in self._layers()]
        return any(dropped)

    def snapshot_records(self, name: str) -> Iterator[tuple[Store, RecordReader]]:
        """Yield the records that a snapshot shows, of each store that has one of that name."""
        for store, layer in self._layers():
            records = layer.snapshot_records(name)
            if records is not None:
                yield store, records

    def copy_from(self, parent: World) -> None:
        """Have what another world has, and nothing else."""
        for store in self._stores:
            other = parent.changed_layer(store)
            self._world.layer(store).copy_from(store.layer(parent.name) if other is None else other)

    def _layers(self) -> Iterator[tuple[Store, RecordWriter]]:
        for store in self._stores:
            layer = self._world.changed_layer(store)
            if layer is not None:
                yield store, layer
