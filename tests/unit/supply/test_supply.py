"""What the project is made of: its bill of materials, the licences of its lock, and what an audit says."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import PackageMetadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from supply import audit, licences, sbom
from supply.licences import Licences, objections, read_licences
from supply.lock import PROJECT, Distribution, installed_with, read_lock
from tests.support.paths import ROOT

LOCK = read_lock()

# ---------------------------------------------------------------------------------------------------------- the lock


def test_lock_is_read_whole() -> None:
    pins = re.findall(r"^([a-z0-9.-]+)==([^ ]+)", (ROOT / "requirements/serve.txt").read_text(encoding="utf-8"), re.M)
    assert [(each.name, each.version) for each in LOCK] == pins
    assert all(each.needed_by or each.name in {"editables", "hatchling"} for each in LOCK)


def test_build_tools_are_not_installed() -> None:
    names = {each.name for each in installed_with(PROJECT, LOCK)}
    assert {"connexion", "psycopg", "opentelemetry-sdk", "tzdata"} <= names
    assert {"hatchling", "editables", "pathspec"} & names == set()


def test_line_that_is_not_pinned_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("# written by hand\nconnexion>=3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"lock.txt:2: found 'connexion>=3'; expected NAME==VERSION"):
        read_lock(tmp_path / "lock.txt")


@pytest.mark.parametrize("file", audit.LOCKS, ids=lambda file: file.name)
def test_every_distribution_of_lock_has_hash_and_no_lock_address(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for block in re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]:
        assert "--hash=sha256:" in block, block
    assert "://" not in text


# ------------------------------------------------------------------------------------------------- bill of materials


@pytest.fixture(scope="module")
def bom(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("bom") / "sub" / "bom.json"
    assert sbom.main([str(file)]) == 0
    return file.read_text(encoding="utf-8")


def test_bill_keeps_the_schema_of_cyclonedx(bom: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bom) is None
    assert validator.validate_str(bom.replace('"library"', '"libary"')) is not None


def test_bill_lists_every_distribution(bom: str) -> None:
    components = json.loads(bom)["components"]
    installed = [each for each in components if each["purl"].startswith("pkg:pypi/")]
    assert [(each["name"], each["version"], each["purl"]) for each in installed] == [
        (each.name, each.version, f"pkg:pypi/{each.name}@{each.version}") for each in LOCK
    ]
    shipped = [each["name"] for each in components if each not in installed]
    assert shipped == ["i18n-iso-countries", "swagger-ui-dist", "world-atlas"]
    assert all(each["licenses"] for each in components)
    assert json.loads(bom)["metadata"]["component"]["name"] == PROJECT


def test_bill_lists_dependencies(bom: str) -> None:
    data = json.loads(bom)
    scopes = {each["name"]: each["scope"] for each in data["components"]}
    assert [scopes[name] for name in ("starlette", "psycopg", "hatchling")] == ["required", "optional", "excluded"]
    needs = {
        re.findall(r"/(.+)@", each["ref"])[0]: " ".join(each.get("dependsOn", ())) for each in data["dependencies"]
    }
    assert "/starlette@" in needs[PROJECT]
    assert "/hatchling@" not in needs[PROJECT]
    assert "/anyio@" in needs["starlette"]


def test_bill_is_reproducible(bom: str) -> None:
    assert sbom.write_bom(LOCK) == bom
    assert sbom.write_bom(LOCK[1:]) != bom
    assert set(re.findall(r"\w+://[^\"]+", bom)) == {"http://cyclonedx.org/schema/bom-1.6.schema.json"}
    assert str(ROOT) not in bom


def test_bill_lists_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "lib/python3.13/site-packages"
    present = [each for each in installed_with(PROJECT, LOCK) if each.is_for_this_python]
    for each in [Distribution(PROJECT, "0.1.0"), *present]:
        (site / f"{each.name.replace('-', '_')}-{each.version}.dist-info").mkdir(parents=True)
    file = tmp_path / "bom.json"
    assert sbom.main([str(file), "--installed", str(tmp_path)]) == 0
    components = json.loads(file.read_text(encoding="utf-8"))["components"]
    assert [each["name"] for each in components if each["purl"].startswith("pkg:pypi/")] == [
        each.name for each in present
    ]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text(encoding="utf-8")) is None
    (site / "smuggled-1.0.dist-info").mkdir()
    assert sbom.main([str(file), "--installed", str(tmp_path)]) == 1
    assert "('smuggled', '1.0')" in capsys.readouterr().err


# ---------------------------------------------------------------------------------------------------------- licences


def test_every_licence_of_lock_is_known_and_will_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main() == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert len(shown.out.splitlines()) == len(LOCK)
    assert re.search(r"^click +\S+ +BSD-3-Clause$", shown.out, re.M)


def metadata(**fields: str) -> PackageMetadata:
    from email.message import Message

    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message  # type: ignore[return-value]


NEW = Distribution("brand-new", "1.0")


@pytest.mark.parametrize(
    ("expression", "reason", "said", "says"),
    [
        (None, "", {"License_Expression": "MIT"}, r"no row in licences\.toml.* says MIT"),
        (None, "", {}, "nothing that can be read"),
        ("GPL-3.0-only", "", {}, r"asks for more than its notice.*under \[copyleft\]"),
        ("MIT AND GPL-2.0-only", "", {}, "asks for more"),
        ("Proprietary", "", {}, "no expression of SPDX"),
        ("MIT", "", {"License_Expression": "GPL-3.0-only"}, "what the distribution says of itself: GPL-3.0-only"),
        ("MIT", "", {"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, "Affero"),
        ("MIT", "it is small", {}, "needs none"),
    ],
)
def test_unknown_licence_is_an_objection(
    expression: str | None, reason: str, said: Mapping[str, str], says: str
) -> None:
    listed = Licences({"brand-new": expression} if expression else {}, {"brand-new": reason} if reason else {})
    (objection,) = objections([NEW], listed, {"brand-new": metadata(**said)} if said else {})
    assert objection.startswith("brand-new: found ")
    assert re.search(says, objection)


@pytest.mark.parametrize(
    ("expression", "reason", "said"),
    [
        ("MIT", "", {}),
        ("MIT OR GPL-3.0-only", "", {}),
        ("LGPL-3.0-only", "imported, unchanged", {"License_Expression": "LGPL-3.0-only"}),
        ("BSD-3-Clause", "", {"Classifier": "License :: OSI Approved :: BSD License"}),
        ("Apache-2.0 AND MIT", "", {"License_Expression": "MIT AND Apache-2.0"}),
    ],
)
def test_licence_that_will_do_is_none(expression: str, reason: str, said: Mapping[str, str]) -> None:
    listed = Licences({"brand-new": expression}, {"brand-new": reason} if reason else {})
    assert [*objections([NEW], listed, {"brand-new": metadata(**said)} if said else {})] == []


def test_row_of_distribution_that_is_gone_is_objection() -> None:
    known = read_licences()
    (objection,) = objections(LOCK, Licences({**known.expressions, "gone": "MIT"}, known.reasons), {})
    assert objection.startswith("gone: found in licences.toml and not in the lock")


# ------------------------------------------------------------------------------------------------------------- audit


@contextmanager
def service(known: Mapping[str, str], status: int = 200) -> Iterator[str]:
    """Run a vulnerability service that speaks as OSV does and knows an id for some distributions; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            mock_request: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = mock_request["package"]["name"]
            answer: dict[str, Any] = {}
            if name in known:
                ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]
                affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
                answer = {"vulns": [{"id": known[name], "summary": "it falls over", "affected": affected}]}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def audited(tmp_path: Path) -> Path:
    lock = tmp_path / "small.txt"
    digest = "0" * 64
    lock.write_text(f"six==1.17.0 \\\n    --hash=sha256:{digest}\nidna==3.20 \\\n    --hash=sha256:{digest}\n")
    return lock


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_audit_without_findings_says_how_many_it_asked_about(audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with service({}) as url:
        assert audit.main(["--service", "osv", "--osv-url", url, str(audited)]) == audit.SOUND
    assert capsys.readouterr().out == "nothing is known against 2 distributions of the locks\n"


@pytest.mark.parametrize("flags", [[], ["--if-reachable"]])
def test_vulnerability_fails_the_audit(flags: list[str], audited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with service({"idna": "GHSA-0000-1111-2222"}) as url:
        assert audit.main([*flags, "--service", "osv", "--osv-url", url, str(audited)]) == audit.VULNERABLE
    assert capsys.readouterr().out == "small.txt: idna 3.20: GHSA-0000-1111-2222; mended in 99.0\n"


@pytest.mark.parametrize(("flags", "code"), [([], audit.UNKNOWN), (["--if-reachable"], audit.SOUND)])
def test_silent_service_is_an_error(
    flags: list[str], code: int, audited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service({}, status=503) as url:
        assert audit.main([*flags, "--service", "osv", "--osv-url", url, str(audited)]) == code
    with service({}) as url:
        pass
    assert audit.main([*flags, "--service", "osv", "--osv-url", url, str(audited)]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("the locks are not audited: found no answer of the vulnerability service osv") == 2


def test_unknown_distributions_are_not_sound(
    audited: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As behind a proxy that answers 404 for all."""
    skipped = json.dumps({"dependencies": [{"name": "six", "skip_reason": "not there: six (1.17.0)"}], "fixes": []})

    def run(command: list[str], **_: object) -> object:
        return subprocess.CompletedProcess(command, 0, skipped, "No known vulnerabilities found\n")

    monkeypatch.setattr(subprocess, "run", run)
    assert audit.main([str(audited)]) == audit.UNKNOWN
    assert "small.txt: not there: six (1.17.0)" in capsys.readouterr().err
