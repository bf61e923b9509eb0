from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.openapi.loading.overlay import apply_overlay
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, Source

DOCUMENT: Any = {
    "info": {"title": "Pets", "tags": ["a"]},
    "paths": {"/pets": {"get": {"deprecated": True}, "put": {}}, "/cats": {"get": {"tags": ["b", "c"]}}},
}


def overlay(*actions: Any, **members: Any) -> Source:
    text = json.dumps({"overlay": "1.0.0", "info": {}, "actions": actions, **members})
    return parse_source("overlay.json", text)


def applied(*actions: Any, to: Any = DOCUMENT) -> Any:
    return apply_overlay(to, overlay(*actions))[0]


def refused(source: Source) -> str:
    with pytest.raises(ContractError) as error:
        apply_overlay(DOCUMENT, source)
    return str(error.value)


def test_update_merges_objects_only() -> None:
    update = {"title": "Cats", "contact": {"name": "Tom"}}
    assert applied({"target": "$.info", "update": update})["info"] == {
        "title": "Cats",
        "tags": ["a"],
        "contact": {"name": "Tom"},
    }


def test_update_merges_at_every_depth() -> None:
    done = applied({"target": "$", "update": {"paths": {"/pets": {"get": {"summary": "All"}}}}})
    assert done["paths"]["/pets"] == {"get": {"deprecated": True, "summary": "All"}, "put": {}}
    assert done["paths"]["/cats"] == DOCUMENT["paths"]["/cats"]


@pytest.mark.parametrize(
    ("target", "update"), [("$.info.tags", ["z"]), ("$.info.tags", "z"), ("$.info", {"tags": ["z"]})]
)
def test_array_takes_update_as_new_items(target: str, update: Any) -> None:
    assert applied({"target": target, "update": update})["info"]["tags"] == ["a", "z"]


@pytest.mark.parametrize("update", [None, 7, "x", False])
def test_scalar_is_replaced(update: Any) -> None:
    assert applied({"target": "$.info.title", "update": update})["info"]["title"] == update


def test_every_matched_node_is_updated() -> None:
    done = applied({"target": "$.paths.*.get", "update": {"summary": "All"}})
    assert [item["get"]["summary"] for item in done["paths"].values()] == ["All", "All"]


def test_node_that_is_removed_is_gone() -> None:
    assert applied({"target": "$.paths['/pets'].get.deprecated", "remove": True})["paths"]["/pets"]["get"] == {}


def test_items_are_removed_together() -> None:
    assert applied({"target": "$.paths['/cats'].get.tags[*]", "remove": True})["paths"]["/cats"]["get"]["tags"] == []


def test_what_is_within_removed_node_may_be_matched_too() -> None:
    assert applied({"target": "$.paths..*", "remove": True})["paths"] == {}


def test_node_that_is_matched_twice_is_changed_once() -> None:
    assert applied({"target": "$.info['tags', 'tags']", "update": ["z"]})["info"]["tags"] == ["a", "z"]
    assert "tags" not in applied({"target": "$.info['tags', 'tags']", "remove": True})["info"]


def test_actions_are_applied_in_order() -> None:
    done = applied(
        {"target": "$", "update": {"x-new": {"a": 1}}},
        {"target": "$.x-new", "update": {"b": 2}},
        {"target": "$.x-new.a", "remove": True},
    )
    assert done["x-new"] == {"b": 2}


def test_root_cannot_be_removed() -> None:
    assert applied({"target": "$", "update": {"x-a": 1}}) == {**DOCUMENT, "x-a": 1}
    assert "/actions/0/target: found $; expected a target within the document" in refused(
        overlay({"target": "$", "remove": True})
    )


def test_filter_picks_its_nodes() -> None:
    done = applied({"target": "$.paths.*[?@.deprecated == true]", "remove": True})
    assert [*done["paths"]["/pets"]] == ["put"]


def test_apply_changes_neither_input() -> None:
    before, source = copy.deepcopy(DOCUMENT), overlay({"target": "$.info", "update": {"contact": {}}})
    done: Any = apply_overlay(DOCUMENT, source)[0]
    done["info"]["contact"]["name"] = "Tom"
    again: Any = apply_overlay(DOCUMENT, source)[0]
    assert before == DOCUMENT
    assert again["info"]["contact"] == {}


