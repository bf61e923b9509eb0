"""Servers in processes of their own: how they start, what their settings do, how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from mock_server.cli.banner import MOST_TOLD
from mock_server.core import bundled
from tests.support.case_files import read_cases
from tests.support.command_line import Done, called
from tests.support.contracts import PETSTORE, document, operation, written
from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import Got, asked, compare, connected, me
from tests.support.server_process import RunningServer
from tests.support.suite_server import SuiteServer

PETS = read_cases("petstore")


# Starting and ending


def test_route_list_fits_an_unread_pipe(tmp_path: Path) -> None:
    paths = {f"/{index:03}/{'x' * 900}": {"get": operation()} for index in range(120)}
    with RunningServer(written(tmp_path, "many", document(paths))) as server:
        assert asked(server.url, {"path": "/__admin/health"}).status == 200
        assert server.stop() == 0
    count = MOST_TOLD // len(f"  GET     /000/{'x' * 900}  200\n")
    assert server.output.splitlines()[-1] == f"  and {120 - count} more: `mock-server routes` lists them"


def test_server_says_its_url_and_routes_and_nothing_else(own_cache: None, server_url: str) -> None:
    with RunningServer() as server:
        # The first connection after the ready line is answered.
        assert me(server.url).status == 200
        for handle in ("SE", "expired", "rate_limited", "anybody"):
            me(server.url, handle)
        assert asked(server.url, {"path": "/nowhere"}).status == 404
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert server.url != server_url
        # Read here: the first line may have brought this one along, and the end of a process does not look for it.
        assert server.process.stdout is not None
        assert server.process.stdout.readline().split() == ["GET", ME, "200", "401", "429", "500"]
        assert server.stop(signal.SIGTERM) == 0
    assert server.ready_line == f"Mock server ready at {server.url} (Polar API 0.1.0)\n"
    assert (server.output, server.errors) == ("", "")


def test_stop_works_before_ready() -> None:
    """Also by the first process of a container, which the kernel spares signals that it does not handle."""
    code = """
import os, signal
import mock_server.server.uvicorn_server
from mock_server.cli import main

def starting(*_):
    os.kill(os.getpid(), signal.SIGTERM)
    raise AssertionError("not heard")

