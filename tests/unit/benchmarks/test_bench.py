"""The benchmark compares like with like, counts right, and leaves nothing behind. No test asks how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks import bench, contracts, measurements, peers, requests, rows
from benchmarks.answers import Answer, AnswerSchema, NotComparableError, answer, answers, check_same
from benchmarks.load import Run, check_good, check_same_size, parsed
from benchmarks.measurements import Plan, measured
from benchmarks.open_page import open_page
from benchmarks.rows import PeerResult, Result, Row, Spread
from benchmarks.servers import NotStartedError, Place, end
from benchmarks.table import Report, as_json, text
from mock_server.openapi.loading.loader import load_contract
from tests.support.customers import ME
from tests.support.polling import until

PRINTED = """Running 1s test @ http://127.0.0.1:4010
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   151.54ms  152.96ms 636.56ms   81.25%
  50000 requests in 2.00s, 44.91MB read
Requests/sec:     25000.00
{"requests": 50000, "duration": 2000000, "bytes": 45000000, "p99": 2500.0, "refused": 3, "lost": 1}
"""
GOOD = Answer(200, (("content-type", "application/json"), ("content-length", "2")), b"{}")
REQUEST = requests.customer("polar_cst_individual")


def a_run(*, rate: float = 1000, size: float = 900, refused: int = 0, lost: int = 0, cost: float = 0) -> Run:
    return Run(requests=1000, rate=rate, p99=1.0, size=size, refused=refused, lost=lost, busy=0.5, cost=cost)


@contextmanager
def sending(reply: Answer) -> Iterator[str]:
    """A server in a thread of this process that sends one answer, and a date."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response_only(reply.status)
            for name, value in (("date", self.date_time_string()), *reply.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(Place(tmp_path), rounds=1, seconds=1, keys=frozenset(rows.KEYS), progress=lambda _: None)


# What wrk counted


def test_what_wrk_printed_is_read() -> None:
    assert parsed(PRINTED, 0.4) == Run(requests=50_000, rate=25_000, p99=2.5, size=900, refused=3, lost=1, busy=0.4)


def test_run_without_answers_has_no_size() -> None:
    nothing = '{"requests": 0, "duration": 1000000, "bytes": 0, "p99": 0.0, "refused": 0, "lost": 32}'
    assert parsed(nothing) == Run(requests=0, rate=0, p99=0, size=0, refused=0, lost=32, busy=0)


def test_wrk_without_figures_is_an_error() -> None:
    with pytest.raises(ValueError, match="found no line of JSON"):
        parsed("Running 1s test")


# The requests


def test_many_customers_are_different_requests_spread_over_worlds() -> None:
    messages = requests.many_customers(requests.WORLDS).requests
    assert (len(messages), len(set(messages))) == (requests.MANY, requests.MANY)
    assert messages[1_501].startswith(f"GET /~bench-1{ME} HTTP/1.1\r\n".encode())
    assert len({message.split(b"/", 2)[1] for message in messages}) == requests.WORLDS


def test_script_finds_each_request_of_cycle() -> None:
    cycle = requests.many_customers()
    assert tuple(cycle.text().split(b"\0")) == cycle.requests


@pytest.mark.parametrize("make", [requests.new_customers, requests.new_orders])
def test_fresh_requests_never_come_again(make: Callable[[], requests.Fresh]) -> None:
    load = make()
    texts = [load.text() for _ in range(3)]
    some = [*load.some(3), *load.some(3)]
    assert len({*texts, *some}) == 9
    assert all(message.count(b"\0") == 1 for message in texts)


def test_request_without_place_for_its_name_is_not_fresh() -> None:
    with pytest.raises(ValueError, match="found no name"):
        requests.Fresh(lambda _: REQUEST).text()


# Refusing to compare


def test_two_servers_that_send_same_bytes_are_compared() -> None:
    with sending(GOOD) as url, sending(GOOD) as other_url:
        assert check_same("ours", url, "bare", other_url, REQUEST) == GOOD


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("status", Answer(201, GOOD.headers, GOOD.body)),
        ("headers", Answer(200, (*GOOD.headers, ("cache-control", "no-store")), GOOD.body)),
        ("body", Answer(200, GOOD.headers, b"[]")),
    ],
)
def test_different_bytes_are_not_compared(part: str, other: Answer) -> None:
    with (
        sending(GOOD) as url,
        sending(other) as other_url,
        pytest.raises(NotComparableError, match=f"^{part} of an answer: found .* from bare; expected .* as from ours"),
    ):
        check_same("ours", url, "bare", other_url, REQUEST)


