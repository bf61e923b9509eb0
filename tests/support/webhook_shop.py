"""A shop that tells of its orders: endpoints are registered by its API, events are signed as somebody else's are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ORDER = {
    "type": "object",
    "required": ["id", "status", "note"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "status": {"type": "string", "enum": ["open", "paid"], "default": "open"},
        "note": {"type": "string"},
    },
}
_ENDPOINT = {
    "type": "object",
    "required": ["id", "url", "events", "enabled"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "readOnly": True},
        "url": {"type": "string"},
        "secret": {"type": "string", "writeOnly": True},
        "events": {"type": "array", "items": {"type": "string"}},
        "enabled": {"type": "boolean", "default": True},
    },
}
ENDPOINTS = {
    "resource": "endpoints",
    "url": "/url",
    "secret": "/secret",
    "events": "/events",
    "enabled": "/enabled",
}


def webhook_shop(directory: Path, **plan: Any) -> str:
    """The file of the contract; ``plan`` is what it says of webhooks, in place of the shop's own."""
    paths: dict[str, Any] = {}
    for name, schema in (("orders", "Order"), ("endpoints", "Endpoint")):
        paths[f"/{name}"] = {"post": _operation("201", schema, has_body=True)}
        item = {"get": _operation("200", schema), "patch": _operation("200", schema, has_body=True)}
        item["delete"] = {"responses": {"204": {"description": "Gone"}}}
        key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        paths[f"/{name}/{{id}}"] = {"parameters": [key], **item}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": paths,
        "webhooks": {
            f"order.{word}": {"post": {"requestBody": {"content": {"application/json": {"schema": _event(word)}}}}}
            for word in ("created", "updated", "deleted", "paid")
        },
        "components": {
            "schemas": {
                "Order": _ORDER,
                "NewOrder": {**_ORDER, "required": []},
                "Endpoint": _ENDPOINT,
                "NewEndpoint": {**_ENDPOINT, "required": []},
            }
        },
        "x-mock-webhooks": {"endpoints": ENDPOINTS, "retries": [2, 4, 8], **plan},
    }
    file = directory / "webhook-shop.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return str(file)


def _operation(status: str, schema: str, *, has_body: bool = False) -> dict[str, Any]:
    operation: dict[str, Any] = {"responses": {status: {"description": "Done", "content": _content(schema)}}}
    return operation | ({"requestBody": {"content": _content(f"New{schema}")}} if has_body else {})


def _content(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _event(word: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", "object", "type", "data"],
        "properties": {
            "id": {"type": "string"},
            "object": {"const": "event"},
            "type": {"const": f"order.{word}"},
            "data": {"$ref": "#/components/schemas/Order"},
        },
    }
