"""The call that a banner shows: it can be made as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from mock_server.mocking.mounts import ApiMount, build_mounts
from mock_server.mocking.sample_call import sample_curl
from mock_server.settings import Settings
from tests.support.contracts import document, operation, written

URL = "http://127.0.0.1:4010"


def parameter(name: str, place: str, schema: Any, **members: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": schema, **members}


def mounted(directory: Path, paths: dict[str, Any], **members: Any) -> ApiMount:
    (mount,) = build_mounts(Settings(contract=(written(directory, "api", document(paths, **members)),)))
    return mount


def test_bundled_contract_is_called_as_one_of_its_customers(own_cache: None) -> None:
    (mount,) = build_mounts(Settings())
    *command, target = shlex.split(sample_curl(mount, URL))
    assert command == ["curl", "-s", "-H", "Authorization: Bearer polar_cst_individual"]
    assert target == f"{URL}/v1/customer-portal/customers/me"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([parameter("q", "query", {"type": "string", "example": "a b&c"})], "/a?q=a%20b%26c"),
        ([parameter("q", "query", {"enum": ["new", "old"]})], "/a?q=new"),
        ([parameter("q", "query", {"type": "integer", "minimum": 7})], "/a?q=7"),
        ([parameter("q", "query", {"type": "boolean"}, example=True)], "/a?q=true"),
        ([{**parameter("q", "query", {"type": "string"}), "required": False}], "/a"),
    ],
)
def test_required_parameters_are_given(parameters: list[Any], expected: str, tmp_path: Path, own_cache: None) -> None:
    mount = mounted(tmp_path, {"/a": {"get": operation(parameters=parameters)}})
    assert shlex.split(sample_curl(mount, URL))[-1] == URL + expected


def test_what_takes_a_search_is_passed_over(tmp_path: Path, own_cache: None) -> None:
    hard = parameter("q", "query", {"type": "string", "pattern": "^[a-z]{3}$"})
    easy = parameter("id", "path", {"type": "string", "format": "uuid"})
    paths = {"/a": {"get": operation(parameters=[hard])}, "/b/{id}": {"parameters": [easy], "get": operation()}}
    assert shlex.split(sample_curl(mounted(tmp_path, paths), URL))[-1].startswith(f"{URL}/b/7a1c2f0e-")


def test_contract_without_a_get_has_none(tmp_path: Path, own_cache: None) -> None:
    assert sample_curl(mounted(tmp_path, {"/a": {"post": operation()}}), URL) == ""


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "http", "scheme": "bearer"}, ["-H", "Authorization: Bearer demo", f"{URL}/a"]),
        ({"type": "http", "scheme": "basic"}, ["-H", "Authorization: Basic ZGVtbzpkZW1v", f"{URL}/a"]),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, ["-H", "X-Key: demo", f"{URL}/a"]),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, ["-H", "Cookie: sid=demo", f"{URL}/a"]),
        ({"type": "apiKey", "in": "query", "name": "key"}, [f"{URL}/a?key=demo"]),
    ],
)
def test_credentials_fit_the_scheme(
    scheme: dict[str, str], expected: list[str], tmp_path: Path, own_cache: None
) -> None:
    paths = {"/a": {"get": operation(security=[{"own": []}])}}
    mount = mounted(tmp_path, paths, components={"securitySchemes": {"own": scheme}})
    assert shlex.split(sample_curl(mount, URL))[2:] == expected