@pytest.mark.parametrize("bad", [a_run(refused=1), a_run(lost=1)])
def test_run_with_errors_is_not_compared(bad: Run) -> None:
    check_good("ours", a_run())
    with pytest.raises(NotComparableError, match=r"ours: found \d refused and \d lost requests"):
        check_good("ours", bad)


def test_different_sizes_are_not_compared() -> None:
    check_same_size("ours", a_run(size=900), "bare", a_run(size=910))
    with pytest.raises(NotComparableError, match="found 500 bytes an answer from bare; expected 900 as from ours"):
        check_same_size("ours", a_run(size=900), "bare", a_run(size=500))


@pytest.fixture(scope="module")
def schema(server_url: str) -> AnswerSchema:
    return AnswerSchema(contracts.served_contract(server_url), ME)


def test_our_own_answer_keeps_schema_that_peers_are_validated_by(schema: AnswerSchema, server_url: str) -> None:
    assert schema.findings(answer(server_url, REQUEST)) == []


@pytest.mark.parametrize(
    ("member", "value", "finding"),
    [
        ("id", "string", "/id: 'string' is not a 'uuid4'"),
        ("created_at", "yesterday", "/created_at: 'yesterday' is not a 'date-time'"),
        ("email_verified", "yes", "/email_verified: 'yes' is not of type 'boolean'"),
        ("oauth_accounts", {"a": {}}, "/oauth_accounts/a: 'account_id' is a required property"),
    ],
)
def test_invalid_answer_of_peer_is_found(
    schema: AnswerSchema, server_url: str, member: str, value: object, finding: str
) -> None:
    body = json.loads(answer(server_url, REQUEST).body)
    assert finding in schema.findings(Answer(200, (), json.dumps({**body, member: value}).encode()))


@pytest.mark.parametrize(
    ("reply", "finding"), [(Answer(401, (), b"{}"), "status 401"), (Answer(200, (), b""), "no JSON")]
)
def test_what_is_no_answer_at_all_is_found(schema: AnswerSchema, reply: Answer, finding: str) -> None:
    assert schema.findings(reply) == [finding]


# The servers


def test_bare_server_sends_its_bytes(plan: Plan) -> None:
    reply = Answer(201, (("content-type", "application/json"), ("content-length", "6")), '{"é"}'.encode())
    with plan.place.bare(reply) as server:
        assert list(answers(server.url, [REQUEST, requests.order("one")])) == [reply, reply]
    assert not server.process.is_running()


def test_every_new_body_is_validated_and_answered_from_example(plan: Plan) -> None:
    with plan.place.mock_server(str(contracts.ORDERS)) as server:
        good = list(answers(server.url, requests.new_orders().some(2)))
        bad = answer(server.url, requests.order("NOT A REFERENCE"))
        validator = AnswerSchema(contracts.served_contract(server.url), "/orders", "post", "201")
    assert [validator.findings(reply) for reply in good] == [[], []]
    assert good[0] == good[1]
    assert bad.status == 422


def test_server_that_does_not_start_says_what_it_said(plan: Plan) -> None:
    with (
        pytest.raises(NotStartedError, match=r"did not start: mock-server: .*expected"),
        plan.place.mock_server("--store", "nowhere://"),
    ):
        pass


def test_open_page_is_told_of_requests(plan: Plan) -> None:
    with plan.place.mock_server() as server, open_page(server.url) as page:
        until(lambda: answer(server.url, REQUEST).status == 200 and page.arrivals > 0)


def test_open_page_that_is_told_of_nothing_is_an_error(plan: Plan) -> None:
    with plan.place.mock_server() as server, pytest.raises(NotComparableError), open_page(server.url):
        pass


def test_ending_server_ends_what_it_started() -> None:
    child = "import subprocess, sys; subprocess.Popen(['sleep', '600']); print(flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdout.readline()
        (started,) = psutil.Process(process.pid).children()
        end(process)
    assert process.returncode is not None
    assert not started.is_running()


@pytest.mark.slow
@pytest.mark.skipif(not contracts.FULL.exists(), reason="the full contract is on the project's own machines only")
def test_full_contract_takes_same_tokens(plan: Plan) -> None:
    source, _, _, *overlays = contracts.full_contract(plan.place)
    contract = load_contract(source, [argument for argument in overlays if argument != "--overlay"])
    operation = next(entry for entry in contract.operations.values() if entry.path == ME and entry.method == "GET")
    assert {"200", "401", "429", "500"} <= set(operation.responses)
    assert len(contract.operations) > 100


# The table


def test_spread_is_median_between_its_ends() -> None:
    assert Spread.of([0.9, 0.5, 0.7]) == Spread(0.7, 0.5, 0.9)
    assert Spread.of([2, 1]) == Spread(1.5, 1, 2)


