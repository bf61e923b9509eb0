"""Certificates to serve with: files that somebody has, or one that is made on the spot by an authority of its own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

from mock_server.core.errors import UsageError
from mock_server.core.extras import install_command
from mock_server.core.value_class import value_class
from mock_server.settings import Settings

_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - addresses that are no name of a host
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")


@value_class
class ServerCertificate:
    """The paths of a certificate with its chain and of its key, in PEM; one file may have both.

    ``authority`` is the path of the certificate that clients have to trust, where this one was made on the spot.
    """

    chain: str
    key: str
    authority: str = ""


@contextmanager
def server_certificate(settings: Settings) -> Iterator[ServerCertificate | None]:
    """Yield the certificate to serve with; None where there is no TLS. What was made goes at the end.

    Raises :class:`UsageError` for files that are no certificate and key, and where nothing can be made.
    """
    if settings.tls and settings.tls_cert:
        raise UsageError("--tls: found it together with --tls-cert; expected one of the two")
    if settings.tls_key and not settings.tls_cert:
        raise UsageError("--tls-key: found it without --tls-cert; expected both. Name the file of the certificate.")
    if settings.tls:
        with TemporaryDirectory(prefix="mock-server-tls-") as directory:
            yield _made(Path(directory), settings)
    elif settings.tls_cert:
        yield _read(settings.tls_cert, settings.tls_key)
    else:
        yield None


def _read(chain: str, key: str) -> ServerCertificate:
    """Return the certificate of two files that fit one another. Raises :class:`UsageError`."""
    for flag, place in (("--tls-cert", chain), ("--tls-key", key)):
        if place and not Path(place).is_file():
            raise UsageError(f"{flag}: {place}: found no such file; expected one in PEM")

    def refuse() -> str:
        raise UsageError(f"--tls-key: {key or chain}: found a key with a password; expected one without")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key or None, refuse)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            trouble = f"found a key of another certificate than {chain}; expected its own"
            raise UsageError(f"--tls-key: {key or chain}: {trouble}") from None
        # OpenSSL does not say which of the files it could not read.
        is_chain = "-----BEGIN CERTIFICATE-----" in _text(chain)
        flag, place = ("--tls-key", key or chain) if is_chain else ("--tls-cert", chain)
        expected = "a private key in PEM" if is_chain else "a certificate in PEM"
        raise UsageError(f"{flag}: {place}: found none that OpenSSL can read; expected {expected}") from None
    except OSError as error:
        raise UsageError(f"--tls-cert: {chain}: cannot be read ({error.strerror})") from None
    return ServerCertificate(chain, key or chain)


def _text(place: str) -> str:
    return Path(place).read_text(encoding="ascii", errors="replace")


def _made(directory: Path, settings: Settings) -> ServerCertificate:
    """Return a certificate for the names of this machine, made in a directory that nobody else may read."""
    try:
        trustme = import_module("trustme")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--tls: found no {error.name}; expected trustme, which makes certificates."
            f" Install it: {install_command('tls')}. Or name one: --tls-cert FILE --tls-key FILE"
        ) from None
    host = () if settings.host in _EVERYWHERE else (settings.host,)
    names = dict.fromkeys(name for name in (*_OWN_NAMES, *host, gethostname(), *settings.allowed_host) if name)
    authority = trustme.CA(organization_name="mock-server")
    try:
        certificate = authority.issue_cert(*names)
    except ValueError as error:
        raise UsageError(f"--tls: found a name that no certificate has ({error}); expected names of hosts") from None
    trusted, both = directory / "ca.pem", directory / "server.pem"
    authority.cert_pem.write_to_path(str(trusted))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(both))
    return ServerCertificate(str(both), str(both), str(trusted))
