"""The scenarios of a world: which run and how far they are, those that have a name, and common failures by a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps, see_other
from mock_server.admin.console.templates import indented
from mock_server.admin.router import AdminRequestError
from mock_server.core.types import JSON
from mock_server.mocking.mounts import scenario_files

FAILURES: Mapping[str, tuple[str, Mapping[str, JSON]]] = {
    "rate-limited": ("429 rate limited, then ok", {"failure": "rate_limited", "headers": {"Retry-After": 1}}),
    "server-error": ("500 the server fails", {"failure": "server_error"}),
    "timeout": ("timeout: no answer at all", {"hang": True}),
    "slow": ("slow: two seconds", {"pass": True, "delay_ms": 2000}),
    "garbled": ("garbled: JSON that is none", {"pass": True, "garble": "invalid_json"}),
    "truncated": ("truncated: half of the body", {"pass": True, "garble": "truncate"}),
    "closed": ("the connection is closed", {"cut": "before_headers"}),
}
"""Common failures: words for people, and the answer of a scenario."""
_MOST_OPERATIONS = 400
MOST_MET = 50
"""Operations that a scenario may be for at once: of a larger contract one has to be named."""
_DONE = {"started": "The scenario runs.", "ended": "The scenario was ended."}


def _listed(request: PageRequest) -> PageSteps:
    listed = cast("dict[str, list[JSON]]", (yield from request.call("GET", "/scenarios")))
    running = cast("list[dict[str, JSON]]", listed["scenarios"])
    operations = [operation for mount in request.admin.served for operation in mount.contract.operations.values()]
    names = [operation.operation_id or operation.key for operation in operations]
    values = {
        "running": [(scenario, indented(_data(scenario))) for scenario in running],
        "available": _available(request, cast("list[str]", listed["available"]), names),
        "failures": [(name, words) for name, (words, _) in FAILURES.items()],
        "operations": names[:_MOST_OPERATIONS],
        "has_many": len(operations) > MOST_MET,
        "chosen": request.query.get("operation", ""),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("scenarios.html", "Scenarios", "/scenarios", values)


def _data(scenario: Mapping[str, JSON]) -> JSON:
    progress = ("name", "met", "given", "current_state", "description")
    return {name: value for name, value in scenario.items() if name not in progress}


def _available(request: PageRequest, names: list[str], operations: list[str]) -> list[tuple[str, str, str]]:
    """Return the scenarios that have a name, each with its description and the operation that it is for by itself."""
    files = scenario_files(request.admin.settings)
    scenarios = []
    for name in names:
        scenario = files.get(name)
        data = scenario.data if scenario is not None and isinstance(scenario.data, dict) else {}
        match = data.get("match")
        operation = str(match.get("operation", "")) if isinstance(match, dict) else ""
        scenarios.append((name, str(data.get("description", "")), operation if operation in operations else ""))
    return scenarios


def _started(request: PageRequest) -> PageSteps:
    """Start a scenario: one that has a name, one given as JSON, or a common failure of an operation."""
    fields = form_of(request.request)
    if "failure" in fields:
        scenario: JSON = _failure(fields)
    elif "name" in fields:
        scenario = _named(request, fields["name"], fields.get("operation", "").strip())
    else:
        scenario = request.json_of(fields, "scenario")
    yield from request.call("POST", "/scenarios", scenario)
    return see_other(f"{request.base}/scenarios?done=started")


def _named(request: PageRequest, name: str, operation: str) -> JSON:
    """Return what starts a scenario that has a name; for one operation alone where it is named."""
    scenario = scenario_files(request.admin.settings).get(name) if operation else None
    if scenario is None or not isinstance(scenario.data, dict):
        return {"name": name}
    match = scenario.data.get("match")
    own = {**(match if isinstance(match, dict) else {}), "operation": operation}
    return {**scenario.data, "name": name, "match": own}


def _failure(fields: Mapping[str, str]) -> dict[str, JSON]:
    """Return the scenario of a common failure; raises :class:`AdminRequestError` (422) for an unknown one."""
    failure, times = FAILURES.get(fields["failure"]), fields.get("times", "").strip()
    if failure is None:
        raise AdminRequestError("scenario", 422, "failure: found an unknown one; expected one of the form.")
    answer: dict[str, JSON] = {**failure[1]}
    if times:
        if not (times.isascii() and times.isdigit() and 0 < int(times) < 1_000_000):
            raise AdminRequestError("scenario", 422, f"times: found {times[:20]!r}; expected a whole number, or none.")
        answer["times"] = int(times)
    operation = fields.get("operation", "").strip()
    answers: list[JSON] = [answer]
    if times:
        answers.append({"pass": True})
    return {"description": failure[0], **({"match": {"operation": operation}} if operation else {}), "answers": answers}


def _ended(request: PageRequest) -> PageSteps:
    """End a scenario, or all where a form names none."""
    name = form_of(request.request).get("name", "")
    yield from request.call("DELETE", f"/scenarios/{name}" if name else "/scenarios")
    return see_other(f"{request.base}/scenarios?done=ended")


ROWS: PageRows = (
    ("GET", "/scenarios", _listed),
    ("POST", "/console/scenario", _started),
    ("POST", "/console/scenario/end", _ended),
)
