"""A call that a person can try: an operation that is easily asked, with what it requires and a token that works."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import cast
from urllib.parse import quote

from mock_server.core.errors import StoreError
from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.model import Contract, Operation, SecurityScheme

_ANY = "demo"
"""A credential where the contract accepts any."""
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "uuid": "7a1c2f0e-5b7d-4d3c-9e38-0d6d3c1f2a4b",
    "uuid4": "7a1c2f0e-5b7d-4d3c-9e38-0d6d3c1f2a4b",
}
"""Texts of the formats that parameters usually have."""

Parameter = Mapping[str, JSON]


def sample_curl(mount: ApiMount, url: str, options: str = "") -> str:
    """Return a ``curl`` command for a GET of a contract that is served at ``url``; empty where none is easily asked.

    Operations that require nothing in their paths go first. ``options`` are further ones of curl, as a shell reads
    them.
    """
    operations = [operation for operation in mount.contract.operations.values() if operation.method == "GET"]
    for operation in sorted(operations, key=lambda candidate: candidate.path.count("{")):
        call = _call(mount, operation)
        if call is not None:
            target, headers = call
            flags = "".join(f" -H {shlex.quote(header)}" for header in headers)
            more = f" {options}" if options else ""
            return f"curl -s{more}{flags} {shlex.quote(url + mount.base_path + target)}"
    return ""


def _call(mount: ApiMount, operation: Operation) -> tuple[str, list[str]] | None:
    """Return path with query, and header lines, of a request for an operation; None where a value is not at hand."""
    target, queries, headers = operation.path.partition("#")[0], list[str](), list[str]()
    for parameter in _parameters(mount.contract, operation):
        name, place = str(parameter.get("name")), parameter.get("in")
        if parameter.get("required") is not True and place != "path":
            continue
        value = _value(mount.contract, parameter)
        if value is None or place not in ("path", "query", "header"):
            return None
        if place == "path":
            target = target.replace(f"{{{name}}}", quote(value, safe=""))
        elif place == "query":
            queries.append(f"{quote(name, safe='')}={quote(value, safe='')}")
        else:
            headers.append(f"{name}: {value}")
    credentials = _credentials(mount, operation)
    if credentials is None or "{" in target or not "".join(headers).isprintable():
        return None
    headers += credentials[0]
    queries += credentials[1]
    if queries:
        target += ("&" if "?" in target else "?") + "&".join(queries)
    return target, headers


def _parameters(contract: Contract, operation: Operation) -> Iterator[Parameter]:
    """Yield the parameters of an operation and of its path; those of the operation replace the others of their name."""
    document, seen = contract.document, set[tuple[JSON, JSON]]()
    for pointer in (operation.pointer, operation.pointer.rpartition("/")[0]):
        node = value_at(document, pointer)
        listed = node.get("parameters") if isinstance(node, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            parameter = contract.resolve(entry)
            if isinstance(parameter, dict) and (key := (parameter.get("name"), parameter.get("in"))) not in seen:
                seen.add(key)
                yield parameter


def _value(contract: Contract, parameter: Parameter) -> str | None:
    """Return a text for a parameter: its example, or what its schema says in a word; None where that takes a search."""
    schema = contract.resolve(parameter.get("schema"))
    schema = schema if isinstance(schema, dict) else {}
    candidates = [parameter.get("example"), schema.get("example"), schema.get("default"), schema.get("const")]
    candidates += [
        entry[0] for entry in (schema.get("enum"), schema.get("examples")) if isinstance(entry, list) and entry
    ]
    for candidate in candidates:
        if isinstance(candidate, (str, int, float)):
            return str(candidate).lower() if isinstance(candidate, bool) else str(candidate)
    if schema.get("type") in ("integer", "number"):
        return str(schema.get("minimum", 1))
    if schema.get("type") != "string" or "pattern" in schema:
        return None
    if "format" in schema:
        return _FORMATS.get(str(schema["format"]))
    longest = schema.get("maxLength")
    return "x" * max(1, cast("int", schema.get("minLength", 1))) if longest != 0 else None


def _credentials(mount: ApiMount, operation: Operation) -> tuple[list[str], list[str]] | None:
    """Return header lines and query parts with credentials that are accepted; None where there are none to offer."""
    if not operation.security or () in operation.security:
        return [], []
    for alternative in operation.security:
        schemes = [mount.contract.schemes.get(name) for name in alternative]
        offered = [_credential(mount, scheme) for scheme in schemes if scheme is not None]
        if len(offered) == len(alternative) and all(offered):
            headers = [text for kind, text in filter(None, offered) if kind == "header"]
            return headers, [text for kind, text in filter(None, offered) if kind == "query"]
    return None


def _credential(mount: ApiMount, scheme: SecurityScheme) -> tuple[str, str] | None:
    """Return where a credential of a scheme goes (``header``, ``query``) and the line or part that has it."""
    if scheme.type == "apiKey" and scheme.place == "header":
        return "header", f"{scheme.key}: {_ANY}"
    if scheme.type == "apiKey" and scheme.place == "query":
        return "query", f"{quote(scheme.key, safe='')}={_ANY}"
    if scheme.type == "apiKey":
        return "header", f"Cookie: {scheme.key}={_ANY}"
    if scheme.type == "http" and scheme.scheme == "basic":
        return "header", "Authorization: Basic ZGVtbzpkZW1v"
    if scheme.type == "http" and scheme.scheme != "bearer":
        return None
    token = _token(mount, scheme)
    return ("header", f"Authorization: Bearer {token}") if token else None


def _token(mount: ApiMount, scheme: SecurityScheme) -> str:
    """Return a token of a scheme: of the first record that such tokens select, where they select any."""
    extensions = mount.contract.extensions
    if not extensions.tokens:
        return _ANY
    kind = next((kind for kind in extensions.tokens if scheme.name in kind.schemes), None)
    if kind is None:
        return ""
    record = None
    if kind.selects:
        with suppress(StoreError):  # of a server with workers each has the store for itself
            record = next(iter(mount.store.records(kind.selects)), None)
    return kind.prefix + (record.handle if record is not None else _ANY)
