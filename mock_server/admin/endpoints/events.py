"""The events of a world: ``/__admin/events`` and below."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from mock_server.admin.contract_names import event_name, parameter_error
from mock_server.admin.expected_count import ExpectedCount
from mock_server.admin.response_chunks import Steps, in_pieces, listed, paced
from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, aside, json_response
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.core.json_text import json_bytes
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Response
from mock_server.http.problem_details import problem_response
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.webhooks.known_events import webhook_names
from mock_server.openapi.webhooks.mapping import webhooks_of
from mock_server.scenarios.event_pattern import EventPattern
from mock_server.storage import MOST_EVENTS, Cause
from mock_server.worlds.clock import moment_text
from mock_server.worlds.events.event import Event
from mock_server.worlds.events.event_log import EventLog

TRIES = 10
"""Most times that a change is begun anew because another client changed the same first."""
_SHOWN = 100
"""Events that fit, in the answer to a verification that failed for too many."""
_MISSES = 3
"""Most near misses in the answer to a verification that failed."""


@value_class
class ShownEvent:
    """An event as it is shown; ``base_path`` is that of its contract, None where there is only one."""

    event: Event
    base_path: str | None

    def as_json(self) -> dict[str, JSON]:
        """Return the event with its cause, its record and its body."""
        event = self.event
        record: JSON = {"resource": event.resource, "handle": event.handle} if event.handle else None
        cause: JSON = {"operation": event.cause.operation or None, "request": event.cause.entry or None}
        contract: dict[str, JSON] = {} if self.base_path is None else {"contract": self.base_path or "/"}
        return contract | {
            "id": event.id,
            "type": event.type,
            "at": moment_text(event.at),
            "cause": cause,
            "record": record,
            "url": event.url or None,
            "body": event.body,
            "finding": event.finding or None,
            "forced": event.is_forced,
        }


def shown_events(request: AdminRequest) -> Sequence[ShownEvent]:
    """Return the events of all contracts that a request is about, the oldest first."""
    is_alone = len(request.served) == 1
    events = [
        ShownEvent(event, None if is_alone else mount.base_path)
        for mount in request.served
        for event in EventLog(request.world.store(mount.store)).events()
    ]
    return events if is_alone else sorted(events, key=lambda entry: entry.event.cause.at or entry.event.at)


def _listed(request: AdminRequest) -> Response:
    """List the events, the newest last; ``type`` chooses some, ``limit`` and ``after`` (an id) a page of them."""
    query = request.query("type", "limit", "after")
    text = query.get("limit", str(MOST_EVENTS))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        detail = f"query limit: found {text[:80]!r}; expected a whole number of at least 1."
        raise AdminRequestError("invalid-request", 400, detail)
    events = shown_events(request)
    total = len(events)
    if "after" in query:
        events = events[_place_after(query["after"], events) :]
    if "type" in query:
        try:
            name = _type(request, JsonReader(query["type"]))
        except InstructionError as error:
            raise parameter_error("type", error) from None
        events = [entry for entry in events if entry.event.type == name]
    page = events[: int(text)]
    meta: dict[str, JSON] = {"total": total}
    headers: Headers = ()
    if len(page) < len(events):
        meta["next"] = page[-1].event.id
        here = f"{request.request.origin}{request.world.prefix}{request.request.path}"
        headers = (("link", f'<{here}?{urlencode({**query, "limit": text, "after": page[-1].event.id})}>; rel="next"'),)

    def texts() -> Iterator[bytes | None]:
        for entry in paced(page):
            yield None if entry is None else json_bytes(entry.as_json())

    return in_pieces(listed(texts(), '{"events": [', f'], "meta": {json.dumps(meta)}}}'), headers)


def _place_after(event_id: str, events: Sequence[ShownEvent]) -> int:
    """Return the place after an event; raises :class:`AdminRequestError` for one that is not kept."""
    for place, entry in enumerate(events):
        if entry.event.id == event_id:
            return place + 1
    detail = f"query after: found {event_id[:80]!r}; expected the id of an event that the world keeps."
    raise AdminRequestError("invalid-request", 400, detail)


def _read(request: AdminRequest) -> Response:
    """Return one event."""
    text, is_alone = request.values["id"], len(request.served) == 1
    for mount in request.served:
        event = EventLog(request.world.store(mount.store)).find(text)
        if event is not None:
            return json_response(ShownEvent(event, None if is_alone else mount.base_path).as_json())
    detail = f"path id: found {text[:80]!r}; expected the id of an event that the world still keeps."
    raise AdminRequestError("unknown", 404, detail)


def _cleared(request: AdminRequest) -> Response:
    """Forget all events. What is on its way is delivered nevertheless."""
    for mount in request.served:
        for _ in range(TRIES):
            log = EventLog(request.world.store(mount.store))
            changes = log.removal()
            if not changes or mount.engine.apply(request.world, changes, _cause(request)):
                break
        else:
            raise _busy(request)
    return json_response({})


def _sent(request: AdminRequest) -> Response:
    """Have an event happen, by hand; it is kept, and delivered where anybody wants it."""
    from mock_server.mocking.events.event_order import EventOrder
    from mock_server.mocking.events.event_recorder import event_rows

    order = EventOrder.from_json(request.body())
    mount = _mount_of(request, order.type)
    assert mount.state is not None
    cause = _cause(request)
    for _ in range(TRIES):
        records = request.world.store(mount.store)
        event = order.event(mount.selector.events.maker, mount.state.model, request.world, records)
        rows = event_rows(event, request.world, records, mount.selector.outbox)
        if mount.engine.apply(request.world, rows, cause):
            base_path = None if len(request.served) == 1 else mount.base_path
            return json_response(ShownEvent(replace(event, cause=cause), base_path).as_json(), 201)
    raise _busy(request)


def _mount_of(request: AdminRequest, name: str) -> ApiMount:
    """Return the contract that has a webhook; raises :class:`InstructionError` where none has it."""
    stateful = [mount for mount in request.served if mount.state is not None]
    for mount in stateful:
        if webhooks_of(mount.contract).find(name) is not None:
            return mount
    known = webhook_names(mount.contract for mount in stateful)
    listing = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
    expected = f"one of {listing}" if known else "a contract with webhooks, served with state"
    finding = Diagnostic("unknown-event", "body", f"{name[:80]!r}{did_you_mean(name, known)}", expected, "/type")
    raise InstructionError(f"/type: found {finding.found}; expected {expected}.", (finding,))


def _verified(request: AdminRequest) -> Steps:
    """Answer 200 where as many events fit the pattern as are expected; else 409 with those that came nearest."""
    data = request.body()
    members: JSON = dict(data) if isinstance(data, dict) else data
    expected = ExpectedCount.of(members, "event")
    pattern = EventPattern.from_json(members)
    if pattern.type is not None:
        pattern = replace(pattern, type=_type(request, JsonReader(pattern.type, "/type")))
    matches = EventMatches(pattern)
    for entry in paced(reversed(request.errands.run(shown_events, request, is_long=_is_long(request)))):
        if entry is None:
            yield None
        else:
            matches.add(entry)
    count = matches.count
    if expected.has(count):
        return json_response({"count": count})
    hint, details = matches.details(is_too_many=count > expected.high)
    detail = f"Found {expected.number(count)} that fit; expected {expected.words}. {hint}"
    answer = problem_response("not-verified", 409, detail)
    return json_response({**json.loads(answer.body), "count": count, "expected": expected.words, **details}, 409)


class EventMatches:
    """The events that fit a pattern and those that come nearest, of events that are added from the newest on."""

    def __init__(self, pattern: EventPattern) -> None:
        self._pattern = pattern
        self._fitting: list[ShownEvent] = []
        self._nearest: list[tuple[ShownEvent, list[str]]] = []
        self.count = 0
        """How many fit."""

    def add(self, entry: ShownEvent) -> None:
        """Add the next event."""
        event = entry.event
        differences = self._pattern.differences(event.type, event.handle, event.body)
        if differences:
            insort(self._nearest, (entry, differences), key=self._distance)
            del self._nearest[_MISSES:]
            return
        self.count += 1
        if len(self._fitting) < _SHOWN:
            self._fitting.append(entry)

    def details(self, *, is_too_many: bool) -> tuple[str, dict[str, JSON]]:
        """Return a hint and the members of a refusal that it speaks of."""
        if is_too_many:
            which = "The events that fit" if self.count <= _SHOWN else f"The last {_SHOWN} of those that fit"
            return f"{which} are below.", {"events": [entry.as_json() for entry in reversed(self._fitting)]}
        misses: list[JSON] = [
            {"event": entry.as_json(), "differences": [*differences]} for entry, differences in self._nearest
        ]
        hint = "Those that came nearest are below." if misses else "The world has no others."
        return hint, {"nearMisses": misses}

    def _distance(self, miss: tuple[ShownEvent, list[str]]) -> tuple[bool, int]:
        """Return how far an event is from the pattern: another type is farther than any other difference."""
        return self._pattern.type not in (None, miss[0].event.type), len(miss[1])


def _type(request: AdminRequest, part: JsonReader) -> str:
    """Return the type of events that is meant: one of a contract, or one that events of the world have.

    Those may be of a contract that was served before. Raises :class:`InstructionError` for one that nothing has.
    """
    try:
        return event_name(part, request.served)
    except InstructionError:
        shown = request.errands.run(shown_events, request, is_long=_is_long(request))
        return event_name(part, request.served, *dict.fromkeys(entry.event.type for entry in shown))


def _cause(request: AdminRequest) -> Cause:
    return Cause(f"{request.request.method} {request.request.path}", at=request.world.now())


def _busy(request: AdminRequest) -> AdminRequestError:
    detail = f"path: found the events of the world changed by others {TRIES} times meanwhile; expected a moment's rest."
    return AdminRequestError("conflict", 409, f"{detail} Try again.")


def _is_long(request: AdminRequest) -> bool:
    return request.worlds.is_shared


ROUTES: Rows = (
    ("GET", "/events", aside(_listed, _is_long)),
    ("POST", "/events", _sent),
    ("DELETE", "/events", _cleared),
    ("POST", "/events/verify", _verified),
    ("GET", "/events/{id}", aside(_read, _is_long)),
)
