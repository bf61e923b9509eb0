"""Plugins: registries that others add to, and the example, which is installed from its own wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server.core.errors import PluginError, UsageError
from mock_server.http import media_types
from mock_server.openapi import cache
from mock_server.plugins import Registry, StringFormat, activation
from mock_server.plugins.activation import load_plugins
from mock_server.plugins.discovery import PluginEntryPoint, find_plugins
from mock_server.plugins.registry import RegistrationError
from mock_server.worlds.redacted_body import BodyRedaction
from tests.support.contracts import document
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

EXAMPLE = ROOT / "examples/plugin"
ACCOUNT = {
    "type": "object",
    "required": ["number", "iban", "balance"],
    "properties": {
        "number": {"type": "string", "format": "iban"},
        "iban": {"type": "string"},
        "balance": {"type": "integer"},
    },
}
CONTENT = {"application/json": {"schema": ACCOUNT}, "application/cbor": {"schema": ACCOUNT}}
CONTRACT = {
    **document({}),
    "paths": {
        "/account": {
            "get": {"responses": {"200": {"description": "An account", "content": CONTENT}}},
            "post": {
                "requestBody": {"required": True, "content": CONTENT},
                "responses": {"200": {"description": "An account", "content": CONTENT}},
            },
        }
    },
}


def installed(place: Path, code: str, *, name: str = "sample", value: str = "sample_plugin:register") -> None:
    """Write a module and the record of a distribution that names it as a plugin."""
    (place / "sample_plugin.py").write_text(code, encoding="utf-8")
    record = place / "sample-2.5.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: sample\nVersion: 2.5\n", encoding="utf-8")
    (record / "entry_points.txt").write_text(f"[mock_server.plugins]\n{name} = {value}\n", encoding="utf-8")


def run(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mock_server", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(path)},
    )


# Registries.


@pytest.mark.parametrize("seam", ["formats", "codecs", "fields", "patterns", "stores"])
def test_what_comes_with_the_server_is_registered(seam: str) -> None:
    registrations = getattr(Registry(), seam)
    assert len(registrations) > 2
    assert registrations.of_plugins == {}


def test_a_plugin_adds_to_a_registry() -> None:
    registry = Registry()
    added = StringFormat(check=str.isupper)
    registry.register_as("sample 1.0", lambda registry: registry.formats.add("upper", added))
    assert registry.formats["upper"] is added
    assert registry.formats.of_plugins == {"upper": added}


@pytest.mark.parametrize(
    ("name", "item", "message"),
    [
        ("email", StringFormat(), "string format 'email': found it registered by mock-server itself already"),
        ("", StringFormat(), "string format: found the name ''"),
        ("new", len, "string format 'new': found <built-in function len>; expected a StringFormat"),
    ],
)
def test_a_registration_that_does_not_fit_is_refused(name: str, item: Any, message: str) -> None:
    registry = Registry()
    with pytest.raises(RegistrationError) as error:
        registry.register_as("sample 1.0", lambda registry: registry.formats.add(name, item))
    assert str(error.value).startswith(message)


def test_a_frozen_registry_takes_nothing_more() -> None:
    registry = Registry()
    registry.freeze()
    with pytest.raises(RegistrationError, match="found a registration after the start"):
        registry.register_as("sample 1.0", lambda registry: registry.formats.add("late", StringFormat()))
    assert "email" in registry.formats  # what comes with the server may come later


# Discovery.


def test_installed_plugins_are_found_with_their_distribution(tmp_path: Path) -> None:
    installed(tmp_path, "")
    assert find_plugins([str(tmp_path), str(tmp_path / "missing")]) == (
        PluginEntryPoint("sample", "sample_plugin:register", "sample", "2.5"),
    )


def test_of_a_distribution_in_two_places_the_first_counts(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        installed(tmp_path / name, "", name=name)
    (plugin,) = find_plugins([str(tmp_path / "first"), str(tmp_path / "second")])
    assert plugin.name == "first"


@pytest.mark.parametrize(
    ("code", "value", "found"),
    [
        ("def register(registry): 1 / 0", "sample_plugin:register", "found ZeroDivisionError: division by zero"),
        ("import nowhere_at_all", "sample_plugin:register", "found ModuleNotFoundError: No module named"),
        ("", "sample_plugin:register", "found AttributeError:"),
        ("register = 7", "sample_plugin:register", "found int; expected a function register(registry)"),
        (
            "def register(registry): registry.stores.add('sqlite', len)",
            "sample_plugin:register",
            "store 'sqlite': found it registered by mock-server itself already",
        ),
    ],
)
def test_a_plugin_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, value: str, found: str
) -> None:
    installed(tmp_path, code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sample_plugin", raising=False)
    with pytest.raises(PluginError) as error:
        load_plugins(find_plugins([str(tmp_path)]))
    assert str(error.value).startswith(f"plugin 'sample' (sample_plugin:register) of sample 2.5: {found}")
    assert str(error.value).endswith("or start with --no-plugins.")


def test_a_failing_plugin_stops_the_start_in_one_line(tmp_path: Path) -> None:
    installed(tmp_path, "def register(registry): raise RuntimeError('no licence')")
    done = run("routes", path=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mock-server: plugin 'sample' (sample_plugin:register) of sample 2.5: found Runtime")
    assert "Traceback" not in done.stderr
    assert run("routes", "--no-plugins", path=tmp_path).returncode == 0


def test_servers_of_a_process_share_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = PluginEntryPoint("sample", "sample_plugin:register", "sample", "2.5")
    active = activation._Activation(Registry(), (plugin,), True, (plugin,))
    monkeypatch.setattr(activation, "_active", active)
    assert activation.identity() == b"sample 2.5"
    assert activation.activate() is active.registry
    with pytest.raises(UsageError, match=r"^no_plugins: found True, and a server of .* that began with False"):
        activation.activate(is_enabled=False)


def test_a_plugin_changes_what_is_remembered_of_a_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {cache.digest([b"openapi: 3.1.0"])}
    for version in ("2.5", "2.6"):
        plugin = PluginEntryPoint("sample", "sample_plugin:register", "sample", version)
        monkeypatch.setattr(activation, "_active", activation._Activation(Registry(), (plugin,), True, (plugin,)))
        digests.add(cache.digest([b"openapi: 3.1.0"]))
    assert len(digests) == 3


STORE = """
from mock_server.storage.memory import MemoryStores

