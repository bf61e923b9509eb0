"""Every satisfiable schema there is to hand: the official suite's, and those of a large real contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.generation.variants import variants
from tests.support.paths import ROOT, SHARED

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
def test_schema_of_suite_yields_valid_data(schema: Any) -> None:
    document = SchemaDocument(schema, others=remotes() if HOST in json.dumps(schema) else None)
    for seed in range(ROUNDS):
        value = generate(schema, SeedKey(seed, "suite", "x"), document)
        assert Draft202012Validator(schema, registry=document.registry).is_valid(value), value


def polar() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(POLAR.read_text(encoding="utf-8")) if POLAR.exists() else {}
    return loaded


NAMES = [*polar().get("components", {}).get("schemas", {})]
needs_polar = pytest.mark.skipif(not POLAR.exists(), reason="the full Polar contract is not on this machine")


@pytest.fixture(scope="module")
def document() -> SchemaDocument:
    return SchemaDocument(polar())


@needs_polar
@pytest.mark.parametrize("name", NAMES)
def test_schema_of_polar_yields_valid_data(name: str, document: SchemaDocument) -> None:
    schema: Any = {"$ref": f"#/components/schemas/{name}"}
    for seed in range(2):
        value = generate(schema, SeedKey(seed, "polar", "x"), document, complete=seed == 1)
        assert document.root(schema).accepts(value)


@pytest.fixture(scope="module")
def registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([("urn:polar", polar())])


@pytest.fixture(scope="module")
def others() -> Registry[Any]:
    resources: Registry[Any] = Registry().with_resource("urn:polar", DRAFT202012.create_resource(polar()))
    return resources


@needs_polar
@pytest.mark.parametrize("name", NAMES)
def test_polar_variants_are_valid_and_distinct(
    name: str, document: SchemaDocument, registry: jsonschema_rs.Registry, others: Registry[Any]
) -> None:
    listed = variants({"$ref": f"#/components/schemas/{name}"}, SeedKey(0, "polar", "x"), document)
    assert (listed[0].name, listed[0].shows) == ("plain", ())
    assert [variant.number for variant in listed] == list(range(len(listed)))
    assert (
        len({variant.name for variant in listed})
        == len({json.dumps(variant.value) for variant in listed})
        == len(listed)
    )
    schema = {"$ref": f"urn:polar#/components/schemas/{name}"}
    quick = jsonschema_rs.Draft202012Validator(schema, registry=registry, validate_formats=True)
    assert [variant.name for variant in listed if not quick.is_valid(variant.value)] == []
    # The reference implementation takes a hundred times as long: the plain one and the last have to do.
    thorough = Draft202012Validator(schema, registry=others, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [str(error) for variant in (listed[0], listed[-1]) for error in thorough.iter_errors(variant.value)] == []
