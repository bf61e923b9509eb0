"""What Schemathesis has to be told of the contracts, and what it takes for a fault that is none."""

from collections.abc import Mapping
from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import DelimitedValue

# Schemathesis sends any text for a format that it does not know, and expects it to be taken.
schemathesis.openapi.format("uuid4", st.uuids(version=4).map(str))


def filter_query(context: schemathesis.HookContext, query: Mapping[str, object] | None) -> bool:
    """Leave out empty objects: `name=` is all that is sent of one, and of null too, which the schema may allow."""
    return {} not in (query or {}).values()


def map_query(context: schemathesis.HookContext, query: dict[str, object] | None) -> dict[str, object] | None:
    """Write a list in one text where the contract says so: within ``oneOf`` Schemathesis does not see the list.

    OpenAPI 3.1, "Parameter Object", ``explode``.
    """
    if not query:
        return query
    for parameter in context.operation.query:
        stated = parameter.definition
        value = query.get(stated["name"])
        if stated.get("explode") is False and stated.get("style", "form") == "form" and isinstance(value, list):
            texts = ["null" if item is None else str(item) for item in value]
            query[stated["name"]] = DelimitedValue(",".join(texts), ",".join(quote(item, safe="") for item in texts))
    return query


schemathesis.hook(filter_query)
schemathesis.hook(map_query)

# Bytes whose schema is a text.
schemathesis.serializer.alias("application/cbor", "application/octet-stream")
