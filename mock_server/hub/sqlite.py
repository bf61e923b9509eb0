"""The hub of the workers of one machine: a private SQLite file, and a page of memory that says whether to read it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import TypeVar

from mock_server.hub.interface import Listener
from mock_server.hub.model import (
    ClockState,
    CoverageNote,
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
from mock_server.hub.outbox import Outbox
from mock_server.hub.shared_counters import SLOTS, SharedCounters
from mock_server.hub.sqlite_file import SqliteFile
from mock_server.hub.staged_world import StagedWorld, advanced, counted

PATIENCE = 0.05
"""Seconds for which a reader waits for notes of others."""
_POLL = 0.001
_LISTENING = 0.005
"""Seconds between two looks for events; ``PRAGMA data_version`` says whether there is anything, in a microsecond."""
_EVENTS = 1000
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
        self._listening_file = SqliteFile(file)
        self._counters = SharedCounters(file.with_name(file.name + "-counters"))
        self._versions: dict[str, int] = {}
        self._changes = -1
        self._noted = 0
        self._note_lock = Lock()
        self._slot, self.process = self._registered()
        self._listeners: list[Listener] = []
        self._ended = Event()
        self._heard = self._last_event()
        self._outbox = Outbox(self._send)
        self._thread = Thread(target=self._listen, name="hub-events", daemon=True)
        self._thread.start()

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        self._standing = tuple(standing)

    def trouble(self) -> str:
        return self._outbox.trouble

    def now(self) -> float:
        return time.time()

    # What is staged.

    def has_changes(self, world: str) -> bool:
        return self.version(world) > 0

    def version(self, world: str) -> int:
        if self._changes != self._counters.changes:
            self._read_versions()
        return self._versions.get(world, 0)

    def _read_versions(self) -> None:
        changes = self._counters.changes
        with self._file.reading() as connection:
            self._versions = dict(connection.execute("SELECT name, version FROM world WHERE version > 0"))
        self._changes = changes

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
                version = connection.execute("UPDATE counter SET version = version + 1 RETURNING version").fetchone()[0]
                connection.execute(
                    "UPDATE world SET has_changes = 1, version = ?, stands_at = ?, ahead = ?, progress = ?,"
                    " scenarios = ? WHERE name = ?",
                    (
                        version,
                        *staged.clock,
                        json.dumps(staged.progress),
                        json.dumps([(scenario.name, scenario.data) for scenario in staged.scenarios]),
                        world,
                    ),
                )
        if result is not False:
            self._tell_change()
        return result

    def _tell_change(self) -> None:
        """Have all processes read the versions, now that they are there."""
        with self._file.changing():
            self._counters.count_change()

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
        with self._note_lock:
            self._noted += 1
            self._counters.set_noted(self._slot, self._noted)
            self._outbox.add(note)

    def _send(self, notes: Sequence[Note]) -> None:
        with self._file.changing() as connection:
            for world in {note.world for note in notes}:
                self._use(connection, world)
            for note in notes:
                if isinstance(note, CoverageNote):
                    self._cover(connection, note)
                else:
                    connection.execute(
                        "INSERT INTO journal (world, number, started, elapsed, exchange) VALUES (?, ?, ?, ?, ?)", note
                    )
            for world in {note.world for note in notes}:
                connection.execute(
                    "DELETE FROM journal WHERE world = ?1 AND sequence <= (SELECT sequence FROM journal"
                    " WHERE world = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)",
                    (world, self._bounds.entries),
                )
            connection.execute("UPDATE process SET arrived = arrived + ? WHERE slot = ?", (len(notes), self._slot))

    def _cover(self, connection: sqlite3.Connection, note: CoverageNote) -> None:
        for world in (note.world, _TOTAL):
            connection.execute(
                "INSERT INTO coverage VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
                (world, note.target, note.requests),
            )
            rows = [(world, note.target, key) for key in note.keys]
            connection.executemany("INSERT OR IGNORE INTO covered VALUES (?, ?, ?)", rows)

    def arrive(self) -> bool:
        self._outbox.flush()
        noted: dict[int, int] = {}
        until = time.monotonic() + PATIENCE
        while True:
            with self._file.reading() as connection:
                processes = connection.execute("SELECT slot, pid, arrived FROM process").fetchall()
            for slot, _, _ in processes:
                noted.setdefault(slot, self._counters.noted(slot))
            late = [(slot, pid) for slot, pid, arrived in processes if arrived < noted[slot] and _is_running(pid)]
            if not late:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)

    def journal(self, world: str) -> Sequence[JournalEntry]:
        self.arrive()
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT number, started, elapsed, exchange FROM journal WHERE world = ? ORDER BY sequence", (world,)
            ).fetchall()
        return [JournalEntry(*row) for row in rows]

    def remove(self, world: str, numbers: Collection[int]) -> None:
        with self._file.changing() as connection:
            rows = [(world, number) for number in numbers]
            connection.executemany("DELETE FROM journal WHERE world = ? AND number = ?", rows)

    def clear_journal(self, world: str) -> None:
        self.arrive()
        with self._file.changing() as connection:
            connection.execute("DELETE FROM journal WHERE world = ?", (world,))

    def coverage(self, world: str | None = None) -> Covered:
        self.arrive()
        place = (_TOTAL if world is None else world,)
        with self._file.reading() as connection:
            counts = connection.execute("SELECT target, count FROM coverage WHERE world = ?", place).fetchall()
            rows = connection.execute("SELECT target, key FROM covered WHERE world = ?", place).fetchall()
        keys: dict[str, set[str]] = {}
        for target, key in rows:
            keys.setdefault(target, set()).add(key)
        return {target: (count, frozenset(keys.get(target, ()))) for target, count in counts}

    # Worlds.

    def worlds(self) -> Sequence[str]:
        with self._file.reading() as connection:
            return [name for (name,) in connection.execute("SELECT name FROM world ORDER BY has_changes, used")]

    def has_world(self, world: str) -> bool:
        return world in self.worlds()

    def figures(self) -> HubFigures:
        with self._file.reading() as connection:
            (worlds,) = connection.execute("SELECT count(*) FROM world").fetchone()
            held = connection.execute("SELECT count(*), coalesce(sum(length(exchange)), 0) FROM journal").fetchone()
        return HubFigures(worlds, *held)

    def reset(self, world: str) -> None:
        self.arrive()
        with self._file.changing() as connection:
            self._drop(connection, world)
        self._tell_change()
        self.publish("reset", world)

    def _use(self, connection: sqlite3.Connection, world: str) -> None:
        """Note that a world is used; make it where there is none, and room for it where there are too many."""
        now = time.time()
        if connection.execute("UPDATE world SET used = ? WHERE name = ?", (now, world)).rowcount:
            return
        connection.execute("INSERT INTO world (name, used) VALUES (?, ?)", (world, now))
        if connection.execute("SELECT count(*) FROM world").fetchone()[0] <= self._bounds.worlds:
            return
        oldest = connection.execute(
            "SELECT name, version FROM world WHERE name <> ? ORDER BY has_changes, used LIMIT 1", (world,)
        ).fetchone()
        if oldest is not None:
            self._drop(connection, oldest[0])
            connection.execute("INSERT INTO event (name, text) VALUES ('forgotten', ?)", (oldest[0],))
            if oldest[1]:
                self._counters.count_change()

    def _drop(self, connection: sqlite3.Connection, world: str) -> None:
        connection.execute("DELETE FROM world WHERE name = ?", (world,))
        for table in _OF_WORLDS:
            connection.execute(f"DELETE FROM {table} WHERE world = ?", (world,))  # noqa: S608 - names of our own

    # Events.

    def publish(self, event: str, text: str) -> int:
        with self._file.changing() as connection:
            sequence = connection.execute("INSERT INTO event (name, text) VALUES (?, ?)", (event, text)).lastrowid
            connection.execute("DELETE FROM event WHERE sequence <= ?", ((sequence or 0) - _EVENTS,))
            pids = connection.execute("SELECT pid FROM process WHERE slot <> ?", (self._slot,)).fetchall()
        return sum(_is_running(pid) for (pid,) in pids)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def _last_event(self) -> int:
        with self._file.reading() as connection:
            return int(connection.execute("SELECT coalesce(max(sequence), 0) FROM event").fetchone()[0])

    def _listen(self) -> None:
        connection = self._listening_file.connection
        version = -1
        while not self._ended.wait(_LISTENING):
            (current,) = connection.execute("PRAGMA data_version").fetchone()
            if current == version:
                continue
            version = current
            rows = connection.execute("SELECT * FROM event WHERE sequence > ? ORDER BY sequence", (self._heard,))
            for sequence, event, text in rows.fetchall():
                self._heard = sequence
                for listener in self._listeners:
                    listener(event, text)

    # Processes.

    def _registered(self) -> tuple[int, int]:
        """Return this process's counter, new or that of a process which is no more, and its number, always new."""
        with self._file.changing() as connection:
            held = {slot for slot, pid in connection.execute("SELECT slot, pid FROM process") if _is_running(pid)}
            slot = next(slot for slot in range(SLOTS) if slot not in held)
            connection.execute("INSERT OR REPLACE INTO process VALUES (?, ?, 0)", (slot, os.getpid()))
            number = connection.execute("UPDATE counter SET process = process + 1 RETURNING process").fetchone()[0]
            self._counters.set_noted(slot, 0)
        return slot, number % 2**24

    def close(self) -> None:
        self._outbox.close()
        self._ended.set()
        self._thread.join(5)
        with self._file.changing() as connection:
            connection.execute("DELETE FROM process WHERE slot = ?", (self._slot,))
        for file in (self._file, self._listening_file):
            file.close()
        self._counters.close()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
