"""The hub of replicas: a Valkey or Redis server, where every decision is one script."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from secrets import randbelow, token_hex
from struct import Struct
from threading import Event, Lock, Thread
from typing import Any, cast

from mock_server.core.errors import HubError
from mock_server.hub import valkey_scripts as scripts
from mock_server.hub.interface import Listener
from mock_server.hub.model import (
    BLOCK,
    ClockState,
    CoverageNote,
    Covered,
    Decision,
    HubBounds,
    HubFigures,
    JournalEntry,
    Key,
    Note,
    Progress,
    Question,
    SharedScenario,
    Turn,
    Window,
    WorldStaging,
)
from mock_server.hub.outbox import Outbox, found
from mock_server.hub.staged_world import LAST_MOMENT, draws_of
from mock_server.hub.valkey_connection import ValkeyServer

log = logging.getLogger("mock_server")

PATIENCE = 0.05
"""Seconds for which others are waited for, until they have sent their notes and heard of a change."""
_RETRY = 0.5
SIGN = 5.0
"""Seconds between two signs of life of a server's digest."""
_TIMES = Struct("<Qdd")
_TRIES = 8
"""Most times that a decision is asked because the draws of a share were not those of its request."""


class ValkeyHub:
    """A hub in a server that all replicas reach. ``prefix`` keeps its keys apart from those of others.

    Raises :class:`HubError` where the server cannot be used, and from then on wherever it does not answer.
    """

    scheme = "valkey"
    is_remote = True

    def __init__(
        self,
        address: str,
        bounds: HubBounds | None = None,
        prefix: str = "mock-server:",
    ) -> None:
        self._server = ValkeyServer(address)
        self._servers = prefix
        """Before the keys of all servers here; ``_prefix`` is before those of servers with the same digest."""
        self._prefix = prefix
        self.process = self._new_process()
        self._standing: tuple[SharedScenario, ...] = ()
        self._standing_text = "[]"
        self._bounds = bounds or HubBounds()
        self._ahead = self._server.time_ahead()
        self._versions: dict[str, int] = {}
        self._met: dict[tuple[str, str], int] = {}
        self._token = token_hex(8)
        self._batch = 0
        self._lock = Lock()
        self._listeners: list[Listener] = []
        self._ended = Event()
        self._hears = Event()
        self._trouble = ""
        self._digest = ""
        self._next_sign = 0.0
        self._has_warned = False
        self._thread: Thread | None = None
        self._outbox = Outbox(self._send)

    def _new_process(self) -> int:
        while True:
            number = randbelow(2**24)
            if self._server.command("SET", f"{self._servers}process:{number}", 1, "NX", "EX", 7 * 24 * 3600):
                return number

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        """Move to the keys of a digest, and hear what happens there from now on."""
        self._outbox.flush()
        self._stop_listening()
        if self._digest:
            self._server.command("ZREM", f"{self._servers}digests", self._digest)
        self._digest, self._prefix, self._next_sign = digest, f"{self._servers}{digest}:", 0.0
        self._standing = tuple(standing)
        self._standing_text = json.dumps([_entry(scenario) for scenario in self._standing])
        self._versions.clear()
        self._met.clear()
        self._ended, self._hears = Event(), Event()
        self._thread = Thread(target=self._listen, name="hub-events", daemon=True)
        self._thread.start()
        self._hears.wait(3)

    def _give_sign(self) -> None:
        """Tell which digest is served here, every few seconds, and warn once of others."""
        if time.monotonic() < self._next_sign:
            return
        self._next_sign = time.monotonic() + SIGN
        key, now = f"{self._servers}digests", self.now()
        self._server.command("ZADD", key, now, self._digest)
        self._server.command("ZREMRANGEBYSCORE", key, "-inf", now - 3 * SIGN)
        others = [name.decode() for name in self._server.command("ZRANGE", key, 0, -1) if name != self._digest.encode()]
        if others and not self._has_warned:
            self._has_warned = True
            log.warning(
                "hub %s: found servers of other contracts below the same prefix (digest %s, here %s); they share"
                " nothing with this one. Give all replicas the same contracts and settings.",
                self._server.shown,
                ", ".join(others),
                self._digest,
            )

    def trouble(self) -> str:
        return self._trouble or self._outbox.trouble

    def now(self) -> float:
        return time.time() + self._ahead

    def _script(self, text: str, world: str, *arguments: object) -> Any:
        return self._server.script(text, self._prefix, world, *arguments)

    def _key(self, kind: str, world: str) -> str:
        return f"{self._prefix}{kind}:{world}"

    # What is staged.

    def has_changes(self, world: str) -> bool:
        return self.version(world) > 0

    def version(self, world: str) -> int:
        return self._versions.get(world, 0)

    def staging(self, world: str) -> WorldStaging:
        flat: list[bytes] = self._server.command("HGETALL", self._key("stage", world))
        fields = {flat[place].decode(): flat[place + 1].decode() for place in range(0, len(flat), 2)}
        version = int(fields.get("version", 0))
        scenarios = self._standing
        if "scenarios" in fields:
            entries = json.loads(fields["scenarios"])
            scenarios = tuple(SharedScenario.from_data(name, json.loads(data)) for name, _, data in entries)
        with self._lock:
            self._set_version(world, max(version, self._versions.get(world, 0)) if version else 0)
        progress = {scenario.name: _progress(scenario, fields) for scenario in scenarios}
        states = {name[6:]: state for name, state in fields.items() if name.startswith("state:")}
        return WorldStaging(version, scenarios, progress, states, _clock(fields.get("stands_at"), fields.get("ahead")))

    def _set_version(self, world: str, version: int) -> None:
        if version:
            self._versions[world] = version
        else:
            self._versions.pop(world, None)

    def _change(self, world: str, change: str, *argument: object) -> list[bytes]:
        bounds = self._bounds
        answer: list[bytes] = self._script(
            scripts.CHANGE,
            world,
            bounds.worlds,
            bounds.idle_seconds,
            change,
            json.dumps(argument),
            self._standing_text,
            bounds.scenarios,
        )
        if answer[0] == b"yes":
            self._set_version(world, int(answer[1]))
            self.arrive()
        return answer

    def start(self, world: str, scenario: SharedScenario) -> bool:
        return self._change(world, "start", *_entry(scenario))[0] == b"yes"

    def end(self, world: str, name: str | None = None) -> bool:
        return self._change(world, "end", name or "")[0] == b"yes"

    def new_name(self, world: str) -> str:
        return f"scenario-{self._server.command('HINCRBY', self._key('stage', world), 'named', 1)}"

    def set_clock(self, world: str, clock: ClockState) -> None:
        self._change(world, "set", "" if clock.stands_at is None else repr(clock.stands_at), repr(clock.ahead))

    def advance_clock(self, world: str, seconds: float) -> ClockState:
        answer = self._change(world, "advance", repr(seconds), LAST_MOMENT)
        if answer[0] == b"range":
            raise ValueError("a time before 1970 or after 9999")
        return _clock(answer[2].decode(), answer[3].decode())

    # Decisions.

    def decide(self, world: str, question: Question) -> Decision | None:
        bounds, window, key = self._bounds, question.window, question.key
        for _ in range(_TRIES):
            answer = self._script(
                scripts.DECIDE,
                world,
                bounds.worlds,
                bounds.idle_seconds,
                question.version,
                *(("", 0, 0) if window is None else (window.caller, window.limit, window.seconds)),
                bounds.callers,
                *(("", "", "") if key is None else (key.key, key.fingerprint, token_hex(8))),
                bounds.claim_seconds,
                bounds.keys,
                bounds.key_bytes,
                self._matches(world, question),
            )
            if answer[0] == b"version":
                return None
            if answer[0] != b"draws":
                return self._decision(world, question, answer)
            self._met[world, answer[1].decode()] = answer[2] - 1
        raise HubError(f"hub {self._server.shown}: found a share whose turn passed {_TRIES} times; expected fewer.")

    def _matches(self, world: str, question: Question) -> str:
        if not question.matches:
            return ""
        return json.dumps([self._rule(world, scenario, question) for scenario in question.matches])

    def _rule(self, world: str, scenario: SharedScenario, question: Question) -> dict[str, object]:
        rule: dict[str, object] = {
            "n": scenario.name,
            "m": scenario.machine,
            "r": scenario.required_state,
            "w": scenario.new_state,
            "e": scenario.repeats,
            "a": scenario.answers,
        }
        if any(answer.has_share for answer in scenario.answers):
            block = (self._met.get((world, scenario.name), 0) + 1) // BLOCK
            rule |= {"b": block, "d": draws_of(scenario, question.draw, block)}
        return rule

    def _decision(self, world: str, question: Question, answer: list[Any]) -> Decision:
        _, used, reset, state, text, name, index, met = answer
        window = Window(used, reset) if question.window is not None else None
        key = None
        if state == b"claimed":
            key = Key("claimed", text.decode())
        elif state:
            key = Key(cast("Any", state.decode()), "", text if state == b"replay" else b"")
        turn = None
        if name:
            turn = Turn(name.decode(), index, met)
            if len(self._met) > self._bounds.worlds:
                self._met.clear()
            self._met[world, turn.scenario] = met
        return Decision(window, key, turn)

    def keep(self, world: str, key: str, claim: str, answer: bytes) -> bool:
        return bool(self._script(scripts.SETTLE, world, key, claim, self._bounds.key_bytes, 1, answer))

    def release(self, world: str, key: str, claim: str) -> None:
        self._script(scripts.SETTLE, world, key, claim, 0, 0, "")

    # Notes.

    def note(self, note: Note) -> None:
        self._outbox.add(note)

    def _send(self, notes: Sequence[Note]) -> None:
        """Send a batch; its number has it noted once, however often it is sent."""
        parts: list[object] = []
        for note in notes:
            if isinstance(note, CoverageNote):
                parts += (note.world, "c", note.target, note.requests, json.dumps([*note.keys]))
            else:
                parts += (note.world, "j", _TIMES.pack(*note[1:4]) + note.exchange)
        bounds = self._bounds
        self._script(
            scripts.NOTE, "", bounds.worlds, bounds.idle_seconds, bounds.entries, self._token, self._batch, *parts
        )
        self._batch += 1

    def arrive(self) -> bool:
        self._outbox.flush()
        until = time.monotonic() + PATIENCE
        channel = f"{self._prefix}arrived:{token_hex(8)}"
        message = json.dumps(["arrive", channel, 0])
        count = self._server.command("PUBLISH", f"{self._prefix}events", message)
        for _ in range(count):
            rest = until - time.monotonic()
            if rest <= 0 or self._server.command("BLPOP", channel, f"{rest:.3f}") is None:
                return False
        return True

    def journal(self, world: str) -> Sequence[JournalEntry]:
        self.arrive()
        rows = self._server.command("XRANGE", self._key("journal", world), "-", "+")
        entries = [fields[1] for _, fields in rows]
        return [JournalEntry._make((*_TIMES.unpack_from(entry), entry[_TIMES.size :])) for entry in entries]

    def remove(self, world: str, numbers: Collection[int]) -> None:
        rows = self._server.command("XRANGE", self._key("journal", world), "-", "+")
        names = [name for name, fields in rows if _TIMES.unpack_from(fields[1])[0] in numbers]
        if names:
            self._server.command("XDEL", self._key("journal", world), *names)

    def clear_journal(self, world: str) -> None:
        self.arrive()
        self._server.command("DEL", self._key("journal", world))

    def coverage(self, world: str | None = None) -> Covered:
        self.arrive()
        place = "-total" if world is None else f":{world}"
        flat: list[bytes] = self._server.command("HGETALL", f"{self._prefix}coverage{place}")
        keys: dict[str, set[str]] = {}
        for member in self._server.command("SMEMBERS", f"{self._prefix}covered{place}"):
            target, _, name = member.decode().partition("\0")
            keys.setdefault(target, set()).add(name)
        counts = {flat[index].decode(): int(flat[index + 1]) for index in range(0, len(flat), 2)}
        return {target: (count, frozenset(keys.get(target, ()))) for target, count in counts.items()}

    # Worlds and events.

    def worlds(self) -> Sequence[str]:
        names = [self._server.command("ZRANGE", f"{self._prefix}{kind}", 0, -1) for kind in ("plain", "changed")]
        return [name.decode() for part in names for name in part]

    def has_world(self, world: str) -> bool:
        return world in self.worlds()

    def figures(self) -> HubFigures:
        worlds = self.worlds()
        entries = sum(self._server.command("XLEN", self._key("journal", world)) for world in worlds)
        return HubFigures(len(worlds), entries, 0)

    def reset(self, world: str) -> None:
        self.arrive()
        self._script(scripts.RESET, world)
        self.arrive()

    def publish(self, event: str, text: str) -> int:
        count: int = self._server.command("PUBLISH", f"{self._prefix}events", json.dumps([event, text, 0]))
        self.arrive()
        return count - 1 if self._hears.is_set() else count

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                channel = f"{self._prefix}events"
                self._server.subscribe(channel, self._begin, self._heard, self._give_sign, self._ended)
            except HubError as error:
                if not self._trouble:
                    log.warning("%s Events are heard again as soon as it answers.", error)
                self._trouble = found(error)
                self._hears.clear()
                self._ended.wait(_RETRY)

    def _begin(self) -> None:
        """Read all versions, now that no change is missed."""
        flat: list[bytes] = self._server.command("HGETALL", f"{self._prefix}versions")
        self._versions = {flat[index].decode(): int(flat[index + 1]) for index in range(0, len(flat), 2)}
        self._ahead = self._server.time_ahead()
        self._hears.set()
        if self._trouble:
            self._trouble = ""
            log.warning("hub %s: answers again.", self._server.shown)

    def _heard(self, message: bytes) -> None:
        event, text, version = json.loads(message)
        if event == "version":
            with self._lock:
                self._set_version(text, version)
        elif event == "arrive":
            with suppress(HubError):
                self._outbox.flush()
                self._server.command("RPUSH", text, 1)
                self._server.command("EXPIRE", text, 5)
        else:
            for listener in self._listeners:
                listener(event, text)

    def _stop_listening(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def close(self) -> None:
        self._outbox.close()
        self._stop_listening()
        self._server.close()


def _entry(scenario: SharedScenario) -> tuple[str, str, str]:
    """Return a scenario as a script has it: its data is a text there, which no script reads."""
    return scenario.name, scenario.machine, json.dumps(scenario.data)


def _progress(scenario: SharedScenario, fields: dict[str, str]) -> Progress:
    used = [int(count) for count in fields.get(f"used:{scenario.name}", "").split(",") if count]
    used += [0] * (len(scenario.answers) - len(used))
    return Progress(int(fields.get(f"met:{scenario.name}", 0)), tuple(used))


def _clock(stands_at: str | None, ahead: str | None) -> ClockState:
    return ClockState(float(stands_at)) if stands_at else ClockState(None, float(ahead or 0))
