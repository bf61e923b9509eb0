"""The contracts that are measured beside the one that ships, and what they need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmarks.answers import answer
from benchmarks.requests import ME
from benchmarks.servers import ROOT, Place
from mock_server.core import bundled

ORDERS = Path(__file__).with_name("orders.yaml")
FULL = ROOT.parent / "shared" / "contracts" / "polar-full-2026-10.json"
"""All of Polar: on the project's own machines only."""
_SERVED = b"GET /__admin/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
_EVERY_OPERATION = "$.paths.*[?@.responses]"


def served_contract(url: str) -> dict[str, Any]:
    """Return the contract as this project's server serves it: repaired, with overlays, so that peers start on it."""
    contract: dict[str, Any] = json.loads(answer(url, _SERVED).body)
    return contract


def full_contract(place: Place) -> tuple[str, ...]:
    """Return arguments that serve all of Polar like its *Get Customer*: the same tokens, customers and answers."""
    document = json.loads(FULL.read_text(encoding="utf-8"))
    arguments = [str(FULL), "--fixtures", str(bundled.fixtures())]
    for source in bundled.overlays():
        overlay = yaml.safe_load(source.read_text(encoding="utf-8"))
        actions = overlay["actions"] = [action for action in overlay["actions"] if not _is_there(action, document)]
        if not actions:
            continue
        for action in actions:
            # It documents errors of its own for the other operations.
            action["target"] = action["target"].replace(_EVERY_OPERATION, f"$.paths['{ME}'].get")
            for row in action["update"].get("x-mock-tokens", ()):
                row["schemes"] = [name for name in row["schemes"] if name in document["components"]["securitySchemes"]]
        file = place.file(f"{source.stem}.json")
        file.write_text(json.dumps(overlay), encoding="utf-8")
        arguments += ["--overlay", str(file)]
    return tuple(arguments)


def _is_there(action: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether an action defines schemas that the contract has."""
    is_of_schemas = action["target"] == "$.components.schemas"
    return is_of_schemas and set(action["update"]) <= set(document["components"]["schemas"])
