"""Scenarios: the answers to send instead, to which requests, for how long. Only data; ``stage`` runs them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mock_server.core.json_reader import JsonReader
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, TransportFault
from mock_server.http.preferences import LONGEST_DELAY, MOST_ITEMS
from mock_server.openapi.failure_extensions import FAILURES
from mock_server.scenarios.delivery_fault import EventFault, read_event_faults
from mock_server.scenarios.request_pattern import OF_SCENARIOS, RequestPattern

MOST_ANSWERS = 100
MOST_TIMES = 1_000_000
MOST_BYTES_A_SECOND = 100_000_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CUTS = ("before_headers", "mid_body")
GARBLES = ("truncate", "invalid_json", "content_length", "content_type", "no_content_type")
SOURCES = ("pass", "code", "example", "failure", "fixture", "variant", "body", "patch")
"""Keys for the source of an answer."""
OF_STREAMS = ("items", "interval_ms", "cut_after", "garble_item")
"""Keys for what is done to the items of a stream."""
EFFECTS = (
    "headers",
    "breaks",
    "delay_ms",
    "jitter_ms",
    "cut",
    "garble",
    "trickle",
    "hang",
    "write",
    "webhook",
    *OF_STREAMS,
)
"""Keys for what is done to an answer."""
TURNS = ("times", "every", "share", "required_state", "new_state")
"""Keys for when an answer is used."""
KEYS = ("name", "description", "match", "answers", "then", "state", "required_state", "new_state")


@value_class
class ContractBreak:
    """How an answer breaks the contract on purpose. Without ``members`` the answer as a whole may break it."""

    members: tuple[tuple[str, JSON], ...] = ()
    """JSON Pointers and the values to put there."""


@value_class
class StubResponse:
    """One answer of a scenario. ``body`` has the one value where there is a body, since null is a value too.

    ``items``, ``interval`` (milliseconds) and ``garble_item`` apply to streams, and so do the keys in ``of_streams``.
    """

    code: int | None = None
    example: str | None = None
    failure: str | None = None
    fixture: str | None = None
    variant: int | None = None
    body: tuple[JSON, ...] = ()
    patch: tuple[JSON, ...] = ()
    headers: Headers = ()
    breaks: ContractBreak | None = None
    delay: int = 0
    jitter: int = 0
    garble: str = ""
    items: int | None = None
    interval: int | None = None
    garble_item: int | None = None
    of_streams: tuple[str, ...] = ()
    wire: TransportFault | None = None
    writes: bool = True
    """Whether what the request asks for happens, where the answer is the usual one."""
    webhook: tuple[EventFault, ...] = ()
    """With what faults the events that the request causes are delivered."""
    times: int | None = None
    every: int = 1
    share: float = 1.0
    required_state: str | None = None
    new_state: str | None = None

    @property
    def is_as_ever(self) -> bool:
        """Whether it is the usual answer, apart from its timing and faults in sending."""
        parts = (self.code, self.example, self.failure, self.fixture, self.variant, self.breaks, self.items)
        return all(part is None for part in parts) and not (self.body or self.patch or self.headers)


@value_class
class Scenario:
    """A scenario. ``machine`` names the states that it reads and changes: its own unless it shares another's."""

    name: str
    match: RequestPattern
    answers: tuple[StubResponse, ...]
    repeats: bool
    machine: str
    required_state: str | None
    new_state: str | None
    data: JSON

    @classmethod
    def from_json(cls, data: JSON, name: str = "") -> Scenario:
        """Read a scenario; ``name`` is its name where it has none. Raises :class:`InstructionError`."""
        part = JsonReader(data)
        members = part.members(KEYS)
        named = _name(members["name"]) if "name" in members else name
        if "answers" not in members:
            raise part.refusal("value", "no answers", 'a list of answers, such as [{"code": 500, "times": 2}]')
        match = members.get("match", JsonReader({}, "/match"))
        listed = [*members["answers"].items(MOST_ANSWERS)]
        return cls(
            name=named,
            match=RequestPattern.from_json(match.value, match.pointer, OF_SCENARIOS),
            answers=tuple(_stub(entry, is_last=entry is listed[-1]) for entry in listed),
            repeats="then" in members and members["then"].choice(("pass", "repeat")) == "repeat",
            machine=_text(members, "state") or named,
            required_state=_text(members, "required_state"),
            new_state=_text(members, "new_state"),
            data=data,
        )


def _name(part: JsonReader) -> str:
    name = part.text()
    if not NAME.fullmatch(name):
        raise part.wrong("a name of 1 to 64 letters, digits, dots, dashes and underscores")
    return name


def _text(members: Mapping[str, JsonReader], key: str) -> str | None:
    return _name(members[key]) if key in members else None


