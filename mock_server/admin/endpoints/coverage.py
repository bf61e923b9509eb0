"""The coverage of clients: ``/__admin/coverage``, as JSON or as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource
from mock_server.worlds.coverage import PLURALS, Coverage, describe_coverage

_KINDS = ("operations", *PLURALS.values())
_APART = frozenset({"countries"})
"""Kinds that do not count in the total: no test suite needs a customer in each country."""


def _coverage(request: AdminRequest) -> Response:
    parameters = request.query("format", "worlds")
    form = _choice(parameters, "format", ("json", "text"))
    is_of_all = _choice(parameters, "worlds", ("this", "all")) == "all"
    read = request.worlds.coverage if is_of_all else request.world.coverage.read
    targets = tuple(mount.coverage_target(key) for mount in request.served for key in mount.contract.operations)
    seen = request.errands.run(read, targets, is_long=request.worlds.is_shared)
    operations = [*_operations(request, seen)]
    totals = _totals(operations)
    if form == "text":
        text = _table(operations, totals).encode("utf-8", "replace")
        headers = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
        return Response(200, headers, text, ResponseSource.CONTROL)
    entries: list[JSON] = [*operations]
    return json_response({"world": request.world.name, "totals": totals, "operations": entries})


def _choice(parameters: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = parameters.get(name, choices[0])
    if value not in choices:
        expected = " or ".join(choices)
        raise AdminRequestError("invalid-request", 400, f"query {name}: found {value[:80]!r}; expected {expected}.")
    return value


def _operations(request: AdminRequest, seen: Coverage) -> Iterable[dict[str, JSON]]:
    for mount in request.served:
        for key in mount.contract.operations:
            coverage_target = mount.coverage_target(key)
            yield describe_coverage(coverage_target, seen.of(coverage_target), seen.count(coverage_target))


def _totals(operations: list[dict[str, JSON]]) -> dict[str, JSON]:
    """Return totals by kind, and for all kinds together: covered, total, and percent."""
    sums = {"operations": [sum(1 for operation in operations if operation["count"]), len(operations)]}
    for kind in PLURALS.values():
        lists = [cast("dict[str, list[JSON]]", operation[kind]) for operation in operations]
        covered, missing = (sum(len(listing[name]) for listing in lists) for name in ("covered", "missing"))
        sums[kind] = [covered, covered + missing]
    parts = [pair for kind, pair in sums.items() if kind not in _APART]
    totals: dict[str, JSON] = {kind: _share(*pair) for kind, pair in sums.items()}
    totals["all"] = _share(sum(covered for covered, _ in parts), sum(total for _, total in parts))
    totals["variants"] = sum(len(cast("list[JSON]", operation["variants"])) for operation in operations)
    return totals


def _share(covered: int, total: int) -> JSON:
    return {"covered": covered, "total": total, "percent": round(100 * covered / total, 1) if total else 100.0}


def _table(operations: list[dict[str, JSON]], totals: dict[str, JSON]) -> str:
    """Return a table with a row for each operation, then what is missing of each."""
    width = max([len(str(operation["operation"])) for operation in operations] + [9])
    heads = ["requests", *(kind for kind in _KINDS if kind != "operations"), "variants"]
    lines = [f"{'operation':<{width}}  " + "  ".join(heads)]
    for operation in operations:
        cells = [
            str(operation["count"]),
            *(_of(operation[kind]) for kind in PLURALS.values()),
            str(len(_list(operation["variants"]))),
        ]
        lines.append(f"{operation['operation']:<{width}}  " + _row(cells, heads))
    shares = [cast("dict[str, JSON]", totals[kind]) for kind in PLURALS.values()]
    last = ["", *(f"{share['percent']}%" for share in shares), ""]
    lines.append(f"{'':<{width}}  " + _row(last, heads))
    lines += ["", *(line for operation in operations if operation["count"] for line in _missing(operation))]
    for name in ("operations", "all"):
        share = cast("dict[str, JSON]", totals[name])
        lines.append(f"{name}: {share['covered']} of {share['total']} ({share['percent']}%)")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(cells: list[str], heads: list[str]) -> str:
    return "  ".join(cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True))


def _list(value: JSON) -> list[JSON]:
    return cast("list[JSON]", value)


def _of(part: JSON) -> str:
    lists = cast("dict[str, list[JSON]]", part)
    return f"{len(lists['covered'])}/{len(lists['covered']) + len(lists['missing'])}"


def _missing(operation: dict[str, JSON]) -> Iterable[str]:
    """Yield lines with what is missing of an operation that had requests, without the countries, which are too many."""
    for kind in PLURALS.values():
        names = cast("dict[str, list[str]]", operation[kind])["missing"]
        if names and kind not in _APART:
            yield f"missing of {operation['operation']}, {kind}: {', '.join(names)}"


ROUTES: Rows = (("GET", "/coverage", _coverage),)
