"""``x-faker`` on a schema: the name of a method of Faker that makes its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON

_HIDDEN = frozenset(
    {
        "add_provider",
        "del_arguments",
        "format",
        "get_arguments",
        "get_formatter",
        "get_providers",
        "optional",
        "parse",
        "provider",
        "seed",
        "seed_instance",
        "seed_locale",
        "set_arguments",
        "set_formatter",
        "random",
        "unique",
        "items",
        "enum",
        "binary",
        "zip",
        "tar",
        "json_bytes",
        "image",
        "profile",
    }
)
"""Attributes of a Faker that do not make data, and methods that make what JSON cannot represent."""

_OF_JAVASCRIPT: Mapping[str, str] = {
    "address.country_code": "country_code",
    "address.zip_code": "postcode",
    "color.human": "color_name",
    "commerce.department": "bs",
    "company.company_name": "company",
    "company.name": "company",
    "datatype.datetime": "date_time",
    "datatype.number": "random_int",
    "datatype.string": "word",
    "datatype.uuid": "uuid4",
    "date.future": "future_datetime",
    "date.past": "past_datetime",
    "date.recent": "past_datetime",
    "date.soon": "future_datetime",
    "date.birthdate": "date_of_birth",
    "finance.account_number": "bban",
    "image.avatar": "image_url",
    "image.url": "image_url",
    "internet.color": "hex_color",
    "internet.domain": "domain_name",
    "internet.ip": "ipv4",
    "internet.username": "user_name",
    "location.zip_code": "postcode",
    "name.find_name": "name",
    "name.full_name": "name",
    "name.job_title": "job",
    "number.int": "random_int",
    "person.full_name": "name",
    "person.job_title": "job",
    "phone.number": "phone_number",
    "random.uuid": "uuid4",
    "string.uuid": "uuid4",
    "system.file_name": "file_name",
    "system.mime_type": "mime_type",
}
"""Methods of the Faker of JavaScript that have another name in Python, in snake case."""


@cache
def _faker() -> Any:
    with LATE_IMPORTS:  # all providers take 40 MB; only contracts with x-faker need them
        from faker import Faker

    return Faker("en_US", use_weighting=True)


@cache
def methods() -> frozenset[str]:
    """Return the names that ``x-faker`` may have."""
    maker = _faker().factories[0]
    return frozenset(name for name in dir(maker) if not name.startswith("_") and name not in _HIDDEN)


def method_of(said: JSON) -> str | None:
    """Return the method that an ``x-faker`` means, by its name in Python or JavaScript (``name.firstName``), or None.

    An object has the name as its key; its value, arguments for JavaScript, is ignored.
    """
    if isinstance(said, dict) and len(said) == 1:
        said = next(iter(said))
    if not isinstance(said, str):
        return None
    dotted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", said.removeprefix("faker.")).lower()
    name = _OF_JAVASCRIPT.get(dotted, dotted.rpartition(".")[2])
    return name if name in methods() else None


def call_faker(method: str, seed: int) -> JSON:
    """Return the value that a method of Faker (of :func:`method_of`) makes from a seed."""
    maker = _faker().factories[0]
    maker.seed_instance(seed)
    return _as_json(getattr(maker, method)())


def _as_json(value: Any) -> JSON:
    if isinstance(value, (str, bool, int, float)) or value is None:
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat() + ("Z" if isinstance(value, datetime) and value.tzinfo is None else "")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    return str(value)


def unknown_methods(data: JSON, name: str) -> Iterator[Diagnostic]:
    """Yield a finding for each ``x-faker`` of a document that names no method of Faker."""
    for pointer, method in _mentioned(data, ""):
        if method_of(method) is None:
            near = did_you_mean(method.rpartition(".")[2], methods()) if isinstance(method, str) else ""
            remedy = "Until then the schema is generated for as if it were not there."
            expected = "the name of a method of Faker"
            yield Diagnostic("x-faker", name, f"{method!r}{near}", expected, f"{pointer}/x-faker", remedy)


def _mentioned(data: JSON, pointer: str) -> Iterator[tuple[str, JSON]]:
    if isinstance(data, dict):
        if "x-faker" in data:
            yield pointer, data["x-faker"]
        for key, child in data.items():
            if isinstance(child, (dict, list)):
                yield from _mentioned(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(data, list):
        for index, child in enumerate(data):
            if isinstance(child, (dict, list)):
                yield from _mentioned(child, f"{pointer}/{index}")
