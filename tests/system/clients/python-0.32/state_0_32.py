"""Records made, read, changed, listed to the end and deleted on the Python SDK 0.32, with MOCK_SERVER_URL set.

Prints one JSON object: what came of each step, by resource.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from polar_sdk import Polar  # type: ignore[import-not-found,unused-ignore]
from polar_sdk.models import PolarError  # type: ignore[import-not-found,unused-ignore]

COUNT = 25
PAGE = 10
NUMBERS = range(COUNT)


def refused(call: Callable[..., object], key: str) -> list[object]:
    """The class and the status of the error that a call raises."""
    try:
        call(id=key)
    except PolarError as error:
        return [type(error).__name__, error.status_code]
    return []


def listed(call: Callable[..., Any]) -> list[str]:
    """The keys on all pages."""
    keys: list[str] = []
    page = call(limit=PAGE)
    while page is not None:
        keys += [record.id for record in page.result.items]
        page = page.next()
    return keys


def shown(record: Any, names: dict[str, Any]) -> list[object]:
    """The members of those names."""
    members = record.model_dump(mode="json", by_alias=True)
    return [members[name] for name in names]


def steps(calls: dict[str, Callable[..., Any]], bodies: list[dict[str, Any]], change: dict[str, Any]) -> dict[str, Any]:
    """What came of each step. ``calls`` has the SDK's methods."""
    get, delete, every = calls["get"], calls["delete"], calls["list"]
    before = listed(every)
    keys = [calls["create"](request=body).id for body in bodies]
    sent = [shown(get(id=key), body) for key, body in zip(keys, bodies, strict=True)]
    calls["update"](keys[0], change)
    after = get(id=keys[0])
    pages = listed(every)
    for key in keys:
        delete(id=key)
    stays = {name: value for name, value in bodies[0].items() if name not in change}
    return {
        "different": len({*keys}) == COUNT,
        "as_sent": sent == [[*body.values()] for body in bodies],
        "changed": dict(zip(change, shown(after, change), strict=True)),
        "stays": [value == other for value, other in zip(shown(after, stays), stays.values(), strict=True)],
        "each_once": len(pages) == len({*pages}),
        "all": {*pages} == {*before, *keys},
        "after": refused(get, keys[0]),
        "again": refused(delete, keys[0]),
        "gone": listed(every) == before,
    }


def main() -> None:
    with Polar(access_token="polar_oat_mock", server_url=os.environ["MOCK_SERVER_URL"]) as polar:
        customers, discounts, webhooks = polar.customers, polar.discounts, polar.webhooks
        results = {
            "customers": steps(
                {
                    "create": customers.create,
                    "get": customers.get,
                    "update": lambda key, change: customers.update(id=key, customer_update=change),
                    "delete": customers.delete,
                    "list": customers.list,
                },
                [{"email": f"ada-{n}@example.com", "name": f"Ada {n}", "external_id": f"ada-{n}"} for n in NUMBERS],
                {"name": "Ada Lovelace"},
            ),
            "discounts": steps(
                {
                    "create": discounts.create,
                    "get": discounts.get,
                    "update": lambda key, change: discounts.update(id=key, discount_update=change),
                    "delete": discounts.delete,
                    "list": discounts.list,
                },
                [
                    {"type": "percentage", "name": f"Sale {n}", "duration": "once", "basis_points": 100 * n + 100}
                    for n in NUMBERS
                ],
                {"name": "Winter sale"},
            ),
            "webhook_endpoints": steps(
                {
                    "create": webhooks.create_webhook_endpoint,
                    "get": webhooks.get_webhook_endpoint,
                    "update": lambda key, change: webhooks.update_webhook_endpoint(
                        id=key, webhook_endpoint_update=change
                    ),
                    "delete": webhooks.delete_webhook_endpoint,
                    "list": webhooks.list_webhook_endpoints,
                },
                [{"url": f"https://example.com/hooks/{n}", "format": "raw", "events": ["order.paid"]} for n in NUMBERS],
                {"url": "https://example.com/hooks/new"},
            ),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
