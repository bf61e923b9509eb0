"""From a method and a path to an operation, in the order OpenAPI wants, at a cost that does not grow.

Concrete paths are looked up; templated ones are asked by their number of segments, the more concrete
first. The routes themselves are Connexion's, remembered with the contract: importing Connexion takes
longer than all the rest of a second start.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import parse_qsl

from mock_server.contract import cache
from mock_server.contract.model import Contract
from mock_server.exchange import JSON, Route
from mock_server.routing.raw_path import forms


@dataclass(frozen=True, slots=True)
class _Path:
    """One path of the contract with the operations that it has, by method."""

    pattern: re.Pattern[str]
    names: dict[str, tuple[str, ...]]
    operations: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()
    """What the path's key has behind a question mark: the query has to hold it, and may hold more."""

    def is_meant(self, query: str) -> bool:
        if not self.query:
            return True
        sent = parse_qsl(query, keep_blank_values=True)
        names = {name for name, _ in sent}
        return all(name in names if "{" in value else (name, value) in sent for name, value in self.query)


class Router:
    """The routes of one contract. Built at load; asked once a request."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._concrete: dict[str, list[_Path]] = {}
        self._templated: dict[int, list[_Path]] = {}
        templates: dict[str, _Path] = {}
        for operation, pattern, names in _routes(contract):
            known = contract.operations[operation]
            if pattern not in templates:
                behind = known.path.partition("?")[2]
                plain = re.compile(pattern.partition(r"\?")[0] + "$" if behind else pattern)
                templates[pattern] = _Path(plain, {}, {}, tuple(parse_qsl(behind, keep_blank_values=True)))
            path = templates[pattern]
            path.operations[known.method] = operation
            path.names[known.method] = names[: path.pattern.groups]
        for path in sorted(templates.values(), key=self._specificity, reverse=True):
            template = self._template(path)
            if any(path.names.values()):
                self._templated.setdefault(template.count("/"), []).append(path)
            else:
                self._concrete.setdefault(template, []).append(path)

    def route(self, method: str, path: str, query: str = "") -> Route:
        """The operation for a method, a path as sent and a raw query, or what there is instead (see :class:`Route`)."""
        for form in forms(path):
            found = self._below_a_base(method, form, query)
            if found is not None:
                return found
        if path.endswith("/") and path != "/" and self._contract.manners.trailing_slash == "ignore":
            return self.route(method, path.rstrip("/"), query)
        return Route(redirect=self._redirect(path))

    def _below_a_base(self, method: str, path: str, query: str) -> Route | None:
        for base in self._contract.base_paths:
            if path.startswith(base + "/"):
                found = self._match(method, path[len(base) :], query)
                if found is not None:
                    return found
        return None

    def _match(self, method: str, path: str, query: str) -> Route | None:
        concrete = [one for one in self._concrete.get(path, ()) if one.is_meant(query)]
        allow: set[str] = set()
        for candidate in concrete or self._templated.get(path.count("/"), []):
            match = candidate.pattern.fullmatch(path) if candidate.is_meant(query) else None
            asked = self._method(method, candidate)
            if match is not None and asked in candidate.operations:
                names = candidate.names[asked]
                return Route(candidate.operations[asked], dict(zip(names, match.groups(), strict=True)))
            if match is not None:
                allow |= candidate.operations.keys()
        return Route(allow=tuple(sorted(allow))) if allow else None

    def _method(self, method: str, path: _Path) -> str:
        """HEAD is GET without the body (RFC 9110, 9.3.2), unless it has an operation or this API refuses it."""
        plain = method != "HEAD" or "HEAD" in path.operations or self._contract.manners.head == "refuse"
        return method if plain else "GET"

    def _redirect(self, path: str) -> str | None:
        """The path without its slash, where that leads somewhere and this API redirects."""
        if self._contract.manners.trailing_slash != "redirect" or not path.endswith("/"):
            return None
        shorter = path.rstrip("/")
        found = self.route("GET", shorter) if shorter else Route()
        return shorter if found.operation or found.allow else None

    def _template(self, path: _Path) -> str:
        return self._contract.operations[next(iter(path.operations.values()))].path.partition("?")[0]

    def _specificity(self, path: _Path) -> tuple[tuple[bool, ...], int]:
        """Segment by segment, literal before templated, then by what is wanted of the query: the greater goes first."""
        return tuple("{" not in segment for segment in self._template(path).split("/")), len(path.query)


def _routes(contract: Contract) -> list[tuple[str, str, tuple[str, ...]]]:
    """The operation, the pattern and the parameter names of each route."""
    known = cache.recall(contract.digest, "routes")
    if not _is_complete(known, contract):
        from mock_server.routing.by_connexion import read_routes

        known = [cast("JSON", asdict(route)) for route in read_routes(contract)]
        cache.remember(contract.digest, "routes", known)
    rows = cast("list[dict[str, JSON]]", known)
    return [
        (str(row["operation"]), str(row["pattern"]), tuple(map(str, cast("list[str]", row["names"])))) for row in rows
    ]


def _is_complete(known: JSON, contract: Contract) -> bool:
    return isinstance(known, list) and [cast("dict[str, JSON]", row).get("operation") for row in known] == [
        *contract.operations
    ]
