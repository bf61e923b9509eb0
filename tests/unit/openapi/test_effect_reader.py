"""What is wrong with effects stops the start, and says where and what was meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.core.errors import ContractError
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from tests.support.small_apis import loaded

OPERATIONS = """
GET /orders listOrders > 200 {data: [Order]}
POST /orders createOrder < {customer_id: string, amount: integer} > 201 Order
GET /orders/{id} getOrder > 200 Order
GET /customers listCustomers > 200 {data: [Customer]}
GET /customers/{id} getCustomer > 200 Customer
POST /ping ping > 204
"""
SCHEMAS = {"Order": "{id: string, customer_id: string, status: string}", "Customer": "{id: string, spent: integer}"}
WEBHOOKS = {"order.created": {"post": {"responses": {"200": {"description": "Thanks."}}}}}


def load(
    directory: Path, effects: Any, operation: str = "POST /orders", failures: Any = None, absent: Any = None
) -> Contract:
    file = directory / "contract.json"
    loaded(directory, OPERATIONS, SCHEMAS)
    method, path = operation.split()
    document = json.loads(file.read_text(encoding="utf-8"))
    node = document["paths"][path][method.lower()]
    node |= {"x-mock-effects": effects} if absent is None else {"x-mock-absent": absent}
    document |= {"openapi": "3.1.0", "webhooks": WEBHOOKS, "x-mock-failures": failures or {}}
    file.write_text(json.dumps(document), encoding="utf-8")
    return load_contract(str(file), no_cache=True)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{sett: {/status: paid}}", "'sett'; did you mean set\\?"),
        ("{when: {/record/status: a}}", "found no step; expected one of refuse, set"),
        ("{set: {/status: a}, send: [order.created]}", "'set' and 'send'"),
        ("{set: {}}", "an empty object"),
        ("{set: {status: paid}}", "'status'; expected a JSON Pointer such as '/name'"),
        ("{set: {/status: {clok: 0}}}", "'clok'; did you mean clock\\?"),
        ("{set: {/status: {clock: 0, make: uuid4}}}", "'clock' and 'make'"),
        ("{set: {/status: {clock: soon}}}", "'soon'; expected a number of seconds"),
        ("{set: {/status: {clock: {count: 2}}}}", "count without interval"),
        ("{set: {/status: {make: uuid}}}", "'uuid'; did you mean uuid4\\?"),
        ("{set: {/status: {make: {token: {length: 0}}}}}", "'?0'?; expected a number from 1"),
        ("{set: {/status: {make: {token: {alphabet: a}}}}}", "'a'; expected at least two characters"),
        ("{set: {/status: {sum: []}}}", "a list of values, at least one"),
        ("{set: {/status: /recrod/status}}", "leads into 'recrod'; did you mean record\\?"),
        ("{set: {/status: /request/bdy/amount}}", "'/request/bdy/amount'; did you mean body\\?"),
        ("{set: {/status: /request/path/key}}", "a path parameter of the operation"),
        ("{set: {/status: /related/custmer_id/spent}}", "did you mean customer_id\\?"),
        ("{set: {/id: a}}", "the key of orders"),
        ("{of: /order, set: {/status: a}}", "leads into 'order'"),
        ("{of: /record/status, set: {/status: a}}", "'/record/status'; expected a record"),
        ("{of: /record, create: {resource: customers}}", "of beside create"),
        ("{create: {resource: custmers}}", "the resource 'custmers'; did you mean customers\\?"),
        ("{create: {resource: customers, as: record}}", "'record'; expected a name that is not given yet"),
        ("{each: {records: customers, do: []}}", "a list of steps, at least one"),
        ("{each: {records: custmers, do: [{delete: /item}]}}", "did you mean customers\\?"),
        ("{each: {do: [{delete: /item}]}}", "records or in, one of the two"),
        ("{each: {in: /record/tags, as: tag, do: [{delete: /tag}]}}", "'/tag', which is no record"),
        ("{refuse: {failure: conflict}}", "found no when"),
        (
            "{refuse: {when: {/record/status: a}, failure: conflcit}}",
            "'conflcit'; did you mean conflict\\?",
        ),
        ("{refuse: {when: {/record/status: a}, failure: conflict, at: /record/status}}", "a part of the request"),
        ("{refuse: {when: {}, failure: conflict}}", "an empty condition"),
        ("{refuse: {when: {status: a}, failure: conflict}}", "a JSON Pointer with its test, any, not or exists"),
        ("{refuse: {when: {/record/status: {les: 1}}, failure: conflict}}", "'les'; did you mean less\\?"),
        ("{refuse: {when: {/record/status: {present: 1}}, failure: conflict}}", "expected true or false"),
        ("{send: []}", "at least one name of a webhook"),
        ("{send: [order.creatd]}", "the webhook 'order.creatd'; did you mean order.created\\?"),
        ("{after: {do: [{set: {/status: a}}]}}", "found no time; expected at, or some of seconds"),
        ("{after: {seconds: 1, at: /record/status, do: [{set: {/status: a}}]}}", "both at and seconds"),
        ("{after: {hours: 1, do: [{send: [nothing]}]}}", "the webhook 'nothing'"),
        ("{remove: []}", "at least one JSON Pointer"),
        ("{delete: /request/body}", "expected a record"),
        ("{answer: {}}", "an empty object"),
        ("{answre: {/id: 1}}", "'answre'; did you mean answer\\?"),
        ("{answer: {/id: /tokn/id}}", "leads into 'tokn'; did you mean token\\?"),
        ("{set: {/status: {uper: /record/id}}}", "'uper'; did you mean upper\\?"),
        ("{refuse: {when: {/record/id: {alik: a}}, failure: conflict}}", "'alik'; did you mean alike\\?"),
        ("{refuse: {when: {/record/id: a}, failure: conflict, wiht: {}}}", "'wiht'; did you mean with\\?"),
    ],
)
def test_wrong_step_stops_the_start(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        load(tmp_path, [yaml.safe_load(step)])
    assert "contract.json:" in str(caught.value)
    assert "Fix the overlay" in str(caught.value)


@pytest.mark.parametrize("effects", [{}, [], "set", [1]], ids=str)
def test_effects_are_a_list_of_steps(tmp_path: Path, effects: Any) -> None:
    with pytest.raises(ContractError, match=r"a list of steps, at least one|expected an object"):
        load(tmp_path, effects)


@pytest.mark.parametrize("operation", ["GET /orders", "GET /orders/{id}", "POST /ping"])
def test_operation_without_change_has_no_effects(tmp_path: Path, operation: str) -> None:
    with pytest.raises(ContractError, match=r"x-mock-does .* and x-mock-resource beside them"):
        load(tmp_path, [{"set": {"/status": "a"}}], operation)


def test_operation_that_reads_may_refuse_and_answer(tmp_path: Path) -> None:
    refusal = {"refuse": {"when": {"/record/status": "a"}, "failure": "conflict"}}
    contract = load(tmp_path, [refusal, {"answer": {"/status": "b"}}, {"answer": {"/statsu": "b"}}], "GET /orders/{id}")
    assert [finding.found for finding in model_of(contract).findings] == ["'/statsu'; did you mean status?"]


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ({"oders": "conflict"}, "the resource 'oders'; did you mean orders\\?"),
        ({"orders": "conflcit"}, "the failure 'conflcit'; did you mean conflict\\?"),
        (["orders"], "expected an object"),
    ],
)
def test_wrong_refusal_of_what_is_not_there_stops_the_start(tmp_path: Path, absent: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        load(tmp_path, [], "GET /orders/{id}", absent=absent)


def test_member_that_nothing_describes_is_a_finding(tmp_path: Path) -> None:
    contract = load(tmp_path, [{"set": {"/statsu": "a"}}, {"when": {"/request/body/amuont": 1}, "remove": ["/status"]}])
    found = [finding.found for finding in model_of(contract).findings]
    assert found == ["'/statsu'; did you mean status?", "'/request/body/amuont'; did you mean amount?"]


def test_failure_of_effects_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    refusal = {"when": {"/record/status": "a"}, "failure": "closed"}
    effects = [{"after": {"seconds": 1, "do": [{"refuse": refusal}]}}]
    failure = {"status": "403", "response": "#/webhooks/order.created/post/responses/200"}
    contract = load(tmp_path, effects, failures={"closed": failure})
    assert contract.extensions.failures["closed"].status == 403
