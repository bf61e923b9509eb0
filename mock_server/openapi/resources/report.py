"""The model of resources as JSON, for tools: of ``mock-server routes --json`` and ``/__admin/resources``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import InferredResource, ResourceModel, Verdict


def resource_as_json(resource: InferredResource, base_path: str = "") -> JSON:
    """Return a resource with all its parts; paths begin with the base path of the contract."""
    entry = _plain(resource)
    assert isinstance(entry, dict)
    for part in (*_entries(entry, "collections"), *_entries(entry, "items")):
        part["path"] = f"{base_path}{part['path']}"
    return entry


def verdict_as_json(verdict: Verdict, base_path: str = "") -> dict[str, JSON]:
    """Return a verdict; ``operation`` is method and path, with the base path of the contract."""
    method, _, path = verdict.operation.partition(" ")
    return {
        "operation": f"{method} {base_path}{path}",
        "does": verdict.verb,
        "resource": verdict.resource,
        "key": verdict.key,
        "sure": verdict.is_sure,
        "stateful": verdict.is_stateful,
        "witnesses": [*verdict.witnesses],
        "why": verdict.why,
        "sends": _plain(verdict.sends),
    }


def model_as_json(model: ResourceModel, base_path: str = "", *, only_unsure: bool = False) -> dict[str, JSON]:
    """Return the resources and the verdicts of a contract; with ``only_unsure`` just verdicts that need a look."""
    verdicts = [verdict for verdict in model.verdicts.values() if not (only_unsure and verdict.is_sure)]
    resources = [] if only_unsure else [*model.resources.values()]
    return {
        "resources": [resource_as_json(resource, base_path) for resource in resources],
        "operations": [verdict_as_json(verdict, base_path) for verdict in verdicts],
    }


def _entries(entry: dict[str, JSON], name: str) -> list[dict[str, JSON]]:
    listed = entry[name]
    return [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []


def _plain(value: Any) -> JSON:
    """Return frozen data as JSON; ``is_list`` and the like are named ``list``."""
    if is_dataclass(value):
        return {member.name.removeprefix("is_"): _plain(getattr(value, member.name)) for member in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    scalar: JSON = value
    return scalar
