"""The command line: wrong use is refused with one message, help is complete, results have their exit codes."""

from __future__ import annotations

import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server.server import uvicorn_server
from mock_server.settings import ROWS, Option, Settings
from tests.support.case_files import read_cases
from tests.support.command_line import Done, assert_one_message, called

CASES = read_cases("command-line")["cases"]
LOADING = ("contract", "fixtures", "overlay", "seed", "dynamic", "no_fill_properties", "strict")
SETTINGS = {
    "serve": tuple(row.name for row in ROWS),
    "check": LOADING,
    "routes": LOADING,
    "healthcheck": ("host", "port"),
}
VERSION = f"mock-server, version {version('contract-mock-server')}\n"
BREAKS_ITS_WORD = """\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      responses:
        '200':
          description: A pet.
          content:
            application/json:
              schema: {type: object, properties: {age: {type: integer}}}
              example: {age: young}
"""
CANCELS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getOrder, responses: {'200': {$ref: '#/components/responses/Order'}}}
    delete: {operationId: cancelOrder, responses: {'200': {$ref: '#/components/responses/Order'}}}
components:
  schemas:
    Order: {type: object, required: [id], properties: {id: {type: string}, status: {type: string}}}
  responses:
    Order: {description: The order, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
"""
"""What DELETE does here nobody can say for sure."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_wrong_use_is_refused(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, *case["arguments"], env=case.get("env"))
    assert_one_message(done)
    for part in case["says"]:
        assert part in done.errors


def test_contract_without_command_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop").touch()
    served: list[Settings] = []
    monkeypatch.setattr(uvicorn_server, "serve", lambda settings, *_: served.append(settings))
    monkeypatch.chdir(tmp_path)
    for contract in ("polar", "shop", "shop.yaml", "./shop", "https://example.test/shop"):
        for arguments in ([contract, "--port", "0"], ["serve", contract, "--port", "0"]):
            assert called(capsys, *arguments) == Done(0, "", "")
        plain, named = served
        assert (plain.contract, plain.port) == ((contract,), 0)
        assert plain == named
        served.clear()


def test_port_in_use_is_named(command: Callable[..., Done]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = command("serve", "--port", str(port))
    assert_one_message(done)
    assert f"127.0.0.1:{port}: found the port in use; expected a free one." in done.errors
    assert "Choose another with --port (0 for any)." in done.errors


def test_flag_wins_over_variable_over_port(capsys: pytest.CaptureFixture[str]) -> None:
    env = {"PORT": "1", "MOCK_SERVER_PORT": "2"}
    assert "http://127.0.0.1:3: " in called(capsys, "healthcheck", "--port", "3", env=env).errors
    assert "http://127.0.0.1:2: " in called(capsys, "healthcheck", env=env).errors
    assert "http://127.0.0.1:1: " in called(capsys, "healthcheck", env={"PORT": "1"}).errors


@pytest.mark.parametrize(
    ("name", "row"),
    [
        pytest.param(name, row, id=f"{name}-{row.name}")
        for name in SETTINGS
        for row in ROWS
        if row.name in SETTINGS[name]
    ],
)
def test_help_shows_every_setting(name: str, row: Option, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, name, "--help")
    assert (done.code, done.errors) == (0, "")
    page = " ".join(done.output.split())
    own = name == "healthcheck"  # which tells of the server that it asks
    for part in (row.flag or row.metavar, row.variable, *([] if own else [row.help])):
        assert part in page


def test_help_of_healthcheck_shows_its_own_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert "MOCK_SERVER_URL" in called(capsys, "healthcheck", "--help").output


def test_help_of_serve_shows_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(r"(?<![A-Z_])PORT(?![A-Z_])", called(capsys, "serve", "--help").output)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_every_command(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, flag)
    assert (done.code, done.errors) == (0, "")
    for name in SETTINGS:
        assert f"\n  {name} " in done.output


def test_module_is_the_command(command: Callable[..., Done]) -> None:
    assert command("--version") == Done(0, VERSION, "")


def test_installed_script_is_the_command() -> None:
    script = Path(sys.executable).parent / "mock-server"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, VERSION, "")


def test_routes_shows_security_statuses_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "routes")
    head, row = done.output.splitlines()
    assert (done.code, done.errors) == (0, "")
    assert head.split() == ["METHOD", "PATH", "SECURITY", "ANSWERS", "STATE", "WHY"]
    assert row.split("  ", 1)[0] == "GET"
    assert " /v1/customer-portal/customers/me  customer_session or member_session  " in row
    assert "  200 fixture, else generated, 401 example, 429 contract, 500 example  " in row
    assert row.endswith('  read customers  the caller\'s own; answers CustomerPortalCustomer; "get"')


