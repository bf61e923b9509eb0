"""Sequences of requests to one world, as files of cases have them: each step with what it has to answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mock_server.core import json_pointer
from tests.support.http_exchange import Got, asked


def follow(url: str, steps: Iterable[Mapping[str, Any]], token: str = "") -> None:
    """Send the requests of a sequence one after the other; each has to be answered as its step says.

    ``token`` is that of steps which have none of their own.
    """
    saved: dict[str, str] = {}
    for number, described in enumerate(steps, 1):
        step = filled(described, saved)
        got = sent(url, step, token)
        place = f"step {number}: {step.get('method', 'GET')} {step['path']} {got.status} {got.body[:800]!r}"
        assert got.status == step["status"], place
        if got.status < 400:  # a refusal has findings of its own
            findings = json.loads(got.headers.get("mock-findings", "[]"))
            assert [finding["rule"] for finding in findings] == step.get("findings", []), place
        value = json.loads(got.body) if got.body else None
        if "answer" in step:
            assert value == step["answer"], place
        for pointer, expected in step.get("has", {}).items():
            assert value_at(value, pointer) == expected, f"{place} {pointer}"
        for pointer, key in step.get("contains", {}).items():
            assert key in [item["id"] for item in value_at(value, pointer)], place
        for pointer, key in step.get("lacks", {}).items():
            assert key not in [item["id"] for item in value_at(value, pointer)], place
        saved |= {name: value_at(value, pointer) for name, pointer in step.get("save", {}).items()}
        if "links" in step:
            assert re.findall(r'rel="([^"]*)"', got.headers["link"]) == step["links"], place
        if "events" in step:
            assert events(url) == step["events"], place


def events(url: str) -> list[str]:
    """Return the types of the events of a world, the oldest first, and forget them."""
    listed = json.loads(sent(url, {"path": "/__admin/events"}).body)
    assert sent(url, {"method": "DELETE", "path": "/__admin/events"}).status == 200
    assert [event for event in listed["events"] if event.get("finding")] == []
    return [event["type"] for event in listed["events"]]


def filled(step: Mapping[str, Any], saved: Mapping[str, str]) -> dict[str, Any]:
    """A step with what was saved of earlier answers in the places of its names."""
    text = json.dumps(step)
    for name, value in saved.items():
        text = text.replace("{" + name + "}", value)
    filled_step: dict[str, Any] = json.loads(text)
    return filled_step


def value_at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer in an answer."""
    return json_pointer.value_at(value, pointer)


def sent(url: str, step: Mapping[str, Any], token: str = "") -> Got:
    """The answer to a step."""
    headers = dict(step.get("headers", {}))
    token = step.get("token", token)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    path = urlsplit(url).path + step["path"]
    case: dict[str, Any] = {"method": step.get("method", "GET"), "path": path, "headers": headers}
    if "body" in step:
        headers.setdefault("Content-Type", "application/json")
        case["content"] = json.dumps(step["body"])
    return asked(url, case)
