"""What readers rely on: the parts of SARIF 2.1.0 (OASIS) and of JUnit's XML that ``check`` writes, as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": True}


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_REFERENCE = {"type": "string", "format": "uri-reference", "pattern": r"^[!-~]+$"}
_INDEX = {"type": "integer", "minimum": 0}
_PHYSICAL = _object(
    "artifactLocation",
    artifactLocation=_object("uri", uri=_REFERENCE),
    region=_object("startLine", startLine={"type": "integer", "minimum": 1}),
)
_LOCATION = _object(
    "physicalLocation",
    physicalLocation=_PHYSICAL,
    logicalLocations=_list(_object("fullyQualifiedName", fullyQualifiedName=_TEXT)),
)
_RESULT = _object(
    "ruleId ruleIndex level message locations",  # code hosts want a level, a rule and a location; SARIF the message
    ruleId=_TEXT,
    ruleIndex=_INDEX,
    level={"enum": ["error", "warning", "note", "none"]},
    message=_object("text", text=_TEXT),
    locations={**_list(_LOCATION), "minItems": 1},
)
_VERSION = {"type": "string", "pattern": r"^\d+\.\d+\.\d+([-+].*)?$"}
_DRIVER = _object("name", name=_TEXT, semanticVersion=_VERSION, rules=_list(_object("id", id=_TEXT)))
SARIF: dict[str, Any] = _object(
    "version runs",
    version={"const": "2.1.0"},
    runs=_list(
        _object(
            "tool results",
            tool=_object("driver", driver=_DRIVER),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results=_list(_RESULT),
        )
    ),
)
SARIF["properties"]["$schema"] = _REFERENCE
"""A JSON Schema of a log, without the parts of SARIF that ``check`` does not write."""

_COUNTS = {"tests", "failures", "errors"}
JUNIT: dict[str, tuple[set[str], set[str], tuple[str, ...]]] = {
    "testsuites": ({"name"}, _COUNTS | {"time", "disabled"}, ("testsuite",)),
    "testsuite": ({"name", *_COUNTS}, {"skipped", "time", "timestamp", "hostname"}, ("testcase",)),
    "testcase": ({"name", "classname"}, {"time", "file", "line"}, ("failure", "error", "skipped")),
    "failure": (set(), {"message", "type"}, ()),
    "error": (set(), {"message", "type"}, ()),
}
"""By element, the attributes it must have, those it may have, and its children: what the schemas of Jenkins, of Ant and
of Maven's Surefire have in common."""


def junit_faults(element: Element) -> Iterator[str]:
    """Yield what is not as a reader of JUnit's XML expects it: names, and counts that do not add up."""
    required, optional, children = JUNIT[element.tag]
    attributes = {*element.attrib}
    if not required <= attributes <= required | optional:
        yield f"{element.tag}: attributes {sorted(attributes)}"
    for child in element:
        if child.tag in children:
            yield from junit_faults(child)
        else:
            yield f"{element.tag}: element {child.tag}"
    if "tests" in attributes:
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            if int(element.attrib[name]) != len([*element.iter(tag)]):
                yield f"{element.tag}: {name}"
