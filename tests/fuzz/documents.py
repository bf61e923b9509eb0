"""Contracts, overlays and fixture files: refused with a reason, or served."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from mock_server.core.errors import MockServerError
from mock_server.http.asgi import Message, Scope
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.fuzz.junk import mutated
from tests.fuzz.target import SHOP, FaultError, Target, bounded
from tests.support.asgi import scope_of

SECONDS = 5.0
"""Of processor time, for a small contract loaded and asked for everything."""
WORDS = (
    "type",
    "properties",
    "items",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "$ref",
    "enum",
    "const",
    "pattern",
    "format",
    "required",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "multipleOf",
    "minProperties",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "dependentSchemas",
    "if",
    "then",
    "else",
    "prefixItems",
    "contains",
    "unevaluatedProperties",
    "$defs",
    "$id",
    "$anchor",
    "$dynamicRef",
    "discriminator",
    "nullable",
    "example",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "xml",
    "x-faker",
    "x-count",
    "parameters",
    "in",
    "name",
    "style",
    "explode",
    "schema",
    "content",
    "responses",
    "requestBody",
    "headers",
    "links",
    "callbacks",
    "security",
    "servers",
    "x-mock-fixture",
    "x-mock-failures",
    "x-mock-tokens",
    "x-mock-http",
    "x-mock-rate-limit",
    "x-mock-idempotency",
    "get",
    "post",
    "head",
    "query",
    "trace",
    "additionalOperations",
    "itemSchema",
    "200",
    "default",
    "2XX",
)
SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Old", "version": "1"},
    "basePath": "/v1",
    "consumes": ["application/json"],
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "paths": {
        "/pets/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "integer"},
                    {
                        "name": "tags",
                        "in": "query",
                        "type": "array",
                        "items": {"type": "string"},
                        "collectionFormat": "multi",
                    },
                ],
                "responses": {"200": {"description": "A pet.", "schema": {"$ref": "#/definitions/Pet"}}},
            }
        }
    },
    "definitions": {
        "Pet": {"type": "object", "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/definitions/Pet"}}}
    },
}
_SCHEMA = {
    "type": "object",
    "nullable": True,
    "properties": {
        "a": {"type": "string", "pattern": "^[a-z]{2,4}$"},
        "b": {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
        "c": {
            "type": "array",
            "items": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/A"}]},
            "minItems": 1,
        },
    },
    "discriminator": {"propertyName": "a", "mapping": {"x": "#/components/schemas/A"}},
}
OLDER = {
    "openapi": "3.0.3",
    "info": {"title": "Older", "version": "1"},
    "paths": {
        "/a": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                "responses": {
                    "200": {
                        "description": "An A.",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}},
                    }
                },
            }
        }
    },
    "components": {"schemas": {"A": _SCHEMA}},
}
SHOP_DOCUMENT = json.loads(SHOP.read_text(encoding="utf-8"))
OVERLAY = {
    "overlay": "1.0.0",
    "info": {"title": "O", "version": "1"},
    "actions": [
        {"target": "$.paths['/pets'].get", "update": {"summary": "All.", "tags": ["a"]}},
        {"target": "$.components.schemas.*.properties[?@.type == 'string']", "update": {"minLength": 2}},
        {"target": "$..parameters[?@.in == 'cookie']", "remove": True},
    ],
}
RECORDS = [
    {"handle": "tom", "name": "Tom", "kind": "cat", "tags": ["a"], "age": None},
    {"handle": "rex", "name": "Rex"},
]


def check_contract(text: str) -> None:
    """Load a contract and ask every operation of it; raise for all but a refusal with a reason or answers."""
    with _directory() as directory, bounded(SECONDS, "a contract, loaded and asked"):
        (directory / "contract.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
        _serve(Settings(contract=(str(directory / "contract.yaml"),), no_cache=True))


def check_overlay(text: str) -> None:
    """The same of an overlay on a contract that is good."""
    with _directory() as directory, bounded(SECONDS, "an overlay, applied and asked"):
        (directory / "overlay.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
        _serve(Settings(contract=(str(SHOP),), overlay=(str(directory / "overlay.yaml"),), no_cache=True))


def check_fixtures(example: dict[str, str]) -> None:
    """The same of a fixture file, by its name and its text."""
    with _directory() as directory, bounded(SECONDS, "a fixture file, read and asked"):
        for name, text in example.items():
            (directory / name).write_text(text, encoding="utf-8", errors="surrogatepass")
        _serve(Settings(contract=(str(SHOP),), fixtures=str(directory), no_cache=True))


def _serve(settings: Settings) -> None:
    with _silent() as log:
        try:
            application = Application(settings, shares_process=True)
        except MockServerError as error:
            if not str(error).strip():
                raise FaultError("found a refusal without a word; expected one that says why") from None
            return
        with closing(application):
            application.warm()
            asyncio.run(_ask(application))
    if "Traceback" in log.getvalue():
        raise FaultError(f"found a traceback in the log; expected none: {log.getvalue()[-3000:]}")


async def _ask(application: Application) -> None:
    """Ask for every operation, with and without a body, and for what control says of it."""
    (served,) = application.served
    for operation in [*served.contract.operations.values()][:8]:
        path = served.base_path + operation.path.replace("{", "").replace("}", "")
        if not path.isascii() or not path.isprintable() or "?" in path or " " in path or "#" in path:
            continue  # no client could ask that
        for token in ("pet_tom", "pet_newt"):
            await _sent(application, scope_of(path, method=operation.method, authorization=f"Bearer {token}"))
        await _sent(
            application, scope_of(path, method=operation.method, content_type="application/json"), b'{"name": "a"}'
        )
        await _sent(application, scope_of(f"/__admin/variants/{operation.method} {operation.path}"))
    for path in ("/__admin/health", "/__admin/coverage", "/__admin/openapi.json", "/__admin/fixtures/pets"):
        await _sent(application, scope_of(path))


async def _sent(application: Application, scope: Scope, body: bytes = b"") -> None:
    """Ask once, as a client who leaves when all of the request is sent, so that no stream goes on for long."""
    if body:
        scope["headers"] = [*scope["headers"], (b"content-length", b"%d" % len(body))]
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    with contextlib.suppress(ConnectionError):  # there is no connection to be closed, if a stream has to break off
        await application(scope, receive, send)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        yield Path(name)


@contextmanager
def _silent() -> Iterator[io.StringIO]:
    """Keep the log to read it, and off the terminal."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    log = logging.getLogger("mock_server")
    former, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield text
    finally:
        log.removeHandler(handler)
        log.propagate = former


