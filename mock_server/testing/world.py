"""A world in tests: what its clients sent, and how it answers them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias, TypedDict, Unpack
from urllib.parse import quote

from mock_server.core.errors import ControlError, UsageError
from mock_server.testing.recorded_request import RecordedRequest, recorded

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
        """Raise :class:`AssertionError`, with the nearest misses, unless as many requests match as are expected.

        One is expected where no number is given.
        """
        bounds = {"times": times, "min": at_least, "max": at_most}
        limits = {name: bound for name, bound in bounds.items() if bound is not None} or {"times": 1}
        reply = self._client.ask("POST", "/requests/verify", {**_asked(pattern), **limits}, expect=(409,))
        if "detail" in reply:
            raise AssertionError(_complaint(reply, pattern))

    def scenario(self, scenario: str | Mapping[str, Any]) -> Any:
        """Start a scenario in this world: by its name (``"flaky"``), or as data. Return the server's answer."""
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

    def fixtures(self, resource: str) -> Any:
        """Return the records of a resource."""
        return self._client.ask("GET", f"/fixtures/{quote(resource, safe='')}")

    def coverage(self, *, all_worlds: bool = False) -> Any:
        """Return the coverage of the contract here, or in all worlds together, by operation and in total."""
        return self._client.ask("GET", f"/coverage?worlds={'all' if all_worlds else 'this'}")

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
    """The clock of a world, for rate limits and replays."""

    def __init__(self, client: AdminAPI) -> None:
        self._client = client

    @property
    def now(self) -> datetime:
        """The time of the world."""
        return datetime.fromisoformat(self._client.ask("GET", "/clock")["now"])

    def advance(self, by: float | timedelta) -> None:
        """Move the clock forward. A running clock keeps running, a stopped one stays stopped."""
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


def _complaint(reply: Mapping[str, Any], pattern: Pattern) -> str:
    """Return the message of a failed verification: what was expected, what came instead, and the differences."""
    description = ", ".join(f"{name} {value!r}" for name, value in pattern.items()) or "any request"
    lines = [f"{description}: {reply['detail']}"]
    lines += [f"  {request['method']} {request['url']}" for request in reply.get("requests", ())]
    for miss in reply.get("nearMisses", ()):
        lines.append(f"  {miss['request']['method']} {miss['request']['url']}")
        lines += [f"    {difference}" for difference in miss["differences"]]
    return "\n".join(lines)
