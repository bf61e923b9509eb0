"""What the query parameters of a list do, by their names, their schemas and the members of the records."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import ListParameter, Operator
from mock_server.openapi.resources.names import noun_words, singular, snake, vocabulary
from mock_server.openapi.resources.operation_site import QueryParameter
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader

_PAGE = vocabulary("page page_number page_index p pagenumber pageno")
_SIZE = vocabulary(
    "limit per_page page_size pagesize size max_results maxresults take top count first last results_per_page"
    " page_limit"
)
_OFFSET = vocabulary("offset skip start start_at start_index startat from_index")
_CURSOR = vocabulary(
    "cursor after before starting_after ending_before page_token pagetoken next_token next_page_token marker"
    " next_marker continuation_token usemarker next_cursor after_id before_id since_id next"
)
_SORT = vocabulary("sort sort_by sortby sorting order_by orderby ordering sort_field sort_key")
_DIRECTION = vocabulary("direction order sort_order sort_direction sort_dir order_direction sortorder dir")
_SEARCH = vocabulary("q query search keyword keywords term text search_term search_query")
_RANGE: tuple[tuple[str, Operator], ...] = (
    (r"(.+)[_.]gte$|^min_(.+)$|(.+)_min$|(.+)_(?:from|since|start|min_date)$|^(?:from|since|start)_(.+)$", "gte"),
    (r"(.+)[_.]lte$|^max_(.+)$|(.+)_max$|(.+)_(?:to|until|end)$|^(?:to|until|end)_(.+)$", "lte"),
    (r"(.+)[_.]gt$|(.+)_after$", "gt"),
    (r"(.+)[_.]lt$|(.+)_before$", "lt"),
)
_PATTERNS = [(re.compile(pattern), operator) for pattern, operator in _RANGE]
_BRACKETS = re.compile(r"^(?:filter\[)?([\w.-]+)\]?\[(gte?|lte?|min|max|from|to)\]$")
_OF_BRACKETS: dict[str, Operator] = {"min": "gte", "from": "gte", "max": "lte", "to": "lte"}
_SINCE: dict[str, Operator] = {"since": "gte", "after": "gt", "before": "lt", "until": "lte"}
_TIMES = ("created_at", "created", "date_created", "created_time", "createdat", "updated_at", "timestamp", "date")
"""Members that say when a record was made, the likeliest first."""


def parameters_of(
    reader: ShapeReader, parameters: Iterable[QueryParameter], shape: SchemaShape, resources: frozenset[str]
) -> tuple[tuple[ListParameter, ...], tuple[str, ...]]:
    """Return the parameters of a list that explain themselves, and the names of the others.

    ``resources`` are the singular nouns of all resources, which ``customer_id`` may name.
    """
    by_name = {snake(member): member for member in shape.members}
    roles: list[ListParameter] = []
    ignored: list[str] = []
    for parameter in parameters:
        role = _paging(reader, parameter) or _comparing(reader, parameter, by_name, shape, resources)
        if role is None:
            ignored.append(parameter.name)
        else:
            roles.append(role)
    return tuple(roles), tuple(ignored)


def _paging(reader: ShapeReader, parameter: QueryParameter) -> ListParameter | None:
    """Return what a parameter is that pages or sorts; None for another."""
    name = snake(parameter.name.removeprefix("page[").rstrip("]")) if parameter.name.startswith("page[") else ""
    name = {"number": "page"}.get(name, name) or snake(parameter.name)
    is_time = reader.resolved(parameter.schema).get("format") in ("date", "date-time")
    if is_time:
        return None
    if name in _PAGE:
        return ListParameter(parameter.name, "page")
    if name in _SIZE:
        return ListParameter(parameter.name, "size")
    if name in _OFFSET:
        return ListParameter(parameter.name, "offset")
    if name in _CURSOR:
        return ListParameter(parameter.name, "cursor")
    values = _values(reader, parameter.schema)
    if name in _DIRECTION and (not values or {value.lower() for value in values} <= _ORDERS or name != "order"):
        return ListParameter(parameter.name, "direction", sorts=values)
    if name in _SORT or name in _DIRECTION:
        return ListParameter(parameter.name, "sort", sorts=values)
    return None


_ORDERS = frozenset({"asc", "desc", "ascending", "descending"})


def _values(reader: ShapeReader, schema: JSON) -> tuple[str, ...]:
    """Return the texts that a parameter's schema lists, also as items of an array or a branch of a union."""
    node = reader.resolved(schema)
    shape = reader.shape(schema)
    if shape.kind == "array":
        return _values(reader, shape.items)
    listed = node.get("enum")
    if isinstance(listed, list):
        return tuple(value for value in listed if isinstance(value, str))
    for key in ("anyOf", "oneOf"):
        branches = node.get(key)
        for branch in branches if isinstance(branches, list) else ():
            values = _values(reader, branch)
            if values:
                return values
    return ()


