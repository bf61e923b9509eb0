"""What size costs: one operation of a contract of thousands against the same in a contract of one.

``python -m benchmarks.large`` prints requests a second of both in this process (no network), and how long
loading takes the first and the second time.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mock_server.http.messages import Request
from mock_server.mocking.mounts import ApiMount, build_mounts
from mock_server.settings import Settings

SECONDS = 3.0


def large_contract(operations: int) -> dict[str, Any]:
    """Return a contract of so many operations: four a path, half of the paths with a parameter, a schema for each path.

    The first operation is the same in all of them.
    """
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Owner": {"type": "object", "properties": {"email": {"format": "email"}}}}
    for number in range(max(1, operations // 4)):
        schemas[f"Thing{number}"] = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
                "owner": {"$ref": "#/components/schemas/Owner"},
            },
        }
        schema = {"$ref": f"#/components/schemas/Thing{number}"}
        answer = {"200": {"description": "It is.", "content": {"application/json": {"schema": schema}}}}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        item = {
            method: {
                "operationId": f"{method}{number}",
                "responses": answer,
                **({"requestBody": body} if method in ("put", "post") else {}),
            }
            for method in ("get", "put", "post", "delete")[:operations]
        }
        if number % 2:
            parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            paths[f"/group{number % 50}/{{id}}/things{number}"] = {"parameters": [parameter], **item}
        else:
            paths[f"/group{number % 50}/things{number}"] = item
    return {
        "openapi": "3.1.0",
        "info": {"title": "Large", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def loaded(operations: int, directory: Path) -> ApiMount:
    """Load a contract twice, print how long both took, and return it."""
    file = directory / f"large-{operations}.json"
    file.write_text(json.dumps(large_contract(operations)), encoding="utf-8")
    for time_of in ("first", "second"):
        start = time.perf_counter()
        (served,) = build_mounts(Settings(contract=(str(file),)))
        print(f"{operations:>5} operations, loaded the {time_of} time: {time.perf_counter() - start:.2f} s")
    start = time.perf_counter()
    served.engine.handle(Request("GET", "/group0/things0"))
    print(f"{operations:>5} operations, the first request: {time.perf_counter() - start:.2f} s")
    return served


def rate(served: ApiMount, seconds: float = SECONDS) -> float:
    """Return the requests a second for the operation that all these contracts have."""
    engine, request = served.engine, Request("GET", "/group0/things0")
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        engine.handle(request)
        count += 1
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measure."""
    operations = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as directory:
        single, many = loaded(1, Path(directory)), loaded(operations, Path(directory))
        # By turns, so that what else this machine does meets both.
        rates = [(rate(single, SECONDS / 3), rate(many, SECONDS / 3)) for _ in range(3)]
    best, large = max(first for first, _ in rates), max(second for _, second in rates)
    print(f"one operation: {best:,.0f} requests a second; one of {operations}: {large:,.0f}; ratio {large / best:.2f}")


if __name__ == "__main__":
    main()
