"""``x-faker`` on a schema: the name of a method of Faker whose word it shall have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from mock_server.errors import GenerationError
from mock_server.exchange import JSON, Finding
from mock_server.settings import suggestion

_HIDDEN = frozenset({"add_provider", "del_arguments", "format", "get_arguments", "get_formatter", "get_providers",
                     "optional", "parse", "provider", "seed", "seed_instance", "seed_locale", "set_arguments",
                     "set_formatter", "random", "unique", "items", "enum", "binary", "zip", "tar", "json_bytes",
                     "image", "profile"})  # fmt: skip
"""What a Faker has beside its makers of data, and makers of what JSON cannot hold."""


@cache
def _faker() -> Any:
    from faker import Faker  # all providers are 40 MB; only who writes x-faker pays for them

    return Faker("en_US", use_weighting=True)


@cache
def methods() -> frozenset[str]:
    """The names that ``x-faker`` may have."""
    maker = _faker().factories[0]
    return frozenset(name for name in dir(maker) if not name.startswith("_") and name not in _HIDDEN)


def faked(method: str, seed: int) -> JSON:
    """What a method of Faker says from a seed. Raises :class:`GenerationError` for a name that it does not have."""
    name = method.removeprefix("faker.").rpartition(".")[2]
    if name not in methods():
        raise GenerationError(f"found x-faker {method!r}{suggestion(name, methods())}; expected a method of Faker.")
    maker = _faker().factories[0]
    maker.seed_instance(seed)
    return _as_json(getattr(maker, name)())


def _as_json(value: Any) -> JSON:
    if isinstance(value, (str, bool, int, float)) or value is None:
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat() + ("Z" if isinstance(value, datetime) and value.tzinfo is None else "")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_as_json(one) for one in value]
    return str(value)


def unknown_methods(data: JSON, name: str) -> Iterator[Finding]:
    """A finding for each ``x-faker`` of a document that names no method of Faker."""
    for pointer, method in _mentioned(data, ""):
        known = method.removeprefix("faker.").rpartition(".")[2] if isinstance(method, str) else ""
        if known not in methods():
            near = suggestion(known, methods())
            yield Finding("x-faker", name, f"{method!r}{near}", "the name of a method of Faker", f"{pointer}/x-faker")


def _mentioned(data: JSON, pointer: str) -> Iterator[tuple[str, JSON]]:
    if isinstance(data, dict):
        if "x-faker" in data:
            yield pointer, data["x-faker"]
        for key, one in data.items():
            if isinstance(one, (dict, list)):
                yield from _mentioned(one, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(data, list):
        for index, one in enumerate(data):
            if isinstance(one, (dict, list)):
                yield from _mentioned(one, f"{pointer}/{index}")
