"""The parts of ``multipart/form-data`` (RFC 7578), parsed by werkzeug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder

from mock_server.core.value_class import value_class

MOST_PARTS = 10_000
"""Most parts that are read; each costs 50 µs."""


@value_class
class MultipartPart:
    """One part. ``headers`` have names in lower case; ``is_file`` tells whether it has a file name: ``filename``."""

    name: str
    data: bytes
    headers: Mapping[str, str]
    is_file: bool = False
    filename: str = ""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def read_parts(body: bytes, boundary: str) -> list[MultipartPart]:
    """Return the parts in order; raises ValueError for a body that is not multipart."""
    if not boundary:
        raise ValueError("a Content-Type without a boundary")
    if b"--" + boundary.encode("latin-1", "replace") not in body:
        raise ValueError("something without the boundary")
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=MOST_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    parts: list[MultipartPart] = []
    while not isinstance(event := _next_event(decoder), Epilogue):
        if isinstance(event, (Field, File)):
            if event.name is None:
                raise ValueError("a part without a name")
            headers = {name.lower(): value for name, value in event.headers.items()}
            filename = event.filename if isinstance(event, File) else ""
            parts.append(MultipartPart(event.name, b"", headers, isinstance(event, File), filename))
        elif isinstance(event, Data):
            last = parts.pop()
            parts.append(replace(last, data=last.data + event.data))
    return parts


def _next_event(decoder: MultipartDecoder) -> Event:
    """Return werkzeug's next event; raises ValueError for what is not multipart, and for too many parts."""
    try:
        return decoder.next_event()
    except RequestEntityTooLarge:
        raise ValueError(f"more than {MOST_PARTS:,} parts") from None
    except UnicodeDecodeError:
        raise ValueError("headers of a part that are no UTF-8") from None
    except ValueError as problem:
        raise ValueError(_plain(str(problem))) from None
    except AttributeError:  # werkzeug's error for a part that ends after its headers
        raise ValueError("a part that is cut off") from None


def _plain(said: str) -> str:
    """Return an error message of werkzeug without its internal state."""
    return "something that is cut off" if "cannot parse beyond" in said else said[:1].lower() + said[1:]
