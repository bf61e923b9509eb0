"""A Valkey or Redis server: connections, scripts, and what becomes of errors. The only importer of the client."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha1
from threading import Event, Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from mock_server.core.deadline import waits
from mock_server.core.errors import HubError, HubFullError, HubLostError
from mock_server.core.extras import install_command

SECONDS = 3.0
"""How long the server may take, to connect and to answer."""
OLDEST = (6, 2)
_FRESH = 0.05
"""Seconds without use after which a connection is looked at before it is used (which takes 5 µs), and most seconds for
which who asks a lost server waits for another who tries it."""
_PING = 1.0
"""Seconds between two questions on a subscription, whether the server is there."""
_TIMES = 16
"""Round trips by which the server's time is read."""
TLS = ("valkeys", "rediss")
SCHEMES = ("valkey", "redis", *TLS)


class ValkeyServer:
    """A server at an address, ``valkey://USER:PASSWORD@HOST:PORT/DATABASE``. Raises :class:`HubError`."""

    def __init__(self, address: str) -> None:
        try:
            parts = urlsplit(address)
        except ValueError:
            raise HubError(
                "--hub: found an address with a bracket that is not closed; expected valkey://USER:PASSWORD@[::1]:PORT."
                " Encode what is special in a password (%5B for [)."
            ) from None
        if parts.fragment or parts.query:  # what is before it may be the beginning of a password, which nobody may see
            raise HubError(
                "--hub: found # or ? in the address; expected valkey://USER:PASSWORD@HOST:PORT. Encode what is special"
                " in a password (%23 for #, %3F for ?)."
            )
        if parts.scheme not in SCHEMES:
            raise HubError(
                f"--hub {parts.scheme or address[:20]}: found the scheme {parts.scheme!r}; expected one of"
                f" {', '.join(SCHEMES)}."
            )
        try:
            port, database = parts.port or 6379, int(parts.path.strip("/") or 0)
        except ValueError:
            raise HubError(
                f"--hub {parts.scheme}://{parts.hostname}: found a port or a database that is no number;"
                " expected valkey://USER:PASSWORD@HOST:PORT/DATABASE. Encode what is special in a password (%40 for @)."
            ) from None
        self.database = database
        self.shown = f"{parts.scheme}://{parts.hostname or 'localhost'}:{port}/{database}"
        try:
            import valkey
            from valkey.connection import Connection, SSLConnection
        except ImportError as error:
            raise HubError(
                f"--hub {self.shown}: found no client; expected the extra valkey."
                f" Install it: {install_command('valkey')}"
            ) from error
        self._client = valkey
        self._kind: Any = SSLConnection if parts.scheme in TLS else Connection
        self._options: dict[str, Any] = {
            "host": parts.hostname or "localhost",
            "port": port,
            "db": database,
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "socket_connect_timeout": SECONDS,
            "socket_timeout": SECONDS,
        }
        self._idle: deque[tuple[Any, float]] = deque()
        self._lost_by: HubError | None = None
        self._trying = Lock()
        self._hashes: dict[str, str] = {}
        self._check()

    def _check(self) -> None:
        """Refuse a server that is too old or takes no changes."""
        info: bytes = self.command("INFO")
        members = dict(line.split(":", 1) for line in info.decode("utf-8", "replace").splitlines() if ":" in line)
        version = members.get("valkey_version") or members.get("redis_version", "0.0")
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            raise HubError(
                f"--hub {self.shown}: found version {version}; expected 6.2 or newer. Use a newer Valkey or Redis."
            )
        if members.get("role") == "slave":
            raise self._read_only()

    def script(self, text: str, *arguments: Any) -> Any:
        """Run a script, atomically, by its digest; it is sent once to a server that does not know it."""
        digest = self._hashes.get(text)
        if digest is None:
            digest = self._hashes[text] = sha1(text.encode(), usedforsecurity=False).hexdigest()
        return self._asked(lambda connection: self._evaluated(connection, digest, text, arguments))

    def _evaluated(self, connection: Any, digest: str, text: str, arguments: tuple[Any, ...]) -> Any:
        connection.send_command("EVALSHA", digest, 0, *arguments)
        try:
            return connection.read_response()
        except self._client.exceptions.NoScriptError:
            connection.send_command("EVAL", text, 0, *arguments)
            return connection.read_response()

    def command(self, *arguments: Any) -> Any:
        """Return the answer to one command."""

        def run(connection: Any) -> Any:
            connection.send_command(*arguments)
            return connection.read_response()

        return self._asked(run)

    def _asked(self, run: Callable[[Any], Any]) -> Any:
        """Return what ``run`` does with a connection; while the server is lost, one at a time tries."""
        waits(for_hub=True)
        error = self._lost_by
        if error is None:
            return self._tried(run)
        if not self._trying.acquire(timeout=_FRESH):
            raise HubLostError(str(error))
        try:
            return self._tried(run)
        finally:
            self._trying.release()

    def _tried(self, run: Callable[[Any], Any]) -> Any:
        connection = self._connection()
        try:
            answer = run(connection)
        except self._client.exceptions.ResponseError as error:
            self._idle.append((connection, time.monotonic()))
            self._lost_by = None
            raise self._refused(error) from error
        except (self._client.exceptions.ValkeyError, OSError) as error:
            connection.disconnect()
            self.close()  # those that were open before are broken too, most likely
            self._lost_by = self._lost(error)
            raise self._lost_by from error
        self._lost_by = None
        self._idle.append((connection, time.monotonic()))
        return answer

    def _connection(self) -> Any:
        """Return an idle connection that the server has not closed meanwhile, or a new one."""
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < _FRESH:
                return connection
            with suppress(self._client.exceptions.ValkeyError, OSError):
                if not connection.can_read(timeout=0):
                    return connection
            connection.disconnect()
        return self._kind(**self._options)

    def _refused(self, error: Exception) -> HubError:
        text = str(error)
        if isinstance(error, self._client.exceptions.ReadOnlyError) or "READONLY" in text:
            return self._read_only()
        if isinstance(error, self._client.exceptions.OutOfMemoryError) or "OOM" in text:
            return HubFullError(
                f"hub {self.shown}: found a server that is full; expected room for changes. Raise its maxmemory, or"
                " remove what others keep there."
            )
        if "MISCONF" in text or "NOREPLICAS" in text:
            return HubFullError(f"hub {self.shown}: found {text[:200]}; expected a server that takes changes.")
        if text.startswith(("BUSY", "LOADING", "MASTERDOWN", "CLUSTERDOWN")):
            return HubLostError(f"hub {self.shown}: found {text[:200]!r}; expected an answer. Ask again later.")
        return HubError(
            f"hub {self.shown}: found {text[:200]!r}; expected a user who may run scripts, read and write"
            " below the prefix, and publish."
        )

    def _read_only(self) -> HubError:
        return HubFullError(
            f"hub {self.shown}: found a replica, which is read-only; expected the primary. Name its address."
        )

    def _lost(self, error: Exception) -> HubError:
        errors = self._client.exceptions
        if isinstance(error, errors.AuthenticationError | errors.AuthenticationWrongNumberOfArgsError):
            return HubError(
                f"hub {self.shown}: found that the server refuses user and password; expected those it knows. Write"
                " them as valkey://USER:PASSWORD@HOST, special characters encoded (%40 for @)."
            )
        if isinstance(error, errors.TimeoutError | TimeoutError):
            return HubLostError(
                f"hub {self.shown}: found no answer within {SECONDS:g} s; expected a millisecond. See what the server"
                " waits for."
            )
        return HubLostError(
            f"hub {self.shown}: found no server that answers; expected a Valkey or Redis there. Start it, or name"
            " another."
        )

    def subscribe(
        self,
        channel: str,
        begun: Callable[[], None],
        heard: Callable[[bytes], None],
        idle: Callable[[], None],
        ended: Event,
    ) -> None:
        """Have messages of a channel heard until the connection is lost or ``ended`` is set.

        ``begun`` is called when nothing is missed any more, ``idle`` several times a second.
        """
        connection = self._kind(**self._options)
        try:
            connection.send_command("SUBSCRIBE", channel)
            connection.read_response()
            begun()
            last = asked = time.monotonic()
            while not ended.is_set():
                idle()
                if connection.can_read(timeout=0.2):
                    message: list[bytes] = connection.read_response()
                    if message[0] == b"message":
                        heard(message[2])
                    last = time.monotonic()
                elif time.monotonic() - last > SECONDS:
                    raise TimeoutError
                elif time.monotonic() - max(asked, last) > _PING:
                    connection.send_command("PING", check_health=False)
                    asked = time.monotonic()
        except self._client.exceptions.ResponseError as error:
            raise self._refused(error) from error
        except (self._client.exceptions.ValkeyError, OSError) as error:
            raise self._lost(error) from error
        finally:
            connection.disconnect()

    def clock(self) -> float:
        """Return what is added to this machine's monotonic clock for the server's time, in seconds since 1970.

        The shortest of some round trips counts: by half of one that had to wait for a processor, a journal would have
        requests in another order than they came in.
        """
        return min(self._timed() for _ in range(_TIMES))[1]

    def _timed(self) -> tuple[float, float]:
        """Return how long a round trip took, and the clock by it."""
        before = time.monotonic()
        seconds, microseconds = self.command("TIME")
        after = time.monotonic()
        return after - before, int(seconds) + int(microseconds) / 1e6 - (before + after) / 2

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[0].disconnect()
