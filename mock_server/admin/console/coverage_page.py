"""The coverage of a world's clients: what of each operation was met, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import quote, urlencode

from mock_server.admin.console.country_coverage import country_coverage
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows
from mock_server.admin.console.world_map import world_map
from mock_server.admin.router import PREFIX
from mock_server.core.types import JSON
from mock_server.worlds.coverage import PLURALS, Coverage, CoverageTarget, describe_coverage

SHOWN = 50
"""Operations of a page."""
MOST_NAMES = 12
"""Names of what is missing that are shown of a kind."""
CHOICES = ("all", "met", "missing", "untouched")
"""Which operations are shown: all, those with requests, those that lack a status, those without requests."""
_WORDS = {"media": "media types", "enum": "enum values", "status": "statuses", "parameter": "parameters"}


def _coverage(request: PageRequest) -> ConsolePage:
    admin = request.admin
    bases = {
        mount.coverage_target(key): f"{admin.world.prefix}{mount.base_path}{PREFIX}"
        for mount in admin.served
        for key in mount.contract.operations
    }
    targets = [*bases]
    seen = admin.errands.run(admin.world.coverage.read, tuple(targets), is_long=admin.worlds.is_shared)
    statuses = {
        target: {key[2] for key in seen.of(target) if key[0] == "status"} & target.operation.responses.keys()
        for target in targets
    }
    counts = {target: seen.count(target) for target in targets}
    choice = request.query.get("show", "all")
    fits: dict[str, Callable[[CoverageTarget], bool]] = {
        "met": lambda target: bool(counts[target]),
        "missing": lambda target: len(statuses[target]) < len(target.operation.responses),
        "untouched": lambda target: not counts[target],
    }
    chosen = [target for target in targets if choice not in fits or fits[choice](target)]
    offset = request.offset
    rows = [
        _row(target, bases[target], describe_coverage(target, seen.of(target), counts[target]))
        for target in chosen[offset : offset + SHOWN]
    ]
    total_statuses = sum(len(target.operation.responses) for target in targets)
    values = {
        "rows": rows,
        "operations": (sum(map(bool, counts.values())), len(targets)),
        "statuses": (sum(map(len, statuses.values())), total_statuses),
        "choice": choice,
        "choices": CHOICES,
        "total": len(chosen),
        "offset": offset,
        "countries": _countries(request, seen) if not offset else None,
        "links": {
            rel: f"{request.base}/coverage?{urlencode({'show': choice, 'offset': place})}"
            for rel, place in _places(offset, len(chosen))
        },
    }
    return ConsolePage("coverage.html", "Coverage", "/coverage", values)


def _countries(request: PageRequest, seen: Coverage) -> dict[str, object] | None:
    """Return what the map shows; None where no answer of the contract has countries."""
    coverage = country_coverage(request, seen)
    if not coverage.codes:
        return None
    met, missing = coverage.shown(coverage.met), coverage.shown(coverage.codes - coverage.met)
    others = [country for code, country in world_map().countries.items() if code not in coverage.codes]
    return {"met": met, "missing": missing, "others": others, "map": world_map()}


def _places(offset: int, total: int) -> Iterator[tuple[str, int]]:
    if offset:
        yield "prev", max(0, offset - SHOWN)
    if offset + SHOWN < total:
        yield "next", offset + SHOWN


def _row(target: CoverageTarget, base: str, report: dict[str, JSON]) -> dict[str, object]:
    statuses = cast("dict[str, list[str]]", report["statuses"])
    others = []
    for kind, member in PLURALS.items():
        if kind == "status":
            continue
        part = cast("dict[str, list[str]]", report[member])
        covered, missing = part["covered"], part["missing"]
        if covered or missing:
            words = _WORDS.get(kind, member)
            names = [name.rpartition(" ")[2] if kind == "country" else name for name in missing[:MOST_NAMES]]
            others.append((words, len(covered), len(covered) + len(missing), names, len(missing)))
    method, _, path = target.name.partition(" ")
    return {
        "method": method,
        "path": path,
        "url": f"{base}/operations/{quote(target.operation.key, safe='')}",
        "count": report["count"],
        "covered": statuses["covered"],
        "missing": statuses["missing"],
        "others": others,
    }


ROWS: PageRows = (("GET", "/coverage", _coverage),)