def test_routes_tells_what_operations_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(CANCELS, encoding="utf-8")
    table = called(capsys, "routes", str(contract)).output
    assert "  read orders by id  " in table
    assert '  item by {id}; answers Order, which has `id`; "get"' in table
    report = json.loads(called(capsys, "routes", "--json", str(contract)).output)
    assert {resource["name"] for resource in report["resources"]} == {"orders"}
    (read,) = [entry for entry in report["operations"] if entry["operation"] == "GET /orders/{id}"]
    assert (read["does"], read["resource"], read["key"], read["sure"]) == ("read", "orders", "id", True)
    assert read["witnesses"] == ["shape", "schema", "word"]


def test_routes_shows_what_needs_a_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(CANCELS, encoding="utf-8")
    head, row = called(capsys, "routes", "--unsure", str(contract)).output.splitlines()
    assert head.split() == ["METHOD", "PATH", "SECURITY", "ANSWERS", "STATE", "WHY"]
    assert row.startswith("DELETE  /orders/{id}  ")
    assert "  UNSURE delete orders by id (stateless)  " in row
    report = json.loads(called(capsys, "routes", "--unsure", "--json", str(contract)).output)
    assert [entry["operation"] for entry in report["operations"]] == ["DELETE /orders/{id}"]


def test_routes_shows_what_is_told_to_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "shop.json"
    contract.write_text(json.dumps(read_cases("events")["contract"]), encoding="utf-8")
    table = called(capsys, "routes", "--webhooks", str(contract)).output.splitlines()
    assert table[0].split() == ["EVENT", "SENT", "TO", "RESOURCE", "RECORD", "HAPPENS", "WHY"]
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in table[1:]}
    assert rows["customer.created"] == ("endpoints customers /data by itself: created /data is Customer of customers")
    assert rows["customer.greeted"].startswith("endpoints customers /data when sent ")
    assert rows["maintenance"].startswith("endpoints none when sent ")
    assert " by itself: after POST /invoices " in rows["settled"]
    report = json.loads(called(capsys, "routes", "--webhooks", "--json", str(contract)).output)
    assert report["webhooks"][0]["automatic"] == "created"
    assert [callback["operation"] for callback in report["callbacks"]] == ["POST /invoices", "POST /ping"]
    assert called(capsys, "routes", "--webhooks", "--unsure", str(contract)).code == 2


def test_check_notes_what_is_unsure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(CANCELS, encoding="utf-8")
    done = called(capsys, "check", str(contract))
    (note,) = [line for line in done.output.splitlines() if line.startswith("note: ")]
    assert note.startswith("note: DELETE /orders/{id}: UNSURE delete orders by id (stateless): item by {id}; but ")
    assert done.code == 0


def test_correction_leaves_nothing_unsure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract, overlay = tmp_path / "contract.yaml", tmp_path / "overlay.yaml"
    contract.write_text(CANCELS, encoding="utf-8")
    correction = {"target": "$.paths['/orders/{id}'].delete", "update": {"x-mock-does": "transition"}}
    document = {"overlay": "1.0.0", "info": {"title": "Orders", "version": "1"}, "actions": [correction]}
    overlay.write_text(json.dumps(document), encoding="utf-8")
    options = (str(contract), "--overlay", str(overlay))
    assert "  transition orders by id  told by x-mock-does" in called(capsys, "routes", *options).output
    (head,) = called(capsys, "routes", "--unsure", *options).output.splitlines()
    assert head.split() == ["METHOD", "PATH", "SECURITY", "ANSWERS", "STATE", "WHY"]
    assert "note: " not in called(capsys, "check", *options).output


def test_check_finds_correction_that_the_contract_contradicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(f"{CANCELS}\nx-mock-resources:\n  orders:\n    initial: {{stats: new}}\n", encoding="utf-8")
    done = called(capsys, "check", str(contract))
    (finding,) = [line for line in done.output.splitlines() if "x-mock-contradiction" in line]
    assert f"{contract}:" in finding
    assert " /x-mock-resources/orders/initial/stats: 'stats'" in finding
    assert done.code == 1


