"""From places to a :class:`Contract`: read, overlay, repair, check, freeze."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit

from mock_server.contract import cache
from mock_server.contract.defects import defects
from mock_server.contract.manners import Manners, read_binding, read_manners
from mock_server.contract.model import Contract, Header, MediaType, Operation, Response, SecurityScheme
from mock_server.contract.overlay import apply_overlay
from mock_server.contract.repair import repair
from mock_server.contract.source import Layers, Places, Source, find, mapping_at, parse_source, pointer_of, read_text
from mock_server.contract.walk import Document, operations
from mock_server.errors import ContractError
from mock_server.exchange import JSON, Finding

SUPPORTED = ((3, 0), (3, 1), (3, 2))
RESERVED = ("/~", "/__admin")
"""Paths that are the mock server's own: worlds and control."""


def load_contract(place: str, overlays: Sequence[str] = (), *, strict: bool = False) -> Contract:
    """The contract at a path or URL with overlays applied.

    Raises :class:`ContractError` where it cannot be read, is not OpenAPI 3.0 to 3.2, has a defect without
    a safe repair, or (``strict``) has any defect at all.
    """
    texts = [(place, read_text(place)), *((name, read_text(name, what="overlay")) for name in overlays)]
    digest = cache.digest(text.encode() for _, text in texts)
    # Findings name files, so what is remembered of one place is not told of another.
    key = cache.digest([digest.encode(), *(name.encode() for name, _ in texts)])
    known = _recalled(key)
    places = Places(lambda: _layered(texts)[1])
    if known is None:
        document, findings = _compile(texts)
        kept: list[JSON] = [finding.as_json() for finding in findings]
        cache.remember(key, "contract", {"document": document, "findings": kept})
    else:
        document, findings = known
    if strict and findings:
        raise ContractError(f"{place}: found {_count(findings)}; expected none (--strict).", findings)
    return _freeze(place, document, digest, findings, places)


def _recalled(key: str) -> tuple[Document, tuple[Finding, ...]] | None:
    kept = cache.recall(key, "contract")
    if not isinstance(kept, dict):
        return None
    try:
        findings = cast("list[dict[str, Any]]", kept["findings"])
        return cast("Document", kept["document"]), tuple(Finding(**finding) for finding in findings)
    except (KeyError, TypeError):  # of another version of this program
        return None


def _layered(texts: Sequence[tuple[str, str]]) -> tuple[JSON, Layers]:
    """The document with overlays, and where its parts came from."""
    base, *rest = texts
    source = parse_source(*base)
    _refuse_version(source)
    document: JSON = source.data
    layers = Layers(source)
    for name, text in rest:
        document, origins = apply_overlay(document, parse_source(name, text, what="overlay"))
        layers = Layers(source, layers.origins + origins)
    return document, layers


def _compile(texts: Sequence[tuple[str, str]]) -> tuple[Document, tuple[Finding, ...]]:
    """The document with overlays and repairs, checked; and what was repaired."""
    document, layers = _layered(texts)
    whole = cast("Document", document)
    findings = tuple(defects(whole, layers))
    if not findings:
        findings = tuple(repair(whole, layers))
    if all(one.severity != "error" for one in findings):
        findings += tuple(_disputed(whole, layers))
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        raise ContractError(f"{layers.name}: found {_count(errors)}; expected a contract that can be served.", errors)
    return whole, findings


def _count(errors: Sequence[Finding]) -> str:
    return "a defect" if len(errors) == 1 else f"{len(errors)} defects"


def _refuse_version(source: Source) -> None:
    data = source.data if isinstance(source.data, dict) else {}
    key = "openapi" if "openapi" in data else "swagger"
    version = data.get(key)
    if version is None:
        raise ContractError(
            f"{source.location('')}: found no member openapi; expected an OpenAPI document (openapi: 3.1.0)."
            " Give the path of a contract."
        )
    match = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)?(-.+)?", str(version))
    if not match or (int(match[1]), int(match[2])) not in SUPPORTED:
        raise ContractError(
            f"{source.place('/' + key)}: found version {version!r}; expected OpenAPI 3.0, 3.1 or 3.2."
            " Convert the contract."
        )


