"""One country of the world map: the operations that have answered with it, and the records that are of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from itertools import islice
from typing import cast
from urllib.parse import quote

from mock_server.admin.console.country_coverage import CountryCoverage, country_coverage
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps
from mock_server.admin.console.record_table import in_words
from mock_server.admin.console.templates import short
from mock_server.admin.router import PREFIX, AdminRequestError
from mock_server.core.types import JSON
from mock_server.openapi.resources.inference import model_of
from mock_server.worlds.coverage import COUNTRY, Coverage

SHOWN = 20
"""Records of a resource that are shown, and operations."""
LOOKED_AT = 1000
"""Records of a resource that have the code in some text, and are looked at."""
MOST_RESOURCES = 8
"""Resources that are looked through: those of the operations that answer with countries."""
_DEEPEST = 6
_TELLING = ("name", "title", "email")


def world_coverage(request: PageRequest) -> Coverage:
    """Return all that the clients of a world have met."""
    admin = request.admin
    targets = tuple(mount.coverage_target(key) for mount in admin.served for key in mount.contract.operations)
    return admin.errands.run(admin.world.coverage.read, targets, is_long=admin.worlds.is_shared)


def _one(request: PageRequest) -> PageSteps:
    code = request.values["code"]
    coverage = country_coverage(request, world_coverage(request))
    if code not in coverage.codes:
        detail = f"Found the country {code[:80]!r}; expected one that answers of the contract may have."
        raise AdminRequestError("unknown", 404, detail)
    (country,) = coverage.shown([code])
    bases = {
        mount.coverage_target(key): mount.base_path
        for mount in request.admin.served
        for key in mount.contract.operations
    }
    prefix = request.admin.world.prefix
    met = coverage.met_by(code)
    values = {
        "country": country,
        "is_met": code in coverage.met,
        "operations": [
            (target.name, f"{prefix}{bases[target]}{PREFIX}/operations/{quote(target.operation.key, safe='')}")
            for target in met[:SHOWN]
        ],
        "operations_total": len(met),
        "resources": (yield from _resources(request, coverage, code)),
    }
    return ConsolePage("country.html", country.name, "/coverage", values)


def _resources(
    request: PageRequest, coverage: CountryCoverage, code: str
) -> Generator[float | None, None, list[tuple[str, int, list[tuple[str, str]]]]]:
    """Return resources with how many records are of a country, and links to some of them."""
    listed = []
    for resource, key in islice(_names(request, coverage, code), MOST_RESOURCES):
        path = f"/fixtures/{resource}"
        try:
            answer = yield from request.call("GET", path, q=code, limit=str(LOOKED_AT))
        except AdminRequestError as error:
            if error.answer.status == 404:  # it is listed below parents alone
                continue
            raise
        records = [record for record in cast("list[dict[str, JSON]]", answer) if _is_of(record, code)]
        here = f"{request.base}/fixtures/{quote(resource, safe='')}"
        links = [(_title(record, key), f"{here}/{quote(str(record.get(key)), safe='')}") for record in records[:SHOWN]]
        if records:
            listed.append((resource, len(records), links))
    return listed


def _names(request: PageRequest, coverage: CountryCoverage, code: str) -> Iterator[tuple[str, str]]:
    """Yield the resources of the operations that answer with countries, each with the member that is its key."""
    names: set[str] = set()
    # Those of operations that have answered with it come first: only so many are looked through.
    met = {*coverage.met_by(code)}
    operations = [(mount, key) for mount in request.admin.served for key in mount.contract.operations]
    operations.sort(key=lambda pair: pair[0].coverage_target(pair[1]) not in met)
    for mount, key in operations:
        model, described = model_of(mount.contract), mount.contract.extensions.resources
        operation, verdict = mount.contract.operations[key], model.verdicts.get(key)
        name = operation.resource or (verdict.resource if verdict is not None else None)
        if name is None or name in names or mount.coverage_target(key) not in coverage.targets:
            continue
        names.add(name)
        if name in described:
            yield name, described[name].handle
        elif name in model.resources and mount.state is not None:
            yield name, next((part.member for part in model.resources[name].keys), "")


def _title(record: Mapping[str, JSON], key: str) -> str:
    words = next((in_words(record[name]) for name in _TELLING if record.get(name)), "")
    return short(words or in_words(record.get(key)) or "a record", 80)


def _is_of(value: JSON, code: str, depth: int = 0) -> bool:
    """Tell whether a value has a member that says a country, at whatever depth."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, dict):
        if any(value.get(name) == code for name in COUNTRY):
            return True
        return any(_is_of(member, code, depth + 1) for member in value.values())
    return isinstance(value, list) and any(_is_of(item, code, depth + 1) for item in value)


ROWS: PageRows = (("GET", "/coverage/countries/{code}", _one),)
