"""Discriminators rewritten to agree with their branches, so that none makes a schema unsatisfiable.

OpenAPI 3.1 and 3.2, "Discriminator Object": it is a hint and changes nothing of what is valid. Where its names
contradict what a branch says of the member, the branch wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from regress import Regex, RegressError

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.openapi.traversal import Document, resolved

_DEEPEST = 12
"""Most levels of nested schemas in which the member is searched."""

Remark = tuple[str, str, str]
"""What was found, what was expected, what was done."""


def settle_discriminator(document: Document, schema: Document) -> Remark | None:
    """Rewrite the discriminator of a schema to agree with its branches; return None where it does already.

    Branches that fix the member by ``enum`` or ``const`` are mapped by these values. A branch that can have none of the
    names, or shares them with another, loses its name: it is rewritten so that no name is taken for it. Where nothing
    is left to tell apart, the discriminator is removed.
    """
    discriminator = cast("Document", schema["discriminator"])
    keyword = next((key for key in ("oneOf", "anyOf") if isinstance(schema.get(key), list)), None)
    name = discriminator.get("propertyName")
    if keyword is None or not isinstance(name, str):
        return None
    branches = [
        branch for branch in cast("list[JSON]", schema[keyword]) if isinstance(branch, dict) and _reference(branch)
    ]
    settling = _DiscriminatorSettling(document, name, mapping_at(discriminator, "mapping"), branches)
    if not settling.is_changed:
        return None
    expected = f"a discriminator that goes with what its branches say of {name!r}"
    if settling.unnamed and not settling.relies:
        del schema["discriminator"]
        return settling.found, expected, "it is left out, and each branch is known by what it says itself"
    discriminator["mapping"] = settling.mapping
    for branch in settling.unnamed:
        # From a branch that is not a bare $ref no name is derived.
        branch["allOf"] = [{"$ref": branch.pop("$ref")}]
    return settling.found, expected, "what the branches say is taken"


class _DiscriminatorSettling:
    """Works out the mapping of a discriminator. ``found`` describes the first branch that it did not agree with."""

    def __init__(self, document: Document, name: str, mapping: Document | object, branches: list[Document]) -> None:
        self._document = document
        self._name = name
        self.mapping: Document = {**cast("Document", mapping)}
        self.unnamed: list[Document] = []
        self.relies = False
        """Whether some branch can be told by its name alone."""
        self.is_changed = False
        self.found = ""
        fixed = [self._values(branch, 0) for branch in branches]
        # A name that two branches share tells neither of them.
        texts = [value for values in fixed for value in values or () if isinstance(value, str)]
        for branch, values in zip(branches, fixed, strict=True):
            self._branch(branch, values, {value for value in texts if texts.count(value) > 1})

    def _branch(self, branch: Document, values: list[JSON] | None, shared: set[str]) -> None:
        reference = _reference(branch)
        short = reference.rsplit("/", 1)[-1]
        mapped = [key for key, target in self.mapping.items() if target in (reference, short)]
        names = mapped or [short]
        if values is None:
            self.relies = True
            # The branch does not fix the member, so every name that it accepts may stay.
            good = [key for key in names if self._takes(branch, key, 0)]
        else:
            good = [key for key in names if key in values and key not in shared]
            if not good and all(isinstance(value, str) and value not in shared for value in values):
                good = [str(value) for value in values if value not in self.mapping or value in mapped]
        if good == names:
            return
        self.is_changed = True
        said = "nothing" if values is None else ", ".join(map(repr, values)) or "nothing"
        self.found = self.found or f"the name {names[0]!r} for {short!r}, which has {said} there"
        for key in mapped:
            if key not in good:
                del self.mapping[key]
        for key in good:
            self.mapping[key] = reference
        if not good:
            self.unnamed.append(branch)

    def _members(self, schema: JSON, depth: int) -> Iterator[Document]:
        """Yield the schemas of the member in a schema, in its references and in all its ``allOf``."""
        node = resolved(self._document, schema)
        if not isinstance(node, dict) or depth > _DEEPEST:
            return
        member = mapping_at(node, "properties").get(self._name)
        if isinstance(member, dict):
            yield from self._parts(member, 0)
        parts = node.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            yield from self._members(part, depth + 1)

    def _parts(self, schema: JSON, depth: int) -> Iterator[Document]:
        """Yield a schema and the schemas that its references and ``allOf`` apply to the same value."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return
        yield schema
        if isinstance(schema.get("$ref"), str):
            yield from self._parts(resolved(self._document, {"$ref": schema["$ref"]}), depth + 1)
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) else ():
            yield from self._parts(part, depth + 1)

    def _values(self, schema: JSON, depth: int) -> list[JSON] | None:
        """Return the values that a branch allows for the member; None where it does not fix them."""
        if depth > _DEEPEST:
            return None
        left: list[JSON] | None = None
        for member in self._members(schema, depth):
            for keyword in ("const", "enum"):
                if keyword in member:
                    listed = member[keyword] if keyword == "enum" else [member[keyword]]
                    left = _common(left, listed if isinstance(listed, list) else [])
        node = resolved(self._document, schema)
        for keyword in ("oneOf", "anyOf"):
            parts = node.get(keyword) if isinstance(node, dict) else None
            alternatives = [self._values(part, depth + 1) for part in parts] if isinstance(parts, list) else []
            if alternatives and all(values is not None for values in alternatives):
                left = _common(left, [value for values in alternatives for value in values or ()])
        return None if left is None else list(dict.fromkeys(left)) if _are_texts(left) else left

    def _takes(self, schema: JSON, name: str, depth: int) -> bool:
        """Tell whether the member of a branch may be this text; True where it is hard to tell."""
        node = resolved(self._document, schema)
        if not isinstance(node, dict) or depth > _DEEPEST:
            return True
        member = mapping_at(node, "properties").get(self._name)
        if member is None and node.get("additionalProperties") is False:
            return False
        if isinstance(member, dict) and not all(_takes_text(part, name) for part in self._parts(member, 0)):
            return False
        for keyword, decide in (("allOf", all), ("anyOf", any), ("oneOf", any)):
            parts = node.get(keyword)
            if isinstance(parts, list) and parts and not decide(self._takes(part, name, depth + 1) for part in parts):
                return False
        return True


def _reference(branch: Document) -> str:
    """Return the reference of a branch; empty where it has none."""
    reference = branch.get("$ref")
    return reference if isinstance(reference, str) else ""


def _common(left: list[JSON] | None, right: list[JSON]) -> list[JSON]:
    return right if left is None else [value for value in left if value in right]


def _are_texts(values: list[JSON]) -> bool:
    return all(isinstance(value, str) for value in values)


def _takes_text(schema: Document, text: str) -> bool:
    stated = schema.get("type")
    if stated is not None and "string" not in (stated if isinstance(stated, list) else [stated]):
        return False
    least, most, pattern = schema.get("minLength"), schema.get("maxLength"), schema.get("pattern")
    if (isinstance(least, int) and len(text) < least) or (isinstance(most, int) and len(text) > most):
        return False
    if isinstance(pattern, str):
        try:
            if Regex(pattern).find(text) is None:
                return False
        except RegressError:
            return True
    return "format" not in schema
