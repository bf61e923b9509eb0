"""What of a contract clients have exercised."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import httpx

from mock_server.core.types import JSON
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.worlds.coverage import Coverage, CoverageTarget, describe_coverage
from mock_server.worlds.world import Worlds
from tests.support.contracts import document, load, operation
from tests.support.customers import ME

PATH = "/pets/{kind}"
PETS = {
    PATH: {
        "parameters": [
            {"name": "kind", "in": "path", "required": True, "schema": {"enum": ["cat", "dog"]}},
        ],
        "get": {
            "parameters": [
                {"name": "sort", "in": "query", "schema": {"type": "array", "items": {"enum": ["name", "price"]}}},
                {"name": "X-Shop", "in": "header", "schema": {"type": "string"}},
            ],
            "responses": {
                "200": {
                    "description": "",
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
                        },
                        "text/csv": {"schema": {"type": "string"}},
                    },
                },
                "4XX": {"description": ""},
            },
        },
    }
}
PET = {
    "type": "object",
    "properties": {
        "size": {"enum": ["small", "large", None]},
        "home": {"type": "object", "properties": {"country": {"enum": ["SE", "NO"]}}},
        "parent": {"$ref": "#/components/schemas/Pet"},
    },
}
JSON_TYPE = (("content-type", "application/json; charset=utf-8"),)


def coverage_target(tmp_path: Path) -> CoverageTarget:
    contract = load(tmp_path, {**document({}), "paths": PETS, "components": {"schemas": {"Pet": PET}}})
    return CoverageTarget(contract, contract.operations[f"GET {PATH}"], "/v1")


def asked(query: str = "", kind: str = "cat", answer: Response | None = None, **headers: str) -> Exchange:
    request = Request("GET", f"/pets/{kind}", query, tuple(headers.items()))
    return Exchange(request, Route(f"GET {PATH}", {"kind": kind}), answer or Response(404))


def names(report: dict[str, JSON], kind: str, part: str = "covered") -> object:
    of_kind = report[kind]
    assert isinstance(of_kind, dict)
    return of_kind[part]


def test_nothing_is_covered_before_anything_is_asked(tmp_path: Path) -> None:
    report = describe_coverage(coverage_target(tmp_path), frozenset(), 0)
    assert (report["operation"], report["count"], report["variants"]) == (f"GET /v1{PATH}", 0, [])
    assert names(report, "statuses", "missing") == ["200", "4XX"]
    assert names(report, "mediaTypes", "missing") == ["200 application/json", "200 text/csv"]
    assert names(report, "parameters", "missing") == ["header x-shop", "path kind", "query sort"]
    missing = names(report, "countries", "missing")
    assert isinstance(missing, list)
    assert missing[:2] == ["answer /*/home/country NO", "answer /*/home/country SE"]


def test_what_an_exchange_shows_is_covered(tmp_path: Path) -> None:
    target, coverage = coverage_target(tmp_path), Coverage()
    body = b'[{"size": "small", "home": {"country": "SE"}}, {"size": null}]'
    coverage.note(
        target.shown(asked("sort=name,color&other=1", answer=Response(200, JSON_TYPE, body), **{"x-shop": "a"}))
    )
    coverage.note(
        target.shown(asked(kind="dog", answer=Response(404, (("Preference-Applied", "variant=12, code=404"),))))
    )
    report = describe_coverage(target, coverage.of(target), coverage.count(target))
    assert (report["count"], report["variants"]) == (2, [12])
    assert (names(report, "statuses"), names(report, "mediaTypes")) == (["200", "4XX"], ["200 application/json"])
    assert names(report, "parameters") == ["header x-shop", "path kind", "query sort"]
    assert names(report, "enumValues") == [
        "answer /*/size null",
        "answer /*/size small",
        "path kind cat",
        "path kind dog",
        "query sort name",
    ]
    assert names(report, "countries") == ["answer /*/home/country SE"]


def test_what_cannot_be_read_covers_its_status_alone(tmp_path: Path) -> None:
    target, coverage = coverage_target(tmp_path), Coverage()
    coverage.note(target.shown(asked(answer=Response(200, JSON_TYPE, b'[{"size": "sm'))))
    report = describe_coverage(target, coverage.of(target), 1)
    assert (names(report, "statuses"), names(report, "enumValues")) == (["200"], ["path kind cat"])


def test_coverage_of_forgotten_worlds_stays(tmp_path: Path) -> None:
    target, worlds = coverage_target(tmp_path), Worlds(capacity=1)
    for name, kind in (("a", "cat"), ("b", "dog")):
        worlds.get(name).coverage.note(target.shown(asked(kind=kind)))
    assert worlds.coverage((target,)).count(target) == 2
    worlds.forget("b")
    assert (worlds.coverage((target,)).count(target), worlds.get("b").coverage.read(()).count(target)) == (2, 0)
    assert {("enum", "path kind", "cat"), ("enum", "path kind", "dog")} <= worlds.coverage((target,)).of(target)


def test_graph_is_counted_once_however_many_ways_lead_through_it(tmp_path: Path) -> None:
    names_of_five = [f"S{index}" for index in range(5)]
    members = {name: {"$ref": f"#/components/schemas/{name}"} for name in names_of_five}
    schemas = {name: {"properties": {"kind": {"enum": [name]}, **members}} for name in names_of_five}
    paths = {"/s": {"get": operation({"$ref": "#/components/schemas/S0"})}}
    contract = load(tmp_path, document(paths, components={"schemas": schemas}))
    graph, coverage = CoverageTarget(contract, contract.operations["GET /s"]), Coverage()
    body = b'{"S1": {"S2": {"S0": {"kind": "S0"}, "kind": "S2"}}}'
    coverage.note(graph.shown(Exchange(Request("GET", "/s"), Route("GET /s"), Response(200, JSON_TYPE, body))))
    report = describe_coverage(graph, coverage.of(graph), 1)
    assert names(report, "enumValues") == ["answer /S2/kind S2", "answer /kind S0"]
    assert names(report, "enumValues", "missing") == [f"answer /S{index}/kind S{index}" for index in (1, 3, 4)]


def test_coverage_is_json_or_a_table(server_url: str) -> None:
    world = f"{server_url}/~{uuid4()}"
    for handle in ("individual", "expired"):
        httpx.get(world + ME, headers={"Authorization": f"Bearer polar_cst_{handle}"})
    report = httpx.get(f"{world}/__admin/coverage").json()
    assert report["totals"]["operations"] == {"covered": 1, "total": 1, "percent": 100.0}
    assert report["totals"]["statuses"] == {"covered": 2, "total": 4, "percent": 50.0}
    (operation,) = report["operations"]
    assert (operation["count"], operation["statuses"]) == (2, {"covered": ["200", "401"], "missing": ["429", "500"]})
    table = httpx.get(f"{world}/__admin/coverage?format=text")
    assert table.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"missing of GET {ME}, statuses: 429, 500" in table.text
    everything = httpx.get(f"{world}/__admin/coverage?worlds=all").json()
    assert everything["operations"][0]["count"] >= 2
    httpx.delete(f"{world}/__admin/")
    assert httpx.get(f"{world}/__admin/coverage").json()["operations"][0]["count"] == 0


def test_invalid_form_is_refused(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/__admin/coverage?format=xml")
    assert (answer.status_code, "json or text" in answer.json()["detail"]) == (400, True)
