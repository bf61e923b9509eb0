"""What tells the records of a resource apart: the key, the parents below which it counts, and the handle in a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import InferredResource, ItemPath, Parent, RecordKey
from mock_server.storage import HANDLE

Scope = Mapping[str, str]
"""The parents of a record, by the names of :func:`scope_names`, each with its key as text."""
_DIGEST = 16
"""Bytes of the digest that stands for a key which cannot be a handle."""


def text_of(value: JSON) -> str:
    """Return a scalar as a path or a query has it; empty for null, an object or an array."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def key_value(value: Mapping[str, JSON], key: RecordKey) -> JSON:
    """Return the key of a record; None where it has none."""
    if not key.pointer:
        return value.get(key.member)
    try:
        return value_at(dict(value), key.pointer)
    except LookupError:
        return None


def scope_names(parents: Iterable[Parent]) -> tuple[str, ...]:
    """Return the name of each parent in a scope: its resource, or the parameter where that is not known or twice."""
    names: list[str] = []
    for parent in parents:
        name = parent.resource if parent.resource is not None and parent.resource not in names else parent.parameter
        names.append(name)
    return tuple(names)


def agree(own: Mapping[str, JSON], scope: Scope) -> bool:
    """Tell whether no parent is known to be another in two scopes; ``own`` is as it is kept beside a record."""
    return all(own.get(name, text) == text for name, text in scope.items())


@value_class
class ResourceIdentity:
    """How records of a resource are told apart.

    ``primary`` is the key by which they are kept; None for a resource without one, such as a singleton. ``parents``
    are the names of the scope that the key needs; empty where it is the only one of its kind anywhere.
    """

    resource: str
    primary: RecordKey | None
    parents: tuple[str, ...] = ()

    @classmethod
    def of(cls, resource: InferredResource) -> ResourceIdentity:
        """Return the identity of a resource's records."""
        primary = None if resource.is_singleton or not resource.keys else resource.keys[0]
        paths = [item for item in resource.items if primary is None or _finds(item, primary)]
        parents = min((scope_names(item.parents) for item in paths), key=len, default=())
        return cls(resource.name, primary, parents)

    def handle(self, key: str, scope: Scope) -> str:
        """Return the handle of the record with a key, below the parents that count."""
        if not self.parents and self.primary is not None and HANDLE.fullmatch(key):
            return key
        return digest_of(*(scope.get(name, "") for name in self.parents), key)

    def key_text(self, value: Mapping[str, JSON], hidden: Mapping[str, JSON]) -> str | None:
        """Return the key of a record as text; None where it has none."""
        if self.primary is None:
            return ""
        key = key_value(value, self.primary)
        if key is None and self.primary.is_hidden:
            scope = hidden.get("scope")
            key = scope.get(self.primary.member) if isinstance(scope, dict) else None
        return text_of(key) or None


def _finds(item: ItemPath, key: RecordKey) -> bool:
    return item.key is not None and item.key.member == key.member


def digest_of(*parts: str) -> str:
    """Return a handle that stands for texts of any length."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()


def key_row(member: str, text: str, scope: Iterable[str] = ()) -> str:
    """Return the handle of the row that says which record has a key."""
    return digest_of(member, *scope, text)
