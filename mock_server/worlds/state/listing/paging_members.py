"""The members of an envelope that say where a page stands: what each is called, and what it has in it.

Names are compared by their words, so ``totalCount``, ``total_count`` and ``@odata.totalCount`` are one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, Literal, TypeAlias

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.names import vocabulary, words_of
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.listing.page_links import PageLinks

Kind = Literal[
    "total", "count", "remaining", "pages", "page", "size", "offset", "end", "from", "to", "more", "next?", "previous?",
    "first?", "last?", "no", "next", "previous", "first", "last", "start cursor", "end cursor",
    "first key", "last key", "self",
]  # fmt: skip
"""What a member says; with a question mark, whether there is such a page."""


class Absent(Enum):
    """Stands for a member that is left out."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Candidate: TypeAlias = "JSON | Absent"

_NAMES: dict[Kind, str] = {
    "total": "total total_count total_results total_items total_elements total_records total_hits total_size total_rows"
    " total_entries total_objects total_matches num_results nb_hits item_count items_count record_count result_count"
    " results_count full_count total_number number_of_results number_of_items filter_count filtered_count",
    "count": "count number_of_elements returned returned_count count_on_page items_in_page page_item_count num_items",
    "remaining": "remaining remaining_count remaining_item_count remaining_items",
    "pages": "total_pages max_page page_count pages num_pages pages_count number_of_pages page_total nb_pages"
    " total_page_count",
    "page": "page current_page page_number page_index pageno current_page_number",
    "size": "per_page limit page_size size pagesize max_results results_per_page items_per_page page_limit"
    " current_limit",
    "offset": "offset start start_at start_index startat skip current_offset",
    "end": "end end_index",
    "from": "from",
    "to": "to",
    "more": "has_more more has_more_items has_more_results more_available is_truncated truncated more_results"
    " has_additional_pages",
    "next?": "has_next has_next_page has_after",
    "previous?": "has_previous has_prev has_previous_page has_prev_page has_before",
    "first?": "is_first is_first_page",
    "last?": "is_last is_last_page done",
    "no": "incomplete_results",
    "next": "next next_page next_page_url next_page_uri next_url next_uri next_link next_href next_cursor"
    " next_page_token next_token next_marker next_page_cursor next_page_number next_offset next_start continuation"
    " continuation_token continue after cursor next_starting_after",
    "previous": "previous prev previous_page prev_page previous_page_url prev_page_url previous_page_uri prev_page_uri"
    " previous_url prev_url previous_link prev_link previous_cursor prev_cursor previous_page_token prev_page_token"
    " prev_token previous_token prev_marker previous_marker before prev_offset previous_offset previous_page_number",
    "first": "first first_page first_page_url first_page_uri first_url first_link first_page_number",
    "last": "last last_page last_page_url last_page_uri last_url last_link last_page_number",
    "start cursor": "start_cursor",
    "end cursor": "end_cursor",
    "first key": "first_id first_key",
    "last key": "last_id last_key last_item_id",
    "self": "self url uri href self_link self_url self_uri self_href current_url current_page_url current_link",
}
_KINDS: dict[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_RENAMED: dict[tuple[str, str], Kind] = {("page", "number"): "page", ("pagination", "number"): "page"}
"""Names that count in an object of one name only."""
CONTAINERS = vocabulary(
    "meta metadata links link pagination paging page pages paginator info response cursor cursors summary list result"
)
"""Words of the objects in an envelope that have such members."""
_BOOLEANS: dict[Kind, Kind] = {"next": "next?", "previous": "previous?", "first": "first?", "last": "last?"}
_ADDRESS = vocabulary("url uri link href links")
_CURSOR = vocabulary("cursor token marker after before")
_OF_OFFSETS = vocabulary("offset start")


@value_class
class Manner:
    """How a member is written: the types of its schema, and whether it rather is a URL, or a cursor."""

    types: frozenset[str]
    is_url: bool = False
    is_cursor: bool = False
    is_relative: bool = False
    """Whether its URLs begin with the path."""
    is_offset: bool = False


def kind_of(name: str, container: str, types: frozenset[str], siblings: Sequence[str]) -> Kind | None:
    """Return what a member says by its name, the object that it stands in, and its types; None for anything else."""
    words = words_of(name)
    words = words[1:] if words[:1] == ("odata",) else words
    plain = "_".join(words)
    kind = _RENAMED.get((container, plain)) or _KINDS.get(plain)
    if kind is None or "array" in types:
        return None
    if types == {"boolean"}:
        return _BOOLEANS.get(kind, kind if kind[-1] == "?" or kind in ("more", "no") else None)
    if kind[-1] == "?" or kind in ("more", "no"):
        return None if types and "boolean" not in types else kind
    if kind == "from" and "to" not in siblings:
        return "offset"
    if kind == "to" and "from" not in siblings:
        return None
    if kind == "last" and plain == "last_page" and types <= {"integer", "number"}:
        return "pages"
    if kind == "offset" and types == {"string"}:
        return "next"  # an offset that is a text says where the next page begins
    return kind


def manner_of(name: str, container: str, types: frozenset[str], schema: JSON, description: str) -> Manner:
    """Return how a member is written, by its name, its schema's format and example, and its description."""
    words = {*words_of(name)}
    keywords = schema if isinstance(schema, dict) else {}
    example = keywords.get("example")
    examples = keywords.get("examples")
    if example is None and isinstance(examples, list) and examples:
        example = examples[0]
    text = example if isinstance(example, str) else ""
    said = {*words_of(description)}
    is_cursor = bool(words & _CURSOR)
    is_url = (
        keywords.get("format") in ("uri", "uri-reference", "url", "iri")
        or bool(words & _ADDRESS)
        or bool({*container.split("_")} & _ADDRESS)
        or text.startswith(("http://", "https://", "/"))
        or (not is_cursor and bool(said & _ADDRESS) and not said & _CURSOR)
    )
    return Manner(types, is_url and not is_cursor, is_cursor, text.startswith("/"), bool(words & _OF_OFFSETS))


def candidates(kind: Kind, manner: Manner, page: Page, links: PageLinks) -> list[Candidate]:
    """Return what a member might have in it for a page, the best first."""
    count = _COUNTS.get(kind)
    if count is not None:
        number = count(page)
        return [number, str(number)] if number is not None else [None, ABSENT, 0]
    state = _STATES.get(kind)
    if state is not None:
        return [state(page)]
    if kind in ("first key", "last key"):
        key = page.first_key if kind == "first key" else page.last_key
        return [None, ABSENT, ""] if key is None else [key, str(key)]
    if kind == "self":
        path = [links.path, links.relative(links.here)]
        return [*path, links.here] if manner.is_relative else [links.here, *path]
    return _leading(kind, manner, page, links)


_COUNTS: dict[Kind, Callable[[Page], int | None]] = {
    "total": lambda page: page.total,
    "count": lambda page: len(page.records),
    "remaining": lambda page: max(0, page.total - page.end),
    "pages": lambda page: page.pages,
    "page": lambda page: page.number,
    "size": lambda page: page.total if page.request.size is None else page.size,
    "offset": lambda page: page.offset,
    "end": lambda page: max(0, page.end - 1),
    "from": lambda page: page.offset + 1 if page.records else None,
    "to": lambda page: page.end if page.records else None,
}
_STATES: dict[Kind, Callable[[Page], bool]] = {
    "more": lambda page: page.has_more,
    "next?": lambda page: page.has_next,
    "previous?": lambda page: page.has_previous,
    "first?": lambda page: not page.has_previous,
    "last?": lambda page: not page.has_next,
    "no": lambda _: False,
}


def _leading(kind: Kind, manner: Manner, page: Page, links: PageLinks) -> list[Candidate]:
    """Return what leads to another page: a URL, a cursor, a number; null or nothing where there is none."""
    paging = page.request.paging
    if kind in ("next", "end cursor"):
        is_there, url = page.has_next or kind == "end cursor", links.next()
        cursor, number = page.next_cursor(paging.forward), page.number + 1
        offset = page.end
    elif kind in ("previous", "start cursor"):
        is_there, url = page.has_previous or kind == "start cursor", links.previous()
        cursor, number = page.previous_cursor(paging.backward), page.number - 1
        offset = max(0, page.offset - page.size)
    elif kind == "first":
        is_there, url, cursor, number, offset = True, links.first(), "", paging.first, 0
    else:
        last = max(page.pages - 1, 0)
        is_there, url, cursor, number, offset = True, links.last(), "", paging.first + last, last * page.size
    if not is_there or not links.leads_on:
        return [None, ABSENT, ""]
    numbers = [offset, number] if manner.is_offset or (not paging.page and not manner.is_url) else [number, offset]
    urls = [links.relative(url), url] if manner.is_relative else [url, links.relative(url)]
    texts = [*urls, cursor] if manner.is_url else [cursor, *(str(number) for number in numbers[:1]), *urls]
    if manner.is_cursor:
        texts = [cursor, *(str(number) for number in numbers[:1])]
    known: list[Candidate] = [text for text in texts if text]
    if cursor.isdigit():
        known.append(int(cursor))
    if not manner.types or manner.types & {"integer", "number"}:
        known += numbers
    return [*known, None, ABSENT, ""]
