"""The hub of replicas: a Valkey or Redis server, where every decision is one script."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from secrets import randbelow, token_hex
from threading import Event, Lock, Thread
from typing import Any, cast

from mock_server.core.deadline import waits
from mock_server.core.errors import HubError, HubFullError, HubLostError
from mock_server.hub import valkey_scripts as scripts
from mock_server.hub.interface import Listener
from mock_server.hub.model import (
    BLOCK,
    ClockState,
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
from mock_server.hub.parcel import covered, packed, parcels, unpacked
from mock_server.hub.ring import Batch, RingDirectory, directory_of
from mock_server.hub.staged_world import LAST_MOMENT, draws_of
from mock_server.hub.trouble import Trouble, tell
from mock_server.hub.unsent_notes import UnsentNotes
from mock_server.hub.valkey_connection import SECONDS, ValkeyServer

log = logging.getLogger("mock_server")

PATIENCE = 0.3
"""Seconds for which others are waited for, until they have sent their notes and heard of a change.

They answer within a millisecond or two; one that is held up by a busy machine takes a tenth of a second, and one that
is frozen or cut off would never.
"""
IMPATIENCE = 0.05
"""The same after somebody has not answered, until all have again."""
_RETRY = 0.1
SIGN = 5.0
"""Seconds between two signs of life of a server's digest."""
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
        # Messages, unlike keys, go to all databases of a server.
        database = self._server.database
        self._servers = self._prefix = f"{prefix}{database}:" if database else prefix
        """``_servers`` is before the keys of all servers here, ``_prefix`` before those of one digest."""
        self.process = self._new_process()
        self._digest = ""
        self._standing: tuple[SharedScenario, ...] = ()
        self._standing_text = "[]"
        self._bounds = bounds or HubBounds()
        self._clock = self._server.clock()
        self._versions: dict[str, int] = {}
        self._met: dict[tuple[str, str], int] = {}
        self._lock = Lock()
        self._listeners: list[Listener] = []
        self._ended = Event()
        self._hears = Event()
        self._trouble = Trouble()
        self._next_sign = 0.0
        self._patience = PATIENCE
        self._has_warned = False
        self._thread: Thread | None = None
        self._rings = RingDirectory(directory_of(f"{self._server.shown.partition('://')[2]} {prefix}"))
        self._outbox = UnsentNotes(self._rings, self._send, self._trouble)
        self._outbox.flush()

    def _new_process(self) -> int:
        while True:
            number = randbelow(2**24)
            if self._server.command("SET", f"{self._servers}process:{number}", 1, "NX", "EX", 7 * 24 * 3600):
                return number

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        """Move to the keys of a digest, and hear what happens there from now on. Raises :class:`HubError`."""
        prefix = f"{self._servers}{digest}:"
        self._outbox.set_text(prefix)
        self._stop_listening()
        self._digest, self._prefix, self._next_sign = digest, prefix, 0.0
        self._standing = tuple(standing)
        self._standing_text = json.dumps([_entry(scenario) for scenario in self._standing])
        self._versions.clear()
        self._met.clear()
        self._ended, self._hears = Event(), Event()
        self._thread = Thread(target=self._listen, args=(self._ended,), name="hub-events", daemon=True)
        self._thread.start()
        if not self._hears.wait(SECONDS):
            raise HubLostError(f"hub {self._server.shown}: found {self._trouble or 'no answer to SUBSCRIBE.'}")

    def _give_sign(self) -> None:
        """Tell which digest is served here, every few seconds, and warn once of others."""
        if time.monotonic() < self._next_sign:
            return
        self._next_sign = time.monotonic() + SIGN
        try:
            digests: list[bytes] = self._server.script(
                scripts.SIGN, self._servers, self._digest, int(3 * SIGN), self._bounds.idle_seconds
            )
        except HubFullError as error:
            self._trouble.begin("signs", error)
            return
        self._trouble.end("signs")
        others = [name.decode() for name in digests if name != self._digest.encode()]
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
        return str(self._trouble)

    def now(self) -> float:
        return time.monotonic() + self._clock

    def _script(self, text: str, world: str, *arguments: object) -> Any:
        return self._server.script(text, self._prefix, world, *arguments)

    def _key(self, kind: str, world: str) -> str:
        return f"{self._prefix}{kind}:{world}"

    # What is staged.

    def has_changes(self, world: str) -> bool:
        return False

    def version(self, world: str) -> int:
        return self._versions.get(world, 0)

    def staging(self, world: str) -> WorldStaging:
        before = self._versions.get(world, 0)
        flat: list[bytes] = self._server.command("HGETALL", self._key("stage", world))
        fields = {flat[place].decode(): flat[place + 1].decode() for place in range(0, len(flat), 2)}
        version = int(fields.get("version", 0))
        scenarios = self._standing
        if "scenarios" in fields:
            entries = json.loads(fields["scenarios"])
            scenarios = tuple(SharedScenario.from_data(name, json.loads(data)) for name, _, data in entries)
        with self._lock:
            if self._versions.get(world, 0) == before:  # else a change was heard of meanwhile
                self._set_version(world, version)
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
            self._tell()
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

    def _send(self, batch: Batch, text: str) -> None:
        bounds = self._bounds
        while batch.notes:
            parts: list[object] = []
            for world, parcel in parcels(batch.notes).items():
                covered_here = {target: (count, [*keys]) for target, (count, keys) in parcel.covered().items()}
                content = packed(parcel.entries) if parcel.entries else b""
                parts += (world, len(parcel.entries), content, json.dumps(covered_here))
            ring = (batch.ring, batch.first, batch.last)
            most = (bounds.worlds, bounds.idle_seconds, bounds.entries, bounds.entry_bytes)
            arrived: int = self._server.script(scripts.NOTE, text, "", *most, *ring, *parts)
            if arrived < batch.first:
                return
            batch = batch.after(arrived)

    def arrive(self) -> bool:
        waits(for_hub=True)
        self._outbox.flush()
        until = time.monotonic() + self._patience
        channel = f"{self._prefix}arrived:{token_hex(8)}"
        message = json.dumps(["arrive", channel, 0])
        count = self._server.command("PUBLISH", f"{self._prefix}events", message)
        for _ in range(count):
            rest = until - time.monotonic()
            if rest <= 0 or self._server.command("BLPOP", channel, f"{rest:.3f}") is None:
                self._patience = IMPATIENCE
                return False
        self._patience = PATIENCE
        return True

    def _tell(self) -> None:
        """Wait until others have heard of a change, which is made even where there is no room for notes."""
        with suppress(HubFullError):
            self.arrive()

    def journal(self, world: str) -> Sequence[JournalEntry]:
        self.arrive()
        entries, removed = self._entries(world)
        return [entry for entry in entries if entry.number not in removed]

    def _entries(self, world: str) -> tuple[list[JournalEntry], set[int]]:
        """Return the entries that are within the bound, and the numbers of those that were removed."""
        rows = self._server.command("XRANGE", self._key("journal", world), "-", "+")
        removed = self._server.command("SMEMBERS", self._key("removed", world))
        return unpacked(fields[1] for _, fields in rows)[-self._bounds.entries :], {int(number) for number in removed}

    def remove(self, world: str, numbers: Collection[int]) -> None:
        entries, removed = self._entries(world)
        present = {entry.number for entry in entries}
        key = self._key("removed", world)
        for command, members in (("SREM", removed - present), ("SADD", present.intersection(numbers))):
            if members:
                self._server.command(command, key, *members)
        self._server.command("EXPIRE", key, self._bounds.idle_seconds)

    def clear_journal(self, world: str) -> None:
        self.arrive()
        self._script(scripts.CLEAR, world)

    def coverage(self, world: str | None = None) -> Covered:
        self.arrive()
        place = "-total" if world is None else f":{world}"
        flat: list[bytes] = self._server.command("HGETALL", f"{self._prefix}coverage{place}")
        members: list[bytes] = self._server.command("SMEMBERS", f"{self._prefix}covered{place}")
        counts = [(flat[index].decode(), int(flat[index + 1])) for index in range(0, len(flat), 2)]
        pairs = [member.decode().partition("\0") for member in members]
        return covered(counts, [(target, key) for target, _, key in pairs])

    # Worlds and events.

    def worlds(self) -> Sequence[str]:
        self.arrive()
        names = [self._server.command("ZRANGE", f"{self._prefix}{kind}", 0, -1) for kind in ("plain", "changed")]
        return [name.decode() for part in names for name in part]

    def has_world(self, world: str) -> bool:
        if self._script(scripts.HAS_WORLD, world) is None:
            self.arrive()
            return self._script(scripts.HAS_WORLD, world) is not None
        return True

    def figures(self) -> HubFigures:
        return HubFigures(*map(int, self._script(scripts.FIGURES, "")))

    def reset(self, world: str) -> None:
        self.arrive()
        self._script(scripts.RESET, world)
        self._tell()

    def publish(self, event: str, text: str) -> int:
        count: int = self._server.command("PUBLISH", f"{self._prefix}events", json.dumps([event, text, 0]))
        self.arrive()
        return count - 1 if self._hears.is_set() else count

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def _listen(self, ended: Event) -> None:
        channel = f"{self._prefix}events"
        while not ended.is_set():
            try:
                self._server.subscribe(channel, self._begin, self._heard, self._give_sign, ended)
            except HubError as error:
                had_trouble = str(self._trouble)
                self._hears.clear()
                self._trouble.begin("events", error)
                ended.wait(_RETRY if had_trouble else 0)

    def _begin(self) -> None:
        """Read all versions, now that no change is missed."""
        flat: list[bytes] = self._server.command("HGETALL", f"{self._prefix}versions")
        with self._lock:
            self._versions = {flat[index].decode(): int(flat[index + 1]) for index in range(0, len(flat), 2)}
        self._clock = self._server.clock()
        self._trouble.end("events")
        self._hears.set()

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
            tell(self._listeners, event, text)

    def _stop_listening(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)
            with suppress(HubError):
                self._server.command("ZREM", f"{self._servers}digests", self._digest)

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
