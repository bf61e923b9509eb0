"""Which paths show the same records: for a reason each, and never by one witness."""

from __future__ import annotations

from pathlib import Path

from tests.support.small_apis import claims, inferred

ORDER = "{id, amount: integer, currency, status, customer_id, note, created_at}"
SEEN = "{id, amount: integer, currency, status, created_at}"


def test_views_of_one_record_by_name_and_members(tmp_path: Path) -> None:
    schemas = {"Order": ORDER, "OrderFull": ORDER, "SimpleOrder": SEEN, "OrderWithItems": ORDER}
    lines = """
        GET /orders listOrders > 200 [SimpleOrder]
        GET /orders/{id} getOrder > 200 OrderFull
        GET /shops/{shop_id}/sales listSales > 200 [Order]
        GET /latest listLatest > 200 [OrderWithItems]
    """
    assert {*claims(inferred(tmp_path, lines, schemas)).values()} == {"list orders", "read orders by id"}


def test_names_that_agree_without_members_in_common_are_two_resources(tmp_path: Path) -> None:
    schemas = {"Event": "{id, kind, at, actor}", "EventFull": "{id, place, tickets, price}"}
    lines = "GET /log listLog > 200 [Event]\nGET /concerts listConcerts > 200 [EventFull]"
    assert claims(inferred(tmp_path, lines, schemas)) == {"GET /log": "list log", "GET /concerts": "list concerts"}


def test_what_a_caller_has_of_a_kind_is_of_that_kind(tmp_path: Path) -> None:
    lines = """
        GET /guilds/{id} getGuild > 200 Guild
        GET /users/@me/guilds listMyGuilds > 200 [MyGuildResponse]
    """
    schemas = {
        "Guild": "{id, name, icon, banner, region}",
        "MyGuildResponse": "{id, name, icon, banner, owner: boolean}",
    }
    assert {*claims(inferred(tmp_path, lines, schemas)).values()} == {"read guilds by id", "list guilds"}


def test_things_that_call_themselves_otherwise_are_two_resources(tmp_path: Path) -> None:
    def schema(name: str) -> str:
        return f"{{object: {{const: {name}}}, id, title, created_at, status}}"

    lines = """
        GET /threads/{id} getThread > 200 Thread
        GET /chat/threads listThreads > 200 [ThreadResource]
    """
    alike = inferred(tmp_path, lines, {"Thread": schema("thread"), "ThreadResource": schema("thread")})
    assert set(alike.resources) == {"threads"}
    apart = inferred(tmp_path, lines, {"Thread": schema("thread"), "ThreadResource": schema("chat.thread")})
    assert set(apart.resources) == {"threads", "chat_threads"}


def test_twins_of_other_callers_are_one_resource(tmp_path: Path) -> None:
    schemas = {"Order": ORDER, "CustomerOrder": SEEN}
    lines = """
        GET /orders listOrders > 200 [Order]
        GET /orders/{id} getOrder > 200 Order
        GET /portal/orders listOwnOrders > 200 [CustomerOrder]
        GET /portal/orders/{id} getOwnOrder > 200 CustomerOrder
    """
    apart = inferred(tmp_path, lines, schemas, security={"/orders": "staff", "/portal": "customer"})
    assert set(apart.resources) == {"orders"}
    shared = inferred(tmp_path, lines, schemas, security={"/orders": "staff", "/portal": "staff"})
    assert set(shared.resources) == {"orders", "portal_orders"}


def test_keys_that_count_below_their_path_alone_keep_families_apart(tmp_path: Path) -> None:
    """One schema, two sets of secrets: TOKEN of the one is not TOKEN of the other."""
    schemas = {"Secret": "{name, created_at, updated_at}"}
    family = """
        GET /{0}/secrets listSecrets > 200 [Secret]
        GET /{0}/secrets/{{secret_name}} getSecret > 200 Secret
        PUT /{0}/secrets/{{secret_name}} setSecret < {{value}} > 204
        DELETE /{0}/secrets/{{secret_name}} deleteSecret > 204
    """
    model = inferred(tmp_path, family.format("builds") + family.format("agents"), schemas)
    assert set(model.resources) == {"secrets", "builds_secrets"}
    assert model.verdicts["GET /builds/secrets"].resource == "builds_secrets"


def test_second_key_finds_the_same_record(tmp_path: Path) -> None:
    schemas = {"Customer": "{id, external_id, email}"}
    lines = """
        GET /customers listCustomers > 200 [Customer]
        GET /customers/{id} getCustomer > 200 Customer
        GET /customers/external/{external_id} getByExternalId > 200 Customer
    """
    model = inferred(tmp_path, lines, schemas)
    assert claims(model)["GET /customers/external/{external_id}"] == "read customers by external_id"
    assert [key.member for key in model.resources["customers"].keys] == ["id", "external_id"]


def test_path_that_answers_something_else_is_not_its_collections_item(tmp_path: Path) -> None:
    schemas = {"Person": "{id, login, site_admin: boolean}", "Invitation": "{id, inviter, expires_at, permissions}"}
    lines = """
        GET /people/{login} getPerson > 200 Person
        GET /rooms/{id}/guests listGuests > 200 [Person]
        PUT /rooms/{id}/guests/{login} inviteGuest < {permission} > 201 Invitation
        GET /invitations listInvitations > 200 [Invitation]
    """
    verdict = inferred(tmp_path, lines, schemas).verdicts["PUT /rooms/{id}/guests/{login}"]
    assert verdict.resource != "invitations"
    assert not verdict.is_stateful


def test_what_is_added_to_a_record_is_no_path_of_it(tmp_path: Path) -> None:
    lines = """
        GET /orders listOrders > 200 [Order]
        GET /orders/{id} getOrder > 200 Order
        POST /orders/{id}/tags addTags < {tags: [string]} > 201 Order
        DELETE /orders/{id}/tags/{tag} removeTag > 204
    """
    model = inferred(tmp_path, lines, {"Order": ORDER})
    assert claims(model)["POST /orders/{id}/tags"] == "transition orders by id"
    assert not model.verdicts["DELETE /orders/{id}/tags/{tag}"].is_stateful
    assert [item.path for item in model.resources["orders"].items] == ["/orders/{id}"]
