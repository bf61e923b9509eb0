"""What is wrong with a value is found without jsonschema, which takes a server five megabytes."""

from __future__ import annotations

import subprocess
import sys

from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from tests.support.paths import ROOT

SCHEMA: JSON = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": r"^\p{L}+$"},
        "never": False,
        "sizes": {"items": {"minimum": 1}},
    },
}
VALUES: tuple[JSON, ...] = (
    {"name": "1"},
    {"name": 1},
    {},
    {"name": "a", "never": 1},
    {"name": "a", "more": 1},
    {"sizes": [1, 0]},
)
FAULTS = [
    [("/name", "pattern")],
    [("/name", "type")],
    [("", "required")],
    [("/never", "None")],
    [("", "additionalProperties")],
    [("/sizes/1", "minimum"), ("", "required")],
]
PROGRAM = f"""
import sys
from mock_server.generation.schema_document import SchemaDocument
node = SchemaDocument({{}}, (3, 1)).root({SCHEMA!r})
print([node.faults(value) for value in {VALUES!r}])
print("jsonschema" in sys.modules)
"""


def node() -> SchemaNode:
    return SchemaDocument({}, (3, 1)).root(SCHEMA)


def test_faults_have_place_and_keyword() -> None:
    assert [node().faults(value) for value in VALUES] == FAULTS


def test_faults_are_those_that_are_explained() -> None:
    for value, faults in zip(VALUES, FAULTS, strict=True):
        assert {pointer for pointer, _, _ in node().reasons(value)} == {pointer for pointer, _ in faults}


def test_faults_need_no_jsonschema() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(FAULTS), "False"]