def test_check_tries_every_answer_of_bundled_contract(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "check")
    *tried, total = done.output.splitlines()
    assert (done.code, done.errors) == (0, "")
    assert all(line.startswith("ok  GET /v1/customer-portal/customers/me ") for line in tried)
    assert {line.split()[3] for line in tried} == {"200", "401", "429", "500"}
    assert any(line.endswith(" 200 individual (fixture)") for line in tried)
    assert total == f"Polar API 0.1.0: {len(tried)} answers tried, 0 findings"


def test_check_names_example_that_breaks_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(BREAKS_ITS_WORD, encoding="utf-8")
    done = called(capsys, "check", str(contract))
    assert (done.code, done.errors) == (1, "")
    tried, finding, total = done.output.splitlines()
    assert tried == "no  GET /pets 200 application/json (generated)"
    for part in ("/age", '"young"', 'expected type: "integer"', "[example]"):
        assert part in finding
    assert total == "Pets 1: 1 answers tried, 1 findings"


def test_check_locates_invalid_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(BREAKS_ITS_WORD, encoding="utf-8")
    done = called(capsys, "check", str(contract))
    assert f"{contract}:" in done.output
    assert "/paths/~1pets/get" in done.output


@pytest.mark.parametrize("name", ["routes", "check"])
def test_reader_that_has_gone_away_brings_no_traceback(name: str, own_cache: None) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "mock_server", name], stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.stderr == b""


def test_healthcheck_finds_a_ready_server(server_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = str(urlsplit(server_url).port)
    well = Done(0, "", "")
    assert called(capsys, "healthcheck", "--url", server_url) == well
    assert called(capsys, "healthcheck", "--url", server_url + "/") == well
    assert called(capsys, "healthcheck", "--port", port) == well
    assert called(capsys, "healthcheck", env={"MOCK_SERVER_PORT": port}) == well
    assert called(capsys, "healthcheck", env={"MOCK_SERVER_URL": server_url}) == well
    assert called(capsys, "healthcheck", "--port", port, env={"MOCK_SERVER_HOST": "0.0.0.0"}) == well


def test_healthcheck_asks_no_proxy(
    server_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert called(capsys, "healthcheck", "--url", server_url) == Done(0, "", "")


def test_healthcheck_of_closed_port_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert_unwell(called(capsys, "healthcheck", "--url", url), f"{url}: found no ready server", "Is it started?")


@pytest.mark.parametrize(
    "url", ["localhost:4010", "ftp://127.0.0.1/", "http://127.0.0.1:port", "http://", "http://[::1"]
)
def test_healthcheck_refuses_bad_address(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_unwell(called(capsys, "healthcheck", "--url", url), f"{url}: found", "expected")


class _Other(http.server.BaseHTTPRequestHandler):
    """A server that is well and is none of ours."""

    answer: bytes

    def do_GET(self) -> None:
        self.wfile.write(self.answer)

    def log_message(self, format: str, *arguments: object) -> None:
        return None


@pytest.fixture
def other_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that gives one answer, whatever it is asked."""
    handler = type("_Other", (_Other,), {"answer": request.param})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "other_server",
    [
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n<h1>It works!</h1>", id="a page"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n[]", id="a list"),
        pytest.param(b'HTTP/1.0 200 OK\r\n\r\n{"status": "starting"}', id="another status"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n\xff", id="bytes"),
        pytest.param(b"HTTP/1.0 404 Not Found\r\n\r\n", id="404"),
        pytest.param(b"HTTP/1.0 503 Service Unavailable\r\n\r\n", id="503"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"220 mail.example.com ESMTP\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", id="half an answer"),
    ],
    indirect=True,
)
def test_healthcheck_knows_other_server(other_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert_unwell(called(capsys, "healthcheck", "--url", other_server), f"{other_server}: found")


def assert_unwell(done: Done, *parts: str) -> None:
    """Exit code 1, one line on standard error, nothing else."""
    assert (done.code, done.output, len(done.errors.splitlines())) == (1, "", 1), done.errors
    assert done.errors.startswith("mock-server: ")
    for part in parts:
        assert part in done.errors
