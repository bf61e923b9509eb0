"""What operations do, on contracts of a few lines: one for each rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.openapi.resources.model import SentRecords
from tests.support.small_apis import claims, inferred

PET = {"Pet": "{id, name, age: integer, tag}", "Toy": "{id, shape, price: integer}"}
PETS = """
    GET /pets listPets > 200 [Pet]
    POST /pets createPet < Pet > 201 Pet
    GET /pets/{pet_id} getPet > 200 Pet
    PATCH /pets/{pet_id} updatePet < Pet > 200 Pet
    DELETE /pets/{pet_id} deletePet > 204
"""


def test_collection_and_its_items_are_one_resource(tmp_path: Path) -> None:
    assert claims(inferred(tmp_path, PETS, PET)) == {
        "GET /pets": "list pets",
        "POST /pets": "create pets",
        "GET /pets/{pet_id}": "read pets by id",
        "PATCH /pets/{pet_id}": "update pets by id",
        "DELETE /pets/{pet_id}": "delete pets by id",
    }


def test_verdict_names_its_witnesses(tmp_path: Path) -> None:
    verdict = inferred(tmp_path, PETS, PET).verdicts["POST /pets"]
    assert verdict.witnesses == ("shape", "schema", "word")
    assert verdict.why == 'collection; answers its item Pet; "create"'
    assert verdict.is_stateful


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("POST /pets/{pet_id} changePet < Pet > 200 Pet", "update pets by id"),
        ("POST /pets/{pet_id}/feed feedPet > 200 Pet", "transition pets by id"),
        ("POST /pets/{pet_id}/copy copyPet > 201 Pet", "create pets"),
        ("POST /pets/{pet_id}/weigh weighPet > 200 {grams: integer}", "action pets"),
        ("POST /pets/many createPets < [Pet] > 201 [Pet]", "create pets"),
        ("PUT /pets replacePet < Pet > 200 Pet", "update pets by id"),
        ("DELETE /pets deletePets > 204", "action pets"),
        ("GET /pets/{pet_id}/age getAge > 200 {years: integer}", "view"),
        ("GET /pets/random drawPet > 200 Pet", "view"),
        ("GET /statistics getStatistics > 200 [{day, count: integer}]", "view"),
    ],
)
def test_operation_beside_a_resource(line: str, claim: str, tmp_path: Path) -> None:
    operation = " ".join(line.split()[:2])
    assert claims(inferred(tmp_path, PETS + line, PET))[operation] == claim


def test_delete_that_answers_a_cancelled_record_is_unsure(tmp_path: Path) -> None:
    lines = """
        GET /orders listOrders > 200 [Pet]
        GET /orders/{id} getOrder > 200 Pet
        DELETE /orders/{id} cancelOrder > 200 Pet
    """
    verdict = inferred(tmp_path, lines, PET).verdicts["DELETE /orders/{id}"]
    assert (verdict.claim, verdict.is_stateful) == ("UNSURE delete orders by id", False)
    assert 'its name says "cancel"' in verdict.why


def test_put_without_body_links_and_delete_unlinks(tmp_path: Path) -> None:
    """DELETE must not delete the toy itself."""
    lines = """
        GET /toys listToys > 200 [Toy]
        GET /toys/{id} getToy > 200 Toy
        DELETE /toys/{id} deleteToy > 204
        GET /pets/{pet_id}/toys listToysOfPet > 200 [Toy]
        PUT /pets/{pet_id}/toys/{toy_id} addToy > 204
        DELETE /pets/{pet_id}/toys/{toy_id} removeToy > 204
    """
    does = claims(inferred(tmp_path, PETS + lines, PET))
    assert does["DELETE /toys/{id}"] == "delete toys by id"
    assert does["PUT /pets/{pet_id}/toys/{toy_id}"] == "link toys"
    assert does["DELETE /pets/{pet_id}/toys/{toy_id}"] == "unlink toys"


def test_delete_below_another_parent_unlinks_what_lives_elsewhere(tmp_path: Path) -> None:
    lines = """
        GET /toys/{id} getToy > 200 Toy
        DELETE /toys/{id} deleteToy > 204
        GET /pets/{pet_id}/toys listToysOfPet > 200 [Toy]
        DELETE /pets/{pet_id}/toys/{toy_id} removeToy > 204
    """
    assert claims(inferred(tmp_path, PETS + lines, PET))["DELETE /pets/{pet_id}/toys/{toy_id}"] == "unlink toys by id"


def test_object_that_is_read_and_written_without_a_key_is_a_singleton(tmp_path: Path) -> None:
    lines = """
        GET /pets/{pet_id}/diet getDiet > 200 {food, grams: integer}
        PUT /pets/{pet_id}/diet setDiet < {food, grams: integer} > 204
    """
    model = inferred(tmp_path, PETS + lines, PET)
    does = claims(model)
    assert does["GET /pets/{pet_id}/diet"] == "singleton-read diet"
    assert does["PUT /pets/{pet_id}/diet"] == "singleton-write diet"
    assert model.resources["diet"].is_singleton


def test_caller_reads_and_changes_own_record(tmp_path: Path) -> None:
    lines = """
        GET /users/{id} getUser > 200 Pet
        GET /users/me getMe > 200 Pet
        PATCH /users/me updateMe < Pet > 200 Pet
    """
    does = claims(inferred(tmp_path, lines, PET))
    assert (does["GET /users/me"], does["PATCH /users/me"]) == ("read users", "update users")


def test_export_is_below_a_list(tmp_path: Path) -> None:
    lines = "GET /pets/export exportPets > 200\nGET /reports/export exportReports > 200"
    does = claims(inferred(tmp_path, PETS + lines, PET))
    assert (does["GET /pets/export"], does["GET /reports/export"]) == ("export pets", "view")


@pytest.mark.parametrize(
    "lines",
    [
        "POST /accounts/get getAccounts < {token} > 200 {accounts: [Pet], request_id: string}",
        "POST /render renderText < {text} > 200 {html: string}",
        "POST /tokens introspect < {token} > 200 {active: boolean}",
        "GET /compare/{base}...{head} compare > 200 Pet",
        "DELETE /caches purge > 204",
        "GET / getRoot > 200 {version: string}",
        "POST / call < {method} > 200 {result: string}",
        "PUT / put < {name} > 204",
        "DELETE / delete > 204",
    ],
)
def test_calls_without_resources_keep_no_state(lines: str, tmp_path: Path) -> None:
    assert inferred(tmp_path, lines, PET).stateful == 0


def test_word_that_contradicts_makes_it_unsure(tmp_path: Path) -> None:
    lines = """
        GET /pets listPets > 200 [Pet]
        POST /pets searchPets < Pet > 200 Pet
    """
    verdict = inferred(tmp_path, lines, PET).verdicts["POST /pets"]
    assert not verdict.is_sure
    assert 'but its name says "search"' in verdict.why


def test_one_witness_is_not_enough(tmp_path: Path) -> None:
    lines = "GET /pets > 200 [Pet]\nPOST /pets > 204"
    verdict = inferred(tmp_path, lines, PET).verdicts["POST /pets"]
    assert (verdict.witnesses, verdict.is_sure) == (("shape",), False)


def test_members_in_attributes_are_not_understood(tmp_path: Path) -> None:
    """As JSON:API has them."""
    schemas = {"Article": "{id, type, attributes: {title}}"}
    lines = "GET /articles listArticles > 200 {data: [Article]}\nGET /articles/{id} getArticle > 200 {data: Article}"
    model = inferred(tmp_path, lines, schemas)
    assert model.stateful == 0
    assert all(not verdict.is_sure for verdict in model.verdicts.values())


def test_path_that_shows_some_record_of_another_is_unsure(tmp_path: Path) -> None:
    """Which pet is the oldest cannot be seen."""
    lines = "GET /oldest getOldest > 200 Pet\nPATCH /oldest updateOldest < Pet > 200 Pet"
    verdicts = inferred(tmp_path, PETS + lines, PET).verdicts
    assert verdicts["PATCH /oldest"].claim == "UNSURE update pets"
    assert "which of the pets `oldest` is cannot be seen" in verdicts["GET /oldest"].why


def test_object_that_the_query_finds_is_no_singleton(tmp_path: Path) -> None:
    name = {"name": "name", "in": "query", "required": True, "schema": {"type": "string"}}
    lines = "GET /badge getBadge > 200 {text}\nDELETE /badge deleteBadge > 204"
    assert inferred(tmp_path, lines, PET).stateful == 2
    assert inferred(tmp_path, lines, PET, parameters={"GET /badge": [name]}).stateful == 0


def test_collection_that_assigns_links(tmp_path: Path) -> None:
    lines = """
        GET /users/{user_id}/roles listRoles > 200 [Role]
        GET /users/{user_id}/roles/{role_id} getRole > 200 Role
        POST /users/{user_id}/roles assignRole < {role_id} > 200 {object, user, role: Role}
        DELETE /users/{user_id}/roles/{role_id} unassignRole > 204
    """
    does = claims(inferred(tmp_path, lines, {"Role": "{id, name, permissions}"}))
    assert does["POST /users/{user_id}/roles"] == "link roles"
    assert does["DELETE /users/{user_id}/roles/{role_id}"] == "unlink roles by id"


def test_link_is_read_without_a_body(tmp_path: Path) -> None:
    lines = """
        GET /toys/{id} getToy > 200 Toy
        GET /starred/{toy_id} checkStar > 204
        PUT /starred/{toy_id} star > 204
        DELETE /starred/{toy_id} unstar > 204
    """
    assert claims(inferred(tmp_path, lines, PET))["GET /starred/{toy_id}"] == "read starred"


def test_whole_lists_are_not_deleted_as_items(tmp_path: Path) -> None:
    lines = """
        GET /users/{id} getUser > 200 Pet
        GET /reactions/{emoji} listUsersOf > 200 [Pet]
        DELETE /reactions/{emoji} deleteReactions > 204
    """
    assert claims(inferred(tmp_path, lines, PET))["DELETE /reactions/{emoji}"] == "action users"


@pytest.mark.parametrize(("name", "claim"), [("createSession", "create sessions"), ("computeSession", "action")])
def test_create_that_nothing_reads_back_says_so(name: str, claim: str, tmp_path: Path) -> None:
    lines = f"POST /sessions {name} < {{customer_id}} > 201 {{id, customer_id, token}}"
    assert claims(inferred(tmp_path, lines, PET)) == {"POST /sessions": claim}


def test_adding_to_a_list_of_what_lives_elsewhere_links(tmp_path: Path) -> None:
    lines = """
        GET /users listUsers > 200 [User]
        GET /issues/{id}/watchers listWatchers > 200 [User]
        POST /issues/{id}/watchers addWatcher < string > 204
    """
    does = claims(inferred(tmp_path, lines, {"User": "{id, email}"}))
    assert does["POST /issues/{id}/watchers"] == "link users"


def test_path_with_an_ending_is_another_path(tmp_path: Path) -> None:
    """``widget.json`` is computed, ``widget`` is a setting; elsewhere the ending is no part of the noun."""
    lines = """
        GET /widget getSettings > 200 {enabled: boolean}
        PATCH /widget updateSettings < {enabled: boolean} > 200 {enabled: boolean}
        GET /widget.json getWidget > 200 {count: integer}
        GET /Pets.json listPets > 200 {pets: [Pet], uri: string}
        GET /Pets/{id}.json fetchPet > 200 Pet
    """
    does = claims(inferred(tmp_path, lines, PET))
    assert (does["GET /widget"], does["GET /widget.json"]) == ("singleton-read widget", "view")
    assert (does["GET /Pets.json"], does["GET /Pets/{id}.json"]) == ("list pets", "read pets by id")


def test_toggle_is_no_singleton(tmp_path: Path) -> None:
    """Who votes and takes the vote back does not delete the number of votes."""
    lines = """
        GET /pets/{pet_id}/votes getVotes > 200 {count: integer}
        POST /pets/{pet_id}/votes addVote > 204
        DELETE /pets/{pet_id}/votes removeVote > 204
    """
    does = claims(inferred(tmp_path, PETS + lines, PET))
    assert does["GET /pets/{pet_id}/votes"] == "view"
    assert does["DELETE /pets/{pet_id}/votes"].startswith("action")


def test_post_that_reads_makes_no_singleton(tmp_path: Path) -> None:
    lines = "GET /limits getLimits > 200 Toy\nPOST /limits getLimitsOf < {name} > 200 Toy"
    assert inferred(tmp_path, lines, PET).stateful == 0


def test_names_leave_out_versions(tmp_path: Path) -> None:
    lines = """
        GET /v2/pets listPets > 200 [Pet]
        GET /v2/shop/pets listShopPets > 200 [Toy]
        GET /v2/shop/pets/{id} getShopPet > 200 Toy
    """
    assert set(inferred(tmp_path, lines, PET).resources) == {"pets", "shop_pets"}


def test_put_without_body_beside_patch_updates_nothing(tmp_path: Path) -> None:
    line = "PUT /pets/{pet_id} syncPet > 200 Pet"
    assert claims(inferred(tmp_path, PETS + line, PET))["PUT /pets/{pet_id}"] == "transition pets by id"


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ("GET /pets/search/{query} searchPets > 200 {query, matches: [string]}", "view"),
        ("GET /shops/{id} getShop > 200 {results: [Toy]}", "UNSURE list shops"),
        ("DELETE /pets/{pet_id} unsubscribePet > 204", "delete pets by id"),
    ],
)
def test_first_impressions_that_deceive(line: str, claim: str, tmp_path: Path) -> None:
    without_delete = PETS.replace(
        "DELETE /pets/{pet_id} deletePet > 204", "GET /shops listShops > 200 {results: [Toy]}"
    )
    assert claims(inferred(tmp_path, without_delete + line, PET))[" ".join(line.split()[:2])] == claim


def test_path_beside_items_that_says_create_makes_one(tmp_path: Path) -> None:
    lines = """
        GET /sales/{id} getSale > 200 Sale
        POST /sales/create_reversal PostSalesCreateReversal < {sale, reason} > 200 Sale
        POST /sales/create_preview PostSalesCreatePreview < {sale} > 200 Sale
    """
    does = claims(inferred(tmp_path, lines, {"Sale": "{id, amount: integer, reversed: boolean}"}))
    assert does["POST /sales/create_reversal"] == "create sales"
    assert does["POST /sales/create_preview"] == "action"


@pytest.mark.parametrize(
    ("body", "sends"),
    [
        ("{pets: [{name, kind}]}", SentRecords("/pets")),
        ("{pets: [Pet], note: string}", SentRecords("/pets")),
        ("[{name, kind}]", SentRecords("")),
        ("{names: [string]}", SentRecords("/names", "name")),
        ("{tags: [string]}", None),
        ("{name: string, kind: string, tags: [string]}", None),
        ("{pets: [Pet], others: [Pet]}", None),
        ("{words: [{word: string, times: integer}]}", None),
    ],
)
def test_body_with_several_records_creates_each(body: str, sends: SentRecords | None, tmp_path: Path) -> None:
    lines = f"GET /pets listPets > 200 [Pet]\nPOST /pets createPets < {body} > 201 [Pet]"
    verdict = inferred(tmp_path, lines, {"Pet": "{id, name, kind, tags: [string]}"}).verdicts["POST /pets"]
    assert (verdict.claim, verdict.sends) == ("create pets", sends)
