"""Tell media types apart (RFC 9110, section 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mock_server.plugins import MediaTypeCodec, registry


def essence_of(media_type: str) -> str:
    """Return a media type in lower case without its parameters (RFC 9110, 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Tell whether a media type is written in JSON: ``application/json``, ``text/json``, every ``+json``.

    RFC 6839; WHATWG, MIME Sniffing, 4.6, "JSON MIME type".
    """
    essence = essence_of(media_type)
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def plugin_codec(essence: str) -> MediaTypeCodec | None:
    """Return the codec that a plugin has registered for a media type, or for its suffix (``+cbor``; RFC 6839)."""
    codecs = _plugin_codecs()
    if not codecs:
        return None
    return codecs.get(essence) or codecs.get(f"+{essence.rpartition('+')[2]}" if "+" in essence else "")


@cache
def _plugin_codecs() -> Mapping[str, MediaTypeCodec]:
    return registry().codecs.of_plugins
