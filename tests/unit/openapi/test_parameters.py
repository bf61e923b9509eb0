from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator

from mock_server.core.diagnostics import Diagnostic, UnreadableError
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Route
from mock_server.openapi.validation.parameters import RequestParts, read_parameter
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.case_files import read_cases
from tests.support.contracts import Document, document, load, operation
from tests.support.hypothesis_settings import repeatable

CASES = read_cases("parameters")["cases"]
COMPONENTS: Document = {"schemas": {"Number": {"type": "integer"}}}


def resolve(node: JSON) -> JSON:
    return COMPONENTS["schemas"]["Number"] if isinstance(node, dict) and "$ref" in node else node


def parts(case: Document) -> tuple[Route, Request]:
    name = case["parameter"]["name"]
    headers = [(name.lower(), case["header"])] if "header" in case else []
    headers += [("cookie", case["cookie"])] if "cookie" in case else []
    method = "GET" if case["parameter"]["in"] != "path" else "PUT"
    path = "/x/{a}" if method == "PUT" else "/x"
    route = Route(f"{method} {path}", {"a": case["path"]} if "path" in case else {})
    return route, Request(method, "/x", case.get("query", ""), tuple(headers))


def findings(case: Document, directory: Path) -> tuple[Diagnostic, ...]:
    parameter = {"required": True, **case["parameter"]} if "path" in case else case["parameter"]
    method, path = ("put", "/x/{a}") if "path" in case else ("get", "/x")
    paths = {path: {method: operation(parameters=[parameter])}}
    contract = load(directory, document(paths, openapi=case.get("openapi", "3.1.0"), components=COMPONENTS))
    return ContractValidator(contract).request(*parts(case))


def accepted(case: Document) -> JSON:
    """The first reading that keeps the schema."""
    route, request = parts(case)
    parameter = read_parameter(case["parameter"], resolve)
    sent = RequestParts(request, route)
    readings = None if parameter is None else parameter.readings(sent)
    if parameter is None or readings is None:
        return "absent"
    if parameter.is_empty(sent):
        return ""
    content = case["parameter"].get("content")
    described = case["parameter"] if content is None else next(iter(content.values()))
    kind: Any = OAS30Validator if "openapi" in case and case["openapi"] < "3.1" else Draft202012Validator
    schema = described.get("schema", True)
    validator = kind({**schema, "components": COMPONENTS} if isinstance(schema, dict) else schema)
    return next(value for value in readings if validator.is_valid(value))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parameter_is_read_by_style(case: Document, tmp_path: Path) -> None:
    case = {**case, "parameter": {"name": "a", **case["parameter"]}}
    verdict = findings(case, tmp_path)
    if "value" in case:
        assert verdict == ()
        value = accepted(case)
        assert (value, type(value)) == (case["value"], type(case["value"]))
    else:
        (finding,) = verdict
        members = {name: getattr(finding, name) for name in ("rule", "location", "found", "expected", "pointer")}
        where = f"{case['parameter']['in']} {case['parameter']['name']}"
        expected = {name: case[name] for name in ("found", "expected")} | {"pointer": case.get("pointer", "")}
        assert members == {"rule": "parameter", "location": where, **expected}


def test_path_item_parameters_are_inherited(tmp_path: Path) -> None:
    shared = [{"in": "query", "name": name, "schema": {"type": "integer"}, "required": True} for name in ("a", "b")]
    own = [{"in": "query", "name": "b", "schema": {"type": "boolean"}}]
    validator = ContractValidator(
        load(tmp_path, document({"/x": {"parameters": shared, "get": operation(parameters=own)}}))
    )
    verdict = validator.request(Route("GET /x"), Request("GET", "/x", "b=true"))
    assert [finding.location for finding in verdict] == ["query a"]


def test_open_object_leaves_other_parameters_what_is_theirs(tmp_path: Path) -> None:
    rest = {"in": "query", "name": "rest", "schema": {"type": "object", "additionalProperties": {"type": "integer"}}}
    own = {"in": "query", "name": "q", "schema": {"type": "string"}}
    validator = ContractValidator(load(tmp_path, document({"/x": {"get": operation(parameters=[rest, own])}})))
    assert validator.request(Route("GET /x"), Request("GET", "/x", "q=text&n=1&__dynamic=true")) == ()
    (finding,) = validator.request(Route("GET /x"), Request("GET", "/x", "q=text&n=x"))
    assert (finding.location, finding.pointer) == ("query rest", "/n")


def test_member_of_object_leaves_parameter_of_its_name(tmp_path: Path) -> None:
    order = {"in": "query", "name": "sort", "schema": {"type": "object", "properties": {"date": {"enum": ["asc"]}}}}
    own = {"in": "query", "name": "date", "schema": {"type": "string", "format": "date"}}
    validator = ContractValidator(load(tmp_path, document({"/x": {"get": operation(parameters=[order, own])}})))
    assert validator.request(Route("GET /x"), Request("GET", "/x", "date=2026-08-01")) == ()


def test_repeated_header_is_one_list(tmp_path: Path) -> None:
    many = {"in": "header", "name": "X-A", "schema": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}}
    validator = ContractValidator(load(tmp_path, document({"/x": {"get": operation(parameters=[many])}})))
    good, bad = (("x-a", "1, 2"), ("x-a", "3")), (("x-a", "1,2"), ("x-a", "3,4"))
    assert validator.request(Route("GET /x"), Request("GET", "/x", headers=good)) == ()
    assert validator.request(Route("GET /x"), Request("GET", "/x", headers=bad))


# There and back: a value is written in a style, by the tables of the specification, and read again.

