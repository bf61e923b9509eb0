"""The report of a failing test: what was asked, answered and expected."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mock_server import MockServer, World
from mock_server.testing import VerificationError
from mock_server.testing.failure_report import sections_of
from tests.support.contracts import SHOP


@pytest.fixture(scope="module")
def mock(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    file = tmp_path_factory.mktemp("shop") / "shop.yaml"
    file.write_text(SHOP, encoding="utf-8")
    with MockServer(file) as mock:
        yield mock


@pytest.fixture
def world(mock: MockServer) -> Iterator[World]:
    with mock.world() as world:
        yield world


def order(world: World, **options: Any) -> None:
    httpx.post(f"{world.url}/orders", params={"lang": "sv", "page": "1"}, trust_env=False, **options)


def sections(world: World, **pattern: Any) -> dict[str, list[str]]:
    """The lines of the sections of the report on a verification that fails."""
    with pytest.raises(VerificationError) as failed:
        world.verify(**pattern)
    return {title: text.splitlines() for title, text in sections_of(world, failed.value)}


NEAREST, LAST = "what was expected and what came nearest", "last answer and last refusals"


def test_near_miss_is_a_diff_of_pattern_and_request(world: World) -> None:
    order(world, headers={"X-Shop": "moss", "Accept": "text/html"})
    shown = sections(
        world,
        method="POST",
        path="/orders/{id}",
        query={"lang": "en", "page": "1"},
        headers={"X-Shop": "moss", "Accept": {"contains": "json"}},
    )[NEAREST]
    assert shown == [
        "--- expected",
        "+++ POST /orders -> 204 (contract)",
        " method: POST",
        " query page: 1",
        " header X-Shop: moss",
        "-path: /orders/{id}",
        "+path: /orders",
        '-query lang: "en"',
        "+query lang: sv",
        '-header Accept: a text with "json" in it',
        "+header Accept: text/html",
    ]


def test_bodies_are_compared_line_by_line(world: World) -> None:
    order(world, json={"name": "Ada", "items": [{"count": 1}, {"count": 2}], "z": 1})
    expected = {"name": "Ada", "items": [{"count": 1}, {"count": 3}], "z": 1}
    shown = sections(world, json=expected)[NEAREST]
    assert shown[2:] == [
        "@@ -5,5 +5,5 @@ body",
        "     },",
        "     {",
        '-      "count": 3',
        '+      "count": 2',
        "     }",
        "   ],",
    ]


@pytest.mark.parametrize("sent", [b"{", b"[" * 30 + b"]" * 30, b'{"a": "' + b"x" * 30_000 + b'"}', b"\xff\r\n\x00"])
def test_report_on_any_body_is_bounded(sent: bytes, world: World) -> None:
    for _ in range(5):
        order(world, content=sent, headers={f"X-{number}": "y" * 300 for number in range(40)})
    shown = sections(world, json={"items": [*range(9000)]}, times=3)
    assert len(shown) == 3
    assert sum(len(line) for lines in shown.values() for line in lines) < 24_000
    assert max(len(line) for title in (NEAREST, LAST) for line in shown[title]) < 210
    assert max(map(len, shown.values())) < 130


def test_refused_request_has_both_messages_and_the_reason_as_diff(world: World) -> None:
    order(world, json={"name": "Ada"})
    order(world, json={"name": 7}, headers={"Authorization": "Bearer s3cret"})
    httpx.get(f"{world.url}/orders", trust_env=False)
    lines = dict(sections_of(world, None))[LAST].splitlines()
    refused, served = lines[: lines.index("")], lines[lines.index("") + 1 :]
    assert refused[0] == "> POST /orders?lang=sv&page=1"
    assert {"> authorization: [redacted]", "> content-type: application/json", "< 422 (problem)"} <= {*refused}
    assert '> {"name":7}' in refused
    assert [line for line in refused if line.startswith('< {"type"')]
    assert refused[-4:-2] == ["--- expected", "+++ sent"]
    assert refused[-2:] == ['-body /name: type: "string"', "+body /name: 7"]
    assert served[0] == "> GET /orders"
    assert served[-1].startswith("< [")


def test_world_without_requests_says_so(world: World) -> None:
    assert sections_of(world, ValueError()) == [(f"journal of {world.url}", "no request came")]


def test_world_that_cannot_be_asked_fails_no_report(own_cache: None) -> None:
    with MockServer() as gone:
        world = gone.world("a")
    ((title, text),) = sections_of(world, None)
    assert (title, text.partition(":")[0]) == (f"journal of {world.url}", "not to be had")


def test_verification_error_survives_a_process_boundary(world: World) -> None:
    with pytest.raises(VerificationError) as failed:
        world.verify(path="/nowhere")
    again = pickle.loads(pickle.dumps(failed.value))
    assert (str(again), again.pattern) == (str(failed.value), {"path": "/nowhere"})
