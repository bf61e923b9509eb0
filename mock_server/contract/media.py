"""Bodies to values, for the judge: what openapi-core's own readers get wrong or do not know.

Its reader of JSON takes what RFC 8259 does not have (NaN, bytes that are no UTF-8) or falls over it, and
it hands texts of types that it does not know on as bytes, which no ``type: string`` fits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from mock_server.exchange import JSON

Reader = Callable[..., Any]
Resolve = Callable[[JSON], JSON]
_FORMS = ("application/x-www-form-urlencoded", "multipart/")


def read_json(body: bytes | str, **parameters: str) -> Any:
    """The value of a JSON text (RFC 8259), of a body in UTF-8 or of a header; ValueError for anything else.

    A name that stands twice in an object is an error: which of the two counts, each reader decides by itself
    (RFC 8259, 4).
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_float, object_pairs_hook=_object)
    except UnicodeDecodeError as problem:
        raise ValueError(f"byte {problem.start} is no UTF-8") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"line {problem.lineno}, column {problem.colno}: {problem.msg}") from None
    except NotJSONError:
        raise
    except ValueError:  # Python, of an integer with more than 4,300 digits
        raise ValueError("a number of too many digits") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


TOO_DEEP = "nested too deeply"


class NotJSONError(ValueError):
    """What Python's reader takes for JSON, and RFC 8259 does not or leaves to the reader."""


def _refuse_constant(name: str) -> float:
    raise NotJSONError(f"{name} is no JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJSONError("a number beyond all bounds")
    return number


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJSONError(f"the name {json.dumps(twice)} stands twice in an object")
    return found


def read_text(body: bytes, charset: str = "utf-8", **parameters: str) -> str:
    """The text of a body; bytes that are no text stand for themselves, one character each."""
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError):
        return body.decode("latin-1")


def essence_of(media_type: str) -> str:
    """A media type in lower case without its parameters (RFC 9110, 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(essence: str) -> bool:
    """``application/json`` and every ``+json`` (RFC 6839)."""
    return essence == "application/json" or essence.endswith("+json")


class Readers(dict[str, Reader]):
    """A reader for every media type but forms, which openapi-core reads by their schema."""

    def __contains__(self, media_type: object) -> bool:
        return isinstance(media_type, str) and not media_type.startswith(_FORMS)

    def __missing__(self, media_type: str) -> Reader:
        return read_json if is_json(media_type) else read_text


def judgeable(node: JSON, resolve: Resolve) -> JSON:
    """The document as openapi-core can judge by it.

    ``schema: true`` and ``false`` become objects, which it needs. A schema that says what an XML element or
    a number in plain text holds goes: the body of such a type is a text to it, which no such schema takes.
    """
    if isinstance(node, list):
        return [judgeable(one, resolve) for one in node]
    if not isinstance(node, dict):
        return node
    plain: dict[str, JSON] = {}
    for key, child in node.items():
        if key == "schema" and isinstance(child, bool):
            plain[key] = {} if child else {"not": {}}
        elif key == "content" and isinstance(child, dict):
            plain[key] = {name: judgeable(_judgeable_media(name, one, resolve), resolve) for name, one in child.items()}
        else:
            plain[key] = judgeable(child, resolve)
    return plain


def _judgeable_media(name: str, media: JSON, resolve: Resolve) -> JSON:
    essence = essence_of(name)
    if not isinstance(media, dict) or "schema" not in media or essence.startswith(_FORMS) or essence == "*/*":
        return media
    schema = resolve(media["schema"])
    is_text = isinstance(schema, dict) and schema.get("type", "string") == "string"
    if is_text or is_json(essence):
        return media
    return {key: value for key, value in media.items() if key != "schema"}
