"""What a request may send: the members of its body's schema, with their defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_document import SchemaDocument
from mock_server.worlds.state.making.fitting import UNKNOWN, Unknown
from mock_server.worlds.state.making.record_shapes import Member, RecordShape, chosen, shapes_of


def is_read_only(member: Member) -> bool:
    """Tell whether a member is marked as one that only servers set."""
    return any(node.keywords.get("readOnly") is True for node in member.nodes())


def default_of(member: Member) -> JSON | Unknown:
    """Return the default of a member, by its own schemas before those of branches."""
    for node in member.nodes():
        if "default" in node.keywords:
            return node.keywords["default"]
    return UNKNOWN


@value_class(eq=False)
class RequestForm:
    """One form of a request's body: the names of members that a client may send, and defaults of those that have one.

    ``is_open``: other members may be sent too.
    """

    names: frozenset[str]
    defaults: Mapping[str, JSON]


EMPTY = RequestForm(frozenset(), {})
"""The form of a request without a body."""


class RequestMembers:
    """The forms of one request's body, read once; ``spelling`` tells how records spell the names of its members."""

    def __init__(self, document: SchemaDocument, schema: JSON, spelling: Callable[[str], str]) -> None:
        self._spelling = spelling
        self._shapes = () if schema is None else shapes_of(document, (document.root(schema),))
        self._forms: dict[RecordShape, RequestForm] = {}

    def form(self, sent: Mapping[str, JSON]) -> RequestForm:
        """Return the form that a body has."""
        if not self._shapes:
            return EMPTY
        shape = chosen(self._shapes, sent)
        form = self._forms.get(shape)
        if form is None:
            form = self._forms[shape] = _form(shape, self._spelling)
        return form


def _form(shape: RecordShape, spelling: Callable[[str], str]) -> RequestForm:
    members = {spelling(name): member for name, member in shape.members.items() if not is_read_only(member)}
    defaults: dict[str, JSON] = {}
    for name, member in members.items():
        default = default_of(member)
        if not isinstance(default, Unknown):
            defaults[name] = default
    return RequestForm(frozenset(members), defaults)
