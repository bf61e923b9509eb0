"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import re
from importlib.metadata import entry_points

import pytest

from tests.conftest import RunningServer
from tests.test_serving import PETSTORE

CLIENT = """
import json, os, urllib.error, urllib.request
import pytest

def get(url, path="/v1/customer-portal/customers/me"):
    request = urllib.request.Request(url + path, headers={"Authorization": "Bearer polar_cst_individual"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
"""


@pytest.fixture
def run(pytester: pytest.Pytester, own_cache: None, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run tests as a user would, warnings being errors; the tests are given as text."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(tests: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(CLIENT + tests)
        return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *arguments, timeout=60)

    return run


def test_the_plugin_is_an_entry_point() -> None:
    (found,) = entry_points(group="pytest11", name="mock_server")
    assert found.value == "mock_server.pytest_plugin"


WORLDS = """
names = ["Anna", "Berta", "Clara", "Dora"]

@pytest.mark.parametrize("name", names)
def test_sees_no_other(mock_world, mock_server, name):
    mock_world.fixture("customers", "individual", name=name)
    assert get(mock_world.url)["name"] == name
    mock_world.verify(operation="customer_portal:customers:get")
    assert mock_world.url.startswith(mock_server.url + "/~test_sees_no_other-" + name)
    print("server", mock_server.url, os.environ.get("PYTEST_XDIST_WORKER"))
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2", "--dist", "each")], ids=["alone", "two-workers"])
def test_each_test_has_a_world_on_the_one_server(run: pytest.FixtureRequest, workers: tuple[str, ...]) -> None:
    result = run(WORLDS, "-rP", *workers)
    result.assert_outcomes(passed=8 if workers else 4)
    servers = {tuple(line.split()[1:]) for line in result.outlines if line.startswith("server ")}
    assert len({url for url, _ in servers}) == 1
    assert {worker for _, worker in servers} == ({"gw0", "gw1"} if workers else {"None"})


FAILING = """
def test_fails(mock_world):
    get(mock_world.url)
    mock_world.scenario({"answers": [{"code": 500}]})
    with pytest.raises(urllib.error.HTTPError):
        get(mock_world.url)
    mock_world.verify(path="/v1/customers", times=2)

def test_fails_without_a_request(mock_world):
    assert mock_world.requests != []

async def nothing():
    pass

def test_passes(mock_world):
    get(mock_world.url)
"""


def test_a_failing_test_shows_the_journal_of_its_world(run: pytest.FixtureRequest) -> None:
    result = run(FAILING, "-n", "1")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.re_match_lines([
        r".*AssertionError: path '/v1/customers': Found 0 requests that fit; expected 2 requests\..*",
        r"-+ journal of http://127\.0\.0\.1:\d+/~test_fails-gw0-[0-9a-f]{8} -+",
        r"STATUS +METHOD +PATH +OPERATION +WHY",
        r"200 +GET +/v1/customer-portal/customers/me +customer_portal:customers:get +fixture.*",
        r"500 +GET +/v1/customer-portal/customers/me +customer_portal:customers:get +scenario.*",
        r"-+ journal of http://127\.0\.0\.1:\d+/~test_fails_without_a_request-gw0-[0-9a-f]{8} -+",
        r"no request came",
    ])  # fmt: skip
    assert result.stdout.str().count("journal of") == 2


PETS = """
def test_pets(mock_world):
    get(mock_world.url, "/pets?limit=1")

def test_both(mock_world, monkeypatch, tmp_path):
    get(mock_world.url, "/pets?limit=1")
"""


def test_settings_come_from_the_configuration_file_and_flags_go_before(
    run: pytest.FixtureRequest, pytester: pytest.Pytester
) -> None:
    pytester.mkdir("contracts").joinpath("pets.yaml").write_text(PETSTORE, encoding="utf-8")
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmock_contract = ["contracts/pets.yaml"]\n')
    tests = """
def test_moves(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    request = pytest.MonkeyPatch

@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

def test_serves_it(elsewhere, mock_world):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(mock_world.url)
"""
    run(tests).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--mock-seed", "x"), "--seed: found 'x'; expected a whole number"),
        (("--mock-fail-under", "101"), "--mock-fail-under: found '101'; expected a percentage from 0 to 100"),
    ],
)
def test_a_setting_that_does_not_fit_stops_the_run(
    run: pytest.FixtureRequest, arguments: tuple[str, ...], said: str
) -> None:
    result = run("def test_nothing(): pass", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[-1:] == [f"ERROR: mock-server: {said}"] or f"ERROR: mock-server: {said}" in result.errlines


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_contract_that_cannot_be_served_fails_tests_in_one_line(
    run: pytest.FixtureRequest, workers: tuple[str, ...]
) -> None:
    result = run("def test_it(mock_world): pass\ndef test_other(): pass", "--mock-contract", "nowhere.yaml", *workers)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.re_match_lines([r"mock-server: .*nowhere\.yaml: found no such file or directory; expected .*"])
    assert "Traceback" not in result.stdout.str()


def test_a_server_that_runs_already_can_be_used(run: pytest.FixtureRequest, server_url: str) -> None:
    with RunningServer() as server:
        result = run(WORLDS, "-rP", "--mock-url", server.url, "-n", "2")
        result.assert_outcomes(passed=4)
        assert re.findall(r"^server (\S+)", result.stdout.str(), re.MULTILINE) == [server.url] * 4


def test_a_run_that_wants_no_server_starts_none(run: pytest.FixtureRequest) -> None:
    tests = "import sys\ndef test_nothing(): assert 'mock_server.server' not in sys.modules"
    run(tests).assert_outcomes(passed=1)
