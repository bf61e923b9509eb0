"""A plugin for the mock server: a string format, a field provider, a media type codec and a pattern."""

from __future__ import annotations

from mock_server.plugins import MediaTypeCodec, PatternKind, Registry, StringFormat
from mock_server_example_plugin import cbor, iban


def register(registry: Registry) -> None:
    """Register all of it. The entry point in pyproject.toml names this function."""
    registry.formats.add(
        "iban",
        StringFormat(check=iban.is_iban, generate=iban.make_iban, shortest=iban.SHORTEST, is_exact=True),
    )
    registry.fields.add("iban", iban.iban_of)
    registry.patterns.add("isIban", PatternKind(iban.is_iban_pattern, options=("country",)))
    for name in ("application/cbor", "+cbor"):
        registry.codecs.add(name, MediaTypeCodec(cbor.encode, cbor.decode))
