"""What an operation that keeps state is asked, and what comes of it. Neither changes anything: changes are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.extensions import TokenKind
from mock_server.storage import Record, RecordChange, RecordReader
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.operations import StatefulOperation
from mock_server.worlds.state.upload import Upload


@value_class
class StateRequest:
    """A valid request to an operation that keeps state.

    ``path`` has the path parameters, decoded; ``query`` is raw; ``body`` is what the body means (None: no body),
    ``media`` its media type without parameters; ``now`` in seconds since 1970; ``caller`` is the token, empty
    for nobody.
    """

    operation: StatefulOperation
    path: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    body: JSON = None
    media: str = ""
    now: float = 0.0
    caller: str = ""
    is_strict: bool = False
    world: str = ""
    """The name of the world."""
    upload: Upload | None = None
    """The file among the parts of the body; None where there is none, or more than one."""
    callers: tuple[Record, ...] = ()
    """The records that the token selects: that of the caller, then what has the token."""
    kind: TokenKind | None = None
    """The kind of the token, where data tells kinds apart."""


@value_class
class StateEvent:
    """An event to tell of: the name of a webhook of the contract, and the record that it is about, as it is then."""

    type: str
    record: Record


@value_class
class Outcome:
    """What comes of a request: a record or a page to show, where its answer shows any, and the changes to make.

    ``statuses`` are those that fit, the best first; empty for the usual one. ``origin`` says which record the answer is
    made from, for the journal. ``reads`` are the resources that the answer depends on. ``location`` is the path of what
    was created, empty where no path leads to it. ``sends`` are the events that data says happen, in their order; None
    where it says nothing, so that those of the changes happen.
    """

    record: Record | None = None
    page: Page | None = None
    statuses: tuple[int, ...] = ()
    changes: tuple[RecordChange, ...] = ()
    reads: tuple[str, ...] = ()
    location: str = ""
    origin: str = ""
    sends: tuple[StateEvent, ...] | None = None
    is_existing: bool = False
    """Whether a create answers a record that is there."""
    several: tuple[Record, ...] = ()
    """The records that were created, where the request creates several at once."""
    records: RecordReader | None = None
    """The records of the world as they will be, where effects change more than what is shown; None for as they are."""
    answer: tuple[tuple[tuple[str, ...], JSON | Record], ...] = ()
    """What data says that the answer has, by the parts of pointers into it; records are shown by the schemas there."""
    findings: tuple[Diagnostic, ...] = ()
    """What of the request was taken otherwise than it says, since nothing is refused for it in this mode."""
