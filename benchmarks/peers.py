"""Other mock servers, from ``benchmarks/peers/``, each with its own defaults but where its name says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from benchmarks.answers import AnswerSchema, answer
from benchmarks.load import Run
from benchmarks.requests import TOKEN, customer
from benchmarks.rows import PeerResult, Spread
from benchmarks.servers import NotStartedError, Place, Server

HERE = Path(__file__).with_name("peers")
ASKED = 5
"""Answers that are judged, for peers whose answers differ."""


@dataclass(frozen=True)
class Peer:
    """A server of a package. Its command is given ``{contract}``, ``{answer}`` (what ours sent) and ``{port}``."""

    name: str
    package: str
    command: tuple[str, ...]

    @property
    def version(self) -> str:
        """The version that is installed; nothing where none is."""
        about = HERE / "node_modules" / self.package / "package.json"
        return str(json.loads(about.read_text(encoding="utf-8"))["version"]) if about.exists() else ""


def _program(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(HERE / "node_modules" / ".bin" / name), *arguments)


_PRISM = _program("prism", "mock", "--port", "{port}", "{contract}")
_STEADY = _program("steady", "--host", "127.0.0.1", "--port", "{port}", "{contract}")
_MOCKOON = _program("mockoon-cli", "start", "--data", "{contract}", "--port", "{port}", "--hostname", "127.0.0.1")
_BACKEND = ("node", str(HERE / "openapi_backend.mjs"), "{contract}", "{answer}", "{port}")
PEERS = (
    Peer("Prism", "@stoplight/prism-cli", _PRISM),
    Peer("Prism, silent", "@stoplight/prism-cli", (*_PRISM, "--verboseLevel", "silent")),
    Peer("Mockoon", "@mockoon/cli", _MOCKOON),
    Peer("Steady", "@stdy/cli", _STEADY),
    Peer("openapi-backend, its own mock", "openapi-backend", (*_BACKEND, "mock")),
    Peer("openapi-backend, a fixed answer", "openapi-backend", (*_BACKEND, "fixed")),
    Peer("openapi-backend, the same judged each time", "openapi-backend", (*_BACKEND, "judged")),
)


@dataclass(frozen=True)
class Running:
    """A peer that answers, and what its answers to the request of the benchmark break."""

    peer: Peer
    server: Server
    findings: tuple[str, ...]

    def result(self, runs: Sequence[Run], bare: Sequence[Run]) -> PeerResult:
        """Its figures, round by round against bare uvicorn's."""
        refused = sum(run.refused + run.lost for run in runs)
        return PeerResult(
            self.peer.name,
            self.peer.version,
            tuple(run.rate / other.rate for run, other in zip(runs, bare, strict=True)),
            Spread.of([run.rate for run in runs]).median,
            self.server.ready,
            self.server.memory(),
            (*self.findings, *([f"{refused} requests without a good answer"] if refused else [])),
        )


def started(
    stack: ExitStack, place: Place, contract: Path, fixed: Path, schema: AnswerSchema
) -> Iterator[Running | PeerResult]:
    """Every peer, started until the stack is closed; a result without figures for one that cannot be."""
    for peer in PEERS:
        if not peer.version or shutil.which(peer.command[0]) is None:
            yield PeerResult(peer.name, "", why="not installed: make bench installs it where npm is")
            continue
        command = [part.replace("{contract}", str(contract)).replace("{answer}", str(fixed)) for part in peer.command]
        try:
            server = stack.enter_context(place.program(command, customer(TOKEN)))
            findings = [tuple(schema.findings(answer(server.url, customer(TOKEN)))) for _ in range(ASKED)]
        except (NotStartedError, OSError, HTTPException) as error:
            yield PeerResult(peer.name, peer.version, why=str(error))
        else:
            yield Running(peer, server, max(findings, key=len))
