"""OpenAPI Overlay 1.0 and 1.1: actions that change a document, applied in order.

The paths are RFC 9535 JSONPaths, evaluated by python-jsonpath. The application itself is ours: the one package for
Python that offers it (oas-patch 0.6) is untyped, reads another JSONPath dialect and does not report a target that
matches nothing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import cast

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.openapi.loading.source_map import Origin, Source

_KEYS = ("overlay", "info", "extends", "actions")
_ACTION_KEYS = ("target", "description", "update", "remove")
_VERSION = re.compile(r"1\.([01])(\.[0-9]+)?(-.+)?")

Path = tuple[str | int, ...]
"""The keys and indexes that lead from the root of a document to one of its nodes."""


def apply_overlay(
    document: JSON, overlay: Source, findings: list[Diagnostic] | None = None
) -> tuple[JSON, tuple[Origin, ...]]:
    """Return a new document with the overlay's actions applied, and where its parts came from.

    Raises :class:`ContractError` where the overlay is neither 1.0 nor 1.1, has an unknown key, an action that does not
    fit its targets, or a target that matches nothing: an overlay that has no effect hides a mistake. In 1.1 a target
    may match nothing; then ``findings`` gets a finding about it.
    """
    changed = copy.deepcopy(document)
    origins: list[Origin] = []
    version = _version(overlay)
    for index, action in enumerate(_actions(overlay)):
        pointer = pointer_of("actions", index)
        applied = _Action(action, overlay, pointer, version)
        changed, targets = applied.apply(changed)
        origins += [Origin(pointer_of(*target), overlay, f"{pointer}/{applied.kind}") for target in targets]
        if applied.is_idle and findings is not None:
            findings.append(_idle(overlay, pointer))
    return changed, tuple(origins)


def _version(overlay: Source) -> tuple[int, int]:
    data = overlay.data if isinstance(overlay.data, dict) else {}
    match = _VERSION.fullmatch(str(data.get("overlay", "")))
    if match is None:
        instead = f" but {data['overlay']!r}" if "overlay" in data else ""
        where, actual = "/overlay" if instead else "", f"no member overlay: 1.0.0 or 1.1.0{instead}"
        raise _refusal(overlay, where, actual, "an OpenAPI Overlay 1.0 document, or one of 1.1")
    return 1, int(match[1])


def _actions(overlay: Source) -> list[JSON]:
    data = cast("dict[str, JSON]", overlay.data)
    _refuse_unknown_keys(data, _KEYS, overlay, "")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        raise _refusal(overlay, "/actions", "no list of actions", "at least one action")
    return actions


class _Action:
    """One Action Object. ``kind`` is what it does; ``is_idle`` tells that its target matched nothing."""

    def __init__(self, action: JSON, overlay: Source, pointer: str, version: tuple[int, int]) -> None:
        if not isinstance(action, dict) or not isinstance(action.get("target"), str):
            raise _refusal(overlay, pointer, "an action without a target", "a JSONPath under target")
        self._is_newer = version >= (1, 1)
        if "copy" in action and not self._is_newer:
            raise _refusal(overlay, pointer + "/copy", "copy in an Overlay 1.0", "overlay: 1.1.0, which has it")
        _refuse_unknown_keys(action, (*_ACTION_KEYS, "copy") if self._is_newer else _ACTION_KEYS, overlay, pointer)
        self._action = action
        self._overlay = overlay
        self._pointer = pointer
        self.kind = "remove" if action.get("remove") is True else "copy" if "copy" in action else "update"
        self.is_idle = False

    def apply(self, document: JSON) -> tuple[JSON, list[Path]]:
        """Return the document with the action applied, and the paths of the nodes that it changed."""
        action = self._action
        if self.kind == "update" and "update" not in action:
            actual = "neither update, copy nor remove" if self._is_newer else "neither update nor remove"
            raise _refusal(self._overlay, self._pointer, actual, "one of them")
        if self.kind == "copy" and "update" in action:
            raise _refusal(self._overlay, self._pointer, "both update and copy", "one of them")
        targets = _targets(document, cast("str", action["target"]), self._overlay, self._pointer + "/target")
        if not targets:
            self._refuse_nothing()
            return document, []
        if self.kind == "remove":
            for path in reversed(targets):
                _remove(document, path, self._overlay, self._pointer)
            return document, []
        value = copy.deepcopy(self._value(document))
        if self._is_newer:
            self._refuse_unfit([_at(document, path) for path in targets], value)
        for path in targets:
            document = _put(document, path, _merged(_at(document, path), value))
        return document, targets

    def _value(self, document: JSON) -> JSON:
        """Return the value for the targets: the update, or the node that ``copy`` selects."""
        if self.kind == "update":
            return self._action["update"]
        where, path = self._pointer + "/copy", self._action["copy"]
        if not isinstance(path, str):
            raise _refusal(self._overlay, where, repr(path), "a JSONPath")
        sources = _targets(document, path, self._overlay, where)
        if len(sources) != 1:
            actual = f"{path}, which matches {len(sources) or 'nothing'}{' nodes' if sources else ''}"
            raise _refusal(self._overlay, where, actual, "a JSONPath of one node")
        return _at(document, sources[0])

    def _refuse_nothing(self) -> None:
        if not self._is_newer:
            actual = f"{self._action['target']}, which matches nothing"
            raise _refusal(self._overlay, self._pointer + "/target", actual, "a target in the contract")
        self.is_idle = True

    def _refuse_unfit(self, nodes: list[JSON], value: JSON) -> None:
        """Refuse targets of several kinds, and a value of another kind (Overlay 1.1, "Action Object")."""
        kinds = sorted({_kind(node) for node in nodes})
        if len(kinds) > 1:
            actual = f"{self._action['target']}, which matches {' and '.join(kinds)}"
            raise _refusal(self._overlay, self._pointer + "/target", actual, "nodes of one kind")
        for node in nodes:
            unfit = None if isinstance(node, list) else _unfit(node, value, "")
            if unfit is not None:
                raise _refusal(self._overlay, f"{self._pointer}/{self.kind}", *unfit)


def _kind(node: JSON) -> str:
    return "objects" if isinstance(node, dict) else "arrays" if isinstance(node, list) else "primitives"


def _unfit(node: JSON, value: JSON, pointer: str) -> tuple[str, str] | None:
    """Return what of a value does not fit a node, and what would; None where all of it fits."""
    if _kind(node) != _kind(value):
        where = f" for {pointer} of the target" if pointer else ""
        return f"one of the {_kind(value)}{where}", f"one of the {_kind(node)}, as in the contract"
    if isinstance(node, dict) and isinstance(value, dict):
        below = (_unfit(node[key], value[key], pointer + pointer_of(key)) for key in value if key in node)
        return next((unfit for unfit in below if unfit is not None), None)
    return None


def _idle(overlay: Source, pointer: str) -> Diagnostic:
    where = pointer + "/target"
    target = cast("str", _at(overlay.data, ("actions", int(pointer.rpartition("/")[2]), "target")))
    return Diagnostic(
        "overlay-target",
        overlay.location(where),
        f"{target}, which matches nothing",
        "a target in the contract",
        where,
        "Repaired: the action is passed over.",
        "repaired",
    )


def _targets(document: JSON, path: str, overlay: Source, pointer: str) -> list[Path]:
    """Return the paths of the nodes that a JSONPath selects, each once."""
    import jsonpath  # here: a contract without overlays does not pay for it

    try:
        matches = jsonpath.finditer(path, cast("dict[str, object]", document))
        return list(dict.fromkeys(match.parts for match in matches))
    except jsonpath.JSONPathError as problem:
        actual = f"{path} ({str(problem).splitlines()[0]})"
        raise _refusal(overlay, pointer, actual, "an RFC 9535 JSONPath") from None


def _at(document: JSON, path: Path) -> JSON:
    for part in path:
        document = document[part]  # type: ignore[index]
    return document


def _put(document: JSON, path: Path, value: JSON) -> JSON:
    if not path:
        return value
    _at(document, path[:-1])[path[-1]] = value  # type: ignore[index]
    return document


def _remove(document: JSON, path: Path, overlay: Source, pointer: str) -> None:
    if not path:
        raise _refusal(overlay, pointer + "/target", "$", "a target within the document")
    del _at(document, path[:-1])[path[-1]]  # type: ignore[union-attr,arg-type]


def _merged(target: JSON, update: JSON) -> JSON:
    """Return a target merged with an update.

    Objects merge member by member, an array gets the update as new items, anything else is replaced.
    """
    if isinstance(target, dict) and isinstance(update, dict):
        return {
            **target,
            **{
                key: _merged(target[key], value) if key in target else copy.deepcopy(value)
                for key, value in update.items()
            },
        }
    if isinstance(target, list):
        return [*target, *copy.deepcopy(update if isinstance(update, list) else [update])]
    return copy.deepcopy(update)


def _refuse_unknown_keys(data: Mapping[str, JSON], known: tuple[str, ...], overlay: Source, pointer: str) -> None:
    for key in data:
        if key not in known and not key.startswith("x-"):
            raise _refusal(
                overlay,
                f"{pointer}{pointer_of(key)}",
                f"the key {key!r}{did_you_mean(key, known)}",
                "one of " + ", ".join(known),
            )


def _refusal(overlay: Source, pointer: str, actual: str, expected: str) -> ContractError:
    return ContractError(f"{overlay.place(pointer)}: found {actual}; expected {expected}. Fix the overlay.")