@pytest.mark.parametrize(
    ("at_most", "figure", "reached"),
    [
        (False, 0.93, True),
        (False, 0.92, False),
        (True, 0.93, True),
        (True, 0.94, False),
    ],
)
def test_target_is_reached_by_the_median(at_most: bool, figure: float, reached: bool) -> None:
    row = Row("one", "one", 0.93, at_most=at_most)
    assert Result(row, (0.0, figure, 9.0)).reached is reached
    assert Result(row).reached is None


def test_each_row_that_can_be_asked_for_is_measured() -> None:
    assert [row for table_rows, _ in measurements.MEASUREMENTS for row in table_rows if row not in rows.ROWS] == []
    assert {row.key for table_rows, _ in measurements.MEASUREMENTS for row in table_rows} == set(rows.KEYS)


def test_report_shows_figures_and_failures() -> None:
    runs = {"ours": (a_run(rate=900, cost=40), a_run(rate=800, cost=50)), "bare": (a_run(cost=30),) * 2}
    report = Report(
        rounds=2,
        seconds=1,
        results=(
            Result(rows.SAME, (0.95, 0.97), runs=runs),
            Result(rows.READY, (0.4, 0.3, 0.5), note="bare 0.2 s"),
            Result(rows.POST, why="body of an answer: found …", failed=True),
            Result(rows.FULL["same"], why="not on this machine"),
        ),
        peers=(
            PeerResult("Prism, silent", "5.16.0", (0.1, 0.2), 2000, 1.1, 160, ("/id: 'x|y' is not a 'uuid4'",)),
            PeerResult("openapi-backend", "5.21.2", (0.5,), 9000, 0.4, 110),
            PeerResult("Steady", "", why="not installed"),
        ),
    )
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text(report).splitlines()]
    assert [rows.SAME.what, "≥ 0.95", "0.96", "0.95 to 0.97", "yes", "0.675", "ours 850, bare 1,000"] in lines
    assert [rows.READY.what, "≤ 0.22 s", "0.40 s", "0.30 s to 0.50 s", "no", "", "bare 0.2 s"] in lines
    assert [rows.POST.what, "≥ 0.35", "", "", "failed", "", "body of an answer: found …"] in lines
    assert [rows.FULL["same"].what, "≥ 0.9", "", "", "not measured", "", "not on this machine"] in lines
    peers_shown = {line[0]: line[1:] for line in lines}
    assert peers_shown["Prism 5.16.0, silent"][0] == "(0.150)"
    assert peers_shown["Prism 5.16.0, silent"][-1] == "not comparable"
    assert peers_shown["openapi-backend 5.21.2"][0] == "0.500"
    assert ["- Prism 5.16.0, silent: /id: 'x|y' is not a 'uuid4'"] in lines
    assert ["- Steady: not installed"] in lines
    assert not report.good
    data = json.loads(json.dumps(as_json(report)))
    assert [entry["reached"] for entry in data["rows"]] == [True, False, None, None]
    assert [entry["comparable"] for entry in data["peers"]] == [False, True, False]
    assert data["rows"][0]["runs"]["ours"][0]["rate"] == 900


def test_row_that_cannot_be_measured_does_not_stop_others(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(_: Plan) -> list[Result | PeerResult]:
        raise NotComparableError("they differ")

    def reaches(_: Plan) -> list[Result | PeerResult]:
        return [Result(rows.SAME, (1.0,)), Result(rows.P99, (1.0,))]

    monkeypatch.setattr(measurements, "MEASUREMENTS", [((rows.READY,), differs), ((rows.SAME, rows.P99), reaches)])
    results, others = measured(Plan(plan.place, 1, 1, frozenset({"ready", "same"}), plan.progress))
    assert [(result.row, result.reached, result.failed, result.why) for result in results] == [
        (rows.SAME, True, False, ""),
        (rows.READY, None, True, "they differ"),
    ]
    assert others == []


def test_missing_peer_is_reported(plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "HERE", tmp_path)
    contract = {"paths": {}, "openapi": "3.1.0"}
    with ExitStack() as stack:
        entries = list(peers.started(stack, plan.place, tmp_path, tmp_path, AnswerSchema(contract, ME)))
    assert len(entries) == len(peers.PEERS)
    assert all(isinstance(entry, PeerResult) and entry.why.startswith("not installed") for entry in entries)


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--seconds", "x"], ["--only", "nothing"]])
def test_wrong_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        bench.main(arguments)
    assert refused.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_lock_of_peers_has_hashes_alone() -> None:
    lock = json.loads((peers.HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    assert all(package.get("integrity") and "resolved" not in package for package in packages)
