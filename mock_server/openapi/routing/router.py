"""From a method and a path to an operation, in the order of OpenAPI, at a cost that does not grow with the contract.

The paths are a tree of segments, walked with those of the request, the literal branch before the templated one: OpenAPI
wants the concrete path first, and the cost of a walk depends on the path and not on the contract. The routes themselves
are Connexion's, stored in the cache with the contract: importing Connexion takes longer than all the rest of a second
start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl

from mock_server.core.types import JSON
from mock_server.http.messages import Route
from mock_server.openapi import cache
from mock_server.openapi.model import Contract, path_parts
from mock_server.openapi.routing.raw_path import forms, literal

_REMEMBERED = 1024
"""Most requests whose route is remembered: clients send the same paths again."""
_LONGEST = 512
"""Characters of a question that is remembered."""


@dataclass(slots=True)
class _Path:
    """One path of the contract with its operations."""

    template: str
    source: str
    operations: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)
    """By method, the operations and the names of their path parameters; several where fragments tell them apart."""
    query: tuple[tuple[str, str], ...] = ()
    """The part of the path's key after a question mark: the query has to contain it, and may contain more."""
    _pattern: re.Pattern[str] | None = None

    def is_meant(self, query: str) -> bool:
        """Tell whether a query contains what the path's key wants of it."""
        if not self.query:
            return True
        sent = parse_qsl(query, keep_blank_values=True)
        names = {name for name, _ in sent}
        return all(name in names if "{" in value else (name, value) in sent for name, value in self.query)

    def match(self, path: str) -> re.Match[str] | None:
        """Match a path with Connexion's pattern, which decides; compiled at first use, since most are never used."""
        if self._pattern is None:
            self._pattern = re.compile(self.source)
        return self._pattern.fullmatch(path)


@dataclass(slots=True)
class _TrieNode:
    """The paths with the same beginning. ``literal`` by the text of the next segment; ``open`` for a parameter."""

    literal: dict[str, _TrieNode] = field(default_factory=dict)
    open: _TrieNode | None = None
    paths: list[_Path] = field(default_factory=list)


class Router:
    """The routes of one contract. Built at load; used once for each request."""

    def __init__(self, contract: Contract, *, no_cache: bool = False) -> None:
        self._contract = contract
        self._root = _TrieNode()
        paths: dict[str, _Path] = {}
        for operation, pattern, names in _routes(contract, no_cache=no_cache):
            known = contract.operations[operation]
            template, query, _ = path_parts(known.path)
            key = f"{template}?{query}" if query else pattern
            path = paths.get(key)
            if path is None:
                path = paths[key] = _Path(template, pattern, query=tuple(parse_qsl(query, keep_blank_values=True)))
            path.operations.setdefault(known.method, []).append((operation, names))
        self._asks_queries = any(path.query for path in paths.values())
        self._remembered = lru_cache(_REMEMBERED)(self._found)
        # Those that ask for a query come before those that take any.
        for path in sorted(paths.values(), key=lambda entry: -len(entry.query)):
            self._plant(path)

    def _plant(self, path: _Path) -> None:
        branch = self._root
        for segment in path.template.split("/"):
            if "{" in segment:
                branch.open = branch.open or _TrieNode()
                branch = branch.open
            else:
                branch = branch.literal.setdefault(literal(segment), _TrieNode())
        branch.paths.append(path)

    def route(self, method: str, path: str, query: str = "") -> Route:
        """Return the operation for a method, a path as sent and a raw query.

        Where there is none, return what there is instead (see :class:`Route`).
        """
        query = query if self._asks_queries else ""
        find = self._remembered if len(method) + len(path) + len(query) <= _LONGEST else self._found
        return find(method, path, query)

    def _found(self, method: str, path: str, query: str) -> Route:
        for form in forms(path):
            route = self._below_a_base(method, form, query)
            if route is not None:
                return route
        if path.endswith("/") and path != "/" and self._contract.extensions.trailing_slash == "ignore":
            return self.route(method, path.rstrip("/"), query)
        return Route(redirect=self._redirect(path))

    def _below_a_base(self, method: str, path: str, query: str) -> Route | None:
        for base in self._contract.base_paths:
            if path.startswith(base + "/"):
                route = self._match(method, path[len(base) :], query)
                if route is not None:
                    return route
        return None

    def _match(self, method: str, path: str, query: str) -> Route | None:
        allow: set[str] = set()
        for candidate in _candidates(self._root, path.split("/"), 0):
            match = candidate.match(path) if candidate.is_meant(query) else None
            if match is None:
                continue
            effective_method = self._method(method, candidate)
            if effective_method in candidate.operations:
                first, *others = [
                    Route(operation, dict(zip(names, match.groups(), strict=True)))
                    for operation, names in candidate.operations[effective_method]
                ]
                return replace(first, others=tuple(others)) if others else first
            if not candidate.query and "{" not in candidate.template:
                # A concrete path is that path and no other, whatever its methods.
                return Route(allow=tuple(sorted(allow | candidate.operations.keys())))
            allow |= candidate.operations.keys()
        return Route(allow=tuple(sorted(allow))) if allow else None

    def _method(self, method: str, path: _Path) -> str:
        """Return GET for HEAD (RFC 9110, 9.3.2), unless the path has HEAD or this API refuses it; else the method."""
        plain = method != "HEAD" or "HEAD" in path.operations or self._contract.extensions.head == "refuse"
        return method if plain else "GET"

    def _redirect(self, path: str) -> str | None:
        """Return the path without its trailing slash, or with one, where that matches and this API redirects."""
        if self._contract.extensions.trailing_slash != "redirect":
            return None
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        routes = [self._below_a_base("GET", form, "") for form in forms(other)] if other else []
        return other if any(route is not None and (route.operation or route.allow) for route in routes) else None


def _candidates(branch: _TrieNode, segments: list[str], at: int) -> Iterator[_Path]:
    """Yield the paths that may match, segment by segment the literal before the templated."""
    if at == len(segments):
        yield from branch.paths
        return
    literal = branch.literal.get(segments[at])
    if literal is not None:
        yield from _candidates(literal, segments, at + 1)
    if branch.open is not None:
        yield from _candidates(branch.open, segments, at + 1)


def _routes(contract: Contract, *, no_cache: bool) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the operation, the pattern and the parameter names of each route."""
    known = None if no_cache else cache.get(contract.digest, "routes")
    if not _is_complete(known, contract):
        from mock_server.openapi.routing.connexion_adapter import read_routes

        known = [cast("JSON", asdict(route)) for route in read_routes(contract)]
        if not no_cache:
            cache.put(contract.digest, "routes", known)
    rows = cast("list[dict[str, JSON]]", known)
    return [
        (str(row["operation"]), str(row["pattern"]), tuple(map(str, cast("list[str]", row["names"])))) for row in rows
    ]


def _is_complete(known: JSON, contract: Contract) -> bool:
    return isinstance(known, list) and [cast("dict[str, JSON]", row).get("operation") for row in known] == [
        *contract.operations
    ]
