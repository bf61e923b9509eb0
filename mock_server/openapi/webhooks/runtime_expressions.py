"""Runtime expressions (OpenAPI 3.1, 4.8.20.4): texts that a request and its response fill in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers

_BRACED = re.compile(r"\{(\$[^{}]*)\}")
_SOURCE = re.compile(r"\$(request|response)\.(header|query|path|body)(?:\.([^#]+)|(#.*))?")


@value_class
class ExpressionMessages:
    """A request and its response, as expressions see them.

    ``path`` has the path parameters, decoded; ``query`` is raw; bodies are values, None where there is none that is
    read.
    """

    url: str
    method: str
    status: int
    path: Mapping[str, str]
    query: str
    request_headers: Headers
    request_body: JSON
    response_headers: Headers
    response_body: JSON


def filled(template: str, messages: ExpressionMessages) -> str | None:
    """Return a template with its expressions filled in; None where one of them has no value.

    It is an expression itself (``$request.body#/url``), or has expressions in braces.
    """
    if template.startswith("$"):
        return _text(value_of(template, messages))
    values = {match[1]: _text(value_of(match[1], messages)) for match in _BRACED.finditer(template)}
    if None in values.values():
        return None
    return _BRACED.sub(lambda match: str(values[match[1]]), template)


def value_of(expression: str, messages: ExpressionMessages) -> JSON:
    """Return what an expression means; None where the messages have nothing there, or it is none."""
    if expression == "$url":
        return messages.url
    if expression == "$method":
        return messages.method
    if expression == "$statusCode":
        return messages.status
    match = _SOURCE.fullmatch(expression)
    if match is None:
        return None
    message, source, name, pointer = match.groups()
    is_request = message == "request"
    if source == "body":
        body = messages.request_body if is_request else messages.response_body
        return _within(body, (pointer or "#")[1:]) if name is None else None
    if name is None or (not is_request and source != "header"):
        return None
    if source == "header":
        return _header(messages.request_headers if is_request else messages.response_headers, name)
    if source == "query":
        return next(iter(parse_qs(messages.query, keep_blank_values=True).get(name, ())), None)
    return messages.path.get(name)


def is_expression(expression: str) -> bool:
    """Tell whether a text, which begins with ``$``, is an expression."""
    if expression in ("$url", "$method", "$statusCode"):
        return True
    match = _SOURCE.fullmatch(expression)
    if match is None:
        return False
    message, source, name, pointer = match.groups()
    if source == "body":
        return name is None and (pointer is None or pointer[1:] == "" or pointer[1:2] == "/")
    return name is not None and pointer is None and (message == "request" or source == "header")


def expressions_in(template: str) -> tuple[str, ...]:
    """Return the expressions of a template."""
    return (template,) if template.startswith("$") else tuple(_BRACED.findall(template))


def _within(body: JSON, pointer: str) -> JSON:
    try:
        return value_at(body, pointer)
    except (LookupError, TypeError, ValueError):
        return None


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def _text(value: JSON) -> str | None:
    """Return a scalar as a text; None for all that has no place in a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None
