"""Runtime expressions as OpenAPI 3.1 has them, and texts that are none."""

from __future__ import annotations

import pytest

from mock_server.openapi.webhooks.runtime_expressions import (
    ExpressionMessages,
    expressions_in,
    filled,
    is_expression,
)

MESSAGES = ExpressionMessages(
    url="http://localhost/pets/7?back=http%3A%2F%2Fa.test&empty=",
    method="POST",
    status=201,
    path={"id": "7"},
    query="back=http%3A%2F%2Fa.test&empty=",
    request_headers=(("x-back", "http://b.test"),),
    request_body={"url": "http://c.test", "urls": ["http://d.test"], "a/b": 1, "deep": {"on": True}},
    response_headers=(("Location", "/pets/7"),),
    response_body={"id": 7},
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$url", "http://localhost/pets/7?back=http%3A%2F%2Fa.test&empty="),
        ("$method", "POST"),
        ("$statusCode", "201"),
        ("$request.path.id", "7"),
        ("$request.query.back", "http://a.test"),
        ("$request.query.empty", ""),
        ("$request.header.X-Back", "http://b.test"),
        ("$request.body#/url", "http://c.test"),
        ("$request.body#/urls/0", "http://d.test"),
        ("$request.body#/a~1b", "1"),
        ("$response.header.location", "/pets/7"),
        ("$response.body#/id", "7"),
        ("{$request.body#/url}/pets/{$response.body#/id}?on={$request.body#/deep/on}", "http://c.test/pets/7?on=true"),
        ("http://e.test/hook", "http://e.test/hook"),
        ("http://e.test/{id}", "http://e.test/{id}"),
    ],
)
def test_expression_is_filled_in(template: str, text: str) -> None:
    assert filled(template, MESSAGES) == text


@pytest.mark.parametrize(
    "template",
    [
        "$request.body#/none",
        "$request.body#/url/deeper",
        "$request.body#/urls/7",
        "$request.body#/deep",
        "$request.body",
        "$request.header.none",
        "$request.query.none",
        "$response.body#/none",
        "$response.query.back",
        "$request.cookie.id",
        "{$request.body#/url}/{$response.body#/none}",
    ],
)
def test_address_that_is_not_there_is_none(template: str) -> None:
    assert filled(template, MESSAGES) is None


@pytest.mark.parametrize(
    "text", ["$request.cookie.id", "$response.query.q", "$request.body.url", "$request.body#url", "$"]
)
def test_text_that_is_no_expression_is_told_apart(text: str) -> None:
    assert not is_expression(text)


def test_expressions_of_a_template_are_listed() -> None:
    assert expressions_in("{$url}?a={$request.query.a}&b={c}") == ("$url", "$request.query.a")
    assert expressions_in("$url") == ("$url",)
    assert all(map(is_expression, expressions_in("{$url}?a={$request.query.a}{$request.body}{$request.body#/a}")))
