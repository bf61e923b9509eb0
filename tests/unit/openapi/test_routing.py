from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.messages import Route
from mock_server.openapi.model import Contract
from mock_server.openapi.routing import Router
from mock_server.openapi.routing import router as routing
from mock_server.openapi.traversal import METHODS
from tests.support.contracts import Document, document, load, operation
from tests.support.hypothesis_settings import repeatable
from tests.support.paths import SHARED

POLAR = SHARED / "contracts/polar-full-2026-10.json"
PATHS = ("/pets/{id}", "/pets/mine", "/{kind}/mine", "/{kind}/{id}")

Routed = Callable[..., Router]


@pytest.fixture
def routed(tmp_path: Path) -> Routed:
    """The router of a contract with these paths, each with operations of these methods."""

    def make(paths: dict[str, tuple[str, ...]], **members: Any) -> Router:
        return Router(load(tmp_path, contract_of(paths, **members)))

    return make


def contract_of(paths: dict[str, tuple[str, ...]], **members: Any) -> Document:
    return document({path: {name: operation() for name in names} for path, names in paths.items()}, **members)


@pytest.mark.parametrize("order", [*permutations(PATHS)], ids=" ".join)
def test_concrete_path_wins_over_templated(order: tuple[str, ...], routed: Routed) -> None:
    router = routed(dict.fromkeys(order, ("get",)))
    paths = ("/pets/mine", "/pets/7", "/dogs/mine", "/dogs/7")
    keys = [router.route("GET", path).operation for path in paths]
    assert keys == ["GET /pets/mine", "GET /pets/{id}", "GET /{kind}/mine", "GET /{kind}/{id}"]


def test_concrete_path_hides_templated_for_every_method(routed: Routed) -> None:
    router = routed({"/pets/{id}": ("get", "delete"), "/pets/mine": ("get",)})
    assert router.route("DELETE", "/pets/mine") == Route(allow=("GET",))


def test_templated_path_serves_other_methods(routed: Routed) -> None:
    router = routed({"/pets/{id}/toys": ("get",), "/{kind}/{id}/toys": ("post",)})
    assert router.route("POST", "/pets/7/toys").operation == "POST /{kind}/{id}/toys"


@pytest.mark.parametrize("path", ["/pets", "/pets/{id}"])
def test_all_methods_of_a_path_are_allowed(path: str, routed: Routed) -> None:
    router = routed({path: ("post", "get", "delete")})
    assert router.route("PATCH", path.replace("{id}", "7")) == Route(allow=("DELETE", "GET", "POST"))


def test_unknown_path_allows_nothing(routed: Routed) -> None:
    assert routed({"/pets": ("get",)}).route("GET", "/cats") == Route()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_openapi_is_routed(method: str, routed: Routed) -> None:
    router = routed({"/pets": (method,)}, openapi="3.2.0")
    assert router.route(method.upper(), "/pets").operation == f"{method.upper()} /pets"


def test_head_falls_back_to_get(routed: Routed) -> None:
    assert routed({"/pets": ("get",)}).route("HEAD", "/pets").operation == "GET /pets"
    refusing = routed({"/pets": ("get",)}, x_mock_http={"head": "refuse"})
    assert refusing.route("HEAD", "/pets") == Route(allow=("GET",))


def test_head_is_not_post(routed: Routed) -> None:
    assert routed({"/pets": ("post",)}).route("HEAD", "/pets") == Route(allow=("POST",))


def test_documented_head_wins_over_get(routed: Routed) -> None:
    assert routed({"/pets": ("get", "head")}).route("HEAD", "/pets").operation == "HEAD /pets"


@pytest.mark.parametrize("name", ["pet-id", "petId", "pet.id", "pet_id", "1st", "class", "p0", "$filter", "ünï"])
def test_parameter_keeps_contract_name(name: str, routed: Routed) -> None:
    route = routed({f"/pets/{{{name}}}/toys/{{toy}}": ("get",)}).route("GET", "/pets/7/toys/ball")
    assert (route.operation, route.path_parameters) == (
        f"GET /pets/{{{name}}}/toys/{{toy}}",
        {name: "7", "toy": "ball"},
    )


