"""Defects of a contract that have one safe repair: found, repaired, and always reported.

Each rule is a function that repairs the document in place and yields what it found. A defect without a safe repair is
reported with severity ``error`` and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.openapi.loading.dangling_references import repair_dangling_references
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.model import path_parts
from mock_server.openapi.traversal import METHODS, Document, operations, resolved

Rule = Callable[[Document, LayeredSourceMap], Iterator[Diagnostic]]


def repair(document: Document, source: LayeredSourceMap) -> list[Diagnostic]:
    """Repair ``document`` in place; the findings say what was wrong and what was done."""
    return [finding for rule in RULES for finding in rule(document, source)]


def _loose_version(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Repair a version that YAML reads as a number, or one of only two numbers."""
    version = document["openapi"]
    text = str(version)
    whole = text if text.count(".") > 1 else f"{text}.0"
    if version != whole:
        yield _repaired(
            "version", source, "/openapi", repr(version), "a text such as '3.1.0'", f"it is read as {whole!r}"
        )
        document["openapi"] = whole


def _missing_info(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    info = document.get("info")
    if not isinstance(info, dict):
        document["info"] = info = {}
    for key, value in (("title", source.name), ("version", "0")):
        if isinstance(info.get(key), (int, float)) and not isinstance(info[key], bool):
            value = str(info[key])
        if not isinstance(info.get(key), str):
            actual = f"no {key}" if key not in info else f"{info[key]!r}"
            yield _repaired("missing-info", source, pointer_of("info", key), actual, "a text", f"{value!r} is used")
            info[key] = value


def _missing_description(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    if str(document["openapi"]).startswith("3.2"):  # which has a summary, too, and asks for neither
        return
    for pointer, operation in operations(document):
        for status, response in mapping_at(operation, "responses").items():
            if isinstance(response, dict) and "$ref" not in response and "description" not in response:
                where = f"{pointer}{pointer_of('responses', status)}"
                yield _repaired(
                    "missing-description", source, where, "a response without description", "one", "left blank"
                )
                response["description"] = ""


def _undeclared_path_parameter(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    for path, item in mapping_at(document, "paths").items():
        shared = _parameter_names(document, item)
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if not isinstance(operation, dict):
                continue
            for name in re.findall(r"\{([^{}]+)\}", path):
                if name not in shared | _parameter_names(document, operation):
                    where = pointer_of("paths", path, method)
                    yield _repaired(
                        "undeclared-path-parameter",
                        source,
                        where,
                        f"no parameter {name!r}",
                        "a parameter in path",
                        "it is taken as a text",
                    )
                    declared = operation.get("parameters")
                    added: JSON = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                    operation["parameters"] = [*(declared if isinstance(declared, list) else []), added]


def _parameter_names(document: Document, node: JSON) -> set[str]:
    parameters = node.get("parameters") if isinstance(node, dict) else None
    names: set[str] = set()
    for parameter in parameters if isinstance(parameters, list) else []:
        parameter = resolved(document, parameter)
        if isinstance(parameter, dict) and parameter.get("in") == "path":
            names.add(str(parameter.get("name")))
    return names


def _odd_paths(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    paths = mapping_at(document, "paths")
    for path in [path for path in paths if not path.startswith("x-")]:
        where = pointer_of("paths", path)
        outside = "".join(part.rpartition("}")[2] for part in path.split("{"))
        whole = path.count("{") == path.count("}") and "}" not in outside and "{}" not in path
        if not whole or any(part.count("}") != 1 for part in path.split("{")[1:]):
            yield _repaired(
                "path",
                source,
                where,
                repr(path),
                "a path whose braces each hold the name of a parameter",
                "it is left out",
            )
            del cast("Document", paths)[path]
        elif not path.startswith("/"):
            correction = "/" + path
            done = "it is left out" if correction in paths else f"{correction!r} is served"
            yield _repaired("path", source, where, repr(path), "a path that begins with a slash", done)
            item = cast("Document", paths).pop(path)
            cast("Document", paths).setdefault(correction, item)


def _path_fragments(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Report paths with a fragment, which authors add to tell operations apart that have one path."""
    for path in mapping_at(document, "paths"):
        template, _, fragment = path_parts(path)
        if fragment and not path.startswith("x-"):
            done = f"{template!r} is served, by the first of its operations that accepts the request"
            yield _repaired(
                "fragment",
                source,
                pointer_of("paths", path),
                repr(path),
                "a path without a fragment, which no client sends",
                done,
            )


def _identical_paths(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Remove operations that no path tells apart from an earlier one (OpenAPI 3.1, Paths Object).

    The earlier one takes the later one's path parameters too: Xero has attachments by a UUID or by their name.
    """
    first: dict[tuple[str, str], str] = {}
    for path, item in mapping_at(document, "paths").items():
        plain = re.sub(r"\{[^}]*\}", "{}", path)
        for method in [name for name in METHODS if isinstance(item, dict) and isinstance(item.get(name), dict)]:
            owner = first.setdefault((plain, method), path)
            if owner != path:
                expected = f"an operation that a path tells from that of {owner!r}"
                where = pointer_of("paths", path, method)
                done = "it is left out, and the other takes its path parameters"
                yield _repaired("identical-paths", source, where, repr(path), expected, done)
                _take_path_parameters(document, (owner, method), (path, method))
                del cast("Document", item)[method]


def _take_path_parameters(document: Document, taker: tuple[str, str], other: tuple[str, str]) -> None:
    """Have an operation (its path and method) take in its path what another one of the same form takes there."""
    own, others = _path_parameters(document, *taker), _path_parameters(document, *other)
    widened: list[JSON] = []
    for name, other_name in zip(_template_names(taker[0]), _template_names(other[0]), strict=True):
        schemas = [parameters.get(key, {}).get("schema") for parameters, key in ((own, name), (others, other_name))]
        if None not in schemas and schemas[0] != schemas[1]:
            widened.append({**own[name], "schema": {"anyOf": schemas}})
    if not widened:
        return
    names = {cast("Document", parameter)["name"] for parameter in widened}
    operation = cast("Document", mapping_at(mapping_at(document, "paths"), taker[0])[taker[1]])
    remaining = [node for node in _listed(operation.get("parameters")) if _path_name(document, node) not in names]
    operation["parameters"] = [*remaining, *widened]


def _path_parameters(document: Document, path: str, method: str) -> dict[str, Document]:
    """Return the path parameters of an operation by their names; its own hide those of its path."""
    item = mapping_at(mapping_at(document, "paths"), path)
    listed = [node for place in (item, mapping_at(item, method)) for node in _listed(place.get("parameters"))]
    named = ((_path_name(document, node), resolved(document, node)) for node in listed)
    return {name: cast("Document", parameter) for name, parameter in named if name is not None}


def _path_name(document: Document, node: JSON) -> str | None:
    """Return the name of a path parameter; None for any other parameter."""
    parameter = resolved(document, node)
    is_in_path = isinstance(parameter, dict) and parameter.get("in") == "path"
    return str(cast("Document", parameter).get("name")) if is_in_path else None


def _listed(node: JSON) -> list[JSON]:
    return node if isinstance(node, list) else []


def _template_names(path: str) -> list[str]:
    return re.findall(r"\{([^}]*)\}", path)


def _odd_servers(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    servers = document.get("servers")
    # From the end, since removing a server moves those after it.
    for index in reversed(range(len(servers) if isinstance(servers, list) else 0)):
        server = cast("list[JSON]", servers)[index]
        url = server.get("url") if isinstance(server, dict) else None
        try:
            urlsplit(url if isinstance(url, str) else "")
        except ValueError:
            where = pointer_of("servers", index, "url")
            yield _repaired("server", source, where, repr(url), "the URL of a server", "the server is left out")
            del cast("list[JSON]", servers)[index]


def _unknown_schemes(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    schemes = mapping_at(document.get("components"), "securitySchemes")
    for pointer, node in [("", document), *operations(document)]:
        alternatives = node.get("security")
        for index, alternative in enumerate(alternatives if isinstance(alternatives, list) else []):
            for name in [name for name in alternative if name not in schemes] if isinstance(alternative, dict) else ():
                where = pointer + pointer_of("security", index, name)
                yield _repaired(
                    "security-scheme",
                    source,
                    where,
                    repr(name),
                    "one of components.securitySchemes",
                    "no credential is required for it",
                )
                del cast("Document", alternative)[name]


def _odd_statuses(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Repair keys of ``responses`` that are neither a status nor a range: ``2xx``, ``200 OK``, ``success``."""
    for pointer, operation in operations(document):
        responses = operation.get("responses")
        for key in [*responses] if isinstance(responses, dict) else ():
            if re.fullmatch(r"[1-5](\d\d|XX)|default|x-.*", key) or not isinstance(responses, dict):
                continue
            match = re.match(r"[1-5](\d\d|XX)|DEFAULT", key.upper())
            name = match[0].replace("DEFAULT", "default") if match else ""
            done = f"it is read as {name!r}" if name and name not in responses else "it is left out"
            yield _repaired(
                "status",
                source,
                pointer + pointer_of("responses", key),
                repr(key),
                "a status, a range such as '2XX', or 'default'",
                done,
            )
            response = responses.pop(key)
            if name:
                responses.setdefault(name, response)


def _missing_responses(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    for pointer, operation in operations(document):
        responses = operation.get("responses", None if not _is_newer(document) else {"": ""})
        if responses in (None, {}):
            yield _repaired(
                "missing-responses",
                source,
                pointer,
                "an operation without responses",
                "at least one",
                "it answers 200 without a body",
            )
            operation["responses"] = {"200": {"description": ""}}


def _is_newer(document: Document) -> bool:
    return not str(document["openapi"]).startswith("3.0")


def _idle_path_parameter(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Remove parameters in path that the path does not have: no request can contain one."""
    for path, item in mapping_at(document, "paths").items():
        names = set(re.findall(r"\{([^{}]+)\}", path))
        places = [(pointer_of("paths", path), item)]
        places += [
            (pointer_of("paths", path, method), item.get(method)) for method in METHODS if isinstance(item, dict)
        ]
        for pointer, node in places:
            listed = node.get("parameters") if isinstance(node, dict) else None
            # From the end, since removing a parameter moves those after it.
            for index in reversed(range(len(listed) if isinstance(listed, list) else 0)):
                parameter = resolved(document, cast("list[JSON]", listed)[index])
                if (
                    isinstance(parameter, dict)
                    and parameter.get("in") == "path"
                    and str(parameter.get("name")) not in names
                ):
                    where = f"{pointer}/parameters/{index}"
                    yield _repaired(
                        "idle-path-parameter",
                        source,
                        where,
                        f"{parameter.get('name')!r} in path",
                        "a parameter that the path has",
                        "it is left out",
                    )
                    del cast("list[JSON]", listed)[index]


def _duplicate_operation_id(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    first: dict[str, str] = {}
    for pointer, operation in operations(document):
        name = operation.get("operationId")
        if isinstance(name, str):
            if name in first:
                yield _repaired(
                    "duplicate-operation-id",
                    source,
                    f"{pointer}/operationId",
                    f"{name!r} a second time",
                    "an operationId of its own",
                    "the operation goes without",
                )
                del operation["operationId"]
            first.setdefault(name, pointer)


# In this order, since later rules rely on what earlier ones repair (the version first of all).
RULES: tuple[Rule, ...] = (
    _loose_version,
    _missing_info,
    _odd_paths,
    _path_fragments,
    _identical_paths,
    _odd_servers,
    _unknown_schemes,
    _odd_statuses,
    _missing_responses,
    _missing_description,
    repair_dangling_references,
    _undeclared_path_parameter,
    _idle_path_parameter,
    _duplicate_operation_id,
)


def _repaired(rule: str, source: LayeredSourceMap, pointer: str, actual: str, expected: str, done: str) -> Diagnostic:
    return Diagnostic(rule, source.location(pointer), actual, expected, pointer, f"Repaired: {done}.", "repaired")
