"""Tell media types apart (RFC 9110, section 8.3)."""

from __future__ import annotations


def essence_of(media_type: str) -> str:
    """Return a media type in lower case without its parameters (RFC 9110, 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Tell whether a media type is written in JSON: ``application/json``, ``text/json``, every ``+json``.

    RFC 6839; WHATWG, MIME Sniffing, 4.6, "JSON MIME type".
    """
    essence = essence_of(media_type)
    return essence in ("application/json", "text/json") or essence.endswith("+json")
