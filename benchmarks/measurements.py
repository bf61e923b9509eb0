"""How each row is measured: which servers, asked what, by turns."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.client import HTTPException
from itertools import islice

from benchmarks import contracts, peers, requests, rows
from benchmarks.answers import Answer, AnswerSchema, NotComparableError, NotMeasuredError, answer, answers, check_same
from benchmarks.large import large_contract
from benchmarks.load import Run, check_good, check_same_size, drive
from benchmarks.open_page import open_page
from benchmarks.requests import Cycle, Fresh, Load
from benchmarks.rows import PeerResult, Result, Row, Spread
from benchmarks.servers import Place, Server

STARTS = 10
FIRST_STARTS = 3
OPERATIONS = 1_000
"""Operations of the contract that is started for the first time."""
DIFFERENT = 100_000
"""Requests after which memory is looked at, and after as many again."""
SAMPLE = 200
"""Answers among which one of the mean size is looked for."""
Runs = Mapping[str, tuple[Run, ...]]


@dataclass(frozen=True)
class Plan:
    """How long is measured, where, and who is told how far it is."""

    place: Place
    rounds: int
    seconds: int
    keys: frozenset[str]
    """The rows that are wanted, and ``peers``."""
    progress: Callable[[str], None]


def same_request(plan: Plan) -> list[Result | PeerResult]:
    """One request again and again, of this server, the bare one and the peers; the latency of the same runs."""
    load = requests.one_customer()
    with ExitStack() as stack:
        ours = stack.enter_context(plan.place.mock_server())
        bare, reply = _bare_beside(stack, plan, ours, load.requests[0])
        contract = contracts.served_contract(ours.url)
        schema = AnswerSchema(contract, requests.ME)
        if findings := schema.findings(reply):
            raise NotComparableError(
                f"found {'; '.join(findings)} in our answer; expected one that keeps the contract."
            )
        entries = list(_peers(stack, plan, contract, reply, schema)) if "peers" in plan.keys else []
        running = {entry.peer.name: entry for entry in entries if isinstance(entry, peers.Running)}
        runs = in_turns(
            plan, {"ours": ours, "bare": bare, **{name: peer.server for name, peer in running.items()}}, load
        )
        _check(runs, "ours", "bare")
        others = [
            entry if isinstance(entry, PeerResult) else entry.result(runs[entry.peer.name], runs["bare"])
            for entry in entries
        ]
    runs = {name: runs[name] for name in ("ours", "bare")}
    slowest = {name: Spread.of([run.p99 for run in runs[name]]).median for name in runs}
    note = f"{slowest['ours']:.2f} ms, bare {slowest['bare']:.2f} ms"
    latencies = tuple(run.p99 / other.p99 for run, other in zip(runs["ours"], runs["bare"], strict=True))
    return [_rates(rows.SAME, runs), Result(rows.P99, latencies, note=note), *others]


def _peers(
    stack: ExitStack, plan: Plan, contract: Mapping[str, object], reply: Answer, schema: AnswerSchema
) -> Iterable[peers.Running | PeerResult]:
    plan.progress("starting the peers")
    contract_file, fixed = plan.place.file("contract.json"), plan.place.file("answer.json")
    contract_file.write_text(json.dumps(contract), encoding="utf-8")
    reply.write(fixed)
    return peers.started(stack, plan.place, contract_file, fixed, schema)


def many_tokens(plan: Plan) -> list[Result | PeerResult]:
    """Ten thousand tokens in turn, each asked before."""
    return [_against_bare(plan, rows.TOKENS, requests.many_customers())]


def more_tokens(plan: Plan) -> list[Result | PeerResult]:
    """Twice as many tokens in turn, each asked before."""
    return [_against_bare(plan, rows.TOKENS_20000, requests.many_customers(number=requests.MORE))]


def other_headers(plan: Plan) -> list[Result | PeerResult]:
    """One request whose headers differ each time, as those of clients with tracing do."""
    return [_against_bare(plan, rows.HEADERS, requests.other_headers())]


def many_worlds(plan: Plan) -> list[Result | PeerResult]:
    """Return the rates for the same tokens, with the worlds by turns."""
    return [_against_bare(plan, rows.WORLDS, requests.many_customers(requests.WORLDS))]


def running_scenario(plan: Plan) -> list[Result | PeerResult]:
    """One request in a world in which a scenario counts each."""
    return [_against_bare(plan, rows.SCENARIO, requests.one_customer("bench"), first=requests.scenario())]


def new_tokens(plan: Plan) -> list[Result | PeerResult]:
    """Tokens that nobody asked for before."""
    return [_against_bare(plan, rows.NEW, requests.new_customers())]


def new_bodies(plan: Plan) -> list[Result | PeerResult]:
    """Bodies that nobody sent before."""
    return [_against_bare(plan, rows.POST, requests.new_orders(), str(contracts.ORDERS))]


def _against_bare(plan: Plan, row: Row, load: Load, *arguments: str, first: bytes = b"") -> Result:
    """Measure a row; ``first`` is a request that this server gets before, if any."""
    with ExitStack() as stack:
        ours = stack.enter_context(plan.place.mock_server(*arguments))
        if first and (reply := answer(ours.url, first)).status >= 400:
            raise NotComparableError(f"found a {reply.status}; expected a good answer: {reply.body[:500]!r}")
        bare, _ = _bare_beside(stack, plan, ours, _of_mean_size(ours, load))
        warm(plan, ours, load)
        runs = in_turns(plan, {"ours": ours, "bare": bare}, load)
    _check(runs, "ours", "bare")
    return _rates(row, runs)


def full_contract(plan: Plan) -> list[Result | PeerResult]:
    """Measure all of Polar beside the small contract, each asked the same."""
    if not contracts.FULL.exists():
        return [Result(row, why=f"{contracts.FULL.name} is not on this machine") for row in rows.FULL.values()]
    arguments = contracts.full_contract(plan.place)
    loads: dict[str, Load] = {
        rows.SAME.key: requests.one_customer(),
        rows.TOKENS.key: requests.many_customers(),
        rows.NEW.key: requests.new_customers(),
        rows.WORLDS.key: requests.many_customers(requests.WORLDS),
    }
    results: list[Result | PeerResult] = []
    for key, load in loads.items():
        with ExitStack() as stack:
            small = stack.enter_context(plan.place.mock_server())
            full = stack.enter_context(plan.place.mock_server(*arguments))
            warm(plan, small, load)
            warm(plan, full, load)
            runs = in_turns(plan, {"full": full, "small": small}, load)
        _check(runs, "full", "small")
        results.append(_rates(rows.FULL[key], runs))
    return results


def console(plan: Plan) -> list[Result | PeerResult]:
    """One request again and again, of a server whose requests somebody watches and of one that nobody does."""
    load = requests.one_customer()
    with ExitStack() as stack:
        opened = stack.enter_context(plan.place.mock_server())
        closed = stack.enter_context(plan.place.mock_server())
        check_same("open", opened.url, "closed", closed.url, load.requests[0])
        page = stack.enter_context(open_page(opened.url))
        runs = in_turns(plan, {"open": opened, "closed": closed}, load)
    _check(runs, "open", "closed")
    return [replace(_rates(rows.CONSOLE, runs), note=f"{page.arrivals:,} requests shown")]


def starts(plan: Plan) -> list[Result | PeerResult]:
    """From the spawn to the first answer of the API, with what the start before left in the cache, and without."""
    request = requests.customer(requests.TOKEN)
    ours, bare, lines = [], [], []
    plan.place.first_answer(request)
    for number in range(STARTS):
        plan.progress(f"start {number + 1} of {STARTS}")
        ours.append(plan.place.first_answer(request))
        with plan.place.mock_server() as server:
            lines.append(server.ready)
        with plan.place.bare(Answer(200, (), b"")) as server:
            bare.append(server.ready)
    note = f"its line after {Spread.of(lines).median:.2f} s, bare uvicorn's answer after {Spread.of(bare).median:.2f} s"
    return [Result(rows.READY, tuple(ours), note=note), _first_starts(plan)]


def _first_starts(plan: Plan) -> Result:
    """Return the seconds to the first answer of a contract that this machine has never served."""
    contract = plan.place.file("large.json")
    contract.write_text(json.dumps(large_contract(OPERATIONS)), encoding="utf-8")
    request = b"GET /group0/things0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    seconds = []
    for number in range(FIRST_STARTS):
        plan.progress(f"first start {number + 1} of {FIRST_STARTS}")
        seconds.append(plan.place.first_answer(request, str(contract), "--no-cache"))
    return Result(rows.FIRST_START, tuple(seconds), note=f"{OPERATIONS:,} operations")


def memory(plan: Plan) -> list[Result | PeerResult]:
    """Resident memory after many different requests, and after as many again."""
    load = requests.new_customers()
    with plan.place.mock_server() as server:
        before = server.memory()
        after = []
        for turn in range(2):
            _ask(plan, server, load.some(DIFFERENT), turn * DIFFERENT)
            after.append(server.memory())
    note = f"{before:.0f} MB at the start"
    return [
        Result(rows.MEMORY, (after[0],), note=note),
        Result(rows.GROWTH, (after[1] / after[0],), note=f"{after[1]:.0f} MB"),
    ]


def workers(plan: Plan) -> list[Result | PeerResult]:
    """Two processes against one; what the server beneath makes of a second one here is told beside it."""
    load = requests.one_customer()
    with ExitStack() as stack:
        one = stack.enter_context(plan.place.mock_server())
        two = stack.enter_context(plan.place.mock_server("--workers", "2"))
        given = check_same("one worker", one.url, "two workers", two.url, load.requests[0])
        bare_one, bare_two = (stack.enter_context(plan.place.bare(given, number)) for number in (1, 2))
        servers = {"two": two, "one": one, "bare two": bare_two, "bare one": bare_one}
        runs = in_turns(plan, servers, load)
    _check(runs, *servers)
    possible = Spread.of(_ratios(runs["bare two"], runs["bare one"])).median
    return [Result(rows.WORKERS, _ratios(runs["two"], runs["one"]), runs=runs, note=f"bare: {possible:.2f} times")]


def _bare_beside(stack: ExitStack, plan: Plan, ours: Server, request: bytes) -> tuple[Server, Answer]:
    """Start a bare server with the same answer as ours, check that it sends it, and return both."""
    reply = answer(ours.url, request)
    if reply.status >= 400:
        raise NotComparableError(f"found a {reply.status} from ours; expected a good answer: {reply.body[:500]!r}")
    bare = stack.enter_context(plan.place.bare(reply))
    return bare, check_same("ours", ours.url, "bare", bare.url, request)


def _of_mean_size(ours: Server, load: Load) -> bytes:
    """Return the request whose answer is nearest to the mean in size: that answer stands for all."""
    sample = list(load.some(SAMPLE) if isinstance(load, Fresh) else load.requests[:SAMPLE])
    sizes = [len(reply.body) for reply in answers(ours.url, sample)]
    mean = sum(sizes) / len(sizes)
    return min(zip(sample, sizes, strict=True), key=lambda pair: abs(pair[1] - mean))[0]


def warm(plan: Plan, server: Server, load: Load) -> None:
    """Ask the first full round, of requests that come again."""
    if isinstance(load, Cycle):
        _ask(plan, server, load.requests)


def _ask(plan: Plan, server: Server, messages: Iterable[bytes], already: int = 0) -> None:
    remaining = answers(server.url, messages)
    while some := list(islice(remaining, 1000)):
        already += len(some)
        plan.progress(f"{already:,} requests one by one")
        if wrong := [reply for reply in some if reply.status != 200]:
            raise NotComparableError(f"found a {wrong[0].status}; expected 200: {wrong[0].body[:500]!r}")


def in_turns(plan: Plan, servers: Mapping[str, Server], load: Load) -> Runs:
    """Return runs of all servers, by turns, each round begun by another; a second before them is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in servers}
    for name, server in servers.items():
        plan.progress(f"warming up {name}")
        drive(server.url, load, 1)
    for number in range(plan.rounds):
        first = number % len(servers)
        for name in [*servers][first:] + [*servers][:first]:
            plan.progress(f"round {number + 1} of {plan.rounds}: {name}")
            runs[name].append(_run(servers[name], load, plan.seconds))
    return {name: tuple(series) for name, series in runs.items()}