def _disputed(document: Document, layers: Layers) -> list[Finding]:
    """What openapi-spec-validator has against the document."""
    # Imported here: a remembered contract does not need it, and it is a third of the start-up time.
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator
    from openapi_spec_validator.schemas.backend.jsonschema import create_validator

    from mock_server.contract.schema_error import explain

    judges = {(3, 0): OpenAPIV30SpecValidator, (3, 1): OpenAPIV31SpecValidator, (3, 2): OpenAPIV32SpecValidator}
    validator = judges[_version(document)]
    found = []
    try:
        # With jsonschema-rs at hand the validator uses it, which is quick and tells neither keyword nor value;
        # what there is to explain is found once more by jsonschema.
        if next(iter(validator(cast("dict[Any, Any]", document)).iter_errors()), None) is None:
            return []
        explaining = validator(cast("dict[Any, Any]", document))
        explaining.schema_validator = create_validator(dict(cast("Any", explaining.schema_validator).schema))
        for error in explaining.iter_errors():
            pointer, what, expected = explain(error)
            pointer = _whole_pointer(document, pointer, getattr(error, "instance", None))
            found.append(Finding("openapi", layers.location(pointer), what, expected, pointer, "Mend the contract."))
    except Exception as crash:  # the validator walks a document that may be wrong in any way
        what = f"something that stops the validator ({type(crash).__name__}: {crash})"
        found.append(Finding("openapi", layers.location(""), what, "an OpenAPI document", "", "Mend the contract."))
    return found


def _whole_pointer(document: Document, pointer: str, instance: object) -> str:
    """The pointer from the document's root: the validator counts from the schema it is in.

    That schema is found again by what stands there.
    """
    stack: list[tuple[str, JSON]] = [("", document)]
    while stack:
        start, node = stack.pop(0)
        try:
            if find(node, pointer) == instance:
                return start + pointer
        except KeyError:
            pass
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        stack += [(start + pointer_of(key), child) for key, child in children]
    return pointer


def _version(document: Mapping[str, JSON]) -> tuple[int, int]:
    major, minor = str(document["openapi"]).split(".")[:2]
    return int(major), int(minor)


def _freeze(place: str, document: Document, digest: str, findings: tuple[Finding, ...], layers: Places) -> Contract:
    info = mapping_at(document, "info")
    manners = read_manners(document, layers)
    table = {one.key: one for one in (_operation(document, layers, *found) for found in operations(document))}
    _refuse_reserved(table, layers)
    schemes = {
        name: _scheme(document, name, node)
        for name, node in mapping_at(document.get("components"), "securitySchemes").items()
    }
    _refuse_unknown_names(manners, document, schemes, layers)
    for operation in table.values():
        if operation.resource is not None and operation.resource not in manners.resources:
            where = f"{operation.pointer}/x-mock-fixture/resource"
            raise _unknown(layers, where, f"the resource {operation.resource!r}", "one of x-mock-resources")
    return Contract(
        name=place,
        document=document,
        digest=digest,
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        openapi=_version(document),
        operations=table,
        schemes=schemes,
        manners=manners,
        base_paths=_base_paths(document),
        findings=findings,
        locate=layers.location,
    )


def _refuse_reserved(table: Mapping[str, Operation], layers: Places) -> None:
    for operation in table.values():
        for prefix in RESERVED:
            if operation.path == prefix or operation.path.startswith(prefix if prefix == "/~" else prefix + "/"):
                raise ContractError(
                    f"{layers.place(operation.pointer)}: found the path {operation.path!r};"
                    f" expected none below {prefix}, which is the mock server's own. Rename the path."
                )


def _refuse_unknown_names(
    manners: Manners, document: Document, schemes: Mapping[str, SecurityScheme], layers: Places
) -> None:
    """Refuse x-mock data that names what the contract does not have."""
    for index, kind in enumerate(manners.tokens):
        where = pointer_of("x-mock-tokens", index)
        for name in kind.schemes:
            if name not in schemes:
                raise _unknown(layers, where + "/schemes", f"the scheme {name!r}", "a security scheme of the contract")
        if kind.selects is not None and kind.selects not in manners.resources:
            raise _unknown(layers, where + "/selects", f"the resource {kind.selects!r}", "one of x-mock-resources")
    references = {
        pointer_of("x-mock-failures", name, "response"): one.response for name, one in manners.failures.items()
    }
    for name, failure in manners.failures.items():
        where = pointer_of("x-mock-failures", name, "example")
        response = response_of(document, str(failure.status), {"$ref": failure.response})
        known = {one for media in response.content for one in media.examples}
        if failure.example and failure.example not in known:
            raise _unknown(layers, where, f"the example {failure.example!r}", "one of the response's examples")
    references |= {
        pointer_of("x-mock-resources", name, "schema"): one.schema for name, one in manners.resources.items()
    }
    for where, reference in references.items():
        if _resolve(document, {"$ref": reference}) is None:
            raise _unknown(layers, where, f"the reference {reference!r}", "something in the contract")


