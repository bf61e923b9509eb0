from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.effects.record_values import OneRecord
from mock_server.openapi.effects.values import Place
from mock_server.openapi.extensions import MockExtensions, read_extensions
from mock_server.openapi.failure_extensions import Failure
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, LazySourceMap
from mock_server.openapi.state_extensions import (
    STATE_MODES,
    TELLABLE_VERBS,
    OperationCorrection,
    RecordFilter,
    RelatedFilter,
    ResourceCorrection,
    UniqueMembers,
    read_operation_correction,
)

PLACES = LazySourceMap(lambda: LayeredSourceMap(parse_source("a.yaml", "")))
TAKEN = {"status": "422", "response": "#/components/responses/Taken"}


def extensions(**members: Any) -> MockExtensions:
    return read_extensions({f"x-mock-{name}": value for name, value in members.items()}, PLACES)


def _place(*parts: str) -> Place:
    """Return the value at a JSON Pointer into a record."""
    return Place(("#record", *parts))


def test_everything_that_is_said_of_a_resource_is_read() -> None:
    node = {
        "schema": "#/components/schemas/Customer",
        "views": ["#/components/schemas/PortalCustomer"],
        "keys": ["id", "external_id"],
        "unique": [{"members": ["email"], "fold": "case", "failure": "email_taken"}, {"members": ["a", "b"]}],
        "owner": "customers",
        "relations": {"organization_id": "organizations"},
        "missing": {"organization_id": "email_taken"},
        "embeds": {"organization": "organization_id"},
        "initial": {"verified": False},
        "derived": {"billing_name": {"first": ["/billing_name", "/name"]}},
        "sort": {"name": "/name"},
        "filters": {
            "active": {"related": "subscriptions", "where": {"status": ["active", None]}},
            "type": {"equal": "/event/type"},
            "since": {"at_least": "/created_at"},
            "query": {"contains": ["/id", "/event/id"]},
        },
        "records": 0,
    }
    read = extensions(resources={"customers": node}, failures={"email_taken": TAKEN})
    assert read.corrections == {
        "customers": ResourceCorrection(
            "customers",
            "#/components/schemas/Customer",
            ("#/components/schemas/PortalCustomer",),
            ("id", "external_id"),
            (UniqueMembers(("email",), "case", "email_taken"), UniqueMembers(("a", "b"))),
            "customers",
            {"organization_id": "organizations"},
            {"organization_id": "email_taken"},
            {"organization": "organization_id"},
            {"verified": False},
            read.corrections["customers"].derived,
            {"name": "/name"},
            {
                "active": RelatedFilter("subscriptions", {"status": ("active", None)}),
                "type": RecordFilter(equal=_place("event", "type")),
                "since": RecordFilter(compared=(("at_least", _place("created_at")),)),
                "query": RecordFilter(contains=(_place("id"), _place("event", "id"))),
            },
            0,
        )
    }
    assert read.failures == {"email_taken": Failure("email_taken", 422, "#/components/responses/Taken")}
    assert [*read.resources] == ["customers"]
    derived = read.corrections["customers"].derived["billing_name"]
    assert derived.reads == ("/billing_name", "/name")
    assert derived.value.evaluate(OneRecord({"name": "Ada"})) == "Ada"


def test_resource_of_fixtures_alone_corrects_nothing() -> None:
    read = extensions(resources={"pets": {"schema": "#/components/schemas/Pet", "complete": True}})
    assert ([*read.resources], read.corrections) == (["pets"], {})


def test_correction_without_schema_is_no_resource_of_fixtures() -> None:
    read = extensions(resources={"pets": {"records": 5}})
    assert (read.resources, [*read.corrections]) == ({}, ["pets"])


@pytest.mark.parametrize("mode", STATE_MODES)
def test_mode_is_read(mode: str) -> None:
    assert extensions(state=mode).state == mode
    assert extensions().state is None


@pytest.mark.parametrize("verb", TELLABLE_VERBS)
def test_verb_is_read(verb: str) -> None:
    correction = read_operation_correction({"x-mock-does": verb}, "/paths/~1a/get", PLACES)
    assert correction is not None
    assert (correction.verb, correction.is_stateless) == (verb, verb == "none")


def test_operation_says_resource_and_key() -> None:
    node: dict[str, Any] = {"x-mock-resource": "shops", "x-mock-key": {"slug": "/organization/slug"}}
    assert read_operation_correction(node, "", PLACES) == OperationCorrection(
        "shops", None, "slug", "/organization/slug"
    )
    assert read_operation_correction({"x-mock-fixture": {"resource": "a"}}, "", PLACES) is None


