"""Extension points: what a distribution of somebody else can add, by an entry point ``mock_server.plugins``.

An entry point names a function ``register(registry)``, which adds to the registries of a :class:`Registry`. What comes
with the server is registered by functions of the same form.
"""

from mock_server.plugins.activation import activate, has_plugins, identity, is_enabled, registry
from mock_server.plugins.extensions import (
    FieldProvider,
    MediaTypeCodec,
    PatternKind,
    PersonaView,
    Random,
    SourceFactory,
    SourceLink,
    StoreOpener,
    StringFormat,
    ValuePattern,
)
from mock_server.plugins.registry import RegistrationError, Registrations, Registry

__all__ = [
    "FieldProvider",
    "MediaTypeCodec",
    "PatternKind",
    "PersonaView",
    "Random",
    "RegistrationError",
    "Registrations",
    "Registry",
    "SourceFactory",
    "SourceLink",
    "StoreOpener",
    "StringFormat",
    "ValuePattern",
    "activate",
    "has_plugins",
    "identity",
    "is_enabled",
    "registry",
]
