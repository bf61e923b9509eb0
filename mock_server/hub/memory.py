"""The hub of a server with one process: everything is in its memory, and nothing is waited for."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from secrets import token_hex

from mock_server.hub.model import (
    ClockState,
    Decision,
    HubBounds,
    Key,
    KeyQuestion,
    Question,
    SharedScenario,
    Window,
    WindowQuestion,
    WorldStaging,
)
from mock_server.hub.staged_world import StagedWorld, advanced, counted


class _World:
    """All of one world. A kept key is its fingerprint, its claim, when that ends, and the answer once there is one."""

    __slots__ = ("key_bytes", "keys", "staged", "windows")

    def __init__(self, standing: Sequence[SharedScenario]) -> None:
        self.staged = StagedWorld(standing)
        self.windows: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.keys: OrderedDict[str, tuple[str, str, float, bytes | None]] = OrderedDict()
        self.key_bytes = 0

    @property
    def has_changes(self) -> bool:
        """Whether a test would miss something: a scenario, a state, another time, what is counted of callers."""
        staged = self.staged
        is_staged = bool(staged.scenarios or staged.states) or staged.clock != ClockState()
        return is_staged or bool(self.windows or self.keys)


class MemoryHub:
    """A hub for one process and one thread at a time.

    It holds as many worlds as are not reset: who has it forget one is the process's register of worlds.
    """

    scheme = "memory"
    is_remote = False

    def __init__(self, bounds: HubBounds | None = None) -> None:
        self._standing: tuple[SharedScenario, ...] = ()
        self._bounds = bounds or HubBounds()
        self._worlds: dict[str, _World] = {}
        self._version = 0

    def serve(self, digest: str, standing: Sequence[SharedScenario]) -> None:
        self._standing = tuple(standing)

    def trouble(self) -> str:
        return ""

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

    def set_clock(self, world: str, clock: ClockState) -> None:
        self._used(world).staged.clock = clock
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

    def has_changes(self, world: str) -> bool:
        known = self._worlds.get(world)
        return known is not None and known.has_changes

    def reset(self, world: str) -> None:
        self._worlds.pop(world, None)

    def close(self) -> None:
        self._worlds.clear()

    def _used(self, name: str) -> _World:
        world = self._worlds.get(name)
        if world is None:
            world = self._worlds[name] = _World(self._standing)
        return world

    def _changed(self, name: str) -> bool:
        world = self._worlds[name]
        self._version += 1
        world.staged.version = self._version
        return True
