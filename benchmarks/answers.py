"""What came back: an answer, how two of them differ, and what of one breaks its schema.

A figure compares two servers only where both do the same. :class:`NotComparableError` says where they do not.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mock_server.openapi.validation.formats import is_uuid4

SECONDS = 30
"""How long an answer is waited for."""
_CONTRACT = "urn:contract"
_FORMATS = FormatChecker()
_FORMATS.checks("uuid4")(is_uuid4)


class NotMeasuredError(Exception):
    """There is no figure; says where, what was found and what was expected."""


class NotComparableError(NotMeasuredError):
    """Two answers, or two runs, are not of the same thing; the figure would compare nothing."""


@dataclass(frozen=True)
class Answer:
    """One answer. Its date is left out: each server puts in its own."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def write(self, file: Path) -> None:
        """Keep it in a file, as JSON."""
        file.write_text(json.dumps({**asdict(self), "body": self.body.decode("latin-1")}), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Answer:
        """Return the answer that :meth:`write` wrote."""
        data = json.loads(file.read_text(encoding="utf-8"))
        headers = tuple((name, value) for name, value in data["headers"])
        return cls(data["status"], headers, data["body"].encode("latin-1"))


def answers(url: str, requests: Iterable[bytes]) -> Iterator[Answer]:
    """Yield the answers to requests that are sent one after the other over one connection, while it lasts."""
    requests = iter(requests)
    request = next(requests, None)
    while request is not None:
        with closing(_connected(url)) as connection:
            stays = True
            while stays and request is not None:
                connection.sendall(request)
                response = http.client.HTTPResponse(connection)
                response.begin()
                headers = tuple((name, value) for name, value in response.getheaders() if name.lower() != "date")
                yield Answer(response.status, headers, response.read())
                stays = not response.will_close
                request = next(requests, None)


def answer(url: str, request: bytes) -> Answer:
    """Return the answer to a request; raises :class:`OSError` or :class:`http.client.HTTPException` without one."""
    (only,) = answers(url, [request])
    return only


def _connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 80), timeout=SECONDS)


def check_same(name: str, url: str, other: str, other_url: str, request: bytes) -> Answer:
    """Return the answer that two servers give, equal to the byte; raises :class:`NotComparableError` otherwise."""
    first, second = answer(url, request), answer(other_url, request)
    for part in ("status", "headers", "body"):
        actual, expected = getattr(second, part), getattr(first, part)
        if actual != expected:
            raise NotComparableError(
                f"{part} of an answer: found {actual!r} from {other}; expected {expected!r} as from {name}. "
                "Servers that send different bytes are not compared."
            )
    return first


class AnswerSchema:
    """What a contract says of the body of one answer: the judge of every server that is measured."""

    def __init__(self, contract: dict[str, Any], path: str, method: str = "get", status: str = "200") -> None:
        pointer = f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}/responses/{status}"
        registry: Registry[Any] = Registry()
        registry = registry.with_resource(_CONTRACT, DRAFT202012.create_resource(contract))
        schema = {"$ref": f"{_CONTRACT}#{pointer}/content/application~1json/schema"}
        self._status = int(status)
        self._validator = Draft202012Validator(schema, registry=registry, format_checker=_FORMATS)

    def findings(self, reply: Answer) -> list[str]:
        """Return what is wrong with an answer by the contract, the outermost first; formats are asserted."""
        if reply.status != self._status:
            return [f"status {reply.status}"]
        try:
            value = json.loads(reply.body)
        except ValueError:
            return ["no JSON"]
        errors = sorted(self._validator.iter_errors(value), key=lambda error: len(error.absolute_path))
        return ["".join(f"/{part}" for part in error.absolute_path) + f": {error.message}" for error in errors]
