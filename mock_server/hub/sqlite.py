"""The hub of the workers of one machine: a private SQLite file, and a page of memory that says whether to read it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread
from typing import TypeVar

from mock_server.core.errors import HubError
from mock_server.hub.interface import Listener
from mock_server.hub.model import (
    ClockState,
    Covered,
    Decision,
    HubBounds,
    HubFigures,
    JournalEntry,
    Key,
    KeyQuestion,
    Note,
    Question,
    SharedScenario,
    Window,
    WindowQuestion,
    WorldStaging,
)
from mock_server.hub.parcel import Parcel, covered, packed, parcels, unpacked
from mock_server.hub.ring import Batch, RingDirectory
from mock_server.hub.shared_page import EVENT, VERSION, SharedPage
from mock_server.hub.sqlite_file import SqliteFile
from mock_server.hub.staged_world import StagedWorld, advanced, counted
from mock_server.hub.trouble import Trouble, tell
from mock_server.hub.unsent_notes import UnsentNotes

PATIENCE = 0.05
"""Seconds for which a reader waits for notes of others."""
_POLL = 0.001
_LISTENING = 0.005
"""Seconds between two looks for events: a number in shared memory says whether there are any."""
_EVENTS = 200
"""Events that are there for who has not yet heard them."""
_OF_WORLDS = ("caller_window", "kept", "journal", "coverage", "covered")
_TOTAL = "/"
"""Where the coverage of all worlds is: no world has such a name."""
_T = TypeVar("_T")


class SqliteHub:
    """A hub in a file that all processes of a server open."""

    scheme = "sqlite"
    is_remote = False

    def __init__(self, file: Path, bounds: HubBounds | None = None) -> None:
        self._standing: tuple[SharedScenario, ...] = ()
        self._bounds = bounds or HubBounds()
        self._file = SqliteFile(file)
        self._page = SharedPage(file.with_name(file.name + "-page"))
        self._numbers = self._page.numbers
        self._versions: dict[str, int] = {}
        self._last_version = -1
        with self._file.changing() as connection:
            row = connection.execute("UPDATE counter SET process = process + 1 RETURNING process").fetchone()
            last = connection.execute("SELECT coalesce(max(sequence), 0) FROM event").fetchone()
        self.process: int = row[0] % 2**24
        self._heard: int = last[0]
        self._listeners: list[Listener] = []
        self._ended = Event()
        self._trouble = Trouble()
        self._rings = RingDirectory(file.with_name(file.name + "-rings"))
        self._outbox = UnsentNotes(self._rings, self._send, self._trouble)
        self._outbox.flush()
        self._thread = Thread(target=self._listen, name="hub-events", daemon=True)
        self._thread.start()

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        self._standing = tuple(standing)

    def trouble(self) -> str:
        return str(self._trouble)

    def now(self) -> float:
        return time.time()

    # What is staged.

    def has_changes(self, world: str) -> bool:
        return False

    def version(self, world: str) -> int:
        if self._last_version != self._numbers[VERSION]:
            self._read_versions()
        return self._versions.get(world, 0)

    def _read_versions(self) -> None:
        with self._file.reading() as connection:
            (last,) = connection.execute("SELECT version FROM counter").fetchone()
            self._versions = dict(connection.execute("SELECT name, version FROM world WHERE version > 0"))
        self._last_version = last

    def staging(self, world: str) -> WorldStaging:
        with self._file.reading() as connection:
            return self._loaded(connection, world).staging()

    def start(self, world: str, scenario: SharedScenario) -> bool:
        return self._change(world, lambda staged: staged.start(scenario, self._bounds.scenarios))

    def end(self, world: str, name: str | None = None) -> bool:
        return self._change(world, lambda staged: staged.end(name))

    def new_name(self, world: str) -> str:
        with self._file.changing() as connection:
            self._use(connection, world)
            named = connection.execute("UPDATE world SET named = named + 1 WHERE name = ? RETURNING named", (world,))
            return f"scenario-{named.fetchone()[0]}"

    def set_clock(self, world: str, clock: ClockState) -> None:
        def change(staged: StagedWorld) -> bool:
            staged.clock = clock
            return True

        self._change(world, change)

    def advance_clock(self, world: str, seconds: float) -> ClockState:
        def change(staged: StagedWorld) -> ClockState:
            staged.clock = advanced(staged.clock, seconds, self.now())
            return staged.clock

        return self._change(world, change)

    def _loaded(self, connection: sqlite3.Connection, world: str) -> StagedWorld:
        staged = StagedWorld(self._standing)
        row = connection.execute(
            "SELECT version, named, stands_at, ahead, progress, scenarios FROM world WHERE name = ?", (world,)
        ).fetchone()
        if row is not None:
            staged.version, staged.named, stands_at, ahead, progress, scenarios = row
            staged.clock = ClockState(stands_at, ahead)
            if progress is not None:
                staged.progress = json.loads(progress)
            if scenarios is not None:
                staged.scenarios = [SharedScenario.from_data(name, data) for name, data in json.loads(scenarios)]
        return staged

    def _change(self, world: str, change: Callable[[StagedWorld], _T]) -> _T:
        with self._file.changing() as connection:
            self._use(connection, world)
            staged = self._loaded(connection, world)
            result = change(staged)
            if result is not False:
                connection.execute(
                    "UPDATE world SET has_changes = 1, version = ?, stands_at = ?, ahead = ?, progress = ?,"
                    " scenarios = ? WHERE name = ?",
                    (
                        self._next_version(connection),
                        *staged.clock,
                        json.dumps(staged.progress),
                        json.dumps([(scenario.name, scenario.data) for scenario in staged.scenarios]),
                        world,
                    ),
                )
        return result

    def _next_version(self, connection: sqlite3.Connection) -> int:
        """Return a new version, and have all processes read those that there are as soon as it is in the file."""
        version: int = connection.execute("UPDATE counter SET version = version + 1 RETURNING version").fetchone()[0]
        self._numbers[VERSION] = version
        return version

    # Decisions.

    def decide(self, world: str, question: Question) -> Decision | None:
        with self._file.changing() as connection:
            row = connection.execute(
                "SELECT version, stands_at, ahead, progress FROM world WHERE name = ?", (world,)
            ).fetchone()
            if row is None:
                self._use(connection, world)
                row = (0, None, 0.0, None)
            version, stands_at, ahead, progress = row
            if version != question.version:
                return None
            window = key = None
            now = self.now()
            if question.window is not None:
                window = self._counted(connection, world, question.window, ClockState(stands_at, ahead).now(now))
                if window.used > question.window.limit:
                    return Decision(window)
            if question.key is not None:
                key = self._claimed(connection, world, question.key, now)
                if key.state != "claimed":
                    return Decision(window, key)
            staged = StagedWorld()
            if progress is not None:
                staged.progress = json.loads(progress)
            turn = staged.turn(question.matches, question.draw)
            connection.execute(
                "UPDATE world SET used = ?, has_changes = 1, progress = ? WHERE name = ?",
                (now, json.dumps(staged.progress), world),
            )
            return Decision(window, key, turn)

    def _counted(self, connection: sqlite3.Connection, world: str, question: WindowQuestion, now: float) -> Window:
        place = (world, question.caller)
        before = connection.execute("SELECT window, used FROM caller_window WHERE world = ? AND caller = ?", place)
        known = before.fetchone()
        number, window = counted(known, question.seconds, now)
        row = (*place, number, window.used, time.time())
        connection.execute("INSERT OR REPLACE INTO caller_window VALUES (?, ?, ?, ?, ?)", row)
        if known is None:
            count = connection.execute("SELECT count(*) FROM caller_window WHERE world = ?", (world,)).fetchone()[0]
            if count > self._bounds.callers:
                connection.execute(
                    "DELETE FROM caller_window WHERE world = ?1 AND caller = (SELECT caller FROM caller_window"
                    " WHERE world = ?1 ORDER BY seen LIMIT 1)",
                    (world,),
                )
        return window

    def _claimed(self, connection: sqlite3.Connection, world: str, question: KeyQuestion, now: float) -> Key:
        known = connection.execute(
            "SELECT fingerprint, until, answer FROM kept WHERE world = ? AND key = ?", (world, question.key)
        ).fetchone()
        if known is not None:
            fingerprint, until, answer = known
            if answer is not None or until > now:
                if fingerprint != question.fingerprint:
                    return Key("conflict")
                return Key("pending") if answer is None else Key("replay", "", answer)
        claim = token_hex(8)
        connection.execute(
            "INSERT OR REPLACE INTO kept (world, key, fingerprint, claim, until) VALUES (?, ?, ?, ?, ?)",
            (world, question.key, question.fingerprint, claim, now + self._bounds.claim_seconds),
        )
        self._shorten_keys(connection, world)
        return Key("claimed", claim)

    def keep(self, world: str, key: str, claim: str, answer: bytes) -> bool:
        with self._file.changing() as connection:
            kept = connection.execute(
                "UPDATE kept SET answer = ? WHERE world = ? AND key = ? AND claim = ? AND answer IS NULL",
                (answer, world, key, claim),
            )
            self._shorten_keys(connection, world)
            return kept.rowcount == 1

    def _shorten_keys(self, connection: sqlite3.Connection, world: str) -> None:
        while True:
            count, size = connection.execute(
                "SELECT count(*), coalesce(sum(length(answer)), 0) FROM kept WHERE world = ?", (world,)
            ).fetchone()
            if count <= self._bounds.keys and size <= self._bounds.key_bytes:
                return
            connection.execute(
                "DELETE FROM kept WHERE number = (SELECT min(number) FROM kept WHERE world = ?)", (world,)
            )

    def release(self, world: str, key: str, claim: str) -> None:
        with self._file.changing() as connection:
            connection.execute(
                "DELETE FROM kept WHERE world = ? AND key = ? AND claim = ? AND answer IS NULL", (world, key, claim)
            )

    # Notes.

    def note(self, note: Note) -> None:
        self._outbox.add(note)

    def _send(self, batch: Batch, text: str) -> None:
        while batch.notes:
            worlds = parcels(batch.notes)
            contents = {world: packed(parcel.entries) for world, parcel in worlds.items() if parcel.entries}
            with self._file.changing() as connection:
                row = connection.execute("SELECT arrived FROM ring WHERE name = ?", (batch.ring,)).fetchone()
                arrived = row[0] if row else 0
                if arrived < batch.first:
                    for world, parcel in worlds.items():
                        self._take(connection, world, parcel, contents.get(world))
                    connection.execute("INSERT OR REPLACE INTO ring VALUES (?, ?)", (batch.ring, batch.last))
                    self._shorten_journals(connection)
                    return
            batch = batch.after(arrived)

    def _take(self, connection: sqlite3.Connection, world: str, parcel: Parcel, content: bytes | None) -> None:
        self._use(connection, world)
        if content is not None:
            count = len(parcel.entries)
            noted = connection.execute(
                "UPDATE world SET noted = noted + ? WHERE name = ? RETURNING noted", (count, world)
            )
            upto = noted.fetchone()[0]
            row = (world, upto, count, content)
            connection.execute("INSERT INTO journal (world, upto, entries, content) VALUES (?, ?, ?, ?)", row)
            before = (world, upto - self._bounds.entries)
            connection.execute("DELETE FROM journal WHERE world = ? AND upto <= ?", before)
        for target, (requests, keys) in parcel.covered().items():
            for place in (world, _TOTAL):
                connection.execute(
                    "INSERT INTO coverage VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
                    (place, target, requests),
                )
                connection.executemany(
                    "INSERT OR IGNORE INTO covered VALUES (?, ?, ?)", [(place, target, key) for key in keys]
                )

    def _shorten_journals(self, connection: sqlite3.Connection) -> None:
        while connection.execute("SELECT entry_bytes FROM counter").fetchone()[0] > self._bounds.entry_bytes:
            connection.execute(
                "WITH oldest AS (SELECT name FROM world WHERE EXISTS (SELECT * FROM journal WHERE world = name)"
                " ORDER BY has_changes, used LIMIT 1)"
                " DELETE FROM journal WHERE world = (SELECT name FROM oldest) AND upto <="
                " (SELECT (min(upto) + max(upto)) / 2 FROM journal WHERE world = (SELECT name FROM oldest))"
            )

    def arrive(self) -> bool:
        until = time.monotonic() + PATIENCE
        while True:
            self._outbox.flush()
            if not any(self._rings.others()):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)

    def journal(self, world: str) -> Sequence[JournalEntry]:
        self.arrive()
        with self._file.reading() as connection:
            entries, removed = self._entries(connection, world)
        return [entry for entry in entries if entry.number not in removed]

    def _entries(self, connection: sqlite3.Connection, world: str) -> tuple[list[JournalEntry], set[int]]:
        """Return the entries that are within the bound, and the numbers of those that were removed."""
        rows = connection.execute("SELECT content FROM journal WHERE world = ? ORDER BY upto", (world,)).fetchall()
        row = connection.execute("SELECT removed FROM world WHERE name = ?", (world,)).fetchone()
        entries = unpacked(content for (content,) in rows)
        return entries[-self._bounds.entries :], set(json.loads(row[0])) if row else set()

    def remove(self, world: str, numbers: Collection[int]) -> None:
        with self._file.changing() as connection:
            entries, removed = self._entries(connection, world)
            removed = removed.union(numbers).intersection(entry.number for entry in entries)
            connection.execute("UPDATE world SET removed = ? WHERE name = ?", (json.dumps([*removed]), world))

    def clear_journal(self, world: str) -> None:
        self.arrive()
        with self._file.changing() as connection:
            connection.execute("DELETE FROM journal WHERE world = ?", (world,))
            connection.execute("UPDATE world SET removed = '[]' WHERE name = ?", (world,))

    def coverage(self, world: str | None = None) -> Covered:
        self.arrive()
        place = (_TOTAL if world is None else world,)
        with self._file.reading() as connection:
            counts = connection.execute("SELECT target, count FROM coverage WHERE world = ?", place).fetchall()
            keys = connection.execute("SELECT target, key FROM covered WHERE world = ?", place).fetchall()
        return covered(counts, keys)

    # Worlds.

    def worlds(self) -> Sequence[str]:
        self.arrive()
        with self._file.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM world ORDER BY has_changes, used")]

    def has_world(self, world: str) -> bool:
        chosen = "SELECT 1 FROM world WHERE name = ?"
        with self._file.reading() as connection:
            if connection.execute(chosen, (world,)).fetchone() is not None:
                return True
        self.arrive()
        with self._file.reading() as connection:
            return connection.execute(chosen, (world,)).fetchone() is not None

    def figures(self) -> HubFigures:
        with self._file.reading() as connection:
            return HubFigures(*connection.execute("SELECT worlds, entries, entry_bytes FROM counter").fetchone())

    def reset(self, world: str) -> None:
        self.arrive()
        with self._file.changing() as connection:
            self._drop(connection, world)
            self._tell(connection, "reset", world)

    def _use(self, connection: sqlite3.Connection, world: str) -> None:
        """Note that a world is used; make it where there is none, and room for it where there are too many."""
        now = time.time()
        if connection.execute("UPDATE world SET used = ? WHERE name = ?", (now, world)).rowcount:
            return
        connection.execute("INSERT INTO world (name, used) VALUES (?, ?)", (world, now))
        if connection.execute("SELECT worlds FROM counter").fetchone()[0] <= self._bounds.worlds:
            return
        oldest = connection.execute(
            "SELECT name FROM world WHERE name <> ? ORDER BY has_changes, used LIMIT 1", (world,)
        ).fetchone()
        if oldest is not None:
            self._drop(connection, oldest[0])
            self._tell(connection, "forgotten", oldest[0])

    def _drop(self, connection: sqlite3.Connection, world: str) -> None:
        row = connection.execute("DELETE FROM world WHERE name = ? RETURNING version", (world,)).fetchone()
        if row is not None and row[0]:
            self._next_version(connection)
        for table in _OF_WORLDS:
            connection.execute(f"DELETE FROM {table} WHERE world = ?", (world,))  # noqa: S608 - names of our own

    # Events.

    def publish(self, event: str, text: str) -> int:
        with self._file.changing() as connection:
            self._tell(connection, event, text)
        return len(self._rings.others())

    def _tell(self, connection: sqlite3.Connection, event: str, text: str) -> None:
        sequence = connection.execute("INSERT INTO event (name, text) VALUES (?, ?)", (event, text)).lastrowid or 0
        connection.execute("DELETE FROM event WHERE sequence <= ?", (sequence - _EVENTS,))
        self._numbers[EVENT] = sequence

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def _listen(self) -> None:
        while not self._ended.wait(_LISTENING):
            if self._numbers[EVENT] == self._heard:
                continue
            rows: list[tuple[int, str, str]] = []
            with suppress(HubError), self._file.reading() as connection:
                chosen = "SELECT * FROM event WHERE sequence > ? ORDER BY sequence"
                rows = connection.execute(chosen, (self._heard,)).fetchall()
            for sequence, event, text in rows:
                self._heard = sequence
                tell(self._listeners, event, text)

    def close(self) -> None:
        self._outbox.close()
        self._ended.set()
        self._thread.join(5)
        self._file.close()
        self._page.close()
