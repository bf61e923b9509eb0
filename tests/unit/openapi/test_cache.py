from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi import cache
from mock_server.openapi.loading.compiler import ContractCompiler
from mock_server.openapi.model import Contract
from tests.support.contracts import Document, document, load, operation

DEFECTIVE: Document = document({"/a/{id}": {"get": operation({"$ref": "#/components/schemas/Gone"})}})


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mock-server"


def remembered(contract: Contract) -> tuple[object, ...]:
    return (contract.document, contract.findings, contract.operations, contract.extensions, contract.digest)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The contracts that were checked, by name."""
    seen: list[str] = []
    sound = ContractCompiler.sound

    def counting(compilation: ContractCompiler) -> object:
        seen.append(compilation._texts[0][0])
        return sound(compilation)

    monkeypatch.setattr(ContractCompiler, "sound", counting)
    return seen


def test_second_load_does_not_check_again_and_is_same(tmp_path: Path, checks: list[str]) -> None:
    first, second = load(tmp_path, DEFECTIVE), load(tmp_path, DEFECTIVE)
    assert len(checks) == 1
    assert remembered(first) == remembered(second)
    assert len(second.findings) == 2


def test_change_is_checked(tmp_path: Path, checks: list[str]) -> None:
    rename: Document = {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"title": "Cats"}}]}
    load(tmp_path, document())
    load(tmp_path, document({"/a": {"get": operation()}}))
    assert load(tmp_path, document(), rename).title == "Cats"
    assert load(tmp_path, document()).title == "Pets"
    assert len(checks) == 3


def test_findings_of_one_place_are_not_told_of_other(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    load(tmp_path, DEFECTIVE)
    copied = load(tmp_path / "copy", DEFECTIVE)
    assert all(finding.location.startswith(str(tmp_path / "copy")) for finding in copied.findings)


def test_cache_ignores_strictness(tmp_path: Path, checks: list[str]) -> None:
    load(tmp_path, DEFECTIVE)
    with pytest.raises(ContractError, match="--strict"):
        load(tmp_path, DEFECTIVE, strict=True)
    assert len(checks) == 1


@pytest.mark.parametrize(
    "damage",
    [b"", b"\n", b"{}", b"0" * 64 + b"\n{}", b"\xff\xfe\n", None],
    ids=["empty", "no seal", "no seal either", "another seal", "binary", "half of it"],
)
def test_damaged_file_is_as_good_as_none(
    damage: bytes | None, tmp_path: Path, directory: Path, checks: list[str]
) -> None:
    first = load(tmp_path, DEFECTIVE)
    files = [*directory.iterdir()]
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if damage is None else damage)
    assert remembered(load(tmp_path, DEFECTIVE)) == remembered(first)
    load(tmp_path, DEFECTIVE)
    assert len(checks) == 2


@pytest.mark.parametrize("value", [None, [], {}, {"document": {}}, {"document": {}, "findings": [{"rul": "x"}]}])
def test_what_other_version_cached_is_as_good_as_nothing(
    value: Document, tmp_path: Path, directory: Path, checks: list[str]
) -> None:
    load(tmp_path, DEFECTIVE)
    (file,) = directory.glob("*.contract.json")
    cache.put(file.name.partition(".")[0], "contract", value)
    assert len(load(tmp_path, DEFECTIVE).findings) == 2
    assert len(checks) == 2


@pytest.mark.parametrize(
    ("recorded", "times"),
    [
        ("openapi_spec_validator-99.0.dist-info", 2),
        ("OpenAPI_spec_validator-99.0.egg-info", 2),
        ("openapi_spec_validators-99.0.dist-info", 1),
        ("openapi_spec_validator", 1),
    ],
)
def test_new_library_version_checks_again(
    recorded: str, times: int, tmp_path: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path, DEFECTIVE)
    (tmp_path / "packages" / recorded).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages"), str(tmp_path / "nowhere"), *sys.path])
    load(tmp_path, DEFECTIVE)
    assert len(checks) == times


def test_validator_versions_are_known() -> None:
    assert len(cache._versions(tuple(sys.path)).splitlines()) == 4


def test_directory_that_cannot_be_written_is_no_error(tmp_path: Path, checks: list[str]) -> None:
    (tmp_path / "cache").write_text("a file where the directory would be", encoding="utf-8")
    assert [len(load(tmp_path, DEFECTIVE).findings) for _ in range(2)] == [2, 2]
    assert len(checks) == 2


def test_write_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, directory: Path, checks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    load(tmp_path, DEFECTIVE)
    assert [*directory.iterdir()] == []


@pytest.mark.parametrize("value", [{"a": [1, "é", None, True]}, [], "\ud83d", 0, False])
def test_what_is_cached_is_recalled(value: Document) -> None:
    cache.put("key", "kind", value)
    assert cache.get("key", "kind") == value
    assert cache.get("key", "other") is cache.get("other", "kind") is None


def test_digest_depends_on_parts_and_on_where_they_end() -> None:
    parts: list[list[bytes]] = [[b"ab"], [b"a", b"b"], [b"b", b"a"], [b"ab", b""], []]
    assert len({cache.digest(pieces) for pieces in parts}) == len(parts)
    assert cache.digest([b"ab"]) == cache.digest(iter([b"ab"]))
