"""From places to a :class:`Contract`: read, overlay, repair, check, freeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts
from mock_server.core.text import count_phrase
from mock_server.core.types import JSON
from mock_server.openapi.effects.effect_names import EFFECTS
from mock_server.openapi.extensions import MockExtensions, read_binding, read_extensions
from mock_server.openapi.loading.compiled import Compiled, ContractInput, version_of
from mock_server.openapi.loading.reader import is_url
from mock_server.openapi.loading.source_map import LazySourceMap
from mock_server.openapi.model import Contract, Operation, SecurityScheme
from mock_server.openapi.model_builder import is_true, response_of
from mock_server.openapi.state_extensions import read_absent, read_operation_correction
from mock_server.openapi.traversal import Document, operations, resolved

if TYPE_CHECKING:
    from mock_server.openapi.effects.steps import Step

CONTROL = "/__admin"
WORLDS = "/~"
RESERVED = (WORLDS, CONTROL)
"""Paths that belong to the mock server itself."""
_FIXTURES = "one of x-mock-resources that has a schema"


def load_contract(
    place: str, overlays: Sequence[str] = (), *, strict: bool = False, no_cache: bool = False, may_fetch: bool = False
) -> Contract:
    """Return the contract at a path or URL with overlays applied.

    References to http(s) URLs are followed where the contract itself comes from one or ``may_fetch`` is set. Raises
    :class:`ContractError` where it cannot be read, is not OpenAPI 2.0 or 3.0 to 3.2, has a defect without a safe
    repair, or (``strict``) has any defect at all.
    """
    contract_input = ContractInput(place, tuple(overlays), may_fetch or is_url(place))
    compiled = contract_input.compiled(no_cache=no_cache)
    if strict:
        _refuse_findings(place, compiled.findings)
    contract = _freeze(place, compiled, LazySourceMap(contract_input.layers))
    contradictions = _contradictions(contract)
    if strict:
        _refuse_findings(place, contradictions)
    return contract


def _refuse_findings(place: str, findings: tuple[Diagnostic, ...]) -> None:
    if findings:
        raise ContractError(f"{place}: found {count_phrase(findings)}; expected none (--strict).", findings)


def _contradictions(contract: Contract) -> tuple[Diagnostic, ...]:
    """Return what the contract contradicts of what is said of its resources.

    Where nothing is said, nothing is inferred yet. Raises :class:`ContractError` for what cannot work.
    """
    operations_said = (item for item in contract.operations.values() if item.correction or item.effects or item.absent)
    extensions = contract.extensions
    if not (extensions.corrections or extensions.has_token_records or any(operations_said)):
        return ()
    from mock_server.openapi.resources.inference import model_of  # costs a tenth of a second for large contracts

    return model_of(contract).findings


def _freeze(place: str, compiled: Compiled, layers: LazySourceMap) -> Contract:
    document = compiled.document
    info = mapping_at(document, "info")
    extensions = read_extensions(document, layers)
    table = {
        operation.key: operation
        for operation in (_operation(document, layers, *entry) for entry in operations(document))
    }
    _refuse_reserved(table, layers)
    schemes = {
        name: _scheme(document, name, node)
        for name, node in mapping_at(document.get("components"), "securitySchemes").items()
    }
    _refuse_unknown_names(extensions, document, schemes, layers)
    for operation in table.values():
        if operation.resource is not None and operation.resource not in extensions.resources:
            where = f"{operation.pointer}/x-mock-fixture/resource"
            raise _unknown(layers, where, f"the resource {operation.resource!r}", _FIXTURES)
    return Contract(
        name=place,
        document=document,
        digest=compiled.digest,
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        openapi=version_of(document),
        operations=table,
        schemes=schemes,
        extensions=extensions,
        base_paths=_base_paths(document),
        findings=compiled.findings,
        files=compiled.files,
        locate=layers.location,
    )


def _refuse_reserved(table: Mapping[str, Operation], layers: LazySourceMap) -> None:
    for operation in table.values():
        for prefix in RESERVED:
            if operation.path == prefix or operation.path.startswith(prefix if prefix == WORLDS else prefix + "/"):
                raise ContractError(
                    f"{layers.place(operation.pointer)}: found the path {operation.path!r};"
                    f" expected none below {prefix}, which is the mock server's own. Rename the path."
                )


def _refuse_unknown_names(
    extensions: MockExtensions, document: Document, schemes: Mapping[str, SecurityScheme], layers: LazySourceMap
) -> None:
    """Refuse ``x-mock-*`` data that names what the contract does not have; raises :class:`ContractError`."""
    for index, kind in enumerate(extensions.tokens):
        where = pointer_of("x-mock-tokens", index)
        for name in kind.schemes:
            if name not in schemes:
                raise _unknown(layers, where + "/schemes", f"the scheme {name!r}", "a security scheme of the contract")
        if kind.selects is not None and kind.selects not in extensions.resources:
            raise _unknown(layers, where + "/selects", f"the resource {kind.selects!r}", _FIXTURES)
    references = {
        pointer_of("x-mock-failures", name, "response"): failure.response
        for name, failure in extensions.failures.items()
    }
    for name, failure in extensions.failures.items():
        where = pointer_of("x-mock-failures", name, "example")
        response = response_of(document, str(failure.status), {"$ref": failure.response})
        known = {example for media in response.content for example in media.examples}
        if failure.example and failure.example not in known:
            raise _unknown(layers, where, f"the example {failure.example!r}", "one of the response's examples")
    references |= {
        pointer_of("x-mock-resources", name, "schema"): resource.schema
        for name, resource in extensions.resources.items()
    }
    for name, correction in extensions.corrections.items():
        where = pointer_of("x-mock-resources", name)
        references |= {f"{where}/views/{index}": view for index, view in enumerate(correction.views)}
        if correction.schema:
            references[f"{where}/schema"] = correction.schema
    for where, reference in references.items():
        if resolved(document, {"$ref": reference}) is None:
            raise _unknown(layers, where, f"the reference {reference!r}", "something in the contract")


def _unknown(layers: LazySourceMap, pointer: str, actual: str, expected: str) -> ContractError:
    return ContractError(f"{layers.place(pointer)}: found {actual}; expected {expected}. Fix the overlay.")


def _operation(document: Document, layers: LazySourceMap, pointer: str, node: Document) -> Operation:
    _, path, *_, method = pointer_parts(pointer)
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
        security=tuple(tuple(requirement) for requirement in security if isinstance(requirement, dict))
        if isinstance(security, list)
        else (),
        resource=read_binding(node, pointer, layers),
        correction=read_operation_correction(node, pointer, layers),
        effects=_effects(node, pointer, layers) if EFFECTS in node else (),
        absent=read_absent(node, pointer, layers),
        deprecated=is_true(node, "deprecated"),
    )


def _effects(node: Document, pointer: str, layers: LazySourceMap) -> tuple[Step, ...]:
    from mock_server.openapi.effects.effect_reader import read_effects  # for contracts that have some

    return read_effects(node, pointer, layers)


def _scheme(document: Document, name: str, node: JSON) -> SecurityScheme:
    data = mapping_at({"": resolved(document, node)}, "")
    return SecurityScheme(
        name=name,
        type=str(data.get("type", "")),
        scheme=str(data.get("scheme", "")).lower(),
        place=str(data.get("in", "")),
        key=str(data.get("name", "")),
    )


def _base_paths(document: Document) -> tuple[str, ...]:
    """Return the paths of ``servers`` at every level, the longest first, without trailing slash.

    The empty path is always one of them.
    """
    items = [item for item in mapping_at(document, "paths").values() if isinstance(item, dict) and "servers" in item]
    # Paths without the prefix of a server are always served, too.
    paths = {""}
    for node in [document, *items, *(operation for _, operation in operations(document) if "servers" in operation)]:
        servers = node.get("servers")
        paths |= (
            {_path_of(server) for server in servers if isinstance(server, dict)} if isinstance(servers, list) else set()
        )
    return tuple(sorted(paths, key=lambda path: (-len(path), path)))


def _path_of(server: Document) -> str:
    """Return the path of a server's URL with the defaults of its variables."""
    url = str(server.get("url", ""))
    for name, variable in mapping_at(server, "variables").items():
        url = url.replace("{" + name + "}", str(mapping_at({"": variable}, "").get("default", "")))
    try:
        return unquote(urlsplit(urljoin("/", url)).path).rstrip("/")
    except ValueError:
        return ""


def first_base_path(contract: Contract) -> str:
    """Return the path of the first server: where a contract is served when there are several contracts."""
    servers = contract.document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else {}
    return _path_of(first) if isinstance(first, dict) else ""
