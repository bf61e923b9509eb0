"""The hub of a server with one process: everything is in its memory, and nothing is waited for."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import islice
from secrets import token_hex

from mock_server.hub.interface import Listener
from mock_server.hub.model import (
    ClockState,
    CoverageNote,
    Covered,
    Decision,
    HubBounds,
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
from mock_server.hub.staged_world import StagedWorld, advanced, counted


class _Coverage:
    """Counts and covered keys by operation."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.keys: dict[str, set[str]] = {}

    def take(self, note: CoverageNote) -> None:
        self.counts[note.target] = self.counts.get(note.target, 0) + note.requests
        self.keys.setdefault(note.target, set()).update(note.keys)

    def covered(self) -> Covered:
        return {target: (count, frozenset(self.keys[target])) for target, count in self.counts.items()}


class _World:
    """All of one world. A kept key is its fingerprint, its claim, when that ends, and the answer once there is one."""

    def __init__(self, standing: Sequence[SharedScenario], entries: int) -> None:
        self.staged = StagedWorld(standing)
        self.windows: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.keys: OrderedDict[str, tuple[str, str, float, bytes | None]] = OrderedDict()
        self.key_bytes = 0
        self.journal: deque[JournalEntry] = deque(maxlen=entries)
        self.coverage = _Coverage()
        self.has_changes = False


class MemoryHub:
    """A hub for one process and one thread at a time, as the event loop and its locks have it."""

    scheme = "memory"
    is_remote = False

    def __init__(self, standing: Sequence[SharedScenario] = (), bounds: HubBounds | None = None) -> None:
        self._standing = tuple(standing)
        self._bounds = bounds or HubBounds()
        self._worlds: OrderedDict[str, _World] = OrderedDict()
        self._total = _Coverage()
        self._listeners: list[Listener] = []
        self._sequence = 0
        self._version = 0

    def now(self) -> float:
        return time.time()

    def version(self, world: str) -> int:
        known = self._worlds.get(world)
        return 0 if known is None else known.staged.version

    def staging(self, world: str) -> WorldStaging:
        known = self._worlds.get(world)
        return (StagedWorld(self._standing) if known is None else known.staged).staging()

    def start(self, world: str, scenario: SharedScenario) -> bool:
        return self._used(world).staged.start(scenario, self._bounds.scenarios) and self._changed(world)

    def end(self, world: str, name: str | None = None) -> bool:
        return self._used(world).staged.end(name) and self._changed(world)

    def new_name(self, world: str) -> str:
        staged = self._used(world).staged
        staged.named += 1
        return f"scenario-{staged.named}"

    def set_clock(self, world: str, moment: float) -> None:
        self._used(world).staged.clock = ClockState(moment)
        self._changed(world)

    def advance_clock(self, world: str, seconds: float) -> ClockState:
        staged = self._used(world).staged
        staged.clock = advanced(staged.clock, seconds, self.now())
        self._changed(world)
        return staged.clock

    def decide(self, world: str, question: Question) -> Decision | None:
        used = self._used(world)
        if used.staged.version != question.version:
            return None
        window = key = None
        if question.window is not None:
            window = self._counted(used, question.window)
            if window.used > question.window.limit:
                return Decision(window)
        if question.key is not None:
            key = self._claimed(used, question.key)
            if key.state != "claimed":
                return Decision(window, key)
        turn = used.staged.turn(question.matches, question.draw)
        used.has_changes = True
        return Decision(window, key, turn)

    def _counted(self, world: _World, question: WindowQuestion) -> Window:
        now = world.staged.clock.now(self.now())
        number, window = counted(world.windows.pop(question.caller, None), question.seconds, now)
        world.windows[question.caller] = (number, window.used)
        if len(world.windows) > self._bounds.callers:
            world.windows.popitem(last=False)
        return window

    def _claimed(self, world: _World, question: KeyQuestion) -> Key:
        now = self.now()
        fingerprint, _, until, answer = world.keys.get(question.key, ("", "", 0.0, None))
        if fingerprint and (answer is not None or until > now):
            if fingerprint != question.fingerprint:
                return Key("conflict")
            return Key("pending") if answer is None else Key("replay", "", answer)
        claim = token_hex(8)
        world.keys.pop(question.key, None)
        world.keys[question.key] = (question.fingerprint, claim, now + self._bounds.claim_seconds, None)
        self._shorten_keys(world)
        return Key("claimed", claim)

    def keep(self, world: str, key: str, claim: str, answer: bytes) -> bool:
        used = self._used(world)
        fingerprint, holder, until, kept = used.keys.get(key, ("", "", 0.0, None))
        if holder != claim or kept is not None:
            return False
        used.keys[key] = (fingerprint, claim, until, answer)
        used.key_bytes += len(answer)
        self._shorten_keys(used)
        return True

    def _shorten_keys(self, world: _World) -> None:
        while len(world.keys) > self._bounds.keys or world.key_bytes > self._bounds.key_bytes:
            *_, answer = world.keys.popitem(last=False)[1]
            world.key_bytes -= len(answer or b"")

    def release(self, world: str, key: str, claim: str) -> None:
        keys = self._used(world).keys
        if key in keys and keys[key][1] == claim and keys[key][3] is None:
            del keys[key]

    def note(self, note: Note) -> None:
        world = self._used(note.world)
        if isinstance(note, CoverageNote):
            world.coverage.take(note)
            self._total.take(note)
        else:
            self._sequence += 1
            world.journal.append(JournalEntry(str(self._sequence), note.number, note.entry))

    def arrive(self) -> bool:
        return True

    def journal(self, world: str, after: str = "") -> Sequence[JournalEntry]:
        known = self._worlds.get(world)
        first = int(after or 0)
        return [] if known is None else [entry for entry in known.journal if int(entry.sequence) > first]

    def remove(self, world: str, sequences: Sequence[str]) -> None:
        used, removed = self._used(world), {*sequences}
        remaining = [entry for entry in used.journal if entry.sequence not in removed]
        used.journal.clear()
        used.journal.extend(remaining)

    def clear_journal(self, world: str) -> None:
        self._used(world).journal.clear()

    def coverage(self, world: str | None = None) -> Covered:
        if world is None:
            return self._total.covered()
        known = self._worlds.get(world)
        return {} if known is None else known.coverage.covered()

    def worlds(self) -> Sequence[str]:
        return sorted(self._worlds, key=lambda name: self._worlds[name].has_changes)

    def reset(self, world: str) -> None:
        self._worlds.pop(world, None)
        self.publish("reset", world)

    def publish(self, event: str, text: str) -> None:
        for listener in self._listeners:
            listener(event, text)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        self._listeners.clear()

    def _used(self, name: str) -> _World:
        world = self._worlds.get(name)
        if world is None:
            world = self._worlds[name] = _World(self._standing, self._bounds.entries)
            if len(self._worlds) > self._bounds.worlds:
                self._evict(name)
        else:
            self._worlds.move_to_end(name)
        return world

    def _evict(self, new: str) -> None:
        """Forget the world that is missed least: the first of :meth:`worlds`, but not the new one."""
        oldest = next(islice((name for name in self.worlds() if name != new), 1))
        del self._worlds[oldest]
        self.publish("forgotten", oldest)

    def _changed(self, name: str) -> bool:
        world = self._worlds[name]
        self._version += 1
        world.staged.version = self._version
        world.has_changes = True
        return True
