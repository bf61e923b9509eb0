"""Scenarios as type checkers read them: which keys there are, and what they take.

They are the keys of :mod:`mock_server.scenarios.model` and of request patterns once more, since type checkers read no
keys that are derived; a test holds the two against each other. Keys that are words of Python are why two of the types
are written as calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, Required, TypeAlias, TypedDict

from mock_server.openapi.failure_extensions import FailureName
from mock_server.scenarios.delivery_fault import FaultKind

ValuePatternData = TypedDict(
    "ValuePatternData",
    {
        "equalTo": NotRequired[str],
        "contains": NotRequired[str],
        "doesNotContain": NotRequired[str],
        "matches": NotRequired[str],
        "doesNotMatch": NotRequired[str],
        "caseInsensitive": NotRequired[bool],
        "absent": NotRequired[bool],
        "equalToJson": NotRequired[Any],
        "ignoreArrayOrder": NotRequired[bool],
        "ignoreExtraElements": NotRequired[bool],
        "matchesJsonPath": NotRequired[Any],
        "matchesJsonSchema": NotRequired[Any],
        "and": NotRequired["Sequence[ValueData]"],
        "or": NotRequired["Sequence[ValueData]"],
        "not": NotRequired["ValueData"],
    },
)
"""A pattern of one value. Kinds that plugins add are not among its keys; a value of theirs is ``Any``."""

ValueData: TypeAlias = str | int | float | ValuePatternData
"""A text or a number that a value is equal to, or a pattern of it."""


class BasicAuthData(TypedDict):
    """The credentials of Basic authentication."""

    username: str
    password: str


class RequestMatchData(TypedDict, total=False):
    """The requests that a scenario answers; all that is given has to fit. The lower rows are WireMock's."""

    operation: str
    """The operationId, or the key: ``GET /pets/{id}``."""
    method: str
    path: str
    """A template or a literal path."""
    pathParameters: Mapping[str, ValueData]
    query: Mapping[str, ValueData]
    headers: Mapping[str, ValueData]
    token: ValueData
    body: Mapping[str, Any]
    """By JSON Pointer or JSONPath, the value there."""
    schema: Mapping[str, Any] | bool
    url: str
    urlPath: str
    urlPattern: str
    urlPathPattern: str
    urlPathTemplate: str
    queryParameters: Mapping[str, ValueData]
    cookies: Mapping[str, ValueData]
    basicAuth: BasicAuthData
    bodyPatterns: Sequence[ValueData]
    record: Mapping[str, Any]
    """As ``body``, of the record that the request is about."""


AnswerData = TypedDict(
    "AnswerData",
    {
        "pass": NotRequired[Literal[True]],
        "code": NotRequired[int],
        "example": NotRequired[str],
        "failure": NotRequired[FailureName],
        "fixture": NotRequired[str],
        "variant": NotRequired[int],
        "body": NotRequired[Any],
        "patch": NotRequired[Any],
        "headers": NotRequired[Mapping[str, str | int | float]],
        "breaks": NotRequired[Literal[True] | Mapping[str, Any]],
        "delay_ms": NotRequired[int],
        "jitter_ms": NotRequired[int],
        "cut": NotRequired[Literal["before_headers", "mid_body"]],
        "garble": NotRequired[Literal["truncate", "invalid_json", "content_length", "content_type", "no_content_type"]],
        "trickle": NotRequired[int],
        "hang": NotRequired[Literal[True]],
        "write": NotRequired[bool],
        "webhook": NotRequired["EventFaultData | Sequence[EventFaultData]"],
        "items": NotRequired[int],
        "interval_ms": NotRequired[int],
        "cut_after": NotRequired[int],
        "garble_item": NotRequired[int],
        "times": NotRequired[int],
        "every": NotRequired[int],
        "share": NotRequired[float],
        "required_state": NotRequired[str],
        "new_state": NotRequired[str],
    },
)
"""One answer of a scenario: the answer, what is done to it, and when it is its turn."""


class EventFaultData(TypedDict, total=False):
    """What goes wrong with the deliveries of the events that a request causes."""

    fault: Required[FaultKind]
    event: str
    """The type of the events; all if not said."""
    seconds: float
    tries: int


class ScenarioData(TypedDict, total=False):
    """A scenario: what to answer instead, to which requests, for how long."""

    name: str
    description: str
    match: RequestMatchData
    answers: Required[Sequence[AnswerData]]
    then: Literal["pass", "repeat"]
    state: str
    """The name of the states, where several scenarios share them."""
    required_state: str
    new_state: str