def _unknown(layers: Places, pointer: str, found: str, expected: str) -> ContractError:
    return ContractError(f"{layers.place(pointer)}: found {found}; expected {expected}. Mend the overlay.")


def _operation(document: Document, layers: Places, pointer: str, node: Document) -> Operation:
    path, method = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[2:4])
    security = node.get("security", document.get("security", []))
    identifier = node.get("operationId")
    return Operation(
        key=f"{method.upper()} {path}",
        method=method.upper(),
        path=path,
        operation_id=identifier if isinstance(identifier, str) else None,
        pointer=pointer,
        responses={
            status: response_of(document, status, item)
            for status, item in mapping_at(node, "responses").items()
            if not status.startswith("x-")
        },
        security=tuple(tuple(one) for one in security if isinstance(one, dict)) if isinstance(security, list) else (),
        resource=read_binding(node, pointer, layers),
        deprecated=_flag(node, "deprecated"),
    )


def response_of(document: Mapping[str, JSON], status: str, node: JSON) -> Response:
    """A response object, or a reference to one, as a :class:`Response`."""
    response = _resolve(document, node)
    headers = tuple(
        _header(document, name, _resolve(document, item))
        for name, item in mapping_at(response, "headers").items()
        if name.lower() != "content-type"  # OpenAPI 3.1, Response Object: ignored
    )
    content = tuple(_media_type(document, name, one) for name, one in mapping_at(response, "content").items())
    return Response(status, headers, content)


def _media_type(document: Mapping[str, JSON], name: str, node: JSON) -> MediaType:
    media = mapping_at({"": node}, "")
    external = frozenset(
        key for key, item in mapping_at(media, "examples").items()
        if mapping_at({"": _resolve(document, item)}, "").keys() & {"externalValue"}
    )  # fmt: skip
    examples = _examples(document, node)
    return MediaType(name, media.get("schema"), examples, external - examples.keys(), media.get("itemSchema"))


def _header(document: Mapping[str, JSON], name: str, node: JSON) -> Header:
    """A header object; one that is described by ``content`` holds JSON."""
    for media in mapping_at(node if isinstance(node, dict) else {}, "content").values():
        described = media if isinstance(media, dict) else {}
        schema, examples = described.get("schema", True), _examples(document, media)
        return Header(name, _flag(node, "required"), schema, examples, is_json=True)
    schema = node.get("schema", True) if isinstance(node, dict) else True
    return Header(name, _flag(node, "required"), schema, _examples(document, node), _flag(node, "explode"))


def _flag(node: JSON, key: str) -> bool:
    return isinstance(node, dict) and node.get(key) is True


def _examples(document: Mapping[str, JSON], node: JSON) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    if isinstance(node, dict) and "example" in node:
        found[""] = node["example"]
    for name, item in mapping_at(node, "examples").items():
        example = _resolve(document, item)
        said = mapping_at({"": example}, "")
        key = next((one for one in ("value", "dataValue", "serializedValue") if one in said), None)
        if key is not None:  # the latter two are of OpenAPI 3.2
            found[name] = said[key]
    return found


def _resolve(document: Mapping[str, JSON], node: JSON) -> JSON:
    for _ in range(100):  # a chain of references longer than this goes in a circle
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            return node
        try:
            node = find(dict(document), unquote(cast("str", node["$ref"])))
        except KeyError:
            return None
    return None


def _scheme(document: Document, name: str, node: JSON) -> SecurityScheme:
    data = mapping_at({"": _resolve(document, node)}, "")
    return SecurityScheme(
        name=name,
        type=str(data.get("type", "")),
        scheme=str(data.get("scheme", "")).lower(),
        place=str(data.get("in", "")),
        key=str(data.get("name", "")),
    )


def _base_paths(document: Document) -> tuple[str, ...]:
    """The paths of ``servers``, longest first, without the trailing slash; always with the empty one."""
    servers = document.get("servers")
    paths = {""}
    for server in servers if isinstance(servers, list) else []:
        url = str(mapping_at({"": server}, "").get("url", ""))
        for name, variable in mapping_at(server, "variables").items():
            url = url.replace("{" + name + "}", str(mapping_at({"": variable}, "").get("default", "")))
        paths.add(urlsplit(urljoin("/", url)).path.rstrip("/"))
    return tuple(sorted(paths, key=lambda path: (-len(path), path)))
