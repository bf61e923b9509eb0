"""A real server under bytes, scenarios and control calls: it answers or hangs up, and goes on."""

from __future__ import annotations

import atexit
import json
import socket
import tempfile
import time
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.servers import Place, Server
from tests.fuzz.questions import calls, requests, scenarios
from tests.fuzz.target import SHOP, FaultError, Target

PATIENCE = 20.0
"""Seconds for an answer to come at all."""
SOON = 1.0
"""Seconds for the request after; asked again where it was not, since a machine may be busy."""
WORLD = "/~fuzz"


class Subject:
    """The server that is asked, begun with the first question."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._server: Server | None = None
        self._read = 0

    @property
    def server(self) -> Server:
        """The server, which runs."""
        if self._server is None:
            directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
            fixtures = directory / "fixtures"
            fixtures.mkdir()
            (fixtures / "pets.json").write_text('[{"handle": "tom", "name": "Tom"}]', encoding="utf-8")
            arguments = (str(SHOP), "--fixtures", str(fixtures), "--max-worlds", "20")
            self._server = self._stack.enter_context(Place(directory).mock_server(*arguments))
        return self._server

    def close(self) -> None:
        """End the server."""
        self._stack.close()
        self._server, self._read = None, 0

    def connection(self) -> HTTPConnection:
        """A connection to the server."""
        address = urlsplit(self.server.url)
        return HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and body of an answer; status 0 where the connection was closed instead."""
        connection = self.connection()
        try:
            connection.request(method, target, body, {"Authorization": "Bearer pet_tom", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except TimeoutError:
            raise FaultError(f"{method} {target}: found no answer in {PATIENCE} s; expected one") from None
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()

    def check(self) -> None:
        """Raise :class:`FaultError` where the next request is not answered soon, or the log tells of a traceback."""
        took = 0.0
        for _ in range(3):
            started = time.monotonic()
            status, body = self.ask("GET", "/__admin/health")
            took = time.monotonic() - started
            if status != 200:
                self.close()
                raise FaultError(f"health: found {status} {body[:200]!r}; expected 200")
            if took < SOON:
                break
        else:
            raise FaultError(f"health: found an answer after {took:.1f} s; expected one in {SOON} s")
        with self.server.log.open("rb") as log:
            log.seek(self._read)
            said = log.read()
        self._read += len(said)
        if b"Traceback" in said:
            raise FaultError(f"found a traceback in the log; expected none: {said.decode(errors='replace')[-3000:]}")


SUBJECT = Subject()
atexit.register(SUBJECT.close)


def check_bytes(example: list[str]) -> None:
    """Send bytes (as Latin-1) and read to the end."""
    address = urlsplit(SUBJECT.server.url)
    answer = bytearray()
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE) as connection:
        try:
            for part in example:
                connection.sendall(part.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                answer += piece
        except TimeoutError:
            raise FaultError(f"found {bytes(answer[:200])!r} and an open connection; expected it closed") from None
        except OSError:
            pass  # it was closed while more was coming
    if answer and not answer.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")):
        raise FaultError(f"found {bytes(answer[:200])!r}; expected an answer of HTTP or none")
    if b"mock server failed" in answer or b" 500 " in answer.split(b"\r\n", 1)[0]:
        raise FaultError(f"found {bytes(answer[:800])!r}; expected no 500")
    SUBJECT.check()


def check_scenario(example: Any) -> None:
    """Start a scenario, ask for what it may be about, and end it."""
    body = json.dumps(example).encode()
    status, said = SUBJECT.ask("POST", f"{WORLD}/__admin/scenarios", body, {"Content-Type": "application/json"})
    if not (status == 201 or 400 <= status < 500):
        raise FaultError(f"found {status} {said[:500]!r}; expected 201, or a refusal with a reason")
    if status == 201 and not _takes_long(example):
        for method, path in (
            ("GET", "/pet"),
            ("GET", "/pets?limit=2"),
            ("POST", "/pets"),
            ("GET", "/events?__items=2"),
        ):
            sent = b'{"name": "Tom", "age": 3, "tags": ["a"]}' if method == "POST" else None
            status, said = SUBJECT.ask(method, WORLD + path, sent, {"Content-Type": "application/json"} if sent else {})
            if b"/internal" in said or b"mock server failed" in said:
                raise FaultError(f"{method} {path}: found {status} {said[:500]!r}; expected the scenario's answer")
    SUBJECT.ask("GET", f"{WORLD}/__admin/scenarios")
    SUBJECT.ask("DELETE", f"{WORLD}/__admin/scenarios")
    SUBJECT.check()


_SLOW = {"delay_ms", "jitter_ms", "hang", "trickle", "interval_ms"}


def _takes_long(scenario: Any) -> bool:
    answers = scenario.get("answers") if isinstance(scenario, dict) else None
    return isinstance(answers, list) and any(isinstance(one, dict) and _SLOW & one.keys() for one in answers)


def check_control(example: dict[str, Any]) -> None:
    """Send a call to control: never a 500, and always an answer."""
    body = example["body"]
    sent = (
        None
        if body is None
        else body["raw"].encode("utf-8", "surrogatepass")
        if "raw" in body
        else json.dumps(body["json"]).encode()
    )
    target = quote(f"{WORLD}/__admin{example['path']}", safe="/~?=&%")
    status, said = SUBJECT.ask(example["method"], target, sent, {"Content-Type": "application/json"})
    if status == 0 or status >= 500:
        raise FaultError(f"{example['method']} {target}: found {status} {said[:800]!r}; expected an answer below 500")
    for path in ("/__admin/requests?limit=3", "/__admin/fixtures/pets", "/pet"):
        status, said = SUBJECT.ask("GET", WORLD + path)
        if status == 0 or status >= 500:
            SUBJECT.ask("POST", f"{WORLD}/__admin/reset")
            raise FaultError(f"{path} afterwards: found {status} {said[:800]!r}; expected an answer below 500")
        try:
            said.decode()
        except UnicodeDecodeError:
            SUBJECT.ask("POST", f"{WORLD}/__admin/reset")
            raise FaultError(f"{path} afterwards: found {said[:800]!r}; expected UTF-8") from None
    SUBJECT.check()


BYTES = Target("http", requests(), check_bytes)
SCENARIOS = Target("scenarios", scenarios(), check_scenario)
CONTROL = Target("control", calls(), check_control)
