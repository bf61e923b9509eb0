from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.http.messages import Request
from mock_server.openapi.loading import bundler, http_reader
from mock_server.openapi.loading.loader import load_contract
from tests.support.case_files import read_cases
from tests.support.contracts import engine_of

CASES = read_cases("files")["cases"]
PET = "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    Pet: {$ref: '%s'}\n"


def laid_out(files: dict[str, str], directory: Path) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return directory / next(iter(files))


@pytest.mark.parametrize("case", [case for case in CASES if "says" not in case], ids=lambda case: case["name"])
def test_contract_in_several_files_is_one(case: dict[str, Any], tmp_path: Path) -> None:
    contract = load_contract(str(laid_out(case["files"], tmp_path)), strict=True)
    engine = engine_of(contract)
    for request_line, body in case.get("answers", {}).items():
        assert json.loads(engine.handle(Request(*request_line.split(" "))).answer.body) == body
    for pointer, place in case.get("lines", {}).items():
        assert contract.locate(pointer) == str(tmp_path / place)
    assert {Path(name).name for name in contract.files} == {Path(name).name for name in case["files"]}
    text = json.dumps(contract.document)
    assert text.count('"$ref": "#') == text.count('"$ref": ') - text.count('"$ref": "data"')


@pytest.mark.parametrize("case", [case for case in CASES if "says" in case], ids=lambda case: case["name"])
def test_unresolvable_reference_is_located(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ContractError) as refused:
        load_contract(str(laid_out(case["files"], tmp_path)))
    for part in (str(tmp_path / case["at"]), *case["says"]):
        assert part in str(refused.value)
    assert "secret words" not in str(refused.value)


# Where references may lead.


def test_sibling_file_is_reached_from_common_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out({"pet.yaml": "const: Tom", "api/openapi.yaml": PET % "../pet.yaml"}, tmp_path)
    contract = str(tmp_path / "api/openapi.yaml")
    with pytest.raises(ContractError, match=r"'\.\./pet\.yaml', which leads outside.*Start it in a directory that"):
        load_contract(contract)
    monkeypatch.chdir(tmp_path)
    assert load_contract(contract).resolve({"$ref": "#/components/schemas/Pet"}) == {"const": "Tom"}


def test_references_stay_below_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    with pytest.raises(ContractError, match="which leads outside"):
        load_contract(str(laid_out({"openapi.yaml": PET % "../../../../etc/passwd"}, tmp_path)))


def test_symlink_cannot_leave_root(tmp_path: Path) -> None:
    laid_out({"secret.yaml": "const: 1", "api/openapi.yaml": PET % "pet.yaml"}, tmp_path)
    os.symlink(tmp_path / "secret.yaml", tmp_path / "api/pet.yaml")
    with pytest.raises(ContractError, match=r"'pet\.yaml', which leads outside"):
        load_contract(str(tmp_path / "api/openapi.yaml"))


def test_too_many_documents_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundler, "MAX_DOCUMENTS", 2)
    files = {f"{n}.yaml": f"properties: {{n: {{$ref: {n + 1}.yaml}}}}" for n in range(4)}
    with pytest.raises(ContractError, match=r"found one document too many; expected a contract of at most 2 files"):
        load_contract(str(laid_out({"openapi.yaml": PET % "0.yaml", **files}, tmp_path)))


# Addresses.


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Slow(BaseHTTPRequestHandler):
    """Sends a byte now and then, for ever."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.done.wait(0.02):  # type: ignore[attr-defined]
                self.wfile.write(b" ")
        except OSError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        pass


def serving(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.done = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.done.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the files in ``tmp_path / "site"``."""
    (tmp_path / "site").mkdir()
    yield from serving(partial(_Quiet, directory=str(tmp_path / "site")))


@pytest.fixture
def slow_site() -> Iterator[str]:
    yield from serving(_Slow)


def test_remote_contract_refers_to_urls(site: str, tmp_path: Path) -> None:
    laid_out({"api/openapi.yaml": PET % "../shared/pet.yaml", "shared/pet.yaml": "const: Tom"}, tmp_path / "site")
    contract = load_contract(f"{site}/api/openapi.yaml")
    assert contract.resolve({"$ref": "#/components/schemas/Pet"}) == {"const": "Tom"}
    assert contract.files == (f"{site}/api/openapi.yaml", f"{site}/shared/pet.yaml")
    (tmp_path / "site/shared/pet.yaml").write_text("const: Tim")
    again = load_contract(f"{site}/api/openapi.yaml")
    assert again.resolve({"$ref": "#/components/schemas/Pet"}) == {"const": "Tim"}


def test_remote_contract_reads_no_file(site: str, tmp_path: Path) -> None:
    secret = laid_out({"secret.yaml": "const: 1"}, tmp_path)
    laid_out({"openapi.yaml": PET % f"file://{secret}"}, tmp_path / "site")
    with pytest.raises(ContractError, match=r"which leads outside; expected a reference to an http\(s\) URL"):
        load_contract(f"{site}/openapi.yaml")


def test_file_refers_to_addresses_where_that_is_allowed(site: str, tmp_path: Path) -> None:
    laid_out({"pet.yaml": "const: Tom"}, tmp_path / "site")
    place = str(laid_out({"openapi.yaml": PET % f"{site}/pet.yaml"}, tmp_path))
    contract = load_contract(place, may_fetch=True)
    assert contract.resolve({"$ref": "#/components/schemas/Pet"}) == {"const": "Tom"}
    with pytest.raises(ContractError, match="--allow-remote-refs"):  # though it is remembered
        load_contract(place)


def test_address_that_hangs_is_not_awaited(slow_site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_reader, "URL_SECONDS", 0.3)
    place = str(laid_out({"openapi.yaml": PET % f"{slow_site}/pet.yaml"}, tmp_path))
    start = time.monotonic()
    with pytest.raises(ContractError, match=r"openapi\.yaml:6 .*: found no whole answer within 0\.3 seconds"):
        load_contract(place, may_fetch=True)
    assert time.monotonic() - start < 5


def test_address_with_too_much_is_refused(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.openapi.loading.reader.MAX_BYTES", 1000)
    laid_out({"pet.yaml": "#" * 2000}, tmp_path / "site")
    place = str(laid_out({"openapi.yaml": PET % f"{site}/pet.yaml"}, tmp_path))
    with pytest.raises(ContractError, match="found more than 1,000 bytes"):
        load_contract(place, may_fetch=True)


# What is remembered.


def test_change_in_any_file_is_seen(tmp_path: Path) -> None:
    place = str(laid_out({"openapi.yaml": PET % "pet.yaml", "pet.yaml": "const: Tom"}, tmp_path))
    first = load_contract(place)
    assert load_contract(place).digest == first.digest
    (tmp_path / "pet.yaml").write_text("const: Tim", encoding="utf-8")
    changed = load_contract(place)
    assert changed.resolve({"$ref": "#/components/schemas/Pet"}) == {"const": "Tim"}
    assert changed.digest != first.digest
    (tmp_path / "pet.yaml").unlink()
    with pytest.raises(ContractError, match="no such file"):
        load_contract(place)