def test_updates_of_targets_are_not_shared() -> None:
    done = applied(
        {"target": "$.paths.*.get", "update": {"x-a": {}}}, {"target": "$.paths['/pets'].get.x-a", "update": {"b": 1}}
    )
    assert done["paths"]["/cats"]["get"]["x-a"] == {}


def test_update_does_not_reach_twin_that_alias_made() -> None:
    document = parse_source("a.yaml", "a: &x {get: {}}\nb: *x").data
    assert applied({"target": "$.a.get", "update": {"summary": "One"}}, to=document)["b"] == {"get": {}}


# What is refused.


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (overlay({"target": "$.nothing", "update": {}}), "/actions/0/target: found $.nothing, which matches nothing"),
        (
            overlay({"target": "$.info", "update": {}}, {"target": "$.x", "remove": True}),
            "/actions/1/target: found $.x",
        ),
        (overlay({"target": "$[", "update": {}}), "expected an RFC 9535 JSONPath"),
        (overlay({"update": {}}), "/actions/0: found an action without a target"),
        (overlay({"target": 7, "update": {}}), "/actions/0: found an action without a target"),
        (overlay("x"), "/actions/0: found an action without a target"),
        (overlay({"target": "$.info"}), "/actions/0: found neither update nor remove"),
        (overlay({"target": "$.info", "remove": False}), "/actions/0: found neither update nor remove"),
        (overlay({"target": "$.info", "updat": {}}), "/actions/0/updat: found the key 'updat'; did you mean update?"),
        (
            overlay({"target": "$.info", "update": {}}, extend="a"),
            "/extend: found the key 'extend'; did you mean extends?",
        ),
        (overlay(), "/actions: found no list of actions"),
        (overlay({"target": "$.info", "update": {}}, overlay="2.0.0"), "found no member overlay: 1.0.0"),
        (
            overlay({"target": "$.info", "update": {}}, overlay="1.0.0", actions={}),
            "/actions: found no list of actions",
        ),
        (parse_source("overlay.json", "[]"), "found no member overlay: 1.0.0"),
        (parse_source("overlay.yaml", ""), "found no member overlay: 1.0.0"),
    ],
)
def test_malformed_overlay_is_refused(source: Source, message: str) -> None:
    assert message in refused(source)


def test_refusal_names_the_line() -> None:
    text = (
        "overlay: 1.0.0\ninfo: {}\nactions:\n  - target: $.info\n    update: {}\n  - target: $.gone\n    update: {}\n"
    )
    assert refused(parse_source("o.yaml", text)).startswith("o.yaml:6 /actions/1/target: ")


def test_extensions_of_overlay_are_foreign() -> None:
    source = overlay({"target": "$.info", "update": {}, "x-why": 1, "description": "d"}, **{"x-who": 1, "extends": "a"})
    assert apply_overlay(DOCUMENT, source)[0] == DOCUMENT


# Overlay 1.1.


def newer(*actions: Any, to: Any = DOCUMENT) -> Any:
    return apply_overlay(to, overlay(*actions, overlay="1.1.0"))[0]


def test_node_is_copied_into_others() -> None:
    done = newer({"target": "$.paths['/cats']", "copy": "$.paths['/pets']"})
    assert done["paths"]["/cats"] == {"get": {"tags": ["b", "c"], "deprecated": True}, "put": {}}
    assert done["paths"]["/pets"] == DOCUMENT["paths"]["/pets"]


def test_node_is_moved_by_what_comes_before_and_after_copy() -> None:
    done = newer(
        {"target": "$.paths", "update": {"/dogs": {}}},
        {"target": "$.paths['/dogs']", "copy": "$.paths['/pets']"},
        {"target": "$.paths['/pets']", "remove": True},
    )
    assert done["paths"] == {"/cats": DOCUMENT["paths"]["/cats"], "/dogs": DOCUMENT["paths"]["/pets"]}


def test_what_was_copied_is_not_shared() -> None:
    done = newer(
        {"target": "$.paths['/cats']", "copy": "$.paths['/pets']"},
        {"target": "$.paths['/cats'].put", "update": {"summary": "One"}},
    )
    assert done["paths"]["/pets"]["put"] == {}


