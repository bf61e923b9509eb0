"""The routes of a contract, read by Connexion. The only importer of connexion.

Connexion walks the paths and operations of the document and makes Starlette routes of them; only each route's operation
and compiled path are used from here on. Connexion's own router is not used: it takes the first match in document order
where OpenAPI 3.1 ("Path Templating Matching") wants the concrete path before the templated; it lists one method in
``Allow`` where RFC 9110 (15.5.6) wants all; and it decides on HEAD and slashes by itself, where each API has its own
HTTP behaviour.
"""

from __future__ import annotations

import warnings
from typing import cast

from mock_server.core.value_class import value_class
from mock_server.openapi.model import Contract, path_parts
from mock_server.openapi.routing.raw_path import literal

with warnings.catch_warnings():
    # Connexion 3.3 imports Starlette's test client, which warns about its own use of httpx.
    warnings.simplefilter("ignore")
    from connexion.http_facts import METHODS
    from connexion.middleware.routing import RoutingAPI, RoutingOperation
    from connexion.operations.abstract import AbstractOperation
    from connexion.resolver import Resolver
    from connexion.spec import OpenAPISpecification
from starlette.routing import Route


@value_class
class PathRoute:
    """The path of one operation: ``pattern`` is the regular expression, ``names`` are the names of its groups."""

    operation: str
    pattern: str
    names: tuple[str, ...]


def read_routes(contract: Contract) -> list[PathRoute]:
    """Return the routes in document order.

    Path parameters match as texts: validation tells whether ``abc`` is an integer, with a reason, and not a 404.
    """
    plain = {key: _plain_names(path_parts(operation.path)[0]) for key, operation in contract.operations.items()}
    specification = _specification(contract, {key: template for key, (template, _) in plain.items()})
    routes = _Routes(specification, next_app=_nowhere, base_path="", resolver=_Resolver())
    path_routes = [route for route in routes.router.routes if isinstance(route, Route)]
    patterns = {plain[_key(route)][0]: route.path_regex.pattern for route in path_routes}
    return [PathRoute(key, patterns[template], names) for key, (template, names) in plain.items()]


def _specification(contract: Contract, templates: dict[str, str]) -> _Specification:
    """Return the paths of the contract for Connexion, with operation keys as ids, which are never missing or doubled.

    What is below an operation is left out. Connexion would resolve every reference of it, which takes longer than all
    the rest of the loading on a large contract, and reads none of it for routing.
    """
    paths: dict[str, dict[str, object]] = {}
    for key, operation in contract.operations.items():
        METHODS.add(operation.method.lower())  # Connexion passes over methods that it does not know
        # Paths that their queries or fragments tell apart have one pattern.
        paths.setdefault(templates[key], {})[operation.method.lower()] = {"operationId": key, "responses": {}}
    info = {"title": contract.title, "version": contract.version}
    return _Specification({"openapi": "3.1.0", "info": info, "paths": paths})  # type: ignore[no-untyped-call]


def _plain_names(path: str) -> tuple[str, tuple[str, ...]]:
    """Return the template with parameters named p0, p1 ..., and their real names.

    Connexion rewrites ``{pet-id}`` to ``pet_id``, and Starlette accepts only names that are identifiers.
    """
    template = ""
    names: list[str] = []
    rest = path
    while "{" in rest and "}" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        template += f"{literal(before)}{{p{len(names)}}}"
        names.append(name)
    return template + literal(rest), tuple(names)


def _key(route: Route) -> str:
    return str(cast("RoutingOperation", route.endpoint).operation_id)


class _Specification(OpenAPISpecification):
    """Skips Connexion's validation, which knows 3.0 alone; the contract was validated when it was loaded."""

    @classmethod
    def _validate_spec(cls, spec: object) -> None:
        return None


class _Resolver(Resolver):
    """Finds no functions for operations: the engine answers every one."""

    def resolve_function_from_operation_id(self, operation_id: str) -> None:
        return None


class _Routes(RoutingAPI):
    """Connexion's own routes, with path parameters as texts."""

    @staticmethod
    def _framework_path_and_name(operation: AbstractOperation, path: str) -> tuple[str, str]:
        return RoutingAPI._framework_path_and_name(cast("AbstractOperation", _Untyped(operation)), path)


class _Untyped:
    """An operation without types of path parameters, so that all of them are texts."""

    def __init__(self, operation: AbstractOperation) -> None:
        self.operation = operation

    def get_path_parameter_types(self) -> dict[str, str]:
        return {}


async def _nowhere(scope: object, receive: object, send: object) -> None:
    """Do nothing: Connexion wants an application, but its routes are only read, never called."""
