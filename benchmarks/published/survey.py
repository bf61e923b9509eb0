"""Every operation of a contract asked: with what is required, with everything, and for each answer documented."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles

from benchmarks.published.connection import Connection
from benchmarks.published.contract import Entry, Operation, PublishedContract, mapping
from benchmarks.published.request import Call, Caller, NotSendableError
from benchmarks.published.sample import NoSampleError, Sampler, size_of
from benchmarks.published.verdict import Judge, Reply, entry_for, is_json

LARGEST = 64 * 1024
"""Bytes that a body may have, where what is required alone does not need more."""
SERVER_ERROR, REJECTED, INVALID, LARGE, UNSENT = "server error", "rejected", "invalid", "large", "not sent"
FAULTS = (SERVER_ERROR, REJECTED, INVALID, LARGE, UNSENT)


@dataclass(frozen=True)
class Outcome:
    """What came of a call: how long it took (milliseconds), how large the body was, and what was wrong."""

    name: str
    way: str
    milliseconds: float
    status: int
    size: int
    fault: str = ""
    """One of :data:`FAULTS`, or empty."""
    findings: tuple[str, ...] = ()
    command: str = ""
    """The call as a curl command."""


@dataclass(frozen=True)
class Latencies:
    """What answers took, in milliseconds."""

    count: int
    median: float
    p90: float
    p99: float
    most: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Latencies:
        """Return the latencies of these answers; zeros where there are none."""
        if len(milliseconds) < 2:
            only = sum(milliseconds)
            return cls(len(milliseconds), only, only, only, only)
        cuts = quantiles(milliseconds, n=100, method="inclusive")
        return cls(len(milliseconds), median(milliseconds), cuts[89], cuts[98], max(milliseconds))


class Survey:
    """Asks the server at a URL the calls of one contract, and judges what comes."""

    def __init__(self, contract: PublishedContract) -> None:
        self.contract = contract
        self._caller = Caller(contract)
        self._validator = Judge(contract)
        self._sampler = Sampler(contract, self._validator.schemas)

    def reads(self) -> Iterator[Call | Outcome]:
        """Return the call of each GET, with what is required alone; an outcome for one that cannot be sent."""
        return (self._made(operation, False) for operation in self.contract.operations if operation.method == "GET")

    def calls(self) -> Iterator[Call | Outcome]:
        """Return all calls of each operation."""
        for operation in self.contract.operations:
            plain = self._made(operation, False)
            yield plain
            for entry in operation.content or (None,):
                yield self._made(operation, True, entry)
            if isinstance(plain, Call):
                yield from preferred(plain)

    def asked(
        self,
        url: str,
        calls: Sequence[Call],
        progress: Callable[[int], None] | None = None,
        *,
        are_apart: bool = False,
    ) -> list[Outcome]:
        """Return what came of each call; they are sent one after the other, and judged afterwards.

        Where they ``are_apart`` each has a world of its own, in which none before it has deleted what it asks for.
        """
        replies: list[tuple[Call, Reply | None, float]] = []
        with Connection(url) as connection:
            for number, shared in enumerate(calls):
                call = replace(shared, target=f"/~{number}{shared.target}") if are_apart else shared
                replies.append((call, *connection.ask(call.operation.method, call.text())))
                if progress is not None:
                    progress(len(replies))
        return [self.outcome(url, *entry) for entry in replies]

    def outcome(self, url: str, call: Call, reply: Reply | None, milliseconds: float) -> Outcome:
        """Return what an answer is worth; None is no answer."""
        fault, findings = self._fault(call, reply)
        status, size = (reply.status, len(reply.body)) if reply else (0, 0)
        command = call.curl(url) if fault else ""
        return Outcome(call.operation.key, call.way, milliseconds, status, size, fault, tuple(findings), command)

    def _made(self, operation: Operation, everything: bool, *entry: Entry | None) -> Call | Outcome:
        try:
            return self._caller.call(operation, everything, *entry)
        except (NotSendableError, NoSampleError) as error:
            way = "everything" if everything else "required"
            return Outcome(operation.key, way, 0, 0, 0, UNSENT, (str(error),))

    def _fault(self, call: Call, reply: Reply | None) -> tuple[str, list[str]]:
        if reply is None:
            return SERVER_ERROR, ["no answer"]
        said = f"status {reply.status}: {reply.body[:300].decode(errors='replace')}"
        expected = call.status
        if (
            expected is None
            and reply.status >= 500
            and any(response.status < "5" for response in call.operation.responses)
        ):
            return SERVER_ERROR, [said]
        if (
            expected is None
            and reply.status >= 400
            and any(response.status < "4" for response in call.operation.responses)
        ):
            return REJECTED, [said]
        if expected is not None and expected != reply.status:
            return SERVER_ERROR if reply.status >= 500 else REJECTED, [f"wanted {expected}; {said}"]
        findings = self._validator.findings(call.operation, reply)
        if findings:
            return SERVER_ERROR if _is_own_error(reply) else INVALID, [
                *findings,
                *([said] if _is_own_error(reply) else []),
            ]
        if len(reply.body) > LARGEST and not self._needs_more(call, reply):
            return LARGE, [f"{len(reply.body):,} bytes"]
        return "", []

    def _needs_more(self, call: Call, reply: Reply) -> bool:
        """Return whether what the schema requires is larger than a body may be, or the contract's own example is."""
        documented = call.operation.response_for(reply.status)
        entry = entry_for(documented.content, reply.headers.get("content-type", "")) if documented else None
        if entry is None or entry.schema is None or not is_json(reply.media_type) or self._is_example(entry, reply):
            return True
        try:
            return size_of(self._sampler.sample(entry.schema, everything=False)) > LARGEST
        except NoSampleError:
            return True

    def _is_example(self, entry: Entry, reply: Reply) -> bool:
        named = (
            self.contract.follow(example)[0].get("value") for example in mapping(entry.node.get("examples")).values()
        )
        return json.loads(reply.body) in [entry.node.get("example"), *named]


def preferred(call: Call) -> Iterator[Call]:
    """Return the calls that prefer each documented answer, in each media type, to the one that would come."""
    operation = call.operation
    for documented in operation.responses:
        status = status_of(documented.status, operation)
        if status is not None:
            for media_type in [entry.media_type for entry in documented.content] or [""]:
                yield call.wanting(status, media_type if len(documented.content) > 1 else "")


def status_of(key: str, operation: Operation) -> int | None:
    """Return a final status that a key of ``responses`` documents; None for an interim one, and where none is left."""
    documented = {response.status.upper() for response in operation.responses}
    if key.isdecimal():
        return int(key) if int(key) >= 200 else None
    if key.upper().endswith("XX"):
        first = int(key[0]) * 100
        return (
            next((code for code in range(first, first + 100) if str(code) not in documented), None)
            if first > 100
            else None
        )
    free = (code for code in (*range(500, 600), *range(400, 500)) if f"{code // 100}XX" not in documented)
    return next((code for code in free if str(code) not in documented), None)


def counted(outcomes: Sequence[Outcome]) -> Counter[str]:
    """Return how many outcomes have each fault."""
    return Counter(outcome.fault for outcome in outcomes if outcome.fault)


def _is_own_error(reply: Reply) -> bool:
    return reply.status >= 500 and reply.media_type == "application/problem+json"
