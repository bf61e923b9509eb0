"""OpenAPI Overlay 1.0: actions that change a document, applied in order.

The paths are RFC 9535 JSONPaths, found by python-jsonpath. The application itself is ours: the one
package for Python that offers it (oas-patch 0.6) is untyped, reads another JSONPath dialect and says
nothing when a target matches nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import cast

from mock_server.contract.source import Origin, Source, pointer_of
from mock_server.errors import ContractError
from mock_server.exchange import JSON
from mock_server.settings import suggestion

_KEYS = ("overlay", "info", "extends", "actions")
_ACTION_KEYS = ("target", "description", "update", "remove")


def apply_overlay(document: JSON, overlay: Source) -> tuple[JSON, tuple[Origin, ...]]:
    """A new document with the overlay's actions applied, and where its parts came from.

    Raises :class:`ContractError` where the overlay is not an Overlay 1.0, has an unknown key, or has a
    target that matches nothing: an overlay that silently does nothing hides a mistake.
    """
    changed = copy.deepcopy(document)
    origins: list[Origin] = []
    for index, action in enumerate(_actions(overlay)):
        pointer = pointer_of("actions", index)
        changed, targets = _apply(changed, action, overlay, pointer)
        origins += [Origin(pointer_of(*target), overlay, pointer + "/update") for target in targets]
    return changed, tuple(origins)


def _actions(overlay: Source) -> list[JSON]:
    data = overlay.data
    if not isinstance(data, dict) or not str(data.get("overlay", "")).startswith("1."):
        raise _refusal(overlay, "", "no member overlay: 1.0.0", "an OpenAPI Overlay 1.0 document")
    _refuse_unknown_keys(data, _KEYS, overlay, "")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        raise _refusal(overlay, "/actions", "no list of actions", "at least one action")
    return actions


def _apply(document: JSON, action: JSON, overlay: Source, pointer: str) -> tuple[JSON, list[tuple[str | int, ...]]]:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise _refusal(overlay, pointer, "an action without a target", "a JSONPath under target")
    _refuse_unknown_keys(action, _ACTION_KEYS, overlay, pointer)
    targets = _targets(document, cast("str", action["target"]), overlay, pointer)
    if action.get("remove") is True:
        for path in reversed(targets):
            _remove(document, path, overlay, pointer)
        return document, []
    if "update" not in action:
        raise _refusal(overlay, pointer, "neither update nor remove", "one of them")
    for path in targets:
        document = _put(document, path, _merged(_at(document, path), action["update"]))
    return document, targets


def _targets(document: JSON, target: str, overlay: Source, pointer: str) -> list[tuple[str | int, ...]]:
    import jsonpath  # here: a contract without overlays does not pay for it

    try:
        matches = jsonpath.finditer(target, cast("dict[str, object]", document))
        found = list(dict.fromkeys(match.parts for match in matches))
    except jsonpath.JSONPathError as problem:
        raise _refusal(
            overlay, pointer + "/target", f"{target} ({str(problem).splitlines()[0]})", "an RFC 9535 JSONPath"
        ) from None
    if not found:
        raise _refusal(overlay, pointer + "/target", f"{target}, which matches nothing", "a target in the contract")
    return found


def _at(document: JSON, path: tuple[str | int, ...]) -> JSON:
    for part in path:
        document = document[part]  # type: ignore[index]
    return document


def _put(document: JSON, path: tuple[str | int, ...], value: JSON) -> JSON:
    if not path:
        return value
    _at(document, path[:-1])[path[-1]] = value  # type: ignore[index]
    return document


def _remove(document: JSON, path: tuple[str | int, ...], overlay: Source, pointer: str) -> None:
    if not path:
        raise _refusal(overlay, pointer + "/target", "$", "a target within the document")
    del _at(document, path[:-1])[path[-1]]  # type: ignore[union-attr,arg-type]


def _merged(target: JSON, update: JSON) -> JSON:
    """Objects merge member by member, an array takes the update as new items, all else is replaced."""
    if isinstance(target, dict) and isinstance(update, dict):
        return {**target, **{key: _merged(target[key], value) if key in target else copy.deepcopy(value)
                             for key, value in update.items()}}  # fmt: skip
    if isinstance(target, list):
        return [*target, *copy.deepcopy(update if isinstance(update, list) else [update])]
    return copy.deepcopy(update)


def _refuse_unknown_keys(data: Mapping[str, JSON], known: tuple[str, ...], overlay: Source, pointer: str) -> None:
    for key in data:
        if key not in known and not key.startswith("x-"):
            raise _refusal(overlay, f"{pointer}{pointer_of(key)}", f"the key {key!r}{suggestion(key, known)}",
                           "one of " + ", ".join(known))  # fmt: skip


def _refusal(overlay: Source, pointer: str, found: str, expected: str) -> ContractError:
    return ContractError(f"{overlay.place(pointer)}: found {found}; expected {expected}. Mend the overlay.")
