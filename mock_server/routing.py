"""Which operation a method and a path mean: Connexion's routes, asked in the order OpenAPI wants.

Connexion reads the operations out of the contract and makes Starlette routes of them; those routes do
the matching. Three things are not left to Connexion's router: it takes the first match in document
order where OpenAPI 3.1 ("Path Templating Matching") wants the concrete path before the templated; it
lists one method in ``Allow`` where RFC 9110 (15.5.6) wants all; and it decides on HEAD and slashes by
itself, where each API has manners of its own. Path parameters are matched as texts: whether ``abc`` is
an integer is for the judge to say, with a reason, and not a 404.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, cast

with warnings.catch_warnings():
    # Connexion 3.3 imports Starlette's test client, which warns about its own use of httpx.
    warnings.simplefilter("ignore")
    from connexion.middleware.routing import RoutingAPI, RoutingOperation
    from connexion.operations.abstract import AbstractOperation
    from connexion.resolver import Resolver
    from connexion.spec import OpenAPISpecification
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute

from mock_server.contract.model import Contract
from mock_server.exchange import Route


class _Specification(OpenAPISpecification):
    """Connexion knows 3.0 alone; the contract was checked when it was loaded."""

    @classmethod
    def _validate_spec(cls, spec: object) -> None:
        return None


class _Resolver(Resolver):
    """Operations have no function to find: every one is answered by the engine."""

    def resolve_function_from_operation_id(self, operation_id: str) -> None:
        return None


class _Routes(RoutingAPI):
    """Connexion's own routes, with path parameters as texts."""

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return RoutingAPI._framework_path_and_name(cast("AbstractOperation", _Untyped(operation)), path)


class _Untyped:
    """An operation that says of no path parameter that it is a number."""

    def __init__(self, operation: AbstractOperation) -> None:
        self.operation = operation

    def get_path_parameter_types(self) -> dict[str, str]:
        return {}


class Router:
    """The routes of one contract. Built at load; asked once a request."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._concrete: dict[str, list[StarletteRoute]] = {}
        self._templated: dict[int, list[StarletteRoute]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        for route in self._connexion_routes():
            if route.param_convertors:
                self._templated.setdefault(route.path.count("/"), []).append(route)
            else:
                self._concrete.setdefault(route.path, []).append(route)
        for routes in self._templated.values():
            routes.sort(key=lambda route: _specificity(route.path), reverse=True)

    def route(self, method: str, path: str) -> Route:
        """The operation for a method and a decoded path, or what the path has instead (see :class:`Route`)."""
        allow: list[str] = []
        for base in self._contract.base_paths:
            if path.startswith(base + "/"):
                found = self._match(method, path[len(base) :], allow)
                if found is not None:
                    return found
        return Route(allow=tuple(dict.fromkeys(sorted(allow))), redirect=self._redirect(path, allow))

    def _match(self, method: str, path: str, allow: list[str]) -> Route | None:
        scope = {"type": "http", "method": self._method(method), "path": path, "root_path": ""}
        candidates = self._concrete.get(path) or self._templated.get(path.count("/"), [])
        for route in candidates:
            match, child = route.matches(scope)
            if match is Match.FULL and scope["method"] in self._methods(route):
                return self._found(child)
            if match is not Match.NONE:
                allow.extend(self._methods(route))
        return None

    def _method(self, method: str) -> str:
        """HEAD is GET without the body (RFC 9110, 9.3.2), unless this API refuses it."""
        return "GET" if method == "HEAD" and self._contract.manners.head == "answer" else method

    def _methods(self, route: StarletteRoute) -> set[str]:
        """The methods of the operation alone: Starlette adds HEAD to every GET."""
        return {self._contract.operations[_key(route.endpoint)].method}

    def _found(self, child: Mapping[str, Any]) -> Route:
        key = _key(child["endpoint"])
        return Route(key, dict(zip(self._names[key], child["path_params"].values(), strict=True)))

    def _redirect(self, path: str, allow: list[str]) -> str | None:
        """The path without its slash, where that leads somewhere and this API redirects."""
        if allow or self._contract.manners.trailing_slash != "redirect" or not path.endswith("/"):
            return None
        shorter = path.rstrip("/")
        found = self.route("GET", shorter) if shorter else Route()
        return shorter if found.operation or found.allow else None

    def _connexion_routes(self) -> list[StarletteRoute]:
        routes = _Routes(self._specification(), next_app=_nowhere, base_path="", resolver=_Resolver())
        return [route for route in routes.router.routes if isinstance(route, StarletteRoute)]

    def _specification(self) -> _Specification:
        """The paths of the contract for Connexion: the operations under keys that are never missing or doubled.

        What is below an operation stays out. Connexion would resolve every reference of it, which takes
        longer than all the rest of the loading on a large contract, and reads none of it for routing.
        """
        paths: dict[str, dict[str, object]] = {}
        for key, operation in self._contract.operations.items():
            template, names = _plain_names(operation.path)
            self._names[key] = names
            paths.setdefault(template, {})[operation.method.lower()] = {"operationId": key, "responses": {}}
        info = {"title": self._contract.title, "version": self._contract.version}
        return _Specification({"openapi": "3.1.0", "info": info, "paths": paths})  # type: ignore[no-untyped-call]


def _plain_names(path: str) -> tuple[str, tuple[str, ...]]:
    """The template with parameters called p0, p1 ..., and their real names.

    Connexion rewrites ``{pet-id}`` to ``pet_id``, and Starlette takes only names that are identifiers.
    """
    template = ""
    names: list[str] = []
    rest = path
    while "{" in rest and "}" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        template += f"{before}{{p{len(names)}}}"
        names.append(name)
    return template + rest, tuple(names)


def _specificity(path: str) -> tuple[bool, ...]:
    """Segment by segment, literal before templated: the greater is asked first."""
    return tuple("{" not in segment for segment in path.split("/"))


def _key(endpoint: object) -> str:
    return str(cast("RoutingOperation", endpoint).operation_id)


async def _nowhere(scope: object, receive: object, send: object) -> None:
    """Stands where Connexion wants an application: the routes are asked, never called."""
