"""Whether an answer keeps a contract: said by jsonschema-rs over the document as it was published."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from benchmarks.published.contract import Answerable, Entry, Operation, PublishedContract, Steps, mapping, way
from benchmarks.published.dialect import converted

BASE = "urn:published"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_IN_FRAGMENT = "/~!$&'()*+,;=:@"
"""Characters that a fragment may hold as they are (RFC 3986, 3.5)."""
_MOST_VALIDATORS = 32
"""Validators that are kept: one of Stripe's graph of 868 schemas takes 50 ms and 15 MB."""
_MOST = 3
"""Findings of one body that are told."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the media type without its parameters, in lower case."""
        return essence(self.headers.get("content-type", ""))


class Schemas:
    """The schemas of a contract by the way to them, as those of what is sent."""

    def __init__(self, contract: PublishedContract, sends: str) -> None:
        self._contract = contract
        self.document = converted(contract, sends)
        self._registry = jsonschema_rs.Registry([(BASE, self.document)])
        self._validators: dict[Steps, jsonschema_rs.Draft202012Validator | None] = {}

    def accepts(self, steps: Steps, value: Any) -> bool:
        """Return whether a value keeps the schema at the end of a way."""
        validator = self._validator(steps)
        return validator is None or validator.is_valid(value)

    def findings(self, steps: Steps, value: Any) -> list[str]:
        """Return what is wrong with a value: where, and what was expected."""
        validator = self._validator(steps)
        if validator is None or validator.is_valid(value):
            return []
        findings = []
        for error in validator.iter_errors(value):
            findings.append("".join(f"/{step}" for step in error.instance_path) + f": {error.message[:200]}")
            if len(findings) == _MOST:
                break
        return findings

    def takes(self, schema: Mapping[str, Any], value: Any) -> bool:
        """Return whether a value keeps a schema that stands by itself, with references into the document."""
        validator = self._built(_absolute(schema))
        return validator is None or validator.is_valid(value)

    def _built(self, schema: Any) -> jsonschema_rs.Draft202012Validator | None:
        try:
            return jsonschema_rs.Draft202012Validator(
                schema,
                registry=self._registry,
                validate_formats=True,
                offline=True,
                formats={"byte": _is_base64, "uuid4": _is_uuid4},
            )
        except (ValueError, jsonschema_rs.ReferencingError):
            return None

    def _validator(self, steps: Steps) -> jsonschema_rs.Draft202012Validator | None:
        """Return the validator of a schema; None for one that is none, which nothing can be held to."""
        node = self._contract.at(steps)
        while isinstance(node, Mapping) and node.keys() == {"$ref"} and self._contract.follow(node)[0]:
            # One for all who refer to the same schema: see _MOST_VALIDATORS.
            steps = way(node["$ref"])
            node = self._contract.at(steps)
        if steps not in self._validators:
            pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
            reference = f"{BASE}#" + quote(pointer, safe=_IN_FRAGMENT)
            if len(self._validators) >= _MOST_VALIDATORS:
                del self._validators[next(iter(self._validators))]
            self._validators[steps] = self._built({"$ref": reference})
        return self._validators[steps]


