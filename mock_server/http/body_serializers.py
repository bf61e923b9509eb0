"""Values to bodies: each in its media type, with the part of it that can be validated.

Schemas describe JSON. A body in another format is validated as the value that it was written from; a text of the
contract's own (an XML example) and the bytes of an image cannot be validated by a schema.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import csv
import io
from collections.abc import Mapping
from urllib.parse import urlencode

from mock_server.core.compact_json import json_body, json_bytes
from mock_server.core.csv_cells import guarded_cell
from mock_server.core.json_text import read_json
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import essence_of, is_json, plugin_codec
from mock_server.http.sequence_framing import BOUNDARY, Framing, json_text
from mock_server.http.sequences import Sequence, form_of
from mock_server.http.xml_serializer import Resolve, serialize_xml
from mock_server.plugins import MediaTypeCodec, Registry, registry

FORM = "application/x-www-form-urlencoded"
NOTHING = b""
"""The ``validated`` of a body that no schema can validate."""

_SAMPLES: Mapping[str, bytes] = {
    "image/png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
    "image/gif": base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "application/zip": b"PK\x05\x06" + bytes(18),
    "application/pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n",
}
"""The smallest valid body of each type: a transparent pixel, an archive without files, an empty page."""


@value_class
class SerializedBody:
    """A body as it is sent. ``validated`` is the JSON text to validate; None where that is the body itself."""

    data: bytes
    content_type: str
    validated: bytes | None = None


def serialize_body(
    value: JSON, content_type: str, schema: JSON, resolve: Resolve, *, is_authored: bool = False
) -> SerializedBody:
    """Return the body of a value in a media type.

    ``is_authored``: the contract or a fixture wrote the value, so a text stands as it is.
    """
    if is_json(content_type):
        return SerializedBody(json_body(value), content_type)
    essence, charset = essence_of(content_type), _charset(content_type)
    codec = plugin_codec(essence)
    if codec is not None and codec.encode is not None:
        return SerializedBody(codec.encode(value), content_type, json_bytes(value))
    if is_binary(essence, schema, resolve):
        text = value if isinstance(value, str) else json_bytes(value).decode()
        sample = None if is_authored else _sample(essence)
        return SerializedBody(text.encode("utf-8", "replace") if sample is None else sample, content_type, NOTHING)
    if (
        not is_authored
        and (codec is not None or essence == "image/svg+xml")
        and (sample := _sample(essence)) is not None
    ):
        return SerializedBody(sample, content_type, NOTHING)
    is_text = holds_text(schema, resolve)
    if isinstance(value, str) and (is_authored or not _is_xml(essence)):
        data = value.encode(charset or "utf-8", "replace")
        return SerializedBody(data, _told(content_type, data), json_bytes(value) if is_text else NOTHING)
    if _is_xml(essence):
        return SerializedBody(serialize_xml(value, schema, resolve), content_type, json_bytes(value))
    if essence == FORM:
        return SerializedBody(form_bytes(value), content_type, NOTHING)
    if essence.startswith("multipart/"):
        return SerializedBody(_parts(value), f"{essence}; boundary={BOUNDARY}", NOTHING)
    text = _text(value, essence)
    data = text.encode(charset or "utf-8", "replace")
    return SerializedBody(data, _told(content_type, data), json_bytes(value))


def register(registry: Registry) -> None:
    """Register the codecs that come with the server and need neither schema nor parameters of the media type."""
    for name in ("application/json", "text/json", "+json"):
        registry.codecs.add(name, MediaTypeCodec(json_bytes, read_json))
    registry.codecs.add(FORM, MediaTypeCodec(form_bytes))
    registry.codecs.add("text/csv", MediaTypeCodec(lambda value: _csv(value).encode("utf-8", "replace")))
    for name, sample in _SAMPLES.items():
        registry.codecs.add(name, MediaTypeCodec(examples=(sample,)))


def _sample(essence: str) -> bytes | None:
    """Return the first example of the codec of a media type; None where there is none."""
    codec = registry().codecs.get(essence)
    return codec.examples[0] if codec is not None and codec.examples else None


def is_binary(content_type: str, schema: JSON, resolve: Resolve) -> bool:
    """Tell whether a body holds bytes that are not text."""
    essence = essence_of(content_type)
    node = resolve(schema)
    if isinstance(node, dict) and node.get("format") == "binary":
        return True
    kind = essence.partition("/")[0]
    named = kind in ("image", "audio", "video", "font") and not essence.endswith("+xml")
    return named or essence in ("application/octet-stream", "application/pdf", "application/zip", "application/gzip")


def holds_text(schema: JSON, resolve: Resolve) -> bool:
    """Tell whether a schema describes texts, so that it can validate one."""
    node = resolve(schema)
    kind = node.get("type", "string") if isinstance(node, dict) else "string"
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _text(value: JSON, essence: str) -> str:
    form = form_of(essence)
    if form:
        framing = Framing(Sequence(form))
        items = value if isinstance(value, list) else [value]
        return b"".join(framing.frame(index, item) for index, item in enumerate(items)).decode("utf-8", "replace")
    if essence == "text/csv" and isinstance(value, (list, dict)):
        return _csv(value)
    return json_text(value)


def _csv(value: JSON) -> str:
    """Return rows of CSV (RFC 4180): objects below a header of all their members, lists as they are."""
    rows = value if isinstance(value, list) else [value]
    written = io.StringIO()
    writer = csv.writer(written)
    columns = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if columns:
        writer.writerow(map(guarded_cell, columns))
    for row in rows:
        cells = [row.get(name) for name in columns] if isinstance(row, dict) else row
        writer.writerow([_csv_cell(cell) for cell in (cells if isinstance(cells, list) else [cells])])
    return written.getvalue()


def _csv_cell(value: JSON) -> str:
    return guarded_cell(value) if isinstance(value, str) else _cell(value)


def _cell(value: JSON) -> str:
    return "" if value is None else value if isinstance(value, str) else json_text(value)


def form_bytes(value: JSON) -> bytes:
    """Return a form (WHATWG URL, 5.2): a field for each member, and one for each item of a list."""
    members = value.items() if isinstance(value, dict) else [("value", value)]
    pairs = [
        (name, _cell(item)) for name, member in members for item in (member if isinstance(member, list) else [member])
    ]
    return urlencode(pairs, errors="replace").encode()


def _parts(value: JSON) -> bytes:
    """Return a body of several parts (RFC 2046, 5.1; RFC 7578): one for each member, and for each item of a list."""
    members = value.items() if isinstance(value, dict) else [("value", value)]
    lines: list[str] = []
    for name, member in members:
        for item in member if isinstance(member, list) else [member]:
            quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            kind = "application/json" if isinstance(item, (dict, list)) else "text/plain; charset=utf-8"
            lines += [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{quoted}"', f"Content-Type: {kind}", ""]
            lines.append(_cell(item))
    return "\r\n".join([*lines, f"--{BOUNDARY}--", ""]).encode("utf-8", "replace")


def _is_xml(essence: str) -> bool:
    return essence in ("application/xml", "text/xml") or essence.endswith("+xml")


def _charset(content_type: str) -> str:
    """Return the charset that the contract names, if Python knows it; else an empty text."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            with contextlib.suppress(LookupError):
                return codecs.lookup(value.strip().strip('"')).name
    return ""


def _told(content_type: str, data: bytes) -> str:
    """Return the Content-Type, with the charset where a text is not ASCII.

    ``text/plain`` alone would mean ASCII (RFC 6657, 4).
    """
    named = ";" in content_type or not content_type.startswith("text/") or data.isascii()
    return content_type if named else f"{content_type}; charset=utf-8"
