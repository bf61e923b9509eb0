"""The handle of a world: what its clients sent, and what it shall do to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypedDict, Unpack
from urllib.parse import quote

from mock_server.errors import ControlError, UsageError
from mock_server.testing.client import ControlClient
from mock_server.testing.record import RecordedRequest, recorded

Values: TypeAlias = Mapping[str, Any]
"""What each header or parameter has to be: a text, or a pattern such as ``{"contains": "json"}``."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Pattern(TypedDict, total=False):
    """Which requests are meant. A request has to fit all that is given; nothing given is every request."""

    operation: str
    """The operationId or the key, ``GET /pets``."""
    method: str
    path: str
    """A path within the world, or a template: ``/pets/{id}``."""
    query: Values
    headers: Values
    body: Values
    """By JSON Pointer (``/email``) or JSONPath (``$.email``): the value there."""
    json: Any
    """What the whole body is, as JSON."""


class World:
    """A world of its own: ``/~NAME`` of a server. Every method asks the server, and is done when the server is.

    Any of them raises :class:`mock_server.errors.ControlError`, with the words of the server, where it refuses.
    As a context manager it is forgotten at the end.
    """

    def __init__(self, client: ControlClient, name: str = "") -> None:
        self._client = client
        self.name = name

    @property
    def url(self) -> str:
        """The base URL for the client under test."""
        return self._client.url

    @property
    def clock(self) -> Clock:
        """What this world takes for the time."""
        return Clock(self._client)

    @property
    def requests(self) -> list[RecordedRequest]:
        """What was sent, the first first; at most as many as the journal keeps."""
        found: list[RecordedRequest] = []
        path: str = "/requests"
        while path:
            page = self._client.ask("GET", path)
            found += [recorded(entry) for entry in page["requests"]]
            following = page.get("meta", {}).get("next")
            path = f"/requests?before={following}" if following else ""
        return found[::-1]

    def find(self, **pattern: Unpack[Pattern]) -> list[RecordedRequest]:
        """The requests that fit, the first first."""
        ids = {request["id"] for request in self._client.ask("POST", "/requests/find", _asked(pattern))["requests"]}
        return [request for request in self.requests if request.id in ids]

    def count(self, **pattern: Unpack[Pattern]) -> int:
        """How many requests fit."""
        return int(self._client.ask("POST", "/requests/count", _asked(pattern))["count"])

    def verify(
        self,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **pattern: Unpack[Pattern],
    ) -> None:
        """Raise :class:`AssertionError`, with what came nearest, unless as many requests fit as are expected.

        That is one, where nothing is said of how many.
        """
        bounds = {"times": times, "min": at_least, "max": at_most}
        limits = {name: bound for name, bound in bounds.items() if bound is not None} or {"times": 1}
        reply = self._client.ask("POST", "/requests/verify", {**_asked(pattern), **limits}, expect=(409,))
        if "detail" in reply:
            raise AssertionError(_complaint(reply, pattern))

    def scenario(self, scenario: str | Mapping[str, Any]) -> Any:
        """Let a scenario act here: one of those by name (``"flaky"``), or as data. What the server says of it."""
        data = {"name": scenario} if isinstance(scenario, str) else scenario
        return self._client.ask("POST", "/scenarios", data)

    def fixture(self, resource: str, handle: str, members: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Change members of the record of a handle, or put a new one, of all its members, there: the record.

        Only this world sees it. A record that breaks the contract is refused, and nothing is changed.
        """
        path = f"/fixtures/{quote(resource, safe='')}/{quote(handle, safe='')}"
        record = {**(members or {}), **more}
        try:
            return self._client.ask("PATCH", path, record)
        except ControlError as error:
            if error.status != 404:
                raise
        return self._client.ask("PUT", path, record)

    def fixtures(self, resource: str) -> Any:
        """The records of a resource."""
        return self._client.ask("GET", f"/fixtures/{quote(resource, safe='')}")

    def coverage(self, *, all_worlds: bool = False) -> Any:
        """What has been exercised of the contract here, or in all worlds together, by operation and in total."""
        return self._client.ask("GET", f"/coverage?worlds={'all' if all_worlds else 'this'}")

    def reset(self) -> None:
        """Begin anew: fixtures as they were, no scenarios, an empty journal."""
        self._client.ask("POST", "/reset")

    def forget(self) -> None:
        """Let the world go, with all that it holds. Its name is free for another."""
        self._client.ask("DELETE", "/")

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def __repr__(self) -> str:
        return f"<World {self.url}>"


class Clock:
    """The time of a world, as rate limits and replays see it."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    @property
    def now(self) -> datetime:
        """What time it is."""
        return datetime.fromisoformat(self._client.ask("GET", "/clock")["now"])

    def advance(self, by: float | timedelta) -> None:
        """Let seconds pass at once. The clock goes on as it did before."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._client.ask("POST", "/clock", {"advance_seconds": seconds})

    def set(self, moment: datetime) -> None:
        """Make it that moment, until the clock is moved; a moment without a time zone is one of UTC."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._client.ask("POST", "/clock", {"now": aware.isoformat()})

    def reset(self) -> None:
        """Back to the real time."""
        self._client.ask("DELETE", "/clock")


def checked_name(name: str) -> str:
    """The name of a world; raises :class:`UsageError` where it is none."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"world {name[:80]!r}: found a name that a URL cannot carry; expected 1 to 64 letters, digits, dots,"
            " dashes and underscores"
        )
    return name


def _asked(pattern: Pattern) -> dict[str, Any]:
    """The pattern as the control API takes it."""
    body: dict[str, Any] = {**pattern}
    if "json" in body:
        body["bodyPatterns"] = [{"equalToJson": body.pop("json")}]
    return body


def _complaint(reply: Mapping[str, Any], pattern: Pattern) -> str:
    """What a failed verification says: what was expected, what came instead, and how that differs."""
    description = ", ".join(f"{name} {value!r}" for name, value in pattern.items()) or "any request"
    lines = [f"{description}: {reply['detail']}"]
    lines += [f"  {request['method']} {request['url']}" for request in reply.get("requests", ())]
    for miss in reply.get("nearMisses", ()):
        lines.append(f"  {miss['request']['method']} {miss['request']['url']}")
        lines += [f"    {difference}" for difference in miss["differences"]]
    return "\n".join(lines)
