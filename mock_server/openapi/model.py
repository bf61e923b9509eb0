"""The model of a contract: frozen, resolved where it pays, with a digest.

Schemas stay as they are in the document, references included; code that walks them resolves references as it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import is_json
from mock_server.openapi.extensions import MockExtensions
from mock_server.openapi.state_extensions import OperationCorrection
from mock_server.openapi.traversal import resolved

if TYPE_CHECKING:
    from mock_server.openapi.effects.steps import Step

Schema = Mapping[str, JSON]

BODYLESS = frozenset({204, 205, 304})
"""Final statuses whose answers have no body (RFC 9110, 15.3.5, 15.3.6, 15.4.5)."""
FRAMING = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers about the transfer of a message (RFC 9110, 7.6.1 and 8.4 to 8.6), which the server writes itself."""


def path_parts(key: str) -> tuple[str, str, str]:
    """Return the path template, the query and the fragment of a key of ``paths``; the latter two may be empty.

    OpenAPI knows templates alone; authors add a query or a fragment to tell operations apart.
    """
    before, _, fragment = key.partition("#")
    template, _, query = before.partition("?")
    return template, query, fragment


@value_class
class MediaType:
    """One entry of ``content``. ``name`` is the key, parameters included (``text/plain; charset=utf-8``)."""

    name: str
    schema: JSON = None
    """A schema object or a boolean; None where the contract has none."""
    examples: Mapping[str, JSON] = field(default_factory=dict)
    """Values by name; the value of ``example`` has the name ``""``."""
    external: frozenset[str] = frozenset()
    """The names of examples whose value is in another place (``externalValue``); they are not fetched."""
    item_schema: JSON = None
    """The schema of each item of a sequence (OpenAPI 3.2, ``itemSchema``)."""
    node: Mapping[str, JSON] = field(default_factory=dict, repr=False, compare=False)
    """The Media Type Object itself."""

    @property
    def is_json(self) -> bool:
        """Whether the body is written in JSON."""
        return is_json(self.name)


@value_class
class Header:
    """A response header. ``examples`` as in :class:`MediaType`; ``explode`` tells how an object is written."""

    name: str
    required: bool
    schema: JSON
    examples: Mapping[str, JSON] = field(default_factory=dict)
    explode: bool = False
    is_json: bool = False
    """Whether the value is JSON: the header is described by ``content``."""

    def value_for(self, example: str) -> JSON:
        """Return the header's value that goes with the body example of that name; None where it has none."""
        return self.examples.get(example, self.examples.get(""))


@value_class
class ResponseSpec:
    """A documented answer. ``status`` is the key: ``200``, ``4XX`` or ``default``."""

    status: str
    headers: tuple[Header, ...] = ()
    content: tuple[MediaType, ...] = ()


@value_class
class Operation:
    """An operation. ``key`` (``GET /pets/{id}``) is unique; ``pointer`` is the JSON Pointer to it in the document."""

    key: str
    method: str
    path: str
    operation_id: str | None
    pointer: str
    responses: Mapping[str, ResponseSpec]
    security: tuple[tuple[str, ...], ...]
    """The schemes of each alternative: an OR of ANDs. Empty: no security."""
    resource: str | None = None
    """The fixture resource whose record answers, selected by the caller's token."""
    deprecated: bool = False
    correction: OperationCorrection | None = None
    """What the contract or an overlay says of its part in state; None where it says nothing."""
    effects: tuple[Step, ...] = ()
    """What it does besides to records, in order."""
    absent: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The failures of records that are not there, by their resources."""

    def response_for(self, status: int) -> ResponseSpec | None:
        """Return the response that documents a status: by the status itself, its range, or ``default``; else None."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


@value_class
class SecurityScheme:
    """A scheme of ``components.securitySchemes``. ``scheme`` is in lower case."""

    name: str
    type: str
    scheme: str = ""
    place: str = ""
    """Where an apiKey is: header, query or cookie."""
    key: str = ""
    """The name of an apiKey's header, parameter or cookie."""


@value_class
class Contract:
    """A contract that can be served.

    ``document`` is the document with overlays and repairs; all share it, and it is read-only. ``digest`` (SHA-256)
    identifies what it was made from. ``findings`` are the repairs. ``base_paths`` are the paths of ``servers``.
    """

    name: str
    document: dict[str, JSON]
    digest: str
    title: str
    version: str
    openapi: tuple[int, int]
    operations: Mapping[str, Operation]
    schemes: Mapping[str, SecurityScheme]
    extensions: MockExtensions
    base_paths: tuple[str, ...]
    findings: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()
    """The files and addresses that it was read from, overlays included."""
    locate: Callable[[str], str] = field(default=str, repr=False, compare=False)
    """Returns the file and line of the node at a JSON Pointer into ``document``."""

    def resolve(self, node: JSON) -> JSON:
        """Return the node itself, or what its ``$ref`` leads to after any number of steps; None for nothing."""
        return resolved(self.document, node)