@pytest.mark.parametrize(
    ("node", "pointer", "found"),
    [
        ({"view": []}, "/view", "'view'; did you mean views?"),
        ({"views": "A"}, "/views", "'A'"),
        ({"keys": ["id", "id"]}, "/keys", "['id', 'id']"),
        ({"keys": {"id": 1}}, "/keys", "{'id': 1}"),
        ({"unique": ["email"]}, "/unique/0", "'email'"),
        ({"unique": [{"members": []}]}, "/unique/0/members", "[]"),
        ({"unique": [{"members": ["a"], "fold": "cases"}]}, "/unique/0/fold", "'cases'; did you mean case?"),
        ({"unique": [{"members": ["a"], "failure": "takn"}]}, "/unique/0/failure", "the failure 'takn'; did you mean"),
        ({"unique": [{"member": ["a"]}]}, "/unique/0/member", "'member'; did you mean members?"),
        ({"owner": ["a"]}, "/owner", "['a']"),
        ({"relations": {"a": None}}, "/relations/a", "nothing"),
        ({"relations": ["a"]}, "/relations", "['a']"),
        ({"embeds": {"a": 1}}, "/embeds/a", "1"),
        ({"initial": []}, "/initial", "[]"),
        ({"derived": {"a": {"last": ["/a"]}}}, "/derived/a/last", "'last'"),
        ({"derived": {"a": {"first": []}}}, "/derived/a/first", "[]"),
        ({"derived": {"a": {"first": ["/related/b/c"]}}}, "/derived/a/first/0", "'/related/b/c'"),
        ({"derived": {"a": {"clock": 0}}}, "/derived/a", "'clock', which is not of a record"),
        ({"derived": {"a": {"sha265": "/b"}}}, "/derived/a/sha265", "'sha265'; did you mean sha256?"),
        ({"filters": {"a": {"when": {"/related/b": 1}}}}, "/filters/a/when/~1related~1b", "'/related/b'"),
        ({"filters": {"a": {"equals": "/b"}}}, "/filters/a/equals", "'equals'; did you mean equal?"),
        ({"filters": {"a": {"contains": "/b"}}}, "/filters/a/contains", "'/b'"),
        ({"lists": {"a": {"relatd": "b"}}}, "/lists/a/relatd", "'relatd'; did you mean related?"),
        ({"order": "-a"}, "/order", "'-a'"),
        ({"hidden": ["a", "a"]}, "/hidden", "['a', 'a']"),
        (
            {"unique": [{"members": ["a"], "existing": "answers"}]},
            "/unique/0/existing",
            "'answers'; did you mean answer?",
        ),
        ({"sort": {"name": "name"}}, "/sort/name", "'name'"),
        ({"filters": {"a": {}}}, "/filters/a", "an empty filter"),
        ({"filters": {"a": {"related": "b", "where": {"c": "d"}}}}, "/filters/a/where/c", "'d'"),
        ({"filters": {"a": {"related": "b", "where": {"c": []}}}}, "/filters/a/where/c", "[]"),
        ({"filters": {"a": "b"}}, "/filters/a", "'b'"),
        ({"filters": {"a": {"at_leas": "/b"}}}, "/filters/a/at_leas", "'at_leas'; did you mean at_least?"),
        ({"filters": {"a": {"relate": "b"}}}, "/filters/a/relate", "'relate'; did you mean related?"),
        ({"records": -1}, "/records", "-1"),
        ({"records": 1.5}, "/records", "1.5"),
        ({"records": True}, "/records", "True"),
    ],
)
def test_what_is_not_understood_of_a_resource_is_refused(node: dict[str, Any], pointer: str, found: str) -> None:
    with pytest.raises(ContractError) as refused:
        extensions(resources={"pets": node}, failures={"taken": TAKEN})
    message = str(refused.value)
    assert message.startswith(f"a.yaml /x-mock-resources/pets{pointer}: found {found}")
    assert "; expected " in message


@pytest.mark.parametrize(
    ("node", "pointer", "found"),
    [
        ({"x-mock-does": "reed"}, "/x-mock-does", "'reed'; did you mean read?"),
        ({"x-mock-does": "action"}, "/x-mock-does", "'action'"),
        ({"x-mock-does": ["read"]}, "/x-mock-does", "['read']"),
        ({"x-mock-resource": 7}, "/x-mock-resource", "7"),
        ({"x-mock-resource": "none", "x-mock-does": "read"}, "/x-mock-does", "'read'"),
        ({"x-mock-key": "id"}, "/x-mock-key", "'id'"),
        ({"x-mock-key": {}}, "/x-mock-key", "{}"),
        ({"x-mock-key": {"a": "/a", "b": "/b"}}, "/x-mock-key", "{'a': '/a', 'b': '/b'}"),
        ({"x-mock-key": {"a": "a"}}, "/x-mock-key/a", "'a'"),
        ({"x-mock-key": {"/request/query/a": "/a"}}, "/x-mock-key/~1request~1query~1a", "'/request/query/a'"),
    ],
)
def test_what_is_not_understood_of_an_operation_is_refused(node: dict[str, Any], pointer: str, found: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_operation_correction(node, "", PLACES)
    assert str(refused.value).startswith(f"a.yaml {pointer}: found {found}")


def test_mode_that_is_none_of_them_is_refused() -> None:
    with pytest.raises(ContractError, match="found 'strct'; did you mean strict"):
        extensions(state="strct")


def test_failure_that_nothing_refers_to_is_refused() -> None:
    with pytest.raises(ContractError, match="found 'notfound'; did you mean not_found"):
        extensions(failures={"notfound": TAKEN})
    with pytest.raises(ContractError, match="found 'taken'; expected a name that"):
        extensions(failures={"taken": TAKEN})
