"""Bodies of answers to failures that are made of a template of ``x-mock-failures``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mock_server.core.diagnostics import Diagnostic, Fault
from mock_server.core.json_pointer import pointer_parts, value_at, with_value_at
from mock_server.core.types import JSON
from mock_server.openapi.failure_extensions import Failure, FaultText

_PLACE = re.compile(r"\{(type|loc|message|input|limit|/[^{}]*)\}")
"""A place of a template: what is told of a fault, or a JSON Pointer into what the failure is about."""


def failure_body(
    failure: Failure, failures: Mapping[str, Failure], findings: Sequence[Diagnostic], about: Mapping[str, JSON]
) -> JSON:
    """Return the body of an answer to a failure.

    ``failures`` are all of the contract, which findings may name. ``about`` is what JSON Pointers of the template lead
    into: the record, the request.
    """
    if not failure.each:
        return _filled(failure.body, about)
    findings = [finding for finding in findings if finding.severity == "error"]
    parts = pointer_parts(failure.each)
    template = value_at(failure.body, failure.each)
    assert isinstance(template, list)
    told = [_faults(finding, failure, failures) for finding in findings] or [_unfounded(failure)]
    items = [_filled(template[0], {**about, **fault}) for fault in told]
    return with_value_at(_filled(with_value_at(failure.body, parts, []), about), parts, items)


def _faults(finding: Diagnostic, failure: Failure, failures: Mapping[str, Failure]) -> dict[str, JSON]:
    """Return what is told of one finding, by the places of the template."""
    fault = finding.fault or Fault()
    rule = failures.get(fault.failure or failure.parameters.get(finding.location.partition(" ")[2], ""), failure)
    text = rule.text if rule.text.message else failure.keywords.get(fault.keyword, FaultText())
    place, _, name = finding.location.partition(" ")
    steps = [place, *([name] if name else []), *pointer_parts(finding.pointer), *([fault.member] * bool(fault.member))]
    loc: list[JSON] = [int(step) if step.isascii() and step.isdigit() else step for step in steps]
    value = fault.value
    if place != "body" and isinstance(value, (int, float)):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str) and rule.without:
        value = value.removeprefix(rule.without)
    limit = fault.limit
    shown = str(limit) if not isinstance(limit, list) else ", ".join(repr(item) for item in limit)
    told = f"{finding.found}; expected {finding.expected}"
    message = text.message.replace("{limit}", shown) or told
    return {
        "type": text.type or fault.keyword or finding.rule,
        "loc": [*rule.at] or loc,
        "message": message,
        "input": value,
        "limit": limit,
    }


def _unfounded(failure: Failure) -> dict[str, JSON]:
    """Return what is told of a failure where no finding says more."""
    loc: list[JSON] = [*failure.at]
    text = failure.text
    return {"type": text.type or "value_error", "loc": loc, "message": text.message, "input": None, "limit": None}


def _filled(template: JSON, about: Mapping[str, JSON]) -> JSON:
    """Return a template with its places filled in; a text that is one place becomes the value itself."""
    if isinstance(template, dict):
        return {name: _filled(item, about) for name, item in template.items()}
    if isinstance(template, list):
        return [_filled(item, about) for item in template]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole is not None:
        return _value(whole[1], about)
    return _PLACE.sub(lambda place: _text(_value(place[1], about)), template)


def _value(place: str, about: Mapping[str, JSON]) -> JSON:
    if not place.startswith("/"):
        return about.get(place)
    try:
        return value_at(dict(about), place)
    except LookupError:
        return None


def _text(value: JSON) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return value if isinstance(value, str) else str(value)
