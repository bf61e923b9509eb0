"""From a method and a path to an operation, in the order OpenAPI wants, at a cost that does not grow.

Concrete paths are looked up; templated ones are asked by their number of segments, the more concrete
first. The routes themselves are Connexion's, remembered with the contract: importing Connexion takes
longer than all the rest of a second start.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import cast

from mock_server.contract import cache
from mock_server.contract.model import Contract
from mock_server.exchange import JSON, Route


@dataclass(frozen=True, slots=True)
class _Path:
    """One path of the contract with the operations that it has, by method."""

    pattern: re.Pattern[str]
    names: dict[str, tuple[str, ...]]
    operations: dict[str, str]


class Router:
    """The routes of one contract. Built at load; asked once a request."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._concrete: dict[str, _Path] = {}
        self._templated: dict[int, list[_Path]] = {}
        templates: dict[str, _Path] = {}
        for operation, pattern, names in _routes(contract):
            known = contract.operations[operation]
            path = templates.setdefault(pattern, _Path(re.compile(pattern), {}, {}))
            path.operations[known.method] = operation
            path.names[known.method] = names
        for path in sorted(templates.values(), key=self._specificity, reverse=True):
            template = self._template(path)
            if any(path.names.values()):
                self._templated.setdefault(template.count("/"), []).append(path)
            else:
                self._concrete[template] = path

    def route(self, method: str, path: str) -> Route:
        """The operation for a method and a decoded path, or what the path has instead (see :class:`Route`)."""
        for base in self._contract.base_paths:
            if path.startswith(base + "/"):
                found = self._match(method, path[len(base) :])
                if found is not None:
                    return found
        if path.endswith("/") and path != "/" and self._contract.manners.trailing_slash == "ignore":
            return self.route(method, path.rstrip("/"))
        return Route(redirect=self._redirect(path))

    def _match(self, method: str, path: str) -> Route | None:
        concrete = self._concrete.get(path)
        candidates = [concrete] if concrete is not None else self._templated.get(path.count("/"), [])
        allow: set[str] = set()
        for candidate in candidates:
            match = candidate.pattern.fullmatch(path)
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
        return self._contract.operations[next(iter(path.operations.values()))].path

    def _specificity(self, path: _Path) -> tuple[bool, ...]:
        """Segment by segment, literal before templated: the greater is asked first."""
        return tuple("{" not in segment for segment in self._template(path).split("/"))


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
