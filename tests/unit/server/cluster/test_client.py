"""Asking another process: connections are kept, and nobody is waited for longer than was said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mock_server.server.cluster import client as module
from mock_server.server.cluster.address import Address
from mock_server.server.cluster.client import Client, ClusterRefusedError, SilentError
from mock_server.server.cluster.endpoint import Endpoint, SocketServer
from tests.support.cluster_processes import settled

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Says the same to every request, byte for byte, and counts connections."""

    def __init__(self, said: bytes, *, closes: bool = False) -> None:
        self.said = said
        self.closes = closes
        self.connections = 0
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.heard.append(head + await reader.readexactly(length))
                writer.write(self.said)
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asked(server: Server, token: str = "") -> AsyncIterator[Client]:
    """A client of a server at a socket."""
    with TemporaryDirectory() as directory:
        place = str(Path(directory) / "s")
        async with await asyncio.start_unix_server(server, place):
            client = Client(Address(file=place), token)
            yield client
            client.close()
            await settled()


async def test_connections_are_reused_not_shared() -> None:
    server = Server(OK)
    async with asked(server, "s3cret") as client:
        for _ in range(3):
            assert await client.ask("ping", {"a": 1}, 1) == {}
        assert server.connections == 1
        await asyncio.gather(*(client.ask("ping", {}, 1) for _ in range(3)))
        assert server.connections == 3
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /__admin/peers/ping HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer s3cret\r\n" in head
    assert body == b'{"a":1}'


async def test_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    server = Server(OK, closes=True)
    async with asked(server) as client:
        assert [await client.ask("ping", {}, 1) for _ in range(3)] == [{}] * 3
        assert server.connections == 3


async def test_closed_client_keeps_no_connection() -> None:
    server = Server(OK)
    async with asked(server) as client:
        under_way = asyncio.create_task(client.ask("ping", {}, 1))
        while not server.heard:
            await asyncio.sleep(0)
        client.close()
        assert await under_way == {}
        assert await client.ask("ping", {}, 1) == {}
        assert server.connections == 2


async def test_connection_that_has_awaited_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", -1)
    server = Server(OK)
    async with asked(server) as client:
        for _ in range(2):
            await client.ask("ping", {}, 1)
        assert server.connections == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "in the middle of an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "in the middle of an answer"),
        (b"220 mail.example ESMTP\r\n", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{", "no JSON"),
    ],
)
async def test_what_is_no_answer_is_none(said: bytes, why: str) -> None:
    async with asked(Server(said, closes=True)) as client:
        with pytest.raises(SilentError, match=why):
            await client.ask("ping", {}, 5)


async def test_silent_process_is_not_awaited() -> None:
    async with asked(Server(b"HTTP/1.1 200 OK\r\n")) as client:
        with pytest.raises(SilentError, match=r"no answer within 0\.02 s"):
            await client.ask("ping", {}, 0.02)


async def test_refusal_is_one() -> None:
    async with asked(Server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")) as client:
        with pytest.raises(ClusterRefusedError) as caught:
            await client.ask("ping", {}, 1)
        assert caught.value.status == 401


@pytest.mark.parametrize(
    ("address", "is_absent"),
    [(Address(host="127.0.0.1", port=1), True), (Address(file="/nowhere/at/all"), False)],
    ids=str,
)
async def test_nobody_there_is_told_from_one_who_is_silent(address: Address, is_absent: bool) -> None:
    with pytest.raises(SilentError) as caught:
        await Client(address).ask("ping", {}, 1)
    assert caught.value.is_absent is is_absent


async def test_endpoint_answers_its_questions_and_no_others() -> None:
    async def doubled(message: dict[str, object]) -> object:
        return {"twice": [message["n"], message["n"]], "source": message["source"]}

    async def broken(message: dict[str, object]) -> object:
        raise RuntimeError(message)

    with TemporaryDirectory() as directory:
        place = Path(directory) / "s.sock"
        server = SocketServer(Endpoint({"double": doubled, "break": broken}))
        await server.open(place)
        client = Client(Address(file=str(place)))
        assert await client.ask("double", {"n": "å" * 100_000}, 5) == {"twice": ["å" * 100_000] * 2, "source": ""}
        for question, status in (("triple", 404), ("break", 500)):
            with pytest.raises(ClusterRefusedError) as caught:
                await client.ask(question, {}, 5)
            assert caught.value.status == status
        client.close()
        server.close()
        await settled()


@pytest.mark.parametrize("text", ["/a/b.sock", "mock:4010", "127.0.0.1:1", "[::1]:65535", ":4010"])
def test_address_is_read_as_it_is_written(text: str) -> None:
    assert str(Address.read(text)) == text


@pytest.mark.parametrize("text", ["", "mock", "mock:", "mock:0", "mock:65536", "mock:x"])
def test_what_is_no_address_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Address.read(text)
