"""Where references begin: what jsonschema and referencing have no public names for, in this module alone.

jsonschema takes a registry, which says what a reference leads to, but not the place in a document from which it is
read; referencing does not tell the base URI of a resolver. pyproject.toml bounds the versions of both, and
tests/unit/openapi/test_reference_scope.py says which attribute is gone when a newer one is tried.
"""

from __future__ import annotations

from typing import Any


def base_uri_of(resolver: Any) -> str:
    """Return the base URI of a resolver of referencing (``Resolver._base_uri``)."""
    return str(resolver._base_uri)


def resolver_of(validator: Any) -> Any:
    """Return the resolver from whose place a validator of jsonschema reads references (``Validator._resolver``)."""
    return validator._resolver


def resolving_from(validator: Any, resolver: Any, **changes: Any) -> Any:
    """Return a validator of jsonschema that reads references from the place of a resolver.

    ``changes`` are further arguments of ``evolve``, such as ``schema``.
    """
    return validator.evolve(_resolver=resolver, **changes)


def in_class(kind: Any, validator: Any, **arguments: Any) -> Any:
    """Return a validator of the class ``kind`` for the schema of another, which reads references from the same place.

    ``evolve`` would take the class that the ``$schema`` of the schema names.
    """
    return kind(validator.schema, _resolver=resolver_of(validator), **arguments)