def _stub(part: JsonReader, *, is_last: bool) -> StubResponse:
    members = {**part.members((*SOURCES, *EFFECTS, *TURNS))}
    whole = part.entries()
    if not members.keys() & {*SOURCES, *EFFECTS} and "body" not in whole:
        raise part.refusal("value", "an answer that says nothing", "one of " + ", ".join((*SOURCES, *EFFECTS)))
    _refuse_contradictions(part, members)
    always = is_last or members.keys() & {"every", "share"}
    return StubResponse(
        code=members["code"].whole(200, 599) if "code" in members else None,
        example=members["example"].text() if "example" in members else None,
        failure=members["failure"].choice(FAILURES) if "failure" in members else None,
        fixture=members["fixture"].text() if "fixture" in members else None,
        variant=members["variant"].whole(0, MOST_TIMES) if "variant" in members else None,
        body=(whole["body"].value,) if "body" in whole else (),
        patch=(members["patch"].value,) if "patch" in members else (),
        headers=_headers(members["headers"]) if "headers" in members else (),
        breaks=_breaks(members["breaks"]) if "breaks" in members else None,
        delay=members["delay_ms"].whole(0, LONGEST_DELAY) if "delay_ms" in members else 0,
        jitter=members["jitter_ms"].whole(0, LONGEST_DELAY) if "jitter_ms" in members else 0,
        garble=members["garble"].choice(GARBLES) if "garble" in members else "",
        items=members["items"].whole(0, MOST_ITEMS) if "items" in members else None,
        interval=members["interval_ms"].whole(0, LONGEST_DELAY) if "interval_ms" in members else None,
        garble_item=members["garble_item"].whole(0, MOST_ITEMS) if "garble_item" in members else None,
        of_streams=tuple(key for key in OF_STREAMS if key in members),
        wire=_wire(members),
        writes=members["write"].flag() if "write" in members else True,
        webhook=read_event_faults(members["webhook"]) if "webhook" in members else (),
        times=members["times"].whole(1, MOST_TIMES) if "times" in members else None if always else 1,
        every=members["every"].whole(1, MOST_TIMES) if "every" in members else 1,
        share=members["share"].number(0, 1) if "share" in members else 1.0,
        required_state=_text(members, "required_state"),
        new_state=_text(members, "new_state"),
    )


_ALONE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pass", ("code", "example", "failure", "fixture", "variant", "body", "patch")),
    ("failure", ("code", "example", "fixture", "variant", "body", "patch")),
    ("body", ("example", "fixture", "variant", "patch")),
    ("example", ("fixture", "variant")),
    ("fixture", ("variant",)),
    ("hang", ("cut", "garble", "trickle", *OF_STREAMS)),
    ("cut", ("cut_after",)),
    ("failure", OF_STREAMS),
    ("every", ("share",)),
    ("webhook", ("code", "example", "failure", "fixture", "variant", "body")),
)
"""Keys, each with the keys that cannot be used together with it."""


def _refuse_contradictions(part: JsonReader, members: Mapping[str, JsonReader]) -> None:
    if "pass" in members and not members["pass"].flag():
        raise members["pass"].wrong("true, or no such key")
    if "hang" in members and not members["hang"].flag():
        raise members["hang"].wrong("true, or no such key")
    if "garble_item" in members and ("garble" not in members or members["garble"].value not in GARBLES[:2]):
        expected = " or ".join(GARBLES[:2])
        raise members["garble_item"].refusal("value", "garble_item alone", f"garble: {expected} in addition to it")
    if "webhook" in members and "write" in members and not members["write"].flag():
        raise members["webhook"].refusal("value", "webhook beside write: false", "it where something happens")
    for key, others in _ALONE:
        for other in others if key in members else ():
            if other in members:
                raise members[other].refusal("value", f"{other} in addition to {key}", "one of the two")


_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_FRAMING = ("content-length", "transfer-encoding", "connection")


def _headers(part: JsonReader) -> Headers:
    headers: list[tuple[str, str]] = []
    for name, entry in part.entries().items():
        if not _FIELD_NAME.fullmatch(name) or name.lower() in _FRAMING:
            expected = "the name of a header that says nothing of how the message travels; see cut and garble"
            raise entry.refusal("value", f"the header {describe_value(name)}", expected)
        value = entry.value
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise entry.wrong("a text or a number")
        headers.append((name, str(value)))
    return tuple(headers)


def _breaks(part: JsonReader) -> ContractBreak:
    if part.value is True:
        return ContractBreak()
    entries = part.entries()
    for pointer, entry in entries.items():
        if not pointer.startswith("/"):
            raise entry.refusal("value", describe_value(pointer), "a JSON Pointer such as /status")
    if not entries:
        raise part.wrong("true, or JSON Pointers and what shall stand there")
    return ContractBreak(tuple((pointer, entry.value) for pointer, entry in entries.items()))


def _wire(members: Mapping[str, JsonReader]) -> TransportFault | None:
    wire = TransportFault(
        cut=members["cut"].choice(CUTS) if "cut" in members else "",
        trickle=members["trickle"].whole(1, MOST_BYTES_A_SECOND) if "trickle" in members else 0,
        overstate="garble" in members and members["garble"].value == "content_length",
        hang="hang" in members,
        cut_after=members["cut_after"].whole(0, MOST_ITEMS) if "cut_after" in members else None,
    )
    return None if wire == TransportFault() else wire
