"""A valid request with all that response selection needs, and the media type of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.value_class import value_class
from mock_server.http.content_negotiation import NegotiatedMedia, negotiate
from mock_server.http.messages import Request
from mock_server.http.preferences import Preferences
from mock_server.http.sequences import PARTS, form_of
from mock_server.openapi.model import BODYLESS, MediaType, Operation, ResponseSpec
from mock_server.openapi.security import Credentials
from mock_server.storage import Record
from mock_server.worlds.world import World


class CannotHonourError(Exception):
    """Raised for a preference that the answer does not have. The message is for the client.

    A status or an example that the contract does not have is 404, as in Prism; a variant is a number of ours.
    """

    def __init__(self, message: str, status: int = 404) -> None:
        self.status = status
        super().__init__(message)


class NotAcceptableError(Exception):
    """Raised where the client accepts none of the media types of the answer."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(names)


@value_class
class MockRequest:
    """A valid request: its operation, its caller, its preferences, and its world."""

    operation: Operation
    request: Request
    credentials: Credentials
    preferences: Preferences
    world: World | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """As the route has them: encoded as far as reserved characters go."""
    wants_stream: bool = False
    """Whether the body asks for a stream (``stream: true``)."""
    callers: tuple[Record, ...] = ()
    """The records that the token selects: that of the caller, then what has the token."""
    records: dict[tuple[str, str], Record | None] = field(default_factory=dict, compare=False, repr=False)
    """Records that were looked up in the store, each once.

    The lookup is on the thread of the store, even where the answer is started again in another thread.
    """

    @property
    def accept(self) -> str:
        """The lines of ``Accept``, joined by commas."""
        return ", ".join(self.request.header_values("accept"))

    @property
    def identity(self) -> str:
        """The caller and the resource: the same for equal requests, whatever their preferences are."""
        query = "&".join(part for part in self.request.query.split("&") if not part.startswith("__"))
        return f"{self.credentials.token or ''} {self.request.path}?{query}"

    def is_dynamic(self, *, by_default: bool) -> bool:
        """Tell whether generated data is preferred to examples; ``by_default`` is the setting ``dynamic``."""
        return by_default if self.preferences.dynamic is None else self.preferences.dynamic


class NegotiatedRequest:
    """A request, and the documented response and the media type of it that were chosen for its answer.

    A plain class that is read-only by convention: to fill a frozen one takes a twentieth of the time of an answer.
    """

    __slots__ = (
        "_mock_request",
        "credentials",
        "media",
        "operation",
        "preferences",
        "records",
        "request",
        "response",
        "sought",
        "world",
    )

    def __init__(self, mock_request: MockRequest, response: ResponseSpec, media: MediaType) -> None:
        self._mock_request = mock_request
        self.operation = mock_request.operation
        self.request = mock_request.request
        self.credentials = mock_request.credentials
        self.preferences = mock_request.preferences
        self.world = mock_request.world
        self.records = mock_request.records
        """Records that were looked up: those of the request."""
        self.response = response
        self.media = media
        self.sought: tuple[tuple[str, str] | None] | None = None
        """The record that the caller selects, or that there is none; None where that is not known yet."""

    @property
    def identity(self) -> str:
        """The caller and the resource: the same for equal requests, whatever their preferences are."""
        return self._mock_request.identity

    def is_dynamic(self, *, by_default: bool) -> bool:
        """Tell whether generated data is preferred to examples; ``by_default`` is the setting ``dynamic``."""
        return self._mock_request.is_dynamic(by_default=by_default)


def choice_of(mock_request: MockRequest, response: ResponseSpec, status: int) -> NegotiatedMedia | None:
    """Return the media type to answer in; None for an answer without a body.

    Types with the named example are preferred. Raises :class:`CannotHonourError` for an example that does not exist,
    and :class:`NotAcceptableError`.
    """
    if status in BODYLESS or not response.content:
        if mock_request.preferences.example is not None:
            raise no_such_example(mock_request.preferences.example, response)
        return None
    named = mock_request.preferences.example
    fit = [] if named is None else [index for index, media in enumerate(response.content) if named in media.examples]
    indexes = fit or [*range(len(response.content))]
    # Where there are both, only a request that asks for a stream gets it.
    streams = [index for index in indexes if is_stream(response.content[index].name)]
    if streams and mock_request.wants_stream:
        indexes = streams
    elif streams:
        indexes = [*(index for index in indexes if index not in streams), *streams]
    names = tuple([response.content[index].name for index in indexes])
    choice = negotiate(names, mock_request.accept)
    if choice is None and (status >= 400 or (streams and mock_request.wants_stream)):
        choice = negotiate(names, "")  # an error in another type is better than no description
    if choice is None:
        raise NotAcceptableError(names)
    return NegotiatedMedia(indexes[choice.index], choice.content_type)


def is_stream(media_type: str) -> bool:
    """Tell whether a body of a media type is sent item by item. Parts may be those of one value."""
    return form_of(media_type) not in ("", PARTS)


def no_such_example(name: str, response: ResponseSpec) -> CannotHonourError:
    """Return the error for an example that the response does not have."""
    if any(name in media.external for media in response.content):
        return CannotHonourError(
            f"Found the preference example={name!r}, whose value is kept elsewhere (externalValue) and is not fetched;"
            " expected an example with a value. Write the value into the contract."
        )
    named = (
        ", ".join(sorted({example for media in response.content for example in media.examples if example})) or "none"
    )
    return CannotHonourError(f"Found the preference example={name!r}; expected one of: {named}.")
