"""WireMock's own client for Python reads, counts and empties the journal as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from wiremock.constants import Config
from wiremock.resources.near_misses.models import NearMissMatchPatternRequest
from wiremock.resources.requests.resource import Requests

from tests.support.customers import ME

# It has no types.
REQUESTS: Any = Requests
PATTERN: Any = NearMissMatchPatternRequest
TOKEN = {"Authorization": "Bearer polar_cst_individual"}


@pytest.fixture
def base_url(server_url: str) -> Iterator[str]:
    """A world that the client is told of as it is told of any server."""
    before = Config.base_url
    world = f"{server_url}/~{uuid4()}"
    Config.base_url = f"{world}/__admin"
    yield world
    Config.base_url = before


def test_journal_is_read_counted_and_reset(base_url: str) -> None:
    httpx.get(base_url + ME, headers=TOKEN)
    httpx.post(f"{base_url}/nowhere", json={"name": "Ada"})

    journal = REQUESTS.get_all_received_requests()
    assert (journal.meta.total, journal.request_journal_disabled) == (2, False)
    newest = journal.requests[0]
    assert (newest.request.method, newest.request.url) == ("POST", "/nowhere")
    assert newest.request.body == '{"name":"Ada"}'
    assert newest.response_definition.status == 404
    assert REQUESTS.get_request(newest.id).request.absolute_url == f"{base_url}/nowhere"

    to_me = PATTERN(method="GET", url_path=ME, headers={"Accept": {"contains": "*"}})
    assert REQUESTS.get_matching_request_count(to_me).count == 1
    assert [request.url for request in REQUESTS.get_matching_requests(to_me).requests] == [ME]
    assert [request.url for request in REQUESTS.get_unmatched_requests().requests] == ["/nowhere"]

    REQUESTS.reset_request_journal()
    assert REQUESTS.get_all_received_requests().meta.total == 0
