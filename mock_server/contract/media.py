"""Bodies to values, for the judge: what openapi-core's own readers get wrong or do not know.

Its reader of JSON takes what RFC 8259 does not have (NaN, bytes that are no UTF-8) or falls over it, and
it hands texts of types that it does not know on as bytes, which no ``type: string`` fits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mock_server.exchange import JSON

Reader = Callable[..., Any]
Resolve = Callable[[JSON], JSON]
_FORMS = ("application/x-www-form-urlencoded", "multipart/")


def read_json(body: bytes | str, **parameters: str) -> Any:
    """The value of a JSON text (RFC 8259), of a body in UTF-8 or of a header; ValueError for anything else."""
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as problem:
        raise ValueError(f"byte {problem.start} is no UTF-8") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def read_text(body: bytes, charset: str = "utf-8", **parameters: str) -> str:
    """The text of a body; bytes that are no text stand for themselves, one character each."""
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return body.decode("latin-1")


class Readers(dict[str, Reader]):
    """A reader for every media type but forms, which openapi-core reads by their schema."""

    def __contains__(self, media_type: object) -> bool:
        return isinstance(media_type, str) and not media_type.startswith(_FORMS)

    def __missing__(self, media_type: str) -> Reader:
        return read_json if media_type == "application/json" or media_type.endswith("+json") else read_text


class AnswerReaders(dict[str, Reader]):
    """A reader for every media type: of an answer, the judge is given the JSON text of its value."""

    def __contains__(self, media_type: object) -> bool:
        return True

    def __missing__(self, media_type: str) -> Reader:
        return read_json


def judgeable(node: JSON, resolve: Resolve, *, answers: bool = False) -> JSON:
    """The document as openapi-core can judge by it.

    ``schema: true`` and ``false`` become objects, which it needs. A schema that says what an XML element or
    a number in plain text holds goes from requests: the body of such a type is a text to it, which no such
    schema takes. ``answers``: the node stands in ``responses``, where values are judged before they are written.
    """
    if isinstance(node, list):
        return [judgeable(one, resolve, answers=answers) for one in node]
    if not isinstance(node, dict):
        return node
    plain: dict[str, JSON] = {}
    for key, child in node.items():
        if key == "schema" and isinstance(child, bool):
            plain[key] = {} if child else {"not": {}}
        elif key == "content" and isinstance(child, dict) and not answers:
            plain[key] = {name: judgeable(_judgeable_media(name, one, resolve), resolve) for name, one in child.items()}
        else:
            plain[key] = judgeable(child, resolve, answers=answers or key == "responses")
    return plain


def _judgeable_media(name: str, media: JSON, resolve: Resolve) -> JSON:
    essence = name.partition(";")[0].strip().lower()
    if not isinstance(media, dict) or "schema" not in media or essence.startswith(_FORMS) or essence == "*/*":
        return media
    schema = resolve(media["schema"])
    is_text = isinstance(schema, dict) and schema.get("type", "string") == "string"
    if is_text or essence == "application/json" or essence.endswith("+json"):
        return media
    return {key: value for key, value in media.items() if key != "schema"}
