"""Lists of published contracts, followed as their clients follow them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.storage import Record
from tests.support.lists import ORIGIN, ContractList, shared_list
from tests.support.paths import SHARED

pytestmark = [
    pytest.mark.state,
    pytest.mark.skipif(not SHARED.exists(), reason="the shared contracts are not beside the project"),
]

POLAR = "polar-full-2026-10.json"
STRIPE = "stripe-2026-08.json"
OPENAI = "openai-2026-08.yml"
DISCORD = "discord-2026.json"


def time_of(number: int) -> str:
    return f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"


def handles(pages: Iterator[list[Any]]) -> list[Any]:
    return [key for page in pages for key in page]


def test_polar_pages_until_max_page() -> None:
    contract = shared_list(POLAR, "/v1/customers/")
    records = contract.records(25, created_at=time_of)
    first = contract.body("limit=10", records)
    assert first["pagination"] == {"total_count": 25, "max_page": 3}
    pages = (contract.keys(f"limit=10&page={page}", records) for page in range(1, 4))
    assert handles(pages) == [record.handle for record in reversed(records)]
    assert contract.body("", []) == {"items": [], "pagination": {"total_count": 0, "max_page": 0}}


def test_polar_takes_a_hundred_where_more_are_asked_for() -> None:
    contract = shared_list(POLAR, "/v1/customers/")
    records = contract.records(250, created_at=time_of)
    assert contract.body("limit=500", records)["pagination"]["max_page"] == 3


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("sorting=email", ["r00001", "r00002", "r00000"]),
        ("sorting=-email", ["r00000", "r00002", "r00001"]),
        ("sorting=name&sorting=-created_at", ["r00001", "r00002", "r00000"]),
        ("email=B%40x.org", ["r00002"]),
        ("query=ADA", ["r00001"]),
        ("metadata[tier]=gold&metadata[tier]=tin", ["r00002", "r00000"]),
    ],
)
def test_polar_customers_are_sorted_and_filtered(query: str, keys: list[str]) -> None:
    contract = shared_list(POLAR, "/v1/customers/")
    rows = [("c@x.org", "Zoe", "gold"), ("a@x.org", "Ada", "iron"), ("b@x.org", "Bob", "tin")]
    records = [
        contract.record(number, email=email, name=name, created_at=time_of(number), metadata={"tier": tier})
        for number, (email, name, tier) in enumerate(rows)
    ]
    assert contract.keys(query, records) == keys


def test_polar_orders_are_filtered_by_a_customers_other_id() -> None:
    contract = shared_list(POLAR, "/v1/orders/")
    records = contract.records(4, customer_id=lambda number: f"c{number % 2}", created_at=time_of)
    customers = [
        Record("customers", f"c{number}", {"id": f"c{number}", "external_id": f"e{number}"}) for number in (0, 1)
    ]
    assert contract.keys("external_customer_id=e1", records, customers) == ["r00003", "r00001"]
    query = f"created_after={time_of(0)}&created_before={time_of(3)}"
    assert contract.keys(query, records) == ["r00002", "r00001"]


def stripe_pages(contract: ContractList, query: str, records: list[Record]) -> Iterator[list[Any]]:
    """Yield pages as Stripe's libraries do."""
    own = query
    while True:
        keys = contract.keys(own, records)
        yield keys
        if not contract.body(own, records)["has_more"]:
            return
        own = f"{query}&starting_after={keys[-1]}"


