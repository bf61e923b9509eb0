"""Correct the verdict on an operation by what ``x-mock-resource``, ``x-mock-does`` and ``x-mock-key`` say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.text import did_you_mean
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.item_keys import key_of
from mock_server.openapi.resources.model import RecordKey, Verb, Verdict
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import noun_of
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.openapi.state_extensions import NONE, OperationCorrection

CONTRADICTION = "x-mock-contradiction"
"""The rule of findings about corrections that the contract contradicts."""
_NEEDLESS: frozenset[Verb] = frozenset({"view", "none", "action"})
"""The verbs that need no resource."""
_ITEM: frozenset[Verb] = frozenset({"read", "update", "delete", "transition"})
"""The verbs that find one record by a key, where the path has one."""
_CHANGING: frozenset[Verb] = frozenset({"create", "update", "delete", "link", "unlink", "transition"})
_SINGLETON: dict[Verb, Verb] = {"read": "singleton-read", "update": "singleton-write", "create": "singleton-write"}


def has_member(reader: ShapeReader, shape: SchemaShape, pointer: str) -> bool:
    """Tell whether a record of a shape may have something at a JSON Pointer; what cannot be seen may have all."""
    for part in pointer_parts(pointer):
        if not shape.members or shape.kind != "object":
            return shape.kind != "scalar"
        if part not in shape.members:
            return False
        shape = reader.shape(shape.members[part])
    return True


def key_said(site: OperationSite, reader: ShapeReader) -> RecordKey | None:
    """Return the key that an operation says it finds its record by; None where it says none."""
    correction = site.operation.correction
    if correction is None or not correction.pointer:
        return None
    parts = pointer_parts(correction.pointer)
    is_integer = "integer" in reader.shape(site.path_schema(correction.parameter)).types
    return RecordKey(".".join(parts), is_integer=is_integer, pointer=correction.pointer if len(parts) > 1 else "")


class OperationCorrector:
    """Corrects verdicts. ``names`` are those of all resources.

    ``keys`` are those that operations say themselves, by operation; ``findings`` is what works although the contract
    contradicts it.
    """

    def __init__(self, contract: Contract, scene: Scene, names: Sequence[str]) -> None:
        self.findings: list[Diagnostic] = []
        self.keys: dict[str, RecordKey] = {}
        self._contract = contract
        self._scene = scene
        self._names = names
        self._groups = {group.name: group for group in scene.groups.values()}

    def verdict(self, site: OperationSite, inferred: Verdict) -> Verdict:
        """Return the verdict on an operation; raises :class:`ContractError` for a correction that cannot work."""
        correction = site.operation.correction
        if correction is None:
            return inferred
        reasons = (f"told by {', '.join(_keys_said(correction))}",)
        if correction.is_stateless:
            return Verdict(site.operation.key, "none", None, None, ("data",), reasons)
        verb = self._verb(site, correction, inferred)
        resource = self._resource(site, correction, inferred, verb)
        if resource is not None and resource in self._scene.singletons.values():
            verb = _SINGLETON.get(verb, verb)
        key = self._key(site, correction, inferred, verb, resource)
        if correction.pointer and key is not None:
            self.keys[site.operation.key] = key
        member = key.member if key is not None else inferred.key if resource == inferred.resource else None
        return Verdict(site.operation.key, verb, resource, member, ("data",), reasons)

    def _verb(self, site: OperationSite, correction: OperationCorrection, inferred: Verdict) -> Verb:
        """Return what an operation does, as far as its method and its answer allow it."""
        verb = correction.verb
        if verb is None:
            return inferred.verb
        where = f"{site.operation.pointer}/x-mock-does"
        shown = "a list" if site.answer.is_list else "an object" if site.answer.is_object else "no list"
        if verb == "list" and not site.answer.is_list:
            raise self._refusal(where, f"'list' of an operation that answers {shown}", "an answer with an array")
        if verb == "read" and site.answer.is_list:
            raise self._refusal(where, "'read' of an operation that answers a list", "list")
        if verb in _CHANGING and site.method in ("GET", "HEAD"):
            self._note(where, f"{verb!r} of a {site.method}, which changes nothing", "read, list or view")
        if verb == "transition" and not (site.answer.is_object or site.operation.effects):
            self._note(where, "'transition' of an operation that does not answer a record", "an answer with the record")
        return verb

    def _resource(
        self, site: OperationSite, correction: OperationCorrection, inferred: Verdict, verb: Verb
    ) -> str | None:
        """Return the resource that is named, else the inferred one, else that of the path or of what is answered."""
        if correction.resource is not None:
            if correction.resource not in self._names:
                actual = f"the resource {correction.resource!r}{did_you_mean(correction.resource, self._names)}"
                where = f"{site.operation.pointer}/x-mock-resource"
                raise self._refusal(where, actual, f"{', '.join(self._names) or 'one of x-mock-resources'}, or none")
            return correction.resource
        if inferred.resource is not None:
            return inferred.resource
        form = site.path.form
        above = self._scene.table.item_above(form) if verb == "transition" else None
        group = self._scene.group(form) or self._scene.group(above) or self._scene.showing(site.answer.shape)
        if group is None and verb not in _NEEDLESS:
            actual = f"{verb!r} of an operation for which no resource is inferred"
            raise self._refusal(f"{site.operation.pointer}/x-mock-does", actual, "x-mock-resource beside it")
        return group.name if group is not None and verb not in _NEEDLESS else None

    def _key(
        self, site: OperationSite, correction: OperationCorrection, inferred: Verdict, verb: Verb, resource: str | None
    ) -> RecordKey | None:
        """Return the key by which a path finds its record: as is said, as inferred, or what fits the parameter."""
        shape = self._shape(site, resource)
        if correction.pointer:
            return self._key_as_said(site, correction, shape, resource)
        if verb not in _ITEM or site.path.form[-1:] != ("{}",):
            return None
        parameter = site.path.parameters[-1]
        if resource == inferred.resource and inferred.key is not None:
            known = self._scene.key(site.path.form)
            return replace(known) if known is not None else RecordKey(inferred.key)
        schema = site.path_schema(parameter)
        key = key_of(self._scene.reader, shape, parameter, schema, noun_of(site.path.form))
        if key is None:
            actual = f"{{{parameter}}}, which names no member of {resource}"
            expected = f"x-mock-key: {{{parameter}: /MEMBER}} beside it"
            raise self._refusal(site.operation.pointer, actual, expected)
        return key

    def _key_as_said(
        self, site: OperationSite, correction: OperationCorrection, shape: SchemaShape, resource: str | None
    ) -> RecordKey | None:
        where = f"{site.operation.pointer}/x-mock-key"
        names = site.path.parameters
        if correction.sent_key:
            members = site.body.members if site.body is not None else {}
            if correction.sent_key[0] not in members:
                actual = f"{correction.parameter!r}{did_you_mean(correction.sent_key[0], members)}"
                self._note(where + pointer_of(correction.parameter), actual, "a member of the body")
        elif correction.parameter not in names:
            actual = f"the parameter {correction.parameter!r}{did_you_mean(correction.parameter, names)}"
            expected = "one of the path's: " + ", ".join(names) if names else "an operation whose path has parameters"
            raise self._refusal(where + pointer_of(correction.parameter), actual, expected)
        parts = pointer_parts(correction.pointer)
        shapes = (shape, site.answer.shape) if site.answer.is_object else (shape,)
        told = self._contract.extensions.corrections.get(resource or "")
        is_hidden = told is not None and parts[0] in told.hidden
        if not is_hidden and not any(has_member(self._scene.reader, shown, correction.pointer) for shown in shapes):
            actual = f"{correction.pointer!r}{did_you_mean(parts[0], shape.members)}"
            expected = f"the JSON Pointer of a member of {shape.name or 'the record'}"
            raise self._refusal(where + pointer_of(correction.parameter), actual, expected)
        return key_said(site, self._scene.reader)

    def _shape(self, site: OperationSite, resource: str | None) -> SchemaShape:
        """Return the shape of a record of the resource, as far as it is known; else of what is answered."""
        group = self._groups.get(resource or "")
        shape = group.shape if group is not None else None
        return shape if shape is not None else site.answer.shape

    def _refusal(self, pointer: str, actual: str, expected: str) -> ContractError:
        return ContractError(
            f"{self._contract.locate(pointer)} {pointer}: found {actual}; expected {expected}. Fix the overlay."
        )

    def _note(self, pointer: str, actual: str, expected: str) -> None:
        place = self._contract.locate(pointer)
        self.findings.append(Diagnostic(CONTRADICTION, place, actual, expected, pointer, "Fix the overlay."))


def _keys_said(correction: OperationCorrection) -> list[str]:
    """Return the keys that say something of an operation."""
    keys = {
        "x-mock-resource": correction.resource is not None and correction.resource != NONE,
        "x-mock-does": correction.verb is not None,
        "x-mock-key": bool(correction.pointer),
    }
    return [key for key, is_said in keys.items() if is_said] or ["x-mock-resource"]
