"""A process that changes the records of a world, several at once: ``python -m tests.support.change_sets``.

``number ADDRESS`` gives the same number to all rows of :data:`HANDLES`, one number after the other, until it is killed.
``take ADDRESS NAME`` creates :data:`TAKEN` records, each with a key that others want too. A line says what was done.
"""

from __future__ import annotations

import sys
from itertools import count

from mock_server.storage import Absence, Record, RecordChange, RecordWriter, open_stores

CONTRACT, WORLD = "Pets", "one"
HANDLES = [f"pet-{number}" for number in range(20)]
TAKEN = 100


def number(layer: RecordWriter) -> None:
    for new in count(1):
        rows = [("pets", handle) for handle in HANDLES] + [("pets#keys", handle) for handle in HANDLES[::2]]
        changes = [RecordChange(*row, layer.own_row(*row), Record(*row, {"number": new})) for row in rows]
        assert layer.apply(changes)
        print(new, flush=True)


def take(layer: RecordWriter, name: str) -> None:
    for place in range(TAKEN):
        new = Record("pets", f"{name}-{place}", {"key": place})
        key = Record("pets#keys", f"key-{place}", {"record": new.handle})
        won = layer.apply([RecordChange(row.resource, row.handle, Absence.UNTOUCHED, row) for row in (new, key)])
        print("won" if won else "lost", flush=True)


def main() -> None:
    what, address, *arguments = sys.argv[1:]
    layer = open_stores(address, 10).store(CONTRACT).layer(WORLD)
    print("ready", flush=True)
    sys.stdin.readline()
    if what == "number":
        number(layer)
    else:
        take(layer, *arguments)


if __name__ == "__main__":
    main()
