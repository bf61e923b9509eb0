"""Contracts whose schemas refer to one another."""

from __future__ import annotations

from typing import Any

from mock_server.core.types import JSON
from tests.support.contracts import document


def schemas(**components: Any) -> Any:
    return document({}, components={"schemas": components})


def reference(name: str) -> dict[str, JSON]:
    return {"$ref": f"#/components/schemas/{name}"}


def ring(size: int) -> Any:
    """Schemas each of which refers to all the others."""
    names = [f"S{index}" for index in range(size)]
    members = {name: reference(name) for name in names}
    return schemas(
        **{
            name: {"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}, **members}}
            for name in names
        }
    )