TEXTS = st.text(st.characters(codec="utf-8"), max_size=5)
SCALARS = st.one_of(TEXTS.filter(bool), st.integers(-(10**20), 10**20), st.booleans())
NAMES = st.text("abcdeå ,;=.&|%[", min_size=1, max_size=4)
STYLES = {
    ("path", "simple"): ("", ",", ","),
    ("path", "label"): (".", ",", "."),
    ("path", "matrix"): (";", ",", ";"),
    ("query", "form"): ("", ",", "&"),
    ("query", "pipeDelimited"): ("", "%7C", "&"),
    ("query", "spaceDelimited"): ("", "%20", "&"),
}


def schema_of(value: Any) -> Document:
    if isinstance(value, list):
        return {"type": "array", "items": {"anyOf": [schema_of(item) for item in value] or [{}]}}
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: schema_of(member) for name, member in value.items()}}
    name = {str: "string", bool: "boolean", int: "integer"}[type(value)]
    return {"type": name}


def encoded(value: Any) -> str:
    return quote(value if isinstance(value, str) else json.dumps(value), safe="").replace(".", "%2E")


def written(place: str, style: str, explode: bool, value: Any) -> str:
    """The table "Style Examples" of OpenAPI 3.1.1."""
    prefix, between, exploded = STYLES[place, style]
    named = style == "matrix" or place == "query"
    name = "a=" if named else ""
    if isinstance(value, dict) and explode:
        return prefix + exploded.join(f"{encoded(key)}={encoded(member)}" for key, member in value.items())
    if isinstance(value, dict):
        return prefix + name + between.join(encoded(part) for pair in value.items() for part in pair)
    if isinstance(value, list) and explode:
        return prefix + exploded.join(name + encoded(item) for item in value)
    return prefix + name + (between.join(map(encoded, value)) if isinstance(value, list) else encoded(value))


def undelimited(value: Any) -> Any:
    if isinstance(value, dict):
        return {undelimited(name): undelimited(member) for name, member in value.items()}
    if isinstance(value, list):
        return [undelimited(item) for item in value]
    return value.replace(" ", "_").replace("|", "_") if isinstance(value, str) else value


def read_back(place: str, style: str, explode: bool, value: Any, raw: str) -> list[JSON]:
    node: Document = {"in": place, "name": "a", "style": style, "explode": explode, "schema": schema_of(value)}
    parameter = read_parameter(node, resolve)
    assert parameter is not None
    request = Request("GET", "/", raw if place == "query" else "")
    readings = parameter.readings(RequestParts(request, Route("", {"a": raw})))
    assert readings is not None
    return list(readings)


@repeatable
@given(st.sampled_from([*STYLES]), st.booleans(), st.data())
def test_styles_round_trip(where: tuple[str, str], explode: bool, data: st.DataObject) -> None:
    place, style = where
    delimited = style.endswith("Delimited")
    kinds = [
        st.lists(st.integers() if data.draw(st.booleans()) else TEXTS.filter(bool), min_size=1, max_size=4),
        st.dictionaries(NAMES, SCALARS, min_size=1, max_size=3),
    ]
    value: Any = data.draw(st.one_of(kinds if delimited else [SCALARS, *kinds]))
    if delimited and isinstance(value, dict):
        explode = False  # n/a in the table
    if delimited and not explode:  # a delimiter in a value cannot be told apart (OpenAPI 3.1.1, appendix E)
        value = undelimited(value)
    raw = written(place, style, explode, value)
    assert read_back(place, style, explode, value, raw)[0] == value


@repeatable
@given(
    st.recursive(
        SCALARS,
        lambda inner: st.dictionaries(st.text("abcå .&=%", min_size=1, max_size=3), inner, min_size=1, max_size=3),
        max_leaves=6,
    )
)
def test_deep_object_is_read_back(value: Any) -> None:
    def steps(path: str, node: Any) -> list[str]:
        if isinstance(node, dict):
            return [pair for key, inner in node.items() for pair in steps(f"{path}%5B{quote(key, safe='')}%5D", inner)]
        return [f"{path}={encoded(node)}"]

    value = {"k": value}
    raw = "&".join(steps("a", value))
    assert read_back("query", "deepObject", True, value, raw)[0] == value


@repeatable
@given(
    st.sampled_from([*STYLES, ("query", "deepObject"), ("header", "simple"), ("cookie", "form")]),
    st.booleans(),
    st.text('a=&,;.|[]%2C 05\x00å+"', max_size=12),
    st.sampled_from([{"type": "integer"}, schema_of([1]), {"type": "object"}]),
)
def test_nothing_that_is_sent_is_a_crash(where: tuple[str, str], explode: bool, raw: str, schema: Document) -> None:
    place, style = where
    parameter = read_parameter(
        {"in": place, "name": "a", "style": style, "explode": explode, "schema": schema}, resolve
    )
    assert parameter is not None
    headers = (("a", raw), ("cookie", raw))
    sent = RequestParts(Request("GET", "/", raw, headers), Route("", {"a": raw}))
    with suppress(UnreadableError):
        json.dumps([*(parameter.readings(sent) or ())])


@pytest.mark.parametrize("style", ["form", "deepObject"])
def test_many_values_cost_no_more_than_their_number(style: str) -> None:
    name = "a[]" if style == "deepObject" else "a"
    node: Document = {"in": "query", "name": "a", "style": style, "explode": True, "schema": schema_of([1])}
    parameter = read_parameter(node, resolve)
    assert parameter is not None
    sent = RequestParts(Request("GET", "/", "&".join(f"{name}={n}" for n in range(200_000))), Route())
    readings = parameter.readings(sent)
    assert readings is not None
    assert next(readings) == [*range(200_000)]


def test_path_parameter_that_path_does_not_have_is_nobodys_fault() -> None:
    absent: Document = {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}
    parameter = read_parameter(absent, resolve)
    assert parameter is not None
    assert not parameter.required