@pytest.mark.parametrize("value", ["abc", "7", "-1", "1.5", "a b", "é", "{id}", "..", "%2F", "a:b"])
def test_router_ignores_parameter_type(value: str, tmp_path: Path) -> None:
    integer = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    router = Router(load(tmp_path, document({"/pets/{id}": {"get": operation(parameters=[integer])}})))
    assert router.route("GET", f"/pets/{value}") == Route("GET /pets/{id}", {"id": value})


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("/pets/{id}.{format}", "/pets/7.json", {"id": "7", "format": "json"}),
        ("/pets/{id}:feed", "/pets/7:feed", {"id": "7"}),
        ("/pets/from-{first}-to-{last}", "/pets/from-a-to-b", {"first": "a", "last": "b"}),
        ("/v1.0/pets({id})", "/v1.0/pets(7)", {"id": "7"}),
    ],
)
def test_parameter_may_be_part_of_segment(template: str, path: str, parameters: dict[str, str], routed: Routed) -> None:
    assert routed({template: ("get",)}).route("GET", path) == Route(f"GET {template}", parameters)


@pytest.mark.parametrize("path", ["/pets/", "/pets/7/8", "/pets//", "/Pets/7", "pets/7", "/pets/7/toys\n", ""])
def test_path_that_is_nearly_one_of_contracts_is_not(path: str, routed: Routed) -> None:
    assert routed({"/pets/{id}": ("get",), "/pets/{id}/toys": ("get",)}).route("GET", path) == Route()


def test_templates_that_differ_in_name_alone_are_one_path(routed: Routed) -> None:
    router = routed({"/pets/{id}": ("get",), "/cats": ("get",), "/pets/{pet}": ("delete",)})
    assert router.route("DELETE", "/pets/7") == Route("DELETE /pets/{pet}", {"pet": "7"})
    assert router.route("PUT", "/pets/7").allow == ("DELETE", "GET")


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ([{"url": "https://pets.example/v1"}], "/v1/pets"),
        ([{"url": "https://pets.example/v1/"}], "/v1/pets"),
        ([{"url": "/v1"}, {"url": "/v2"}], "/v2/pets"),
        ([{"url": "/api"}, {"url": "/api/v1"}], "/api/v1/pets"),
        ([{"url": "/{stage}", "variables": {"stage": {"default": "test"}}}], "/test/pets"),
        ([{"url": "https://pets.example/v1"}], "/pets"),
        ([], "/pets"),
    ],
)
def test_path_is_found_below_paths_of_servers_and_without(servers: list[Document], path: str, routed: Routed) -> None:
    assert routed({"/pets": ("get",)}, servers=servers).route("GET", path) == Route("GET /pets")


def test_unknown_base_path_is_not_found(routed: Routed) -> None:
    router = routed({"/pets": ("get",)}, servers=[{"url": "https://pets.example/v1"}])
    assert router.route("GET", "/v2/pets") == router.route("GET", "/v1pets") == Route()


@pytest.mark.parametrize(
    ("manner", "path", "expected"),
    [
        ("refuse", "/pets/", Route()),
        ("redirect", "/pets/", Route(redirect="/pets")),
        ("redirect", "/pets/7/", Route(redirect="/pets/7")),
        ("redirect", "/cats/7/8/", Route()),
        ("redirect", "/", Route()),
        ("redirect", "//", Route()),
        ("ignore", "/pets/", Route("GET /pets")),
        ("ignore", "/pets/7/", Route("GET /pets/{id}", {"id": "7"})),
    ],
)
def test_trailing_slash_is_treated_as_contract_wants(manner: str, path: str, expected: Route, routed: Routed) -> None:
    router = routed({"/pets": ("get",), "/pets/{id}": ("get",)}, x_mock_http={"trailingSlash": manner})
    assert router.route("GET", path) == expected


def test_slash_of_contracts_own_is_where_a_path_without_it_leads(routed: Routed) -> None:
    router = routed({"/pets/": ("get",)}, x_mock_http={"trailingSlash": "redirect"})
    assert router.route("GET", "/pets/") == Route("GET /pets/")
    assert router.route("GET", "/pets") == Route(redirect="/pets/")
    assert router.route("GET", "/cats") == Route()


@repeatable
@given(st.text(), st.text())
def test_any_method_and_path_has_a_route(contract: Contract, method: str, path: str) -> None:
    route = Router(contract).route(method, path)
    assert route.operation is None or route.operation in contract.operations


