"""Answers that stay open: what they send, how many there may be, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mock_server.core.errors import HubError
from mock_server.http.asgi import Message, Scope
from mock_server.http.live_response import LiveResponse
from mock_server.server import live_sender
from mock_server.server.live_sender import LiveSender
from mock_server.server.worker_thread import WorkerThread

SCOPE: Scope = {"type": "http", "method": "GET", "headers": []}


class Client:
    """A client that reads until it has enough of the body, and then goes."""

    def __init__(self, enough: int = 1 << 30) -> None:
        self.messages: list[Message] = []
        self._enough = enough
        self.gone = asyncio.Event()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.body) >= self._enough:
            self.gone.set()


def news_of(*pieces: bytes) -> Callable[[], bytes]:
    waiting = [*pieces]
    return lambda: waiting.pop(0) if waiting else b""


def answer(news: Callable[[], bytes], *, waits: bool = False) -> LiveResponse:
    return LiveResponse(200, (("content-type", "text/event-stream"),), news=news, interval=0.001, waits=waits)


def test_news_are_sent_until_the_client_goes() -> None:
    async def run() -> Client:
        client = Client(enough=8)
        await LiveSender(asyncio.Event(), WorkerThread()).send(
            answer(news_of(b"one\n", b"", b"two\n")), SCOPE, client.receive, client.send
        )
        return client

    assert asyncio.run(run()).body.replace(b":\n\n", b"") == b"one\ntwo\n"


def test_silence_begins_with_a_comment() -> None:
    async def run() -> Client:
        client = Client(enough=3)
        sender = LiveSender(asyncio.Event(), WorkerThread())
        await sender.send(answer(news_of()), SCOPE, client.receive, client.send)
        return client

    assert asyncio.run(run()).body == b":\n\n"


def test_stop_of_the_server_ends_it() -> None:
    async def run() -> Client:
        ending, client = asyncio.Event(), Client()
        sending = asyncio.ensure_future(
            LiveSender(ending, WorkerThread()).send(answer(news_of()), SCOPE, client.receive, client.send)
        )
        while not client.messages:
            await asyncio.sleep(0)
        ending.set()
        await asyncio.wait_for(sending, 5)
        return client

    assert not asyncio.run(run()).messages[-1].get("more_body", False)


def test_one_too_many_is_refused() -> None:
    async def run() -> list[int]:
        ending = asyncio.Event()
        sender = LiveSender(ending, WorkerThread())
        clients = [Client() for _ in range(live_sender.MOST_STREAMS + 1)]
        sending = [
            asyncio.ensure_future(sender.send(answer(news_of()), SCOPE, client.receive, client.send))
            for client in clients
        ]
        while not all(client.messages for client in clients):
            await asyncio.sleep(0)
        ending.set()
        await asyncio.gather(*sending)
        return [client.messages[0]["status"] for client in clients]

    assert asyncio.run(run()) == [*[200] * live_sender.MOST_STREAMS, 503]


def test_lost_hub_ends_it() -> None:
    def lost() -> bytes:
        raise HubError("the hub does not answer")

    async def run() -> Client:
        client, aside = Client(), WorkerThread()
        await LiveSender(asyncio.Event(), aside).send(answer(lost, waits=True), SCOPE, client.receive, client.send)
        aside.close()
        return client

    assert asyncio.run(run()).body == b""