def _comparing(
    reader: ShapeReader,
    parameter: QueryParameter,
    by_name: dict[str, str],
    shape: SchemaShape,
    resources: frozenset[str],
) -> ListParameter | None:
    """Return what a parameter compares; None where nothing of the records answers to it."""
    name = snake(parameter.name.removesuffix("[]"))
    own = reader.shape(parameter.schema)
    if name == "metadata" and (parameter.is_deep or own.kind in ("object", "any")):
        return ListParameter(parameter.name, "metadata", by_name.get("metadata", "metadata"))
    ranged = _range(parameter.name, name, own, by_name)
    if ranged is not None:
        return ranged
    if name in _SEARCH:
        return ListParameter(parameter.name, "search", operator="contains")
    operator: Operator = "in" if own.kind == "array" or parameter.name.endswith("[]") else "eq"
    return _equal(reader, parameter.name, name, by_name, shape, resources, operator)


def _equal(
    reader: ShapeReader,
    parameter: str,
    name: str,
    by_name: dict[str, str],
    shape: SchemaShape,
    resources: frozenset[str],
    operator: Operator,
) -> ListParameter | None:
    base = name.removesuffix("_ids").removesuffix("_id")
    for candidate in (name, singular(name), f"{base}_id", base, f"is_{name}", name.removeprefix("is_")):
        member = by_name.get(candidate)
        if member is not None:
            is_relation = base != name or reader.shape(shape.members[member]).kind == "object"
            return ListParameter(parameter, "relation" if is_relation else "filter", member, operator)
    if base != name and noun_words(base)[-1:] and noun_words(base)[-1] in resources:
        return ListParameter(parameter, "relation", operator=operator, noun=noun_words(base)[-1])
    return None


def _range(parameter: str, name: str, own: SchemaShape, by_name: dict[str, str]) -> ListParameter | None:
    """Return the range that a parameter is a bound of, or both (``created`` with ``gt`` and ``lt`` inside)."""
    if own.kind == "object" and own.members.keys() & {"gt", "gte", "lt", "lte"} and name in by_name:
        return ListParameter(parameter, "range", by_name[name])
    bracketed = _BRACKETS.match(parameter)
    if bracketed is not None and snake(bracketed.group(1)) in by_name:
        bound = bracketed.group(2)
        operator = _OF_BRACKETS.get(bound) or _bound(bound)
        return ListParameter(parameter, "range", by_name[snake(bracketed.group(1))], operator)
    if name in _SINCE:
        time = next((by_name[time] for time in _TIMES if time in by_name), "")
        return ListParameter(parameter, "range", time, _SINCE[name]) if time else None
    if name in by_name:
        return None
    for pattern, side in _PATTERNS:
        match = pattern.match(name)
        base = next((group for group in match.groups() if group), "") if match else ""
        for candidate in (base, f"{base}_at", f"{base}_on", base.removesuffix("_at")):
            if candidate and candidate in by_name:
                return ListParameter(parameter, "range", by_name[candidate], side)
    return None


def _bound(text: str) -> Operator:
    bounds: dict[str, Operator] = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
    return bounds[text]
