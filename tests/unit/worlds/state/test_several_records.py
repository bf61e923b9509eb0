"""Bodies with several records, operations that document failures alone, and keys of what is listed below parents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

LINES = """
    GET /teams listTeams > 200 [Team]
    POST /teams createTeam < {name} > 201 Team
    GET /teams/{team_id} getTeam > 200 Team
    DELETE /teams/{team_id} deleteTeam > 404
    GET /teams/{team_id}/members listMembers > 200 [Member]
    GET /members/{member_id} getMember > 200 Member
    DELETE /members/{member_id} deleteMember > 204
    GET /badges listBadges > 200 [Badge]
    POST /badges createBadges < [Badge] > 201 [Badge]
    GET /badges/{badge_id} getBadge > 200 Badge
"""
SCHEMAS = {"Team": "{id, name}", "Member": "{id: integer, name, team_id}", "Badge": "{id: integer, name}"}


@pytest.fixture(params=["auto", "strict"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> StateAPI:
    return StateAPI(Path(loaded(tmp_path, LINES, SCHEMAS).name), state=request.param)


def team_of(api: StateAPI) -> Any:
    return api("POST", "/teams", {"name": "Red"})[1]["id"]


def test_each_of_several_records_is_created_and_answered(api: StateAPI) -> None:
    status, answer = api("POST", "/badges", [{"name": "Ada"}, {"name": "Ada"}])
    assert (status, [badge["name"] for badge in answer]) == (201, ["Ada", "Ada"])
    listed = api("GET", "/badges")[1]
    assert {badge["id"] for badge in answer} <= {badge["id"] for badge in listed}
    assert len({badge["id"] for badge in answer}) == 2


def test_more_records_than_a_request_may_create_are_refused(api: StateAPI) -> None:
    before = api("GET", "/badges")[1]
    status, answer = api("POST", "/badges", [{"name": "Ada"}] * 1001)
    assert (status, answer["findings"][0]["found"]) == (422, "1,001 records")
    assert api("GET", "/badges")[1] == before


def test_deletion_that_documents_failures_alone_succeeds(api: StateAPI) -> None:
    team = team_of(api)
    assert api("DELETE", f"/teams/{team}")[0] == 200
    assert api("GET", f"/teams/{team}")[0] == 404


def test_record_that_is_listed_below_parent_is_found_by_its_key(api: StateAPI) -> None:
    first = api("GET", "/teams")[1][0]["id"]
    member = api("GET", f"/teams/{first}/members")[1][0]
    assert api("GET", f"/members/{member['id']}") == (200, member)
    assert api("DELETE", f"/members/{member['id']}")[0] == 204
    assert member["id"] not in [other["id"] for other in api("GET", f"/teams/{first}/members")[1]]
    assert api("GET", f"/members/{member['id']}")[0] == 404
