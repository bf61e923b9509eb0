"""The check whether a server is ready, with the standard library alone, so that a container needs no curl."""

from __future__ import annotations

import json
import socket
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    BaseHandler,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

SECONDS = 3.0
_NOT_READY = "urn:mock-server:problem:not-ready"


def ask(url: str, socket_path: str = "") -> str:
    """Return what is wrong with the server at a base URL, or at a Unix socket; empty when it is ready.

    The certificate of a server on this machine is not looked at: it may have been made for another name.
    """
    if not url.startswith(("http://", "https://")):
        return "found no http(s) URL; expected the base URL of a server"
    try:
        with _opener(url, socket_path).open(url.rstrip("/") + "/__admin/health/ready", timeout=SECONDS) as answer:
            health = json.load(answer)
    except HTTPError as error:
        with error:
            return _refused(error)
    except (HTTPException, URLError, OSError, ValueError) as error:
        return _nobody(getattr(error, "reason", error))
    return "" if isinstance(health, dict) and health.get("status") == "ready" else "found another server"


def _opener(url: str, socket_path: str) -> OpenerDirector:
    """Return what asks a server directly, whatever proxies there are."""
    handlers: list[BaseHandler] = [ProxyHandler({})]
    if socket_path:
        handlers.append(_UnixHandler(socket_path))
    if url.startswith("https://"):
        import ssl  # it takes long to import, and is not needed where there is no TLS

        context = ssl.create_default_context()
        if _is_own(urlsplit(url).hostname or ""):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        handlers.append(HTTPSHandler(context=context))
    return build_opener(*handlers)


def _is_own(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


class _UnixHandler(HTTPHandler):
    """Opens http URLs by a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(partial(_UnixConnection, self._path), req)


class _UnixConnection(HTTPConnection):
    """A connection to the server at a Unix socket."""

    def __init__(self, path: str, host: str, timeout: float = SECONDS) -> None:
        super().__init__(host, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise OSError("this system has no Unix sockets")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _refused(error: HTTPError) -> str:
    """Return what is wrong with a server that answers with an error: ours says why it is not ready."""
    try:
        problem = json.load(error)
    except (HTTPException, OSError, ValueError):
        return _nobody(error)
    if not isinstance(problem, dict) or problem.get("type") != _NOT_READY:
        return _nobody(error)
    return f"found a server that is not ready: {problem.get('detail')}"


def _nobody(reason: object) -> str:
    return f"found no ready server ({' '.join(str(reason).split())}); expected one. Is it started?"