@pytest.fixture(scope="module")
def polar(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The paths and methods of a large contract, without what the routes do not depend on."""
    if not POLAR.is_file():
        pytest.skip("Polar's full contract is not on this machine")
    paths = json.loads(POLAR.read_text(encoding="utf-8"))["paths"]
    known = {path: tuple(key for key in item if key in METHODS) for path, item in paths.items()}
    return load(tmp_path_factory.mktemp("polar"), contract_of(known))


def test_polar_operations_route(polar: Contract) -> None:
    router = Router(polar)
    routed = {key: router.route(endpoint.method, endpoint.path).operation for key, endpoint in polar.operations.items()}
    assert routed == {key: key for key in polar.operations}


@repeatable
@given(data=st.data())
def test_polar_operations_route_with_any_values(polar: Contract, data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from([*polar.operations.values()]))
    value = data.draw(st.text(st.characters(exclude_characters="/"), min_size=1).map("x".__add__))
    names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
    path = "/".join(value if part.startswith("{") else part for part in endpoint.path.split("/"))
    assert Router(polar).route(endpoint.method, path) == Route(endpoint.key, dict.fromkeys(names, value))


# Queries in path keys, and what is encoded in a path.


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", "/pets"),
        ("beta=true", "/pets?beta=true"),
        ("beta=false", "/pets"),
        ("beta=true&page=2", "/pets?beta=true"),
        ("page=2&beta=true", "/pets?beta=true"),
        ("beta=true&kind=cat", "/pets?beta=true&kind=cat"),
        ("beta", "/pets"),
        ("%62eta=tru%65", "/pets?beta=true"),
        ("flag", "/pets?flag"),
        ("id=7", "/pets?id={id}"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_path_key_with_query_matches_pairs(query: str, key: str, backwards: bool, routed: Routed) -> None:
    keys = ["/pets", "/pets?beta=true", "/pets?beta=true&kind=cat", "/pets?flag", "/pets?id={id}"]
    router = routed(dict.fromkeys(reversed(keys) if backwards else keys, ("get",)))
    assert router.route("GET", "/pets", query).operation == f"GET {key}"


def test_only_path_key_may_have_query(routed: Routed) -> None:
    router = routed({"/pets/{id}?action=feed": ("post",)})
    assert router.route("POST", "/pets/7", "action=feed") == Route("POST /pets/{id}?action=feed", {"id": "7"})
    assert router.route("POST", "/pets/7", "") == Route()
    assert router.route("GET", "/pets/7", "action=feed") == Route(allow=("POST",))


def test_method_falls_back_to_plain_path_key(routed: Routed) -> None:
    router = routed({"/pets": ("get",), "/pets?beta=true": ("post",)})
    assert router.route("GET", "/pets", "beta=true").operation == "GET /pets"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/pets/a%2Fb", "a%2Fb"),
        ("/pets/%61", "a"),
        ("/pets/%C3%A5", "å"),
        ("/pets/a%2Cb,c", "a%2Cb,c"),
        ("/pets/%25", "%25"),
    ],
)
def test_what_is_reserved_stays_encoded_in_parameter(path: str, value: str, routed: Routed) -> None:
    assert routed({"/pets/{id}": ("get",)}).route("GET", path) == Route("GET /pets/{id}", {"id": value})


@pytest.mark.parametrize("path", ["/p%65ts/b%C3%A5t", "/p%65ts/båt", "/pets/b%c3%a5t"])
def test_path_is_same_however_it_is_encoded(path: str, routed: Routed) -> None:
    assert routed({"/pets/båt": ("get",)}).route("GET", path).operation == "GET /pets/båt"


def test_literal_may_come_encoded(routed: Routed) -> None:
    router = routed({"/pets/{id}:feed": ("post",)})
    assert router.route("POST", "/pets/a%2Fb%3Afeed") == Route("POST /pets/{id}:feed", {"id": "a%2Fb"})


def test_encoded_slash_divides_nothing(routed: Routed) -> None:
    assert routed({"/pets/{id}": ("get",)}).route("GET", "/pets%2F7") == Route()


def test_query_of_path_key_is_required(routed: Routed) -> None:
    table = routed({"/a?beta=true": ("get",), "/a": ("get", "post"), "/a?v={v}": ("get",)})
    keys = {query: table.route("GET", "/a", query).operation for query in ("", "beta=false", "x=1&beta=true", "v=7")}
    assert keys == {"": "GET /a", "beta=false": "GET /a", "x=1&beta=true": "GET /a?beta=true", "v=7": "GET /a?v={v}"}
    assert table.route("POST", "/a", "beta=true").operation == "POST /a"


def test_routing_skips_other_prefixes(routed: Routed, monkeypatch: pytest.MonkeyPatch) -> None:
    table = routed({f"/a{number}/{{id}}/b{number}": ("get",) for number in range(200)})
    templates: list[str] = []
    match = routing._Path.match

    def noted(path: routing._Path, text: str) -> object:
        templates.append(path.template)
        return match(path, text)

    monkeypatch.setattr(routing._Path, "match", noted)
    assert table.route("GET", "/a77/1/b77").operation == "GET /a77/{id}/b77"
    assert templates == ["/a77/{id}/b77"]
