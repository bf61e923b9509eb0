"""Every satisfiable schema there is to hand: the official suite's, and those of a large real contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from jsonschema import Draft202012Validator

from mock_server.generate.document import Document
from mock_server.generate.seeds import Draw
from mock_server.generate.variants import variants
from mock_server.generate.walker import generate
from tests.conftest import ROOT, SHARED

pytestmark = pytest.mark.schemas

SUITE = ROOT / ".venv/suite/json"
POLAR = SHARED / "contracts/polar-full-2026-10.json"
HOST = "http://localhost:1234/"
"""Where the suite says that its remote schemas are."""
ROUNDS = 5


def remotes() -> dict[str, Any]:
    """The schemas of the suite that others refer to; a copy of them is all that is asked, no server."""
    root = SUITE / "remotes"
    paths = [*sorted(root.glob("*.json")), *sorted((root / "draft2020-12").rglob("*.json"))]
    return {urljoin(HOST, path.relative_to(root).as_posix()): json.loads(path.read_text("utf-8")) for path in paths}


def cases() -> Iterator[Any]:
    for path in sorted((SUITE / "tests/draft2020-12").glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            # With no valid instance in the suite nobody says that the schema can be satisfied.
            if any(test["valid"] for test in case["tests"]):
                yield pytest.param(case["schema"], id=f"{path.stem}: {case['description']}")


@pytest.mark.skipif(not SUITE.exists(), reason="the JSON Schema Test Suite is not here: make test-schemas fetches it")
@pytest.mark.parametrize("schema", [*cases()])
def test_a_schema_of_the_suite_yields_valid_data(schema: Any) -> None:
    document = Document(schema, others=remotes() if HOST in json.dumps(schema) else None)
    for seed in range(ROUNDS):
        value = generate(schema, Draw(seed, "suite", "x"), document)
        assert Draft202012Validator(schema, registry=document.registry).is_valid(value), value


def polar() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(POLAR.read_text(encoding="utf-8")) if POLAR.exists() else {}
    return loaded


NAMES = [*polar().get("components", {}).get("schemas", {})]
SAMPLE = NAMES[::20]
"""Webhooks that overlap in a dozen branches take half a minute each for all their variants."""
needs_polar = pytest.mark.skipif(not POLAR.exists(), reason="the full Polar contract is not on this machine")


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(polar())


@needs_polar
@pytest.mark.parametrize("name", NAMES)
def test_a_schema_of_polar_yields_valid_data(name: str, document: Document) -> None:
    schema: Any = {"$ref": f"#/components/schemas/{name}"}
    for seed in range(2):
        value = generate(schema, Draw(seed, "polar", "x"), document, complete=seed == 1)
        assert document.root(schema).accepts(value)


@needs_polar
@pytest.mark.parametrize("name", SAMPLE)
def test_each_variant_of_a_schema_of_polar_is_valid(name: str, document: Document) -> None:
    schema: Any = {"$ref": f"#/components/schemas/{name}"}
    found = variants(schema, Draw(0, "polar", "x"), document)
    assert found[0].name == "plain"
    assert [one.number for one in found] == list(range(len(found)))
    assert all(document.root(schema).accepts(one.value) for one in found)
