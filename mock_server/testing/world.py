"""A world in tests: what its clients sent, and how it answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypedDict, Unpack
from urllib.parse import quote, urlencode

from mock_server.core.errors import ControlError, UsageError
from mock_server.testing.recorded_changes import RecordedChanges, RecordedSnapshot
from mock_server.testing.recorded_deliveries import RecordedDelivery
from mock_server.testing.recorded_events import RecordedEvent
from mock_server.testing.recorded_request import RecordedRequest, recorded
from mock_server.testing.scenario_data import ScenarioData
from mock_server.testing.verification import complaint, count_limits
from mock_server.testing.verification_error import VerificationError

Values: TypeAlias = Mapping[str, Any]
"""For each header or parameter, a text or a pattern such as ``{"contains": "json"}``."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Pattern(TypedDict, total=False):
    """The requests to match. A request has to match all that is given; an empty pattern matches every request."""

    operation: str
    """The operationId or the key, ``GET /pets``."""
    method: str
    path: str
    """A path within the world, or a template: ``/pets/{id}``."""
    query: Values
    headers: Values
    body: Values
    """By JSON Pointer (``/email``) or JSONPath (``$.email``), the value there."""
    json: Any
    """The whole body as JSON."""


class AdminAPI(Protocol):
    """The admin API of a server or of a world, below the base URL ``url``."""

    @property
    def url(self) -> str:
        """The base URL. Raises :class:`UsageError` where there is no server yet."""

    def ask(self, method: str, path: str, body: object = None, *, expect: tuple[int, ...] = ()) -> Any:
        """Send an admin request as :meth:`mock_server.testing.admin_client.ControlClient.ask` does."""


