"""Checks of formats: those of the libraries, and ``uuid4``, which no library has.

Each check takes any value and tells whether the format allows it; a value that is not a text passes, since ``type``
validates that.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.plugins import registry

if TYPE_CHECKING:
    from jsonschema import FormatChecker

Check = Callable[[Any], bool]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def is_uuid4(value: Any) -> bool:
    """Tell whether a text is a UUID of version 4 and of the variant of RFC 9562 (4.1 and 5.4)."""
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


_DURATION = re.compile(r"P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)", re.ASCII)


def is_duration(value: Any) -> bool:
    """Tell whether a text is a duration of RFC 3339 (appendix A).

    The library for it would take a tenth of the start-up time.
    """
    return not isinstance(value, str) or _DURATION.fullmatch(value) is not None


def is_byte(value: Any) -> bool:
    """Tell whether a text is base64 (RFC 4648, 4); openapi-core's own check raises for texts that are not ASCII."""
    if not isinstance(value, str):
        return True
    try:
        base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return True


def _from_library(name: str) -> Check:
    """Return jsonschema-rs' check of a format (JSON Schema 2020-12, validation vocabulary, 7.3)."""
    validator = jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)

    def check(value: Any) -> bool:
        try:
            return not isinstance(value, str) or validator.is_valid(value)
        except UnicodeEncodeError:  # a lone surrogate is in no text of these formats
            return False

    return check


_OF_LIBRARY = (
    "hostname",
    "idn-email",
    "idn-hostname",
    "json-pointer",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
)
"""Formats of JSON Schema 2020-12 that openapi-core does not check, or (``time``) by an old draft, without an offset.

The validator of what is generated has the same checks: what one of the two takes the other takes.
"""

CHECKS: Mapping[str, Check] = {
    **{name: _from_library(name) for name in _OF_LIBRARY},
    "byte": is_byte,
    "duration": is_duration,
    "uuid4": is_uuid4,
}
"""The checks that come with the server, of formats that openapi-core does not check by itself."""
_MISSING_IN_JSONSCHEMA_RS = ("byte", "duration", "uuid4")


@cache
def format_checks() -> Mapping[str, Check]:
    """Return the checks of all registered formats that openapi-core does not check by itself."""
    formats = registry().formats
    checks = {name: entry.check for name, entry in formats.items() if entry.check is not None}
    return checks | {name: _of_texts(checks[name]) for name in formats.of_plugins if name in checks}


@cache
def extra_checks() -> Mapping[str, Check]:
    """Return the checks of the formats that jsonschema-rs does not know."""
    return {
        name: check
        for name, check in format_checks().items()
        if name in _MISSING_IN_JSONSCHEMA_RS or name in registry().formats.of_plugins
    }


@cache
def request_format_checks() -> Mapping[str, Check]:
    """Return the checks of values that clients send."""
    return {**format_checks(), "date-time": is_date_time_of_a_client}


def is_date_time_of_a_client(value: Any) -> bool:
    """Tell whether a text is a date-time of RFC 3339, also with a space between date and time (5.6, the note)."""
    if isinstance(value, str) and value[10:11] == " ":
        value = f"{value[:10]}T{value[11:]}"
    return _is_date_time(value)


@cache
def _library() -> FormatChecker:
    """Return jsonschema's checker of formats, imported when the first date-time is read."""
    with LATE_IMPORTS:
        from jsonschema import Draft202012Validator

    checker: FormatChecker = Draft202012Validator.FORMAT_CHECKER
    return checker


def _is_date_time(value: Any) -> bool:
    """Tell whether a value is a date-time as openapi-core has it, which reads an answer that repeats it."""
    return _library().conforms(value, "date-time")


def _of_texts(check: Check) -> Check:
    """Return a check that any value passes that is not a text."""
    return lambda value: not isinstance(value, str) or check(value)
