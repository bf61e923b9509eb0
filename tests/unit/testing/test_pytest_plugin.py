"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

from mock_server import MockServer
from mock_server.core import bundled
from tests.support.contracts import SHOP
from tests.support.http_exchange import me

CLIENT = """
import json, os, urllib.error, urllib.request
import pytest

def get(url, path="/v1/customer-portal/customers/me"):
    request = urllib.request.Request(url + path, headers={"Authorization": "Bearer polar_cst_individual"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
"""


Run = Callable[..., pytest.RunResult]


@pytest.fixture(scope="module")
def imported(own_cache: None) -> None:
    """All that serves: a run within this process forgets what it imports."""
    with MockServer() as mock:
        assert me(mock.url).status == 200


@pytest.fixture
def run(pytester: pytest.Pytester, imported: None, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tests, given as text, with warnings as errors: here, or with workers in processes of their own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(tests: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(CLIENT + tests)
        plugins = ["-W", "error", "-p", "no:cacheprovider", "-p", "mock_server.pytest_plugin"]
        if "-n" not in arguments:
            return pytester.runpytest_inprocess(*plugins, *arguments)
        return pytester.runpytest_subprocess(*plugins, "-p", "xdist", *arguments, timeout=120)

    return run


def test_plugin_is_an_entry_point() -> None:
    (entry_point,) = entry_points(group="pytest11", name="mock_server")
    assert entry_point.value == "mock_server.pytest_plugin"


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
def test_each_test_has_world_on_one_server(run: Run, workers: tuple[str, ...]) -> None:
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

def test_passes(mock_world):
    get(mock_world.url)
"""


def test_failing_test_shows_its_journal(run: Run) -> None:
    result = run(FAILING, "-n", "1")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.re_match_lines(
        [
            r".*VerificationError: path '/v1/customers': Found 0 requests that fit; expected 2 requests\..*",
            r"-+ journal of http://127\.0\.0\.1:\d+/~test_fails-gw0-[0-9a-f]{8} -+",
            r"STATUS +METHOD +PATH +OPERATION +WHY",
            r"200 +GET +/v1/customer-portal/customers/me +customer_portal:customers:get +fixture.*",
            r"500 +GET +/v1/customer-portal/customers/me +customer_portal:customers:get +scenario.*",
            r"-+ last answer and last refusals -+",
            r"> GET /v1/customer-portal/customers/me",
            r"> authorization: \[redacted\]",
            r"< 500 \(scenario .*\)",
            r"-+ what was expected and what came nearest -+",
            r"--- expected",
            r"\+\+\+ GET /v1/customer-portal/customers/me -> 500 \(scenario.*\)",
            r"-path: /v1/customers",
            r"\+path: /v1/customer-portal/customers/me",
            r"-+ journal of http://127\.0\.0\.1:\d+/~test_fails_without_a_request-gw0-[0-9a-f]{8} -+",
            r"no request came",
        ]
    )
    assert result.stdout.str().count("journal of") == 2


def test_flags_win_over_configuration_file(run: Run, pytester: pytest.Pytester) -> None:
    pytester.mkdir("contracts").joinpath("shop.yaml").write_text(SHOP, encoding="utf-8")
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmock_contract = ["contracts/shop.yaml"]\n')
    tests = """
def test_serves_it_from_anywhere(monkeypatch, tmp_path, request):
    monkeypatch.chdir(tmp_path)
    world = request.getfixturevalue("mock_world")
    with urllib.request.urlopen(world.url + "/__admin/health") as answer:
        print("serves", json.load(answer)["title"])
"""
    assert "serves Shop" in run(tests, "-rP").outlines
    assert "serves Polar API" in run(tests, "-rP", "--mock-contract", str(bundled.default_contract_path())).outlines


def test_asserts_of_server_are_not_rewritten(pytester: pytest.Pytester) -> None:
    """A program of its own: what was imported before has its loader already."""
    pytester.makepyfile("""
import mock_server.worlds.world as module
def test_loader():
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"
""")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)


def test_bundled_api_is_served_by_its_name(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
def test_serves(mock_world):
    with urllib.request.urlopen(mock_world.url + "/__admin/health") as answer:
        print("operations", json.load(answer)["operations"])
"""
    assert "operations 186" in run(tests, "-rP", "--mock-contract", "polar").outlines
    pytester.path.joinpath("polar").write_text(SHOP, encoding="utf-8")
    assert "operations 186" not in run(tests, "-rP", "--mock-contract", "polar").outlines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--mock-seed", "x"), "--seed: found 'x'; expected a whole number"),
        (("--mock-fail-under", "101"), "--mock-fail-under: found '101'; expected a percentage from 0 to 100"),
    ],
)
def test_invalid_setting_stops_the_run(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run("def test_nothing(): pass", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: mock-server: {said}" in result.errlines


def test_contract_that_cannot_be_served_fails_tests_in_one_line(run: Run) -> None:
    result = run("def test_it(mock_world): pass\ndef test_other(): pass", "--mock-contract", "nowhere.yaml")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.re_match_lines([r"mock-server: .*nowhere\.yaml: found no such file or directory; expected .*"])
    assert "Traceback" not in result.stdout.str()


def test_running_server_can_be_used(run: Run, server_url: str) -> None:
    result = run(WORLDS, "-rP", "--mock-url", server_url)
    result.assert_outcomes(passed=4)
    assert re.findall(r"^server (\S+)", result.stdout.str(), re.MULTILINE) == [server_url] * 4
    assert me(server_url).status == 200


def test_unused_plugin_starts_no_server(run: Run) -> None:
    tests = "import threading\ndef test_nothing(): assert not [t for t in threading.enumerate() if 'mock' in t.name]"
    run(tests).assert_outcomes(passed=1)


COVERING = """
def test_one(mock_server):
    get(mock_server.url, "/orders")

def test_other(mock_world):
    get(mock_world.url, "/orders")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_low_coverage_fails_and_names_the_rest(run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SHOP, encoding="utf-8")
    result = run(COVERING, "--mock-contract", "shop.yaml", "--mock-fail-under", "90", *workers)
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines(
        [
            r"-+ mock server -+",
            r"1 of 2 operations exercised: 50\.0 %, expected 90 %",
            r"  not: POST /orders$",
        ]
    )


def test_run_that_exercises_enough_passes(run: Run, server_url: str) -> None:
    test = "def test_it(mock_world): get(mock_world.url)"
    own = run(test, "--mock-fail-under", "100")
    assert (own.ret, "1 of 1 operations exercised: 100.0 %, expected 100 %" in own.outlines) == (0, True)
    # What somebody else exercised of a server that runs already does not count.
    assert me(server_url).status == 200
    assert (
        run("def test_it(mock_world): mock_world.requests", "--mock-url", server_url, "--mock-fail-under", "1").ret == 1
    )


def test_run_without_requests_covers_nothing(run: Run) -> None:
    result = run("def test_nothing(): pass", "--mock-fail-under", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "no test sent a request to the mock server; expected 1 % of the operations" in result.outlines


ROUTED = """
def name_at(host):
    import httpx
    return httpx.get(f"https://{host}/v1/customer-portal/customers/me",
                     headers={"Authorization": "Bearer polar_cst_individual"}).json()["name"]

@pytest.mark.mock_route("https://sandbox.polar.sh")
def test_goes_to_its_world(mock_world):
    mock_world.fixture("customers", "individual", name="Ada")
    assert name_at("sandbox.polar.sh") == name_at("api.polar.sh") == "Ada"

def test_marker_of_another_test_counts_for_nothing(mock_world):
    import httpx
    assert name_at("api.polar.sh") != "Ada"
    with pytest.raises(httpx.ConnectError):
        name_at("sandbox.polar.invalid")
"""


def test_marker_and_setting_route_to_world_of_test(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmock_route = https://api.polar.sh\n")
    run(ROUTED, "--strict-markers").assert_outcomes(passed=2)


def test_route_of_what_is_no_origin_stops_the_run(run: Run) -> None:
    result = run("def test_it(): pass", "--mock-route", "https://api.polar.sh/v1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --mock-route: found 'https://api.polar.sh/v1'; expected an origin: *"])