class World:
    """A world: an isolated environment, ``/~NAME`` of a server. Every method returns when the server has answered.

    Any of them raises :class:`mock_server.core.errors.ControlError`, with the server's message, where it refuses. As a
    context manager it is removed at the end.
    """

    def __init__(self, client: AdminAPI, name: str = "") -> None:
        self._client = client
        self.name = name

    @property
    def url(self) -> str:
        """The base URL for the client under test."""
        return self._client.url

    @property
    def clock(self) -> Clock:
        """The clock of this world."""
        return Clock(self._client)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests that were sent, the oldest first; at most as many as the journal keeps."""
        recorded_requests: list[RecordedRequest] = []
        path: str = "/requests"
        while path:
            page = self._client.ask("GET", path)
            recorded_requests += [recorded(entry) for entry in page["requests"]]
            following = page.get("meta", {}).get("next")
            path = f"/requests?before={following}" if following else ""
        return recorded_requests[::-1]

    def find(self, **pattern: Unpack[Pattern]) -> list[RecordedRequest]:
        """Return the requests that match, the oldest first."""
        reply = self._client.ask("POST", "/requests/find?events=true", _asked(pattern))
        return [recorded(event) for event in reply["serveEvents"]]

    def count(self, **pattern: Unpack[Pattern]) -> int:
        """Return how many requests match."""
        return int(self._client.ask("POST", "/requests/count", _asked(pattern))["count"])

    def verify(
        self,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **pattern: Unpack[Pattern],
    ) -> None:
        """Raise :class:`VerificationError`, with the nearest misses, unless as many requests match as are expected.

        One is expected where no number is given.
        """
        limits = count_limits(times, at_least, at_most)
        reply = self._client.ask("POST", "/requests/verify", {**_asked(pattern), **limits}, expect=(409,))
        if "detail" in reply:
            about = complaint(_described(pattern), reply, "request", _title)
            raise VerificationError(about, pattern, reply.get("nearMisses", ()))

    def events(self, type: str | None = None) -> list[RecordedEvent]:
        """Return what happened that webhooks tell of, or only events of one type; the oldest first, at most 1,000."""
        query = "" if type is None else f"?type={quote(type, safe='')}"
        return [RecordedEvent.of(event) for event in self._client.ask("GET", f"/events{query}")["events"]]

    def send(
        self,
        type: str,
        *,
        record: str | None = None,
        body: Any = None,
        patch: Mapping[str, Any] | None = None,
        force: bool = False,
    ) -> RecordedEvent:
        """Have an event happen: of the record with this key, or of the first there is. Return it.

        The body is made as the contract's webhook has it; ``patch`` changes members of it (RFC 7396), ``body`` takes
        its place. One that breaks the contract is refused, unless ``force`` sends it all the same.
        """
        order = {"type": type, "record": record, "body": body, "patch": patch, "force": force or None}
        members = {name: value for name, value in order.items() if value is not None}
        return RecordedEvent.of(self._client.ask("POST", "/events", members))

    def verify_event(
        self,
        type: str,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        record: str | None = None,
        where: Values | None = None,
    ) -> None:
        """Raise :class:`AssertionError`, with the nearest misses, unless as many events match as are expected.

        One is expected where no number is given. ``where`` has a value or a pattern for each JSON Pointer into the body
        (``{"/data/status": "paid"}``); ``record`` is the key of the record.
        """
        limits = count_limits(times, at_least, at_most)
        pattern = {"type": type, "record": record, "where": None if where is None else {**where}}
        reply = self._client.ask("POST", "/events/verify", {**pattern, **limits}, expect=(409,))
        if "detail" in reply:
            raise AssertionError(complaint(f"event {type}", reply, "event", _event_title))

    def webhook(
        self, url: str, *, secret: str | None = None, events: Sequence[str] | None = None, signing: str | None = None
    ) -> str:
        """Have the events of this world delivered to a URL, or only events of these types; return the endpoint's id.

        They are signed with the secret, as the contract says or by ``signing`` (``standard-webhooks``, ``stripe``,
        ``github``). An endpoint of the same URL is replaced.
        """
        chosen = {"url": url, "secret": secret, "events": events and [*events], "signing": signing}
        data = {name: value for name, value in chosen.items() if value is not None}
        return str(self._client.ask("POST", "/webhooks", data)["id"])

    def deliveries(self, type: str | None = None, *, status: str | None = None) -> list[RecordedDelivery]:
        """Return the deliveries of events, or only those of a type or a status; the oldest first, at most 1,000."""
        filters = {"type": type, "status": status, "limit": "1000"}
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        return [RecordedDelivery.of(each) for each in self._client.ask("GET", f"/deliveries?{query}")["deliveries"]]

    def redeliver(self, delivery: RecordedDelivery | str) -> None:
        """Have a delivery tried once more, also one that has succeeded."""
        name = delivery if isinstance(delivery, str) else delivery.id
        self._client.ask("POST", f"/deliveries/{quote(name, safe='')}/redeliver", expect=(202,))

    def webhook_fault(
        self,
        fault: str,
        *,
        event: str | None = None,
        times: int = 1,
        seconds: float | None = None,
        tries: int | None = None,
    ) -> None:
        """Have the next deliveries go wrong: of events of one type, or of any.

        ``fault`` is drop, duplicate, reorder, late, wrong_signature, old_timestamp, invalid_body or timeout;
        ``seconds`` is how late, or how old; ``tries`` how many tries of each delivery go wrong, one if not said.
        """
        data = {"fault": fault, "event": event, "times": times, "seconds": seconds, "tries": tries}
        self._client.ask("POST", "/webhooks/faults", {name: value for name, value in data.items() if value is not None})

    def scenario(self, scenario: str | ScenarioData) -> Any:
        """Start a scenario in this world: by its name (``"flaky"``), or as data. Return the server's answer.

        Type checkers know the keys of the data; what was read from a file is ``Any`` to them.
        """
        data = {"name": scenario} if isinstance(scenario, str) else scenario
        return self._client.ask("POST", "/scenarios", data)

    def fixture(self, resource: str, handle: str, members: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Change members of the record of a handle, or add a new record with all its members; return the record.

        Only this world sees it. A record that is not valid is refused, and nothing is changed.
        """
        path = f"/fixtures/{quote(resource, safe='')}/{quote(handle, safe='')}"
        record = {**(members or {}), **more}
        try:
            return self._client.ask("PATCH", path, record)
        except ControlError as error:
            if error.status != 404:
                raise
        return self._client.ask("PUT", path, record)

    def create(self, resource: str, members: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Create a record of a resource that operations keep (``customers``), and return it.

        Members that are not said are set as a server would: keys, times, states. ``x-mock-parents`` has the parents of
        one that is listed below others.
        """
        path = f"/fixtures/{quote(resource, safe='')}?complete=true"
        record: dict[str, Any] = self._client.ask("POST", path, {**(members or {}), **more}, expect=(201,))
        return record

    def fixtures(self, resource: str) -> Any:
        """Return the records of a resource."""
        return self._client.ask("GET", f"/fixtures/{quote(resource, safe='')}")

    @property
    def changes(self) -> list[RecordedChanges]:
        """What was changed in this world, the oldest first; at most the last 1,000 change sets."""
        shown = self._client.ask("GET", "/changes?limit=1000")["changes"]
        return [RecordedChanges.of(each) for each in reversed(shown)]

    def undo(self, steps: int = 1) -> list[RecordedChanges]:
        """Take back the last so many change sets; return them, the last first. Where there are fewer, none is."""
        shown = self._client.ask("POST", "/undo", {"steps": steps})["undone"]
        return [RecordedChanges.of(each) for each in shown]

    def snapshot(self, name: str = "snapshot") -> RecordedSnapshot:
        """Keep the records of this world under a name, in place of those that were kept under it before."""
        return RecordedSnapshot.of(self._client.ask("PUT", f"/snapshots/{quote(name, safe='')}"))

    @property
    def snapshots(self) -> list[RecordedSnapshot]:
        """The snapshots of this world, by name."""
        return [RecordedSnapshot.of(each) for each in self._client.ask("GET", "/snapshots")["snapshots"]]

    def restore(self, name: str = "snapshot") -> RecordedSnapshot:
        """Have the records of a snapshot again, and no others. The changes that are remembered begin anew."""
        return RecordedSnapshot.of(self._client.ask("POST", f"/snapshots/{quote(name, safe='')}/restore"))

    def copy_from(self, parent: World | str) -> None:
        """Have the records of another world of the server, and no others. The changes begin anew."""
        name = parent if isinstance(parent, str) else parent.name
        self._client.ask("PUT", f"/from/~{quote(name, safe='')}")

    def coverage(self, *, all_worlds: bool = False) -> Any:
        """Return the coverage of the contract here, or in all worlds together, by operation and in total."""
        return self._client.ask("GET", f"/coverage?worlds={'all' if all_worlds else 'this'}")

    def route(self, *origins: str) -> AbstractContextManager[None]:
        """Lead requests of this process to hosts that clients have written into them here, until the ``with`` ends.

        An origin is what a URL has before its path: ``with world.route("https://api.example.com"):``. Requests by
        httpx, requests, urllib3 and aiohttp go to this world with their path; all others go where they would. Threads
        and tasks share the routes; of several for one origin the one that was begun last counts. Raises
        :class:`UsageError` for what is no origin.
        """
        from mock_server.testing.rerouting.host_route import HostRoute, checked_origin
        from mock_server.testing.rerouting.route_table import ROUTES

        if not origins:
            raise UsageError("route: found no origin; expected at least one, such as https://api.example.com")
        return ROUTES.with_routes([HostRoute(checked_origin(origin), self.url) for origin in origins])

    def reset(self) -> None:
        """Reset the world: the original fixtures, no scenarios, an empty journal."""
        self._client.ask("POST", "/reset")

    def forget(self) -> None:
        """Remove the world with all its state. Its name can be used again."""
        self._client.ask("DELETE", "/")

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def __repr__(self) -> str:
        return f"<World {self.url}>"


class Clock:
    """The clock of a world, for rate limits, replays, and what is delivered later."""

    def __init__(self, client: AdminAPI) -> None:
        self._client = client

    @property
    def now(self) -> datetime:
        """The time of the world."""
        return datetime.fromisoformat(self._client.ask("GET", "/clock")["now"])

    def advance(self, by: float | timedelta) -> None:
        """Move the clock forward. A running clock keeps running, a stopped one stays stopped.

        Deliveries of events that are due by then are made first, within two seconds.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._client.ask("POST", "/clock", {"advance_seconds": seconds})

    def set(self, moment: datetime) -> None:
        """Stop the clock at a moment, until it is moved; a moment without a time zone is in UTC."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._client.ask("POST", "/clock", {"now": aware.isoformat()})

    def reset(self) -> None:
        """Return the clock to the real time."""
        self._client.ask("DELETE", "/clock")


def checked_name(name: str) -> str:
    """Return the name of a world; raises :class:`UsageError` for an invalid one."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"world {name[:80]!r}: found a name that a URL cannot carry; expected 1 to 64 letters, digits, dots,"
            " dashes and underscores"
        )
    return name


def _asked(pattern: Pattern) -> dict[str, Any]:
    """Return the pattern in the form of the admin API."""
    body: dict[str, Any] = {**pattern}
    if "json" in body:
        body["bodyPatterns"] = [{"equalToJson": body.pop("json")}]
    return body


def _described(pattern: Pattern) -> str:
    """Return a pattern in words."""
    return ", ".join(f"{name} {value!r}" for name, value in pattern.items()) or "any request"


def _event_title(event: Mapping[str, Any]) -> str:
    """Return what is said of an event in a failed verification."""
    return str(RecordedEvent.of(event))


def _title(request: Mapping[str, Any]) -> str:
    """Return what is said of a request in a failed verification."""
    return f"{request['method']} {request['url']}"
