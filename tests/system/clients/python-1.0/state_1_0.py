"""Records made, read, changed, listed to the end and deleted on the Python SDK 1.0, with MOCK_SERVER_URL set.

Prints one JSON object: what came of each step, by resource. Webhook endpoints are left out: this SDK requires members
of them that the contract does not have.
"""

import json
import os
from collections.abc import Callable, Iterable

from polar import PolarError  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_10 import Polar  # type: ignore[import-not-found,unused-ignore]

COUNT = 25
PAGE = 10
NUMBERS = range(COUNT)


def refused(call: Callable[[str], object], key: str) -> list[object]:
    """The class and the status of the error that a call raises."""
    try:
        call(key)
    except PolarError as error:
        return [type(error).__name__, getattr(error, "status_code", None)]
    return []


def listed(iterate: Callable[..., Iterable[object]]) -> list[str]:
    """The keys on all pages."""
    return [record.id for record in iterate(limit=PAGE)]  # type: ignore[attr-defined]


def steps(
    create: Callable[..., object],
    get: Callable[[str], object],
    update: Callable[..., object],
    delete: Callable[[str], object],
    iterate: Callable[..., Iterable[object]],
    bodies: list[dict[str, object]],
    change: dict[str, object],
) -> dict[str, object]:
    before = listed(iterate)
    records = [create(**body) for body in bodies]
    keys = [record.id for record in records]  # type: ignore[attr-defined]
    sent = [[getattr(get(key), name) for name in body] for key, body in zip(keys, bodies, strict=True)]
    update(keys[0], **change)
    after = get(keys[0])
    pages = listed(iterate)
    for key in keys:
        delete(key)
    return {
        "different": len({*keys}) == COUNT,
        "as_sent": sent == [[*body.values()] for body in bodies],
        "changed": {name: getattr(after, name) for name in change},
        "stays": [getattr(after, name) == value for name, value in bodies[0].items() if name not in change],
        "each_once": len(pages) == len({*pages}),
        "all": {*pages} == {*before, *keys},
        "after": refused(get, keys[0]),
        "again": refused(delete, keys[0]),
        "gone": listed(iterate) == before,
    }


def main() -> None:
    with Polar("polar_oat_mock", base_url=os.environ["MOCK_SERVER_URL"]) as polar:
        customers, discounts = polar.customers, polar.discounts
        results = {
            "customers": steps(
                customers.create,
                customers.get,
                customers.update,
                customers.delete,
                customers.iter_list,
                [{"email": f"ada-{n}@example.com", "name": f"Ada {n}", "external_id": f"ada-{n}"} for n in NUMBERS],
                {"name": "Ada Lovelace"},
            ),
            "discounts": steps(
                discounts.create,
                discounts.get,
                discounts.update,
                discounts.delete,
                discounts.iter_list,
                [
                    {"type": "percentage", "name": f"Sale {n}", "duration": "once", "basis_points": 100 * n + 100}
                    for n in NUMBERS
                ],
                {"name": "Winter sale"},
            ),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