def register(registry):
    registry.stores.add("shelf", lambda address, worlds, memory: MemoryStores())
"""


def test_a_store_is_opened_by_the_scheme_of_its_address(tmp_path: Path) -> None:
    installed(tmp_path, STORE)
    with RunningServer("--store", "shelf:books", "--workers", "1", env={"PYTHONPATH": str(tmp_path)}) as server:
        assert httpx.get(f"{server.url}/__admin/health").status_code == 200
        assert server.stop() == 0
    done = run("serve", "--port", "0", "--store", "shelve:books", path=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("mock-server: --store shelve:...: found the scheme 'shelve'; did you mean shelf?")


SOURCE = """
from mock_server.http.messages import ResponseSource
from mock_server.mocking.sources.source import Selected

class Echo:
    def select(self, request):
        number = request.request.header("x-number")
        if number is None:
            return None
        return Selected({"number": "", "iban": "", "balance": int(number)}, ResponseSource.FIXTURE)

def register(registry):
    registry.sources.add("echo", lambda contract, store, settings: Echo())
"""


def test_a_source_selects_bodies_and_leaves_others_to_the_next(tmp_path: Path) -> None:
    installed(tmp_path, SOURCE)
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps(CONTRACT), encoding="utf-8")
    with RunningServer(str(file), env={"PYTHONPATH": str(tmp_path)}) as server:
        balances = [
            httpx.get(f"{server.url}/account", headers=headers).json()["balance"]
            for headers in ({}, {"X-Number": "7"}, {"X-Number": "8"}, {})
        ]
    assert balances[1:3] == [7, 8]
    assert balances[0] == balances[3]


# The example.


@pytest.fixture(scope="module")
def example_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("plugin")
    shutil.copytree(EXAMPLE, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (built,) = (copy / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def python(example_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the example; the server and its dependencies are those of the tests."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    install = [*pip, "install", "--quiet", "--no-deps", "--no-index", str(example_wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    (site,) = place.glob("lib/python*/site-packages")
    lines = f"{sysconfig.get_path('purelib')}\n{ROOT}\n"
    (site / "dependencies.pth").write_text(lines, encoding="utf-8")
    return python


@pytest.fixture(scope="module")
def contract_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("contract") / "accounts.json"
    file.write_text(json.dumps(CONTRACT), encoding="utf-8")
    return file


@pytest.fixture(scope="module", params=["1", "2"], ids=["one process", "two workers"])
def plugin_url(python: Path, contract_file: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    arguments = ["--workers", str(request.param), str(contract_file)]
    with RunningServer(*arguments, program=[str(python), "-m", "mock_server"]) as server:
        yield server.url
    assert server.errors == ""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The modules of the example; of a copy, since Python writes what it compiles next to the source."""
    copy = tmp_path_factory.mktemp("example") / "plugin"
    shutil.copytree(EXAMPLE, copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(copy)
        yield import_module("mock_server_example_plugin")
    for name in [name for name in sys.modules if name.startswith("mock_server_example_plugin")]:
        del sys.modules[name]


def test_a_format_of_a_plugin_is_generated(plugin_url: str, example: Any) -> None:
    numbers = set()
    for seed in range(20):
        body = httpx.get(f"{plugin_url}/account", headers={"Prefer": f"seed={seed}"}).json()
        assert example.iban.is_iban(body["number"])
        numbers.add(body["number"])
    assert len(numbers) == 20


def test_a_field_of_a_plugin_has_believable_values(plugin_url: str, example: Any) -> None:
    for seed in range(5):
        body = httpx.get(f"{plugin_url}/account", headers={"Prefer": f"seed={seed}"}).json()
        assert example.iban.is_iban(body["iban"])


def test_a_format_of_a_plugin_is_checked(plugin_url: str) -> None:
    account = {"number": "GB82WEST12345698765432", "iban": "", "balance": 1}
    assert httpx.post(f"{plugin_url}/account", json=account).status_code == 200
    refused = httpx.post(f"{plugin_url}/account", json={**account, "number": "GB83WEST12345698765432"})
    assert refused.status_code == 422
    assert "/number" in refused.text


def test_a_codec_of_a_plugin_writes_answers(plugin_url: str, example: Any) -> None:
    answer = httpx.get(f"{plugin_url}/account", headers={"Accept": "application/cbor"})
    assert answer.headers["content-type"] == "application/cbor"
    assert example.cbor.decode(answer.content) == httpx.get(f"{plugin_url}/account").json()


def test_a_codec_of_a_plugin_reads_requests(plugin_url: str, example: Any) -> None:
    def post(body: bytes) -> httpx.Response:
        return httpx.post(f"{plugin_url}/account", content=body, headers={"Content-Type": "application/cbor"})

    account = {"number": "NO9386011117947", "iban": "", "balance": 1}
    assert post(example.cbor.encode(account)).status_code == 200
    assert post(example.cbor.encode({**account, "balance": "much"})).status_code == 422
    malformed = post(example.cbor.encode(account)[:-1])
    assert malformed.status_code == 400
    assert "an end at byte" in malformed.text


def test_a_pattern_of_a_plugin_matches_requests(plugin_url: str) -> None:
    world = f"{plugin_url}/~patterns"
    scenario = {
        "name": "swedish",
        "match": {"headers": {"X-Account": {"isIban": True, "country": "SE"}}},
        "answers": [{"headers": {"X-Scenario": "swedish"}}],
    }
    started = httpx.post(f"{world}/__admin/scenarios", json=scenario)
    assert started.is_success, started.text
    for number, name in (("NO9386011117947", None), ("SE4550000000058398257466", "swedish")):
        answer = httpx.get(f"{world}/account", headers={"X-Account": number})
        assert answer.headers.get("X-Scenario") == name
    wrong: dict[str, Any] = {**scenario, "match": {"headers": {"X-Account": {"isIban": True, "country": "SW"}}}}
    refused = httpx.post(f"{world}/__admin/scenarios", json=wrong)
    assert refused.status_code == 422
    assert "/match/headers/X-Account/country" in refused.text


def test_a_scenario_patches_a_body_of_a_plugin(plugin_url: str, example: Any) -> None:
    world = f"{plugin_url}/~patches"
    started = httpx.post(f"{world}/__admin/scenarios", json={"name": "poor", "answers": [{"patch": {"balance": -7}}]})
    assert started.is_success, started.text
    answer = httpx.get(f"{world}/account", headers={"Accept": "application/cbor"})
    assert example.cbor.decode(answer.content)["balance"] == -7


def test_a_journal_hides_secrets_in_a_body_of_a_plugin(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    registry.register_as("sample 1.0", example.register)
    monkeypatch.setattr(media_types, "_plugin_codecs", lambda: registry.codecs.of_plugins)
    redaction = BodyRedaction([], str)
    body = example.cbor.encode({"password": "hunter2", "name": "Ada"})
    shown = redaction.shown(body, "application/cbor")
    assert example.cbor.decode(shown) == {"password": "[redacted]", "name": "Ada"}
    assert [*redaction.secrets(body, "application/cbor")] == ["hunter2"]
    assert redaction.shown(body[:-1], "application/cbor") == b"[redacted]"
    plain = example.cbor.encode({"name": "Ada"})
    assert redaction.shown(plain, "application/cbor") == plain


def test_without_plugins_the_contract_means_less(python: Path, contract_file: Path, example: Any) -> None:
    server = RunningServer("--no-plugins", str(contract_file), program=[str(python), "-m", "mock_server"])
    with server:
        body = httpx.get(f"{server.url}/account").json()
        assert not example.iban.is_iban(body["number"])


# RFC 8949, appendix A.
CBOR: list[tuple[str, Any]] = [
    ("00", 0),
    ("1818", 24),
    ("1903e8", 1000),
    ("1bffffffffffffffff", 18446744073709551615),
    ("c249010000000000000000", 18446744073709551616),
    ("3bffffffffffffffff", -18446744073709551616),
    ("3903e7", -1000),
    ("f93c00", 1.0),
    ("fb3ff199999999999a", 1.1),
    ("fa47c35000", 100000.0),
    ("fb7e37e43c8800759c", 1e300),
    ("f4", False),
    ("f6", None),
    ("62c3bc", "ü"),
    ("8301820203820405", [1, [2, 3], [4, 5]]),
    ("a26161016162820203", {"a": 1, "b": [2, 3]}),
]


@pytest.mark.parametrize(("data", "value"), CBOR)
def test_cbor_is_written_and_read_as_its_standard_has_it(example: Any, data: str, value: Any) -> None:
    assert example.cbor.encode(value).hex() == data
    assert example.cbor.decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data", ["", "18", "1c", "ff", "a1", "a10102", "81", "f97c00", "62c3", "9f00", "0000", "81" * 300]
)
def test_what_is_no_cbor_is_refused(example: Any, data: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        example.cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize("number", ["DE89370400440532013000", "FR1420041010050500013M02606", "BE68539007547034"])
def test_check_digits_of_an_iban(example: Any, number: str) -> None:
    assert example.iban.is_iban(number)
    assert not example.iban.is_iban(number[:-1] + str((int(number[-1]) + 1) % 10))
