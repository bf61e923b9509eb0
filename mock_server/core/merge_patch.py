"""JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from mock_server.core.types import JSON


def apply_merge_patch(target: JSON, patch: JSON) -> JSON:
    """Return ``target`` with ``patch`` merged in (section 2).

    Objects merge member by member, null removes, all else replaces. Neither of the two is changed.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply_merge_patch(result.get(name), value)
    return result