class Judge:
    """The judge of a contract's answers."""

    def __init__(self, contract: PublishedContract) -> None:
        self._contract = contract
        self.schemas = Schemas(contract, "answer")

    def findings(self, operation: Operation, reply: Reply) -> list[str]:
        """Return what of an answer breaks the contract; nothing for one that keeps it."""
        documented = operation.response_for(reply.status)
        if documented is None:
            return [f"status {reply.status}: not documented"]
        return [*self._headers(documented, reply), *self._body(operation, documented, reply)]

    def _headers(self, documented: Answerable, reply: Reply) -> Iterator[str]:
        for name, node in mapping(documented.node.get("headers")).items():
            header, _ = self._contract.follow(node)
            if header.get("required") is True and name.lower() not in {*reply.headers, "content-type"}:
                yield f"header {name}: missing"

    def _body(self, operation: Operation, documented: Answerable, reply: Reply) -> list[str]:
        if reply.status in (204, 205, 304) or operation.method == "HEAD":
            return ["a body where none may be"] if reply.body else []
        if not documented.content:
            return []
        entry = entry_for(documented.content, reply.headers.get("content-type", ""))
        if entry is None and self._is_stream(operation, documented, reply):
            return []
        if entry is None:
            expected = " or ".join(entry.media_type for entry in documented.content)
            return [f"media type {reply.media_type or 'none'}: expected {expected}"]
        try:
            return [finding for value, steps in values(entry, reply) for finding in self.schemas.findings(steps, value)]
        except ValueError as error:
            return [f"the body is no {reply.media_type}: {error}"]

    def _is_stream(self, operation: Operation, documented: Answerable, reply: Reply) -> bool:
        """Return whether an answer is the stream that its author left out, of whose items nothing is documented.

        Such a request has ``stream``, and its answer documents JSON alone (docs/streams.md).
        """
        is_left_out = any(is_json(essence(entry.media_type)) for entry in documented.content)
        return reply.media_type == "text/event-stream" and is_left_out and may_stream(self._contract, operation)


def may_stream(contract: PublishedContract, operation: Operation) -> bool:
    """Return whether a request has a member or a parameter ``stream``."""
    schemas = [contract.follow(entry.node.get("schema"))[0] for entry in operation.content]
    members = [mapping(schema.get("properties")) for schema in schemas]
    return any("stream" in node for node in members) or any(
        node["name"] == "stream" for node, _ in operation.parameters
    )


def values(entry: Entry, reply: Reply) -> Iterator[tuple[Any, Steps]]:
    """Return the values that a body holds, each with the way to its schema.

    None for bytes that say nothing of values. Raises :class:`ValueError` where the body is not of its media type.
    """
    kind = reply.media_type
    if kind == "text/event-stream":
        steps = entry.item_schema or entry.schema
        for line in reply.body.decode().splitlines():
            data = line.removeprefix("data:").strip()
            if steps and line.startswith("data:") and data.startswith(("{", "[{")):
                yield json.loads(data), steps
    elif kind in ("application/jsonl", "application/x-ndjson", "application/json-seq"):
        steps = entry.item_schema or entry.schema
        for line in reply.body.decode().replace("\x1e", "\n").splitlines():
            if steps and line.strip():
                yield json.loads(line), steps
    elif is_json(kind):
        value = json.loads(reply.body)
        if entry.schema:
            yield value, entry.schema
    elif kind.startswith("text/") and entry.schema and is_text(entry):
        yield reply.body.decode(), entry.schema


def is_text(entry: Entry) -> bool:
    """Return whether the schema of an entry is that of a text, which alone can be judged as it is written."""
    return mapping(entry.node.get("schema")).get("type") == "string"


def entry_for(content: tuple[Entry, ...], content_type: str) -> Entry | None:
    """Return the entry of a media type: the type with its parameters, else without, else its range."""
    whole = content_type.replace(" ", "").lower()
    kind = essence(content_type)
    ranges = (whole, kind, f"{kind.partition('/')[0]}/*", "*/*")
    for pattern in ranges:
        for entry in content:
            if entry.media_type.replace(" ", "").lower() == pattern:
                return entry
    return next((entry for entry in content if essence(entry.media_type) == kind), None)


def essence(content_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Return whether a media type is written in JSON (RFC 6839, and what authors mean by ``text/json``)."""
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def _absolute(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_absolute(child) for child in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: _absolute_below(key, child) for key, child in schema.items()}


def _absolute_below(keyword: str, value: Any) -> Any:
    if keyword == "$ref" and isinstance(value, str):
        return BASE + value
    return value if keyword in ("const", "enum") else _absolute(value)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_uuid4(text: str) -> bool:
    return _UUID4.fullmatch(text) is not None
