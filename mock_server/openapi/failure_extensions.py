"""What a contract or an overlay says of failures: which answer each takes, and how the answer tells what is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, get_args

from mock_server.core.json_pointer import pointer_of, value_at
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.node_reader import NodeReader

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

FailureName = Literal[
    "unauthenticated",
    "invalid_token",
    "not_found",
    "method_not_allowed",
    "trailing_slash",
    "unsupported_media_type",
    "malformed_request",
    "invalid_request",
    "no_such_record",
    "conflict",
    "relation_missing",
    "idempotency_conflict",
    "rate_limited",
    "server_error",
]
FAILURES: tuple[FailureName, ...] = get_args(FailureName)
"""The failures of the server that can have an answer of their own; others are named by the data that refers to them."""
_OWN = ("status", "response", "example", "beforeRouting", "body", "each", "keywords", "parameters")
"""What a failure has not that is told ``as`` another one."""
_KEYS = (*_OWN, "as", "type", "message", "at", "without")


@value_class
class FaultText:
    """How a thing that is wrong is told: its kind (``missing``), and a message in which ``{limit}`` is filled in."""

    type: str = ""
    message: str = ""


@value_class
class Failure:
    """The answer to a failure. ``response`` is a reference, ``example`` the name of one of its examples.

    ``body`` is a template in place of an example; ``each`` is the JSON Pointer of an array in it whose only item stands
    there once for each thing that is wrong. ``keywords`` tell such a thing by the keyword of JSON Schema that a value
    breaks, ``parameters`` name the failure that tells it instead where a parameter breaks one. ``text`` is that of a
    rule of the API, and ``at`` where it is said to be (``[body, email]``) where that is not where the value stands;
    ``without`` is what the value is told without where it begins so. ``told_as`` names the failure whose answer is
    taken: of such that have the same one, all are told at once.
    """

    name: str
    status: int
    response: str
    example: str = ""
    before_routing: bool = False
    body: JSON = None
    each: str = ""
    keywords: Mapping[str, FaultText] = field(default_factory=dict, hash=False)
    text: FaultText = FaultText()
    at: tuple[str, ...] = ()
    told_as: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    without: str = ""

    @property
    def has_body(self) -> bool:
        """Whether the body is made of a template."""
        return self.body is not None


def read_failures(nodes: Mapping[str, JSON], source: LazySourceMap, referred: Collection[str]) -> dict[str, Failure]:
    """Return the failures of ``x-mock-failures`` by name; ``referred`` are the names that other data refers to.

    Raises :class:`ContractError` for an unknown key or name, or a wrong value.
    """
    reader = _FailureReader(source)
    entries = [node for node in nodes.values() if isinstance(node, dict)]
    known = {
        *referred,
        *(name for entry in entries for name in _named_by(entry)),
        *(str(entry["as"]) for entry in entries if "as" in entry),
    }
    for failure, name in [(failure, name) for failure, node in nodes.items() for name in _named_by(node)]:
        if name not in nodes:
            found = f"the failure {name!r}{did_you_mean(name, nodes)}"
            raise reader.refusal(
                pointer_of("x-mock-failures", failure, "parameters"), found, "a name of x-mock-failures"
            )
    plain = {
        name: reader.failure(name, node, known)
        for name, node in nodes.items()
        if not (isinstance(node, dict) and "as" in node)
    }
    return {name: plain[name] if name in plain else reader.alike(name, nodes[name], plain) for name in nodes}


def _named_by(entry: JSON) -> list[str]:
    """Return the failures that an entry names for parameters."""
    table = entry.get("parameters") if isinstance(entry, dict) else None
    return [name for name in table.values() if isinstance(name, str)] if isinstance(table, dict) else []


class _FailureReader(NodeReader):
    """Reads the entries of ``x-mock-failures``."""

    def failure(self, name: str, node: JSON, referred: Collection[str]) -> Failure:
        """Return the answer to a failure: of the server, or of a name that other data refers to."""
        where = pointer_of("x-mock-failures", name)
        self._expect_name(name, referred, where)
        data = self.members(node, where, _KEYS)
        status = self.text(data, "status", where)
        if not re.fullmatch("[1-5][0-9][0-9]", status):
            raise self.refusal(where + "/status", repr(status), "a status from '100' to '599'")
        return Failure(
            name,
            int(status),
            self.text(data, "response", where),
            self.text(data, "example", where, ""),
            self.flag(data, "beforeRouting", where),
            data.get("body"),
            self._each(data, where),
            {keyword: self._text(texts, at) for keyword, texts, at in self._keywords(data, where)},
            FaultText(self.text(data, "type", where, ""), self.text(data, "message", where, "")),
            tuple(self.texts(data, "at", where)),
            parameters=self._parameters(data, where),
            without=self.text(data, "without", where, ""),
        )

    def alike(self, name: str, node: JSON, plain: Mapping[str, Failure]) -> Failure:
        """Return a failure that is told as another one, whose answer has a template."""
        where = pointer_of("x-mock-failures", name)
        data = self.members(node, where, _KEYS)
        other = plain.get(self.text(data, "as", where))
        if other is None or not other.each:
            found = f"{data['as']!r}{did_you_mean(str(data['as']), plain)}"
            raise self.refusal(f"{where}/as", found, "a failure with `body` and `each`")
        for key in _OWN:
            if key in data:
                raise self.refusal(where + pointer_of(key), f"`{key}` beside `as`", "one of them")
        text = FaultText(self.text(data, "type", where, ""), self.text(data, "message", where, ""))
        at = tuple(self.texts(data, "at", where))
        text = FaultText(text.type or other.text.type, text.message)
        return Failure(
            name,
            other.status,
            other.response,
            body=other.body,
            each=other.each,
            text=text,
            at=at,
            told_as=other.name,
            without=self.text(data, "without", where, ""),
        )

    def _expect_name(self, name: str, referred: Collection[str], where: str) -> None:
        if name not in FAILURES and name not in referred:
            found = f"{name!r}{did_you_mean(name, (*FAILURES, *referred))}"
            raise self.refusal(
                where, found, "a name that other x-mock-* data refers to, or one of " + ", ".join(FAILURES)
            )

    def _each(self, data: Mapping[str, JSON], where: str) -> str:
        if "each" not in data:
            return ""
        pointer = self.pointer(data["each"], f"{where}/each")
        try:
            items = value_at(data.get("body"), pointer)
        except LookupError:
            items = None
        if not isinstance(items, list) or len(items) != 1:
            raise self.refusal(f"{where}/each", repr(pointer), "the JSON Pointer of an array of one item in `body`")
        return pointer

    def _keywords(self, data: Mapping[str, JSON], where: str) -> list[tuple[str, JSON, str]]:
        node = data.get("keywords", {})
        if not isinstance(node, dict):
            raise self.refusal(f"{where}/keywords", repr(node), "an object with an entry for each keyword")
        return [(keyword, texts, f"{where}/keywords{pointer_of(keyword)}") for keyword, texts in node.items()]

    def _parameters(self, data: Mapping[str, JSON], where: str) -> Mapping[str, str]:
        """Return the failures that tell of parameters, by their names."""
        node = data.get("parameters", {})
        if not isinstance(node, dict):
            raise self.refusal(f"{where}/parameters", repr(node), "an object with the name of a failure for each")
        return {name: self.text(node, name, f"{where}/parameters") for name in node}

    def _text(self, node: JSON, where: str) -> FaultText:
        data = self.members(node, where, ("type", "message"))
        return FaultText(self.text(data, "type", where, ""), self.text(data, "message", where, ""))
