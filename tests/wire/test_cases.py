"""The acceptance cases: requests on the wire against a server in a process of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.acceptance_cases import CASES
from tests.support.http_exchange import asked, compare, connected


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any], server_url: str) -> None:
    expected = case["expect"]
    if "raw" in case:
        status = raw_status(server_url, case["raw"])
        assert status in ([expected["status"]] if isinstance(expected["status"], int) else expected["status"])
    else:
        compare(asked(server_url, case), expected)
    assert_alive(server_url)


def raw_status(server_url: str, text: str) -> int:
    with connected(server_url) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b""
        while b"\r\n" not in answer:
            part = connection.recv(65536)
            assert part, "the connection was dropped without an answer"
            answer += part
    return int(answer.split()[1])


def assert_alive(server_url: str) -> None:
    got = asked(server_url, {"headers": {"Authorization": "Bearer polar_cst_individual"}})
    assert (got.status, json.loads(got.body)["email"]) == (200, "harriet.winslade@example.com")