@pytest.mark.parametrize(
    ("copied", "tags"), [("$.paths['/cats'].get.tags", ["a", "b", "c"]), ("$.info.title", ["a", "Pets"])]
)
def test_array_takes_a_copy_as_new_items(copied: str, tags: list[str]) -> None:
    assert newer({"target": "$.info.tags", "copy": copied})["info"]["tags"] == tags


def test_scalars_are_replaced_anywhere() -> None:
    done = newer(
        {"target": "$.paths['/cats'].get.tags[?@ == 'b']", "update": "z"}, {"target": "$.info.title", "update": None}
    )
    assert (done["paths"]["/cats"]["get"]["tags"], done["info"]["title"]) == (["z", "c"], None)


def test_unmatched_target_is_reported() -> None:
    findings: list[Diagnostic] = []
    source = overlay({"target": "$.nothing", "remove": True}, {"target": "$.none", "copy": "$.info"}, overlay="1.1.0")
    assert apply_overlay(DOCUMENT, source, findings) == (DOCUMENT, ())
    assert [(finding.rule, finding.found, finding.severity) for finding in findings] == [
        ("overlay-target", "$.nothing, which matches nothing", "repaired"),
        ("overlay-target", "$.none, which matches nothing", "repaired"),
    ]


@pytest.mark.parametrize(
    ("action", "version", "message"),
    [
        ({"target": "$.info", "copy": "$.paths"}, "1.0.0", "/actions/0/copy: found copy in an Overlay 1.0"),
        ({"target": "$.info", "copy": "$.gone"}, "1.1.0", "/actions/0/copy: found $.gone, which matches nothing"),
        ({"target": "$.info", "copy": "$.paths.*"}, "1.1.0", "/actions/0/copy: found $.paths.*, which matches 2 nodes"),
        ({"target": "$.info", "copy": "$["}, "1.1.0", "/actions/0/copy: found $["),
        ({"target": "$.info", "copy": 7}, "1.1.0", "/actions/0/copy: found 7; expected a JSONPath"),
        ({"target": "$.info", "copy": "$.paths", "update": {}}, "1.1.0", "/actions/0: found both update and copy"),
        ({"target": "$.info"}, "1.1.0", "/actions/0: found neither update, copy nor remove"),
        (
            {"target": "$.info.*", "update": "a"},
            "1.1.0",
            "which matches arrays and primitives; expected",
        ),
        ({"target": "$.info", "update": "a"}, "1.1.0", "/actions/0/update: found one of the primitives"),
        ({"target": "$.info", "update": {"tags": "a"}}, "1.1.0", "found one of the primitives for /tags of the target"),
        ({"target": "$.info.title", "copy": "$.paths"}, "1.1.0", "/actions/0/copy: found one of the objects"),
        ({"target": "$.info", "update": {}}, "1.2.0", "/overlay: found no member overlay: 1.0.0 or 1.1.0 but '1.2.0'"),
        ({"target": "$.info", "update": {}}, "1", "/overlay: found no member overlay: 1.0.0 or 1.1.0 but '1'"),
    ],
)
def test_what_is_no_overlay_of_its_version_is_refused(action: Any, version: str, message: str) -> None:
    assert message in refused(overlay(action, overlay=version))


# Where things came from.


def test_each_target_remembers_overlay_that_updated_it() -> None:
    base = parse_source("a.yaml", "info:\n  title: Pets\npaths:\n  /a: {}\n  /b: {}\n")
    text = "overlay: 1.0.0\nactions:\n  - target: $.paths.*\n    update:\n      get:\n        tags: [x]\n"
    document, origins = apply_overlay(base.data, parse_source("o.yaml", text))
    layers = LayeredSourceMap(base, origins)
    assert document == {
        "info": {"title": "Pets"},
        "paths": {"/a": {"get": {"tags": ["x"]}}, "/b": {"get": {"tags": ["x"]}}},
    }
    assert [origin.pointer for origin in origins] == ["/paths/~1a", "/paths/~1b"]
    assert layers.location("/paths/~1b/get/tags") == "o.yaml:6"
    assert layers.location("/info/title") == "a.yaml:2"


def test_what_was_removed_has_no_origin() -> None:
    assert apply_overlay(DOCUMENT, overlay({"target": "$.info.tags", "remove": True}))[1] == ()
