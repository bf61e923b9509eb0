"""One HTTP request to an endpoint: to an address that was judged, in bounded time, with a bounded answer.

aiohttp speaks HTTP. What clients do besides must not happen here: no redirect is followed, no proxy of the environment
is used, no cookie is kept, nothing is unpacked; and a name is looked up once, so that an address is used which was
judged.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address
from socket import AF_INET, AF_UNSPEC, AddressFamily
from urllib.parse import SplitResult, quote

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mock_server.core.sized_cache import SizedCache
from mock_server.webhooks.call_policy import CallPolicy, CallRefusedError, checked_url
from mock_server.webhooks.call_timeouts import CallTimeouts
from mock_server.webhooks.endpoint_caller import CallOutcome

LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; the connection is closed where there are more."""
IDLE = 1.0
"""Seconds that a connection is kept for the next delivery: servers close theirs after more than that."""
_TARGETS = 1000
"""URLs of which is remembered how they are sent."""
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f]")
_PATH = "/:@!$&'()*+,;=~%-._"
_OWN_HEADERS = ("user-agent", "accept", "accept-encoding", "content-type")
"""Headers that aiohttp would add by itself."""


class HttpCaller:
    """Calls endpoints. It is made within an event loop, belongs to it, and is closed by :meth:`close`."""

    def __init__(self, policy: CallPolicy) -> None:
        self._policy = policy
        self._timeouts = CallTimeouts()
        self._targets: SizedCache[str, URL] = SizedCache(_TARGETS)
        connector = aiohttp.TCPConnector(
            limit=0, resolver=_JudgedResolver(policy), use_dns_cache=False, keepalive_timeout=IDLE
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=_OWN_HEADERS,
            trust_env=False,
        )

    async def call(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes, timeout: float
    ) -> CallOutcome:
        """Return what comes of a request within so many seconds.

        Raises :class:`CallRefusedError` for a URL, a host or an address that may not be called.
        """
        target = self._targets.get(url)
        if target is None:
            target = _target(checked_url(url), self._policy)
            self._targets.keep(url, target)
        lines = [(name, _UNSENDABLE.sub(" ", value)) for name, value in headers]
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                self._timeouts.add(limit)
                return await self._called(method, target, lines, body)
        except TimeoutError:
            return CallOutcome(error=f"no answer within {timeout:g} s")
        except aiohttp.ClientConnectorDNSError as error:
            return CallOutcome(error=f"the host {target.host!r} is not known ({error.strerror})")
        except aiohttp.ClientSSLError as error:
            return CallOutcome(error=f"no TLS with the endpoint ({error})")
        except OSError as error:
            return CallOutcome(error=f"no connection to the endpoint ({error.strerror or error})")
        except aiohttp.ServerDisconnectedError:
            return CallOutcome(error="the endpoint closed the connection before it answered")
        except aiohttp.ClientPayloadError:
            return CallOutcome(error="the endpoint closed the connection in the middle of its answer")
        except aiohttp.ClientError as error:
            return CallOutcome(error=f"what came is no answer in HTTP/1.1: {error}"[:300])
        finally:
            self._timeouts.discard(limit)

    async def _called(self, method: str, url: URL, headers: Sequence[tuple[str, str]], body: bytes) -> CallOutcome:
        request = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
        async with request as response:
            answer = bytearray()
            async for piece in response.content.iter_any():
                answer += piece
                if len(answer) > LONGEST_ANSWER:
                    response.close()
                    break
        text = bytes(answer[:LONGEST_ANSWER]).decode("utf-8", "replace")
        return CallOutcome(response.status, text + "..." * (len(answer) > LONGEST_ANSWER))

    async def close(self) -> None:
        """Close all connections."""
        self._timeouts.close()
        await self._session.close()


class _JudgedResolver(AbstractResolver):
    """Looks names up, and returns those of their addresses that may be called."""

    def __init__(self, policy: CallPolicy) -> None:
        self._policy = policy
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        """Return the permitted addresses of a host.

        Raises :class:`CallRefusedError` where none is, and :class:`OSError` for an unknown host.
        """
        try:
            entries = await self._resolver.resolve(host, port, AF_UNSPEC)
        except UnicodeError:
            raise _unknown(host) from None
        permitted = self._policy.chosen(host, dict.fromkeys(entry["host"] for entry in entries))
        return [entry for entry in entries if entry["host"] in permitted]

    async def close(self) -> None:
        """Hold nothing that could be closed."""


def _target(parts: SplitResult, policy: CallPolicy) -> URL:
    """Return a URL as it is sent: in ASCII, what may not stand in a path or a query encoded.

    Raises :class:`CallRefusedError` for an address that may not be called: those are not looked up.
    """
    host = parts.hostname or ""
    with suppress(ValueError):
        policy.chosen(host, [str(ip_address(host))])
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise _unknown(host) from None
    authority = (f"[{host}]" if ":" in host else host) + (f":{parts.port}" if parts.port is not None else "")
    query = f"?{quote(parts.query, safe=_PATH + '?')}" if parts.query else ""
    return URL(f"{parts.scheme}://{authority}{quote(parts.path or '/', safe=_PATH)}{query}", encoded=True)


def _unknown(host: str) -> CallRefusedError:
    return CallRefusedError(f"found the host {host[:80]!r}; expected a name that can be looked up")
