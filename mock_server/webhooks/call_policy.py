"""Who may be called: this machine alone, and hosts that were allowed by name, address or network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from mock_server.core.value_class import value_class
from mock_server.openapi.loading.loader import CONTROL

IpAddress: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
IpNetwork: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

LONGEST_URL = 2048
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


class CallRefusedError(Exception):
    """Raised for a URL that is not called, with the reason: what was found, what was expected, what to do."""


def checked_url(url: object) -> SplitResult:
    """Return the parts of an http(s) URL with a host. Raises :class:`CallRefusedError` for anything else."""
    if not isinstance(url, str) or not url:
        raise CallRefusedError("found no URL; expected one that begins with http:// or https://")
    excerpt = f"found the URL {url[:80]!r}"
    if len(url) > LONGEST_URL:
        raise CallRefusedError(f"{excerpt} with {len(url):,} characters; expected at most {LONGEST_URL:,}")
    if _UNPRINTABLE.search(url):
        raise CallRefusedError(f"{excerpt}; expected no spaces and no control characters in it")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise CallRefusedError(f"{excerpt} ({error}); expected one such as http://127.0.0.1:3000/webhooks") from None
    if parts.scheme not in ("http", "https") or not host:
        raise CallRefusedError(f"{excerpt}; expected one that begins with http:// or https:// and names a host")
    if CONTROL in unquote(parts.path):
        # Whoever may register an endpoint would have the use of it: what this machine asks is not asked for a token.
        raise CallRefusedError(f"{excerpt}; expected one that is no admin API ({CONTROL})")
    if "@" in parts.netloc:
        raise CallRefusedError("found a URL with a user or a password; expected none. Leave them out")
    return parts


@value_class(slots=False)
class CallPolicy:
    """The hosts that may be called beside this machine: names, addresses, networks (10.0.0.0/8).

    What a name leads to is asked when a connection is made, and each address is judged that is used: a name that leads
    elsewhere later leads nowhere.
    """

    hosts: tuple[str, ...] = ()

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(host.lower().rstrip(".") for host in self.hosts if _network(host) is None)

    @cached_property
    def _networks(self) -> tuple[IpNetwork, ...]:
        return tuple(network for host in self.hosts if (network := _network(host)) is not None)

    def chosen(self, host: str, addresses: Iterable[str]) -> Sequence[str]:
        """Return those of a host's addresses that may be called, in their order.

        Raises :class:`CallRefusedError` where none may be.
        """
        candidates = [*addresses]
        permitted = [address for address in candidates if self._permits(host, _address(address))]
        if not permitted:
            listing = ", ".join(dict.fromkeys(candidates)) or "no address"
            leads = f"the host {host[:80]!r}" if listing == host else f"the host {host[:80]!r}, which is {listing}"
            raise CallRefusedError(
                f"found {leads}; expected this machine (127.0.0.1, ::1, localhost), or a host that is allowed: start"
                f" with --webhook-allow {host[:80]}"
            )
        return permitted

    def _permits(self, host: str, address: IpAddress | None) -> bool:
        if address is None:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.is_loopback or any(address in network for network in self._networks):
            return True
        # What every machine of a cloud answers to under such an address is nobody's receiver.
        is_usual = not (address.is_link_local or address.is_multicast or address.is_unspecified)
        return is_usual and host.lower().rstrip(".") in self._names


def _network(text: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(text: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