mock_server.server.uvicorn_server.serve = starting
main(["serve"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("workers", "how"), [("1", signal.SIGINT), ("1", signal.SIGTERM), ("2", signal.SIGTERM)], ids=str
)
def test_signal_ends_server_with_pending_answer(workers: str, how: int, own_cache: None) -> None:
    with RunningServer("--workers", workers) as server, connected(server.url) as waiting:
        lines = [f"GET {ME} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in INDIVIDUAL.items())]
        waiting.sendall("\r\n".join([*lines, "Prefer: delay=60000", "", ""]).encode())
        assert me(server.url).status == 200
        assert server.stop(how) == 0  # which waits for half of the delay at most
    assert "Traceback" not in server.errors


def test_server_listens_on_ipv6(own_cache: None, capsys: pytest.CaptureFixture[str]) -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with RunningServer("--host", "::1") as server:
        assert re.fullmatch(r"http://\[::1\]:\d+", server.url)
        assert me(server.url).status == 200
        assert called(capsys, "healthcheck", "--url", server.url) == Done(0, "", "")
        port = str(urlsplit(server.url).port)
        assert called(capsys, "healthcheck", "--host", "::1", "--port", port) == Done(0, "", "")
        assert server.stop() == 0
    assert server.errors == ""


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


# Settings


def test_seed_changes_what_is_generated_and_no_fixture(own_cache: None, server_url: str) -> None:
    handles = [f"somebody-{number}" for number in range(20)]
    with RunningServer("--seed", "7", "--no-cors") as server:
        for handle in handles:
            assert me(server.url, handle).body != me(server_url, handle).body
        assert me(server.url, "SE").body != me(server_url, "SE").body
        assert me(server.url, "individual").body == me(server_url, "individual").body

        # And --no-cors:
        assert cors_headers(me(server.url, Origin="https://app.example")) == {}
        assert preflight(server.url).status == 405
    assert server.errors == ""


def test_cors_lets_pages_read_answers(server_url: str) -> None:
    headers = cors_headers(me(server_url, Origin="https://app.example", Prefer="code=429"))
    exposed = headers.pop("access-control-expose-headers").split(", ")
    assert (headers, {"Preference-Applied", "Mock-Findings", "Retry-After"} <= {*exposed}) == (
        {"access-control-allow-origin": "*"},
        True,
    )
    assert preflight(server_url).status == 200


def test_cors_allows_credentials_and_headers(petstore: str) -> None:
    origin = {"Origin": "https://app.example"}
    asks = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, x-odd",
        "Access-Control-Request-Private-Network": "true",
    }
    allowed = asked(petstore, {"path": "/pets", "method": "OPTIONS", "headers": {**origin, **asks}})
    assert allowed.status == 200
    assert cors_headers(allowed) == {
        "access-control-allow-origin": "https://app.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "authorization, x-odd",
        "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        "access-control-allow-private-network": "true",
        "access-control-max-age": "600",
    }
    headers = cors_headers(asked(petstore, {"path": "/pets/newest", "headers": {**origin, "Cookie": "a=b"}}))
    assert headers["access-control-allow-origin"] == "https://app.example"
    assert {"*", "Preference-Applied"} <= set(headers["access-control-expose-headers"].split(", "))


def cors_headers(got: Got) -> dict[str, str]:
    return {name: value for name, value in got.headers.items() if name.startswith("access-control-")}


def preflight(url: str) -> Got:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    return asked(url, {"method": "OPTIONS", "headers": headers})


def test_settings_come_from_variables_too(tmp_path: Path, own_cache: None) -> None:
    env = {"MOCK_SERVER_FIXTURES": str(one_customer(tmp_path, "Ada")), "MOCK_SERVER_SEED": "7"}
    with RunningServer(env=env) as server:
        assert json.loads(me(server.url).body)["name"] == "Ada"
        assert me(server.url, "team").status == 200  # nobody's handle now, so a customer of its own
    assert server.errors == ""


def one_customer(directory: Path, name: str) -> Path:
    """A directory of fixtures with the first customer that ships, under another name."""
    shipped = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    text = shipped[: shipped.index("# A company")].replace('name: "Harriet Winslade"', f'name: "{name}"')
    (directory / "customers.yaml").write_text(text, encoding="utf-8")
    return directory


# Reloading


def within_bounds(condition: Callable[[], bool], change: Callable[[], object]) -> bool:
    """Whether a change brings a condition about. It is made anew now and then: a watch may not have begun."""
    for attempt in range(100):
        if attempt % 25 == 0:
            change()
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def logged(tmp_path: Path) -> tuple[list[str], dict[str, str], Path]:
    """A program and variables for a server whose standard error is a file, and the file."""
    log = tmp_path / "stderr.log"
    program = ["sh", "-c", 'exec "$0" "$@" 2>"$LOG"', sys.executable, "-m", "mock_server"]
    return program, {"LOG": str(log)}, log


def test_changed_fixture_is_served_and_broken_one_is_not(
    tmp_path: Path, logged: tuple[list[str], dict[str, str], Path], own_cache: None
) -> None:
    program, env, log = logged
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    file = one_customer(fixtures, "Ada") / "customers.yaml"
    with RunningServer("--reload", "--fixtures", str(fixtures), env=env, program=program) as server:

        def name() -> str:
            return str(json.loads(me(server.url).body)["name"])

        assert name() == "Ada"
        assert within_bounds(lambda: name() == "Grace", lambda: one_customer(fixtures, "Grace"))
        assert within_bounds(
            lambda: "not reloaded" in log.read_text(encoding="utf-8"),
            lambda: file.write_text("- handle: expired\n", encoding="utf-8"),
        )
        assert name() == "Grace"
        said = log.read_text(encoding="utf-8")
        for part in (
            "ERROR: not reloaded, the former contract is still served: ",
            f"{file}:1 /0/handle: ",
            "a reserved",
        ):
            assert part in said
        assert within_bounds(lambda: name() == "Barbara", lambda: one_customer(fixtures, "Barbara"))
        assert server.stop() == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_contract_that_editor_replaces_is_served_each_time(
    tmp_path: Path, logged: tuple[list[str], dict[str, str], Path], own_cache: None
) -> None:
    """Editors write a new file and give it the name of the old one."""
    program, env, log = logged
    contract = tmp_path / "contract.yaml"

    def replace(title: str) -> None:
        text = PETSTORE.replace("title: Pets", f"title: {title}")
        (tmp_path / "contract.yaml~").write_text(text, encoding="utf-8")
        os.replace(tmp_path / "contract.yaml~", contract)

    replace("One")
    with RunningServer(str(contract), "--reload", env=env, program=program) as server:

        def served(title: str) -> bool:
            return bool(json.loads(asked(server.url, {"path": "/__admin/health"}).body)["title"] == title)

        assert served("One")
        for title in ("Two", "Three"):
            assert within_bounds(partial(served, title), partial(replace, title)), log.read_text(encoding="utf-8")


def test_referenced_files_are_watched(
    tmp_path: Path, logged: tuple[list[str], dict[str, str], Path], own_cache: None
) -> None:
    program, env, log = logged
    contract, schema = tmp_path / "api/contract.yaml", tmp_path / "api/schemas/name.yaml"
    schema.parent.mkdir(parents=True)
    schema.write_text("const: One", encoding="utf-8")
    answer = "{description: d, content: {application/json: {schema: {$ref: schemas/name.yaml}}}}"
    contract.write_text(
        f"openapi: 3.1.0\npaths: {{/name: {{get: {{responses: {{'200': {answer}}}}}}}}}\n",
        encoding="utf-8",
    )
    with RunningServer(str(contract), "--reload", env=env, program=program) as server:

        def served(name: str) -> bool:
            return bool(json.loads(asked(server.url, {"path": "/name"}).body) == name)

        def said() -> bool:
            return "not reloaded, the former contract is still served" in log.read_text(encoding="utf-8")

        assert served("One")
        assert within_bounds(partial(served, "Two"), lambda: schema.write_text("const: Two", encoding="utf-8"))
        assert within_bounds(said, lambda: schema.write_text("const: [", encoding="utf-8"))
        assert f"{schema}:2: found" in log.read_text(encoding="utf-8")
        assert served("Two")
        assert within_bounds(partial(served, "Three"), lambda: schema.write_text("const: Three", encoding="utf-8"))
        assert server.stop() == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")


# A contract of another kind

KEY = {"X-Api-Key": "secret"}
JSON_BODY = {**KEY, "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def petstore_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("petstore") / "petstore.yaml"
    file.write_text(PETSTORE, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def petstore(own_cache: None, petstore_file: Path) -> Iterator[str]:
    with SuiteServer(str(petstore_file)) as server:
        yield server.url
    assert server.errors == ""


@pytest.mark.parametrize("case", PETS["cases"], ids=lambda case: case["name"])
def test_request_to_the_pet_store(case: dict[str, Any], petstore: str) -> None:
    got = asked(petstore, {**case, "path": f"/~{uuid4()}{case['path']}"})  # no other case's records are there
    compare(got, case["expect"])
    if "finding" in case["expect"]:
        assert_explained(got, case["expect"]["finding"])


def assert_explained(got: Got, finding: dict[str, str]) -> None:
    """A problem with one finding, which says where, what was found and what was expected."""
    assert got.headers["content-type"] == "application/problem+json"
    problem = json.loads(got.body)
    (entry,) = problem["findings"]
    assert finding.items() <= entry.items(), entry
    for name in ("location", "found", "expected"):
        assert entry[name]
        assert entry[name] in problem["detail"]


def test_bad_request_gets_documented_answer(petstore: str) -> None:
    got = asked(petstore, {"method": "POST", "path": "/pets", "headers": JSON_BODY, "content": '{"id": 7, "name": ""}'})
    assert (got.status, json.loads(got.body)) == (422, {"message": 'body /name: ""; expected minLength: 1 [body]'})
    (entry,) = json.loads(got.headers["mock-findings"])
    assert (entry["location"], entry["pointer"], entry["found"]) == ("body", "/name", '""')
    assert entry["expected"] == "minLength: 1"


def test_unknown_method_lists_allowed_methods(petstore: str) -> None:
    got = asked(petstore, {"method": "PATCH", "path": "/pets/1", "headers": KEY})
    assert (got.status, got.headers["content-type"]) == (405, "application/problem+json")
    assert {"DELETE", "GET", "PUT"} <= set(got.headers["allow"].split(", "))
    assert "PATCH" not in got.headers["allow"]


def test_head_is_get_without_its_body(petstore: str) -> None:
    case: dict[str, Any] = {"path": "/pets/1", "headers": KEY}
    get, head = asked(petstore, case), asked(petstore, {**case, "method": "HEAD"})
    assert (head.status, head.body) == (200, b"")
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert head.headers["content-length"] == str(len(get.body))


def test_options_shows_every_method(petstore: str) -> None:
    got = asked(petstore, {"method": "OPTIONS", "path": "/pets/1"})
    assert (got.status, got.body) == (204, b"")
    assert {"DELETE", "GET", "PUT"} <= set(got.headers["allow"].split(", "))


TITLE = "{overlay: 1.0.0, info: {title: T, version: '1'}, actions: [{target: $.info, update: {title: Cats}}]}"
BREAK = """\
overlay: 1.0.0
info: {title: A broken example, version: '1'}
actions:
  - target: $.info[?@ == 'Cats']
    update: Cats and dogs
  - target: $.paths['/pets/newest'].get.responses['200'].content['application/json']
    update: {example: {name: 7}}
"""


def test_overlays_are_applied_in_order_and_broken_example_is_logged(
    petstore_file: Path, tmp_path: Path, own_cache: None
) -> None:
    overlays = []
    for name, text in (("title.yaml", TITLE), ("break.yaml", BREAK)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        overlays += ["--overlay", str(tmp_path / name)]
    with RunningServer(str(petstore_file), *overlays, "--log-format", "json") as server:
        assert "(Cats and dogs 1)" in server.ready_line
        got = asked(server.url, {"path": "/pets/newest"})
        assert (got.status, type(json.loads(got.body)["name"])) == (200, str)
        assert asked(server.url, {"path": "/pets/1", "headers": KEY}).status == 200
        assert server.stop() == 0
    (line,) = server.errors.splitlines()
    logged = json.loads(line)
    assert logged["level"] == "warning"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", logged["time"])
    for part in (
        "~1pets~1newest",
        "an example breaks its schema and is not sent as it stands",
        "/name",
        'type: "string"',
    ):
        assert part in logged["message"]


@pytest.fixture(scope="module")
def generating(petstore_file: Path) -> Iterator[str]:
    """A server that prefers generated data to examples, and adds nothing to maps."""
    with RunningServer(str(petstore_file), "--dynamic", "--no-fill-properties") as server:
        yield server.url
    assert server.errors == ""


def test_maps_are_filled_by_default(petstore: str, generating: str) -> None:
    cases = [{"path": f"/pets/{number}", "headers": {**KEY, "Prefer": "dynamic=true"}} for number in range(1, 21)]
    assert not any(json.loads(asked(generating, case).body).get("notes") for case in cases)
    assert any(json.loads(asked(petstore, case).body).get("notes") for case in cases)


def test_dynamic_server_generates_instead_of_examples(petstore: str, generating: str) -> None:
    pets = [{"path": f"/pets/{number}", "headers": KEY} for number in (1, 2)]
    first, second = (json.loads(asked(generating, pet).body) for pet in pets)
    assert first != second
    for body in (first, second):
        assert isinstance(body["id"], int)
        assert body["name"]
    assert asked(generating, pets[0]).body == asked(generating, pets[0]).body
    assert {json.loads(asked(petstore, pet).body)["name"] for pet in pets} == {"Rex"}


def test_path_item_that_is_reference_has_its_operations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths:\n  /pets: {$ref: '#/components/pathItems/Pets'}\n"
        "components: {pathItems: {Pets: {get: {responses: {'200': {description: Pets.}}}}}}\n",
        encoding="utf-8",
    )
    assert " /pets " in called(capsys, "routes", str(contract)).output
