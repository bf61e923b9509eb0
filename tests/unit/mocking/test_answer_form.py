"""The form of an answer is worked out once; whoever asks later gets what the first who asks would have got."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.http.messages import Request, Response
from mock_server.mocking.engine import Engine
from mock_server.openapi.model import Contract
from tests.support.contracts import Document, document, engine_of, load, operation, received
from tests.support.hypothesis_settings import repeatable

PET: Document = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}},
}
TOM = {"name": "Tom"}
LEFT = {"X-Left": {"required": True, "schema": {"type": "integer", "minimum": 0}}}
TWO_TYPES = {"application/json": {"schema": PET, "example": TOM}, "text/plain": {"schema": {"type": "string"}}}
NAMED = {"application/json": {"schema": PET, "examples": {"tom": {"value": TOM}, "odd": {"value": {"name": 1}}}}}
PATHS = {
    "/generated": operation(PET),
    "/example": {"responses": {"200": {"description": "", "content": TWO_TYPES}}},
    "/named": {"responses": {"200": {"description": "", "content": NAMED}, "404": {"description": "None."}}},
    "/headed": {"responses": {"200": {"description": "", "headers": LEFT, "content": TWO_TYPES}}},
    "/empty": operation(status="204"),
    "/default": operation(PET, status="default"),
    "/lines": {"responses": {"200": {"description": "", "content": {"application/jsonl": {"itemSchema": PET}}}}},
}
QUESTIONS = st.builds(
    lambda path, query, headers: Request("GET", path, query, tuple(headers.items())),
    st.sampled_from(["/nothing", *PATHS]),
    st.sampled_from(["", "", "page=2"]),
    st.fixed_dictionaries(
        {},
        optional={
            "accept": st.sampled_from(["application/json", "text/plain", "image/png", "*/*;q=0.1", "text/*, */*"]),
            "authorization": st.sampled_from(["Bearer a", "Bearer b"]),
            "prefer": st.sampled_from(
                ["code=404", "code=500", "example=tom", "example=odd", "dynamic", "seed=7", "variant=1", "delay=1"]
            ),
        },
    ),
)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    paths = {path: {"get": get} for path, get in PATHS.items()}
    return load(tmp_path_factory.mktemp("contract"), document(paths))


@pytest.fixture(scope="module")
def engine(contract: Contract) -> Engine:
    """The engine that has answered before, whatever the test before it asked."""
    return engine_of(contract)


def answer_of(engine: Engine, request: Request) -> Response:
    return received(engine, engine.handle(request).answer)


@repeatable
@given(question=QUESTIONS)
def test_later_answers_are_as_first(contract: Contract, engine: Engine, question: Request) -> None:
    assert answer_of(engine, question) == answer_of(engine_of(contract), question)


def test_example_is_one_answer_for_all(tmp_path: Path) -> None:
    engine = engine_of(load(tmp_path, document({"/example": {"get": PATHS["/example"]}})))
    first, other = (Request("GET", "/example", headers=(("authorization", f"Bearer {name}"),)) for name in "ab")
    assert engine.handle(first).answer is engine.handle(other).answer