def test_stripe_lists_the_newest_first_and_goes_on_after_the_last() -> None:
    contract = shared_list(STRIPE, "/v1/customers")
    records = contract.records(25, created=lambda number: 1_700_000_000 + number // 10)
    expected = [record.handle for record in reversed(records)]
    assert handles(stripe_pages(contract, "limit=10", records)) == expected
    assert handles(stripe_pages(contract, "limit=5&created[gte]=1700000001", records)) == expected[:15]
    body = contract.body("limit=3", records)
    assert body == {"object": "list", "data": [], "has_more": True, "url": "/v1/customers"}


def test_stripe_goes_back_before_the_first() -> None:
    contract = shared_list(STRIPE, "/v1/customers")
    records = contract.records(9, created=lambda number: 1_700_000_000 + number)
    assert contract.keys("limit=3&ending_before=r00002", records) == ["r00005", "r00004", "r00003"]
    assert contract.body("limit=3&ending_before=r00002", records)["has_more"] is True
    assert contract.body("limit=6&ending_before=r00002", records)["has_more"] is False


def test_stripe_search_pages_by_a_cursor_called_page() -> None:
    contract = shared_list(STRIPE, "/v1/charges/search")
    records = contract.records(25)
    keys: list[Any] = []
    query = "query=r&limit=10"
    for _ in range(3):
        keys += contract.keys(query, records)
        body = contract.body(query, records)
        assert (body["total_count"], body["has_more"]) == (25, body["next_page"] is not None)
        query = f"query=r&limit=10&page={body['next_page']}"
    assert keys == [record.handle for record in records]
    assert body["next_page"] is None


@pytest.mark.parametrize(("query", "reverse"), [("limit=10", True), ("limit=10&order=asc", False)])
def test_openai_goes_on_after_last_id(query: str, reverse: bool) -> None:
    contract = shared_list(OPENAI, "/assistants")
    records = contract.records(25, created_at=lambda number: 1_700_000_000 + number)
    keys: list[Any] = []
    own, has_more = query, True
    while has_more:
        keys += contract.keys(own, records)
        body = contract.body(own, records)
        assert (body["object"], body["first_id"]) == ("list", contract.keys(own, records)[0])
        own, has_more = f"{query}&after={body['last_id']}", body["has_more"]
    expected = [record.handle for record in records]
    assert keys == (expected[::-1] if reverse else expected)


def test_openai_filters_by_a_word() -> None:
    contract = shared_list(OPENAI, "/files")
    records = contract.records(4, purpose=lambda number: "batch" if number % 2 else "fine-tune", created_at=1)
    assert contract.keys("purpose=batch&order=asc", records) == ["r00001", "r00003"]


@pytest.mark.parametrize("start", ["", "&after=0"])
def test_discord_goes_on_after_a_snowflake(start: str) -> None:
    contract = shared_list(DISCORD, "/guilds/{guild_id}/members")
    ids = [str(10**17 + number) for number in range(25)]
    records = [Record("members", f"m{own}", {"user": {"id": own}}) for own in ids]
    keys: list[Any] = []
    query = f"limit=10{start}"
    while page := contract.page(query, records).records:
        keys += [record.value["user"]["id"] for record in page]  # type: ignore[index, call-overload]
        query = f"limit=10&after={keys[-1]}"
    assert keys == ids


def test_discord_goes_back_before_a_snowflake() -> None:
    contract = shared_list(DISCORD, "/channels/{channel_id}/messages")
    records = [Record("messages", f"m{number}", {"id": str(10**17 + number)}) for number in range(25)]
    page = contract.page(f"limit=10&before={10**17 + 15}", records)
    assert [record.handle for record in page.records] == [f"m{number}" for number in range(5, 15)]


LISTS = [
    (POLAR, "/v1/customers/"),
    (POLAR, "/v1/events/"),
    (STRIPE, "/v1/customers"),
    (STRIPE, "/v1/charges/search"),
    (STRIPE, "/v1/accounts/{account}/capabilities"),
    (OPENAI, "/assistants"),
    (OPENAI, "/organization/groups"),
    (DISCORD, "/channels/{channel_id}/messages"),
    (DISCORD, "/guilds/{guild_id}/requests"),
]


@pytest.mark.parametrize(("contract", "path"), LISTS)
@pytest.mark.parametrize("count", [0, 3, 25])
@pytest.mark.parametrize("query", ["", "limit=1", "limit=3&page=2", "limit=100"])
def test_envelope_is_valid(contract: str, path: str, count: int, query: str) -> None:
    own = shared_list(contract, path)
    body = own.body(query, own.records(count))
    assert own.accepts(body)
    assert ORIGIN not in str(body) or path in str(body)