def _run(server: Server, load: Load, seconds: int) -> Run:
    spent = server.processor_time()
    run = drive(server.url, load, seconds)
    return replace(run, cost=(server.processor_time() - spent) / max(run.requests, 1) * 1e6)


def _check(runs: Runs, name: str, *others: str) -> None:
    for other in (name, *others):
        for run, other_run in zip(runs[name], runs[other], strict=True):
            check_good(other, other_run)
            check_same_size(name, run, other, other_run)


def _rates(row: Row, runs: Runs) -> Result:
    """Return the first server's requests a second as a share of the second's, round by round."""
    first, second = runs.values()
    return Result(row, _ratios(first, second), runs=runs)


def _ratios(runs: tuple[Run, ...], others: tuple[Run, ...]) -> tuple[float, ...]:
    return tuple(run.rate / other.rate for run, other in zip(runs, others, strict=True))


MEASUREMENTS: tuple[tuple[tuple[Row, ...], Callable[[Plan], list[Result | PeerResult]]], ...] = (
    ((rows.SAME, rows.P99), same_request),
    ((rows.TOKENS,), many_tokens),
    ((rows.TOKENS_20000,), more_tokens),
    ((rows.HEADERS,), other_headers),
    ((rows.NEW,), new_tokens),
    ((rows.WORLDS,), many_worlds),
    ((rows.SCENARIO,), running_scenario),
    ((rows.POST,), new_bodies),
    (tuple(rows.FULL.values()), full_contract),
    ((rows.CONSOLE,), console),
    ((rows.READY,), starts),
    ((rows.MEMORY, rows.GROWTH), memory),
    ((rows.WORKERS,), workers),
)


def measured(plan: Plan) -> tuple[list[Result], list[PeerResult]]:
    """Every row that is wanted, in the order of the table, and the peers."""
    results: list[Result] = []
    others: list[PeerResult] = []
    for table_rows, measure in MEASUREMENTS:
        keys = {row.key for row in table_rows} | ({"peers"} if measure is same_request else set())
        if not keys & plan.keys:
            continue
        try:
            came = measure(plan)
        except (NotMeasuredError, OSError, HTTPException) as error:
            came = [Result(row, why=str(error) or type(error).__name__, failed=True) for row in table_rows]
        results += [result for result in came if isinstance(result, Result) and result.row.key in plan.keys]
        others += [result for result in came if isinstance(result, PeerResult)]
    return sorted(results, key=lambda result: rows.ROWS.index(result.row)), others


def to_terminal(what: str) -> None:
    """Print how far it is, on one line that the next one takes; nothing where nobody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}")
        sys.stderr.flush()