@st.composite
def texts(draw: st.DrawFn, *seeds: Any) -> str:
    """Draw the text of a file: a value that is nearly right as JSON or YAML, at times with a few letters wrong."""
    value = draw(mutated(seeds, WORDS))
    written = json.dumps(value, ensure_ascii=True) if draw(st.booleans()) else _yaml(value)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 3]))):
        at = draw(st.integers(0, len(written)))
        wrong = draw(
            st.sampled_from(
                ["", "&a ", "*a ", "!!python/object:a ", "<<: ", "{", "]", "\t", "\0", "\ufeff", ": ", "%", "- "]
            )
        )
        written = written[:at] + wrong + written[at + draw(st.integers(0, 3)) :]
    return written


def _yaml(value: Any) -> str:
    try:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=False)
    except (yaml.YAMLError, UnicodeError):
        return json.dumps(value)


fixture_files = st.one_of(
    st.fixed_dictionaries({"pets.yaml": texts(RECORDS)}),
    st.fixed_dictionaries({"pets.json": texts(RECORDS)}),
    st.fixed_dictionaries({"pets.ndjson": st.lists(texts(*RECORDS), max_size=3).map("\n".join)}),
    st.fixed_dictionaries(
        {
            "pets.csv": st.lists(
                st.lists(
                    st.sampled_from(
                        ["handle", "name", "kind", "age", "tags", "home/street", "", '"', "a", "1", "é", "\0"]
                    )
                    | st.text(max_size=3),
                    max_size=4,
                ).map(",".join),
                max_size=4,
            ).map("\n".join)
        }
    ),
)

CONTRACTS = Target("contracts", texts(SHOP_DOCUMENT, SWAGGER, OLDER), check_contract)
OVERLAYS = Target("overlays", texts(OVERLAY), check_overlay)
FIXTURES = Target("fixtures", fixture_files, check_fixtures)
