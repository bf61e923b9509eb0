"""What the text of a search says: words to find, or terms about members, as many APIs have them.

``email:'ada@example.com' AND -status:"closed"``, ``created>1700000000 OR metadata['tier']:'gold'``,
``state:open crash``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from mock_server.core.value_class import value_class
from mock_server.storage import Record
from mock_server.worlds.state.listing.comparison import Bound
from mock_server.worlds.state.listing.conditions import Condition, RelatedRecords, Search

_TERM = re.compile(
    r"""(?P<no>-|NOT\s+)?(?P<member>[A-Za-z_][\w.]{0,80})(?:\[["']?(?P<key>[\w.-]{1,80})["']?\])?"""
    r"""(?P<sign>:>=|:<=|:>|:<|>=|<=|!=|[:=~<>])(?P<value>"[^"]*"|'[^']*'|[^\s"']+)"""
)
_WORD = re.compile(r"""(?P<no>-|NOT\s+)?(?:"(?P<phrase>[^"]*)"|'(?P<quote>[^']*)'|(?P<word>\S+))""")
_GAP = re.compile(r"\s+")
_EITHER = re.compile(r"\s+OR\s+")
_LONGEST = 1_000
_SIDES: dict[str, Bound] = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


@value_class
class MemberTerm:
    """A term about a member: ``sign`` is one of ``: = != ~ > >= < <=``; ``key`` is that within an object of labels."""

    member: str
    key: str
    sign: str
    value: str

    @property
    def side(self) -> Bound | None:
        """The side of the value on which the member lies; None for a term of equality."""
        return _SIDES.get(self.sign.lstrip(":"))


@value_class
class Contained:
    """A member has a text as part of it, whatever its case."""

    member: str
    text: str

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records whose member has the text in it."""
        text = self.text.casefold()
        return [record for record in records if text in _text(record, self.member)]


@value_class
class Excluded:
    """The contrary of a condition."""

    condition: Condition

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that do not satisfy it."""
        listed = [*records]
        refused = {record.handle for record in self.condition.select(listed, related)}
        return [record for record in listed if record.handle not in refused]


@value_class
class Either:
    """One of several lists of conditions, each of which has to be satisfied whole."""

    alternatives: tuple[tuple[Condition, ...], ...]

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that satisfy all conditions of any of the lists."""
        listed = [*records]
        chosen: set[str] = set()
        for conditions in self.alternatives:
            selected = listed
            for condition in conditions:
                selected = condition.select(selected, related)
            chosen |= {record.handle for record in selected}
        return [record for record in listed if record.handle in chosen]


def searched(text: str, condition_of: Callable[[MemberTerm], Condition | None]) -> Condition:
    """Return the condition that the text of a search is.

    ``condition_of`` returns what a term means, None for a member that the records do not have: such terms do not count
    (``repo:x``). A text without a term about a member is looked for as it is.
    """
    if len(text) > _LONGEST:
        return Search(text)
    alternatives: list[tuple[Condition, ...]] = []
    is_structured = False
    for part in _EITHER.split(text):
        conditions: list[Condition] = []
        for term_match, is_term in _conditions(part, condition_of):
            is_structured = is_structured or is_term
            conditions.append(term_match)
        alternatives.append(tuple(conditions))
    return Either(tuple(alternatives)) if is_structured else Search(text)


def _conditions(text: str, condition_of: Callable[[MemberTerm], Condition | None]) -> Iterator[tuple[Condition, bool]]:
    """Yield the conditions of terms that all have to hold, each with whether it is about a member."""
    position = 0
    while position < len(text):
        gap = _GAP.match(text, position)
        if gap is not None:
            position = gap.end()
            continue
        term = _TERM.match(text, position)
        match = term or _WORD.match(text, position)
        if match is None:
            return
        position = match.end()
        if term is not None:
            condition = condition_of(
                MemberTerm(term["member"], term["key"] or "", term["sign"], term["value"].strip("\"'"))
            )
        else:
            word = match["phrase"] or match["quote"] or match["word"] or ""
            condition = None if word in ("AND", "") else Search(word)
        if condition is not None:
            is_excluded = bool(match["no"]) or (term is not None and term["sign"] == "!=")
            yield (Excluded(condition) if is_excluded else condition), term is not None


def _text(record: Record, member: str) -> str:
    value = record.value.get(member)
    return value.casefold() if isinstance(value, str) else ""
