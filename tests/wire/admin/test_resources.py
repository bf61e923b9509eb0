from __future__ import annotations

import httpx

from tests.support.customers import ME


def test_resources_and_what_operations_do_are_listed(server_url: str) -> None:
    report = httpx.get(f"{server_url}/__admin/resources", timeout=60).json()
    (resource,) = report["resources"]
    assert (resource["name"], resource["schema"]) == ("customers", "CustomerPortalCustomer")
    assert [item["path"] for item in resource["items"]] == [ME]
    (operation,) = report["operations"]
    assert operation == {
        "operation": f"GET {ME}",
        "does": "read",
        "resource": "customers",
        "key": None,
        "sure": True,
        "stateful": True,
        "witnesses": ["shape", "schema", "word"],
        "why": 'the caller\'s own; answers CustomerPortalCustomer; "get"',
        "sends": None,
    }


def test_resources_are_those_of_every_world(server_url: str) -> None:
    here, there = (httpx.get(f"{server_url}{world}/__admin/resources").json() for world in ("", "/~another"))
    assert here == there


def test_what_needs_a_look_is_listed_alone(server_url: str) -> None:
    assert httpx.get(f"{server_url}/__admin/resources?unsure=true").json() == {"resources": [], "operations": []}


def test_other_values_are_refused(server_url: str) -> None:
    answer = httpx.get(f"{server_url}/__admin/resources?unsure=yes")
    assert answer.status_code == 400
    assert "query unsure: found 'yes'; expected true or false." in answer.json()["detail"]
