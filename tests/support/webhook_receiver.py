"""A receiver of webhooks on loopback, with the bad manners that a test asks for."""

from __future__ import annotations

import json
import socketserver
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.support.polling import until

PIECE = b"x" * 65_536


@dataclass(frozen=True)
class Received:
    """A request that arrived; headers by name in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class WebhookReceivers:
    """A receiver in threads. ``manners`` are those of the next requests, one each; then every request gets a 200.

    A number is a status; ``close`` closes at once, ``hang`` never answers, ``endless`` sends a body without an end,
    ``redirect`` leads to ``/elsewhere``, ``garbage`` is no HTTP, ``bare`` ends its answer with the connection,
    ``early`` says 103 first, ``chunked`` answers in chunks, ``huge head`` sends headers without an end.
    """

    def __init__(self, manners: Iterable[int | str] = ()) -> None:
        self.received: list[Received] = []
        self.manners = deque(manners)
        self.connections = 0
        self._let_go = threading.Event()
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                receiver.connections += 1
                while receiver._exchange(self):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 1024

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing of a sender that has gone away."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, seconds: float = 60) -> list[Received]:
        """What has arrived, once there is so much."""
        until(lambda: len(self.received) >= count, seconds)
        return [*self.received]

    def __enter__(self) -> WebhookReceivers:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _exchange(self, handler: socketserver.StreamRequestHandler) -> bool:
        line = handler.rfile.readline().decode("latin-1").split()
        if not line:
            return False
        headers: dict[str, str] = {}
        while text := handler.rfile.readline().decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        manner = self.manners.popleft() if self.manners else 200
        self.received.append(Received(line[0], line[1], headers, body))
        return self._answer(handler, manner)

    def _answer(self, handler: socketserver.StreamRequestHandler, manner: int | str) -> bool:
        write = handler.wfile.write
        if isinstance(manner, int):
            write(b"HTTP/1.1 %d Told\r\ncontent-length: 4\r\n\r\ndone" % manner)
            return True
        if manner == "hang":
            self._let_go.wait(30)
        elif manner == "endless":
            write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while not self._let_go.is_set():
                write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
        elif manner == "redirect":
            write(b"HTTP/1.1 307 There\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
            return True
        elif manner == "garbage":
            write(b"SSH-2.0-server\r\n\r\n")
        elif manner == "bare":
            write(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        elif manner == "early":
            write(b"HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate")
            return True
        elif manner == "chunked":
            write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n")
            return True
        elif manner == "huge head":
            write(b"HTTP/1.1 200 OK\r\n")
            while not self._let_go.is_set():
                write(b"x-more: %s\r\n" % (b"y" * 1000))
        return False
