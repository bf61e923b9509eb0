"""Where a server is reached: at a port or at a Unix socket, with TLS or without."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from mock_server.core.errors import UsageError
from mock_server.core.value_class import value_class
from mock_server.server.connection_capacity import backlog
from mock_server.server.sockets import bind_each, listen, url_of
from mock_server.server.tls import ServerCertificate, server_certificate
from mock_server.server.unix_socket import unix_socket
from mock_server.settings import Settings


@value_class
class ServerAddress:
    """Where clients reach a server: its base URL, and what they need besides.

    ``socket`` is the path of a Unix socket, empty where there is a port; ``authority`` is the path of the certificate
    that they have to trust, empty where there is none.
    """

    url: str
    socket: str = ""
    authority: str = ""


@value_class
class Listeners:
    """The sockets of a server, one for each process; those of several do not listen yet."""

    sockets: Sequence[socket.socket]
    address: ServerAddress
    certificate: ServerCertificate | None = None


@contextmanager
def open_listeners(settings: Settings) -> Iterator[Listeners]:
    """Yield the sockets that the settings ask for, and close them. Raises :class:`UsageError`."""
    with ExitStack() as opened:
        certificate = opened.enter_context(server_certificate(settings))
        if settings.uds and certificate is not None:
            flag = "--tls" if settings.tls else "--tls-cert"
            raise UsageError(f"--uds: found it together with {flag}; expected one of the two: no wire is between")
        if settings.uds:
            bound = opened.enter_context(unix_socket(settings.uds))
            if settings.workers == 1:
                bound.listen(backlog())
            yield Listeners([bound] * settings.workers, ServerAddress("http://localhost", settings.uds))
            return
        if settings.workers == 1:
            sockets = [listen(settings.host, settings.port, backlog())]
        else:
            sockets = bind_each(settings.host, settings.port, settings.workers)
        for each in sockets:
            opened.enter_context(each)
        authority = certificate.authority if certificate else ""
        address = ServerAddress(url_of(sockets[0], "https" if certificate else "http"), authority=authority)
        yield Listeners(sockets, address, certificate)
