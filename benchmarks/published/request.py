"""Requests that keep a contract, as the bytes that are sent.

How values are written: OpenAPI 3.1, "Style Values", "Encoding Object"; where a contract says ``deepObject`` of what
has lists or levels, brackets, as clients of such APIs write them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from benchmarks.published.contract import Entry, Node, Operation, PublishedContract, Steps, mapping
from benchmarks.published.sample import NoSampleError, Sampler
from benchmarks.published.verdict import Schemas, essence, is_json

_BOUNDARY = "published-contract-boundary"
_FORM = "application/x-www-form-urlencoded"
_IGNORED = frozenset({"accept", "content-type", "authorization"})
_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}
_TOKEN = "published-contract"
_IMAGE = b"\x89PNG\r\n\x1a\n"

Pairs = list[tuple[str, str]]


class NotSendableError(ValueError):
    """There is no request: for a value that nothing says how to write, or for none at all."""


@dataclass(frozen=True)
class Call:
    """A request to an operation. ``target`` is path and query, encoded."""

    operation: Operation
    way: str
    """How it was asked: ``required``, ``everything``, or a status and a media type that were wanted."""
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    status: int | None = None
    """The status that is preferred."""

    @property
    def name(self) -> str:
        """Return what the call is called in reports."""
        return f"{self.operation.key} ({self.way})"

    def wanting(self, status: int, media_type: str) -> Call:
        """Return the same call with that answer preferred."""
        headers = (*self.headers, ("Prefer", f"code={status}"), *([("Accept", media_type)] if media_type else []))
        return replace(self, way=f"{status} {media_type}".strip(), headers=headers, status=status)

    def text(self, host: str = "localhost") -> bytes:
        """Return the bytes of the request."""
        lines = [f"{self.operation.method} {self.target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body or self.operation.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    def curl(self, url: str) -> str:
        """Return the call as a command that anybody can repeat."""
        options = [f"-X {self.operation.method}", *(f"-H '{name}: {value}'" for name, value in self.headers)]
        if self.body:
            options.append("--data-binary $'" + repr(self.body)[2:-1].replace("'", "\\'") + "'")
        return f"curl {' '.join(options)} '{url}{self.target}'"


class Caller:
    """Makes the calls of a contract."""

    def __init__(self, contract: PublishedContract) -> None:
        self._contract = contract
        self._sampler = Sampler(contract, Schemas(contract, "request"))

    def call(self, operation: Operation, everything: bool, entry: Entry | None = None) -> Call:
        """Return a request: with what is required alone, or with all there is and a body of that media type.

        Raises :class:`NotSendableError`, or :class:`NoSampleError` for a schema that no value was found for.
        """
        target, headers = self.addressed(operation, everything)
        body, typed = self._body(operation, everything, entry)
        way = "everything" if everything else "required"
        return Call(
            operation,
            f"{way} {typed}" if everything and typed and len(operation.content) > 1 else way,
            target,
            (*headers, *([("Content-Type", typed)] if typed else [])),
            body,
        )

    def addressed(
        self, operation: Operation, everything: bool, given: Mapping[tuple[str, str], Any] | None = None
    ) -> tuple[str, list[tuple[str, str]]]:
        """Return target and headers of a request, with the given values of parameters, by place and name.

        Raises as :meth:`call`.
        """
        path = operation.path.partition("#")[0]
        query: list[str] = []
        headers: list[tuple[str, str]] = []
        cookies: list[str] = []
        known = given or {}
        for parameter, steps in operation.parameters:
            place, required = parameter["in"], parameter.get("required") is True or parameter["in"] == "path"
            is_given = (place, parameter["name"]) in known
            is_ignored = place == "header" and parameter["name"].lower() in _IGNORED
            if is_ignored or not (required or everything or is_given):
                continue
            try:
                texts = (
                    written(parameter, known[place, parameter["name"]])
                    if is_given
                    else self._parameter(parameter, steps, everything)
                )
            except (NotSendableError, NoSampleError):
                if required or is_given:
                    raise
                continue
            if place == "path":
                path = path.replace("{" + parameter["name"] + "}", texts[0])
            elif place == "header":
                headers.append((parameter["name"], texts[0]))
            else:
                (cookies if place == "cookie" else query).extend(texts)
        self._credentials(operation, headers, query, cookies)
        if cookies:
            headers.append(("Cookie", "; ".join(cookies)))
        target = quote(path, safe="/%?=&" + _RESERVED)
        return target + (("&" if "?" in path else "?") + "&".join(query) if query else ""), headers

    def _parameter(self, parameter: Node, steps: Steps | None, everything: bool) -> list[str]:
        # A list without items leaves no trace in a query, so that a parameter that has to be there would be missing.
        is_list = steps is not None and self._sampler.resolved(steps).get("type") == "array"
        filled = is_list and parameter.get("required") is True
        value = self._sampler.sample(steps, everything, filled) if steps else "text"
        if "content" in parameter:
            text = quote(json.dumps(value), safe="")
            return [text if parameter["in"] in ("path", "header") else f"{quote(parameter['name'])}={text}"]
        return written(parameter, value)

    def _credentials(
        self, operation: Operation, headers: list[tuple[str, str]], query: list[str], cookies: list[str]
    ) -> None:
        for name in operation.security[0] if operation.security else ():
            scheme = self._contract.schemes.get(name, {})
            if scheme.get("type") == "apiKey":
                pair = f"{quote(scheme['name'])}={_TOKEN}"
                if scheme["in"] == "header":
                    headers.append((scheme["name"], _TOKEN))
                else:
                    (query if scheme["in"] == "query" else cookies).append(pair)
            elif str(scheme.get("scheme", "")).lower() == "basic":
                headers.append(("Authorization", "Basic " + base64.b64encode(f"{_TOKEN}:".encode()).decode()))
            elif scheme.get("type") != "mutualTLS":
                headers.append(("Authorization", f"Bearer {_TOKEN}"))

    def _body(self, operation: Operation, everything: bool, entry: Entry | None) -> tuple[bytes, str]:
        if operation.body is None or not operation.content:
            return b"", ""
        if not everything and operation.body.get("required") is not True:
            return b"", ""
        entry = entry or operation.content[0]
        kind = essence(entry.media_type)
        typed = content_type(entry)
        schema = self._sampler.resolved(entry.schema) if entry.schema else {}
        if not entry.schema and not is_json(kind):
            return (b"a=1", typed) if kind == _FORM else (b"text", typed)
        filled = kind == _FORM or kind.startswith("multipart/")
        value = self._sampler.sample(entry.schema, everything, filled) if entry.schema else {}
        return encoded(entry, value, schema), typed


def encoded(entry: Entry, value: Any, schema: Mapping[str, Any]) -> bytes:
    """Return a body of the media type of an entry of ``content``; ``schema`` is that of the value, followed.

    Raises :class:`NotSendableError` for a type that nothing here writes.
    """
    kind = essence(entry.media_type)
    encoding = mapping(entry.node.get("encoding"))
    if is_json(kind):
        return json.dumps(value).encode()
    if kind == _FORM:
        return "&".join(_form(value, encoding)).encode()
    if kind.startswith("multipart/"):
        return _multipart(value, encoding, schema)
    if isinstance(value, str):
        return value.encode()
    if kind.endswith(("/xml", "+xml")) or not isinstance(value, (int, float)):
        raise NotSendableError(f"a body of the type {kind}: nothing here writes one")
    return json.dumps(value).encode()


def content_type(entry: Entry) -> str:
    """Return the header of a body of an entry of ``content``, as :func:`encoded` writes it."""
    kind = essence(entry.media_type)
    if kind.startswith("multipart/"):
        return f"{entry.media_type}; boundary={_BOUNDARY}"
    return "application/octet-stream" if kind == "*/*" else entry.media_type


_RESERVED = "!$'()*+,;:@~"
"""What a path may hold as it is (RFC 3986, 3.3)."""


def written(parameter: Node, value: Any) -> list[str]:
    """Return a parameter as it is sent: the pairs of a query or cookie, or one text.

    Raises :class:`NotSendableError` for a value within values that its style says nothing of.
    """
    place, name = parameter["in"], parameter["name"]
    style = parameter.get("style") or {"path": "simple", "header": "simple"}.get(place, "form")
    explode = parameter.get("explode", style in ("form", "cookie"))
    encode = _plain if place == "header" else quote_all
    if value is None:
        raise NotSendableError(f"{place} {name}: null has no form")
    if style == "deepObject":
        return [f"{key}={quote_all(text)}" for key, text in bracketed(quote_all(name), value)]
    if isinstance(value, (list, dict)) and any(
        isinstance(member, (list, dict)) or member is None
        for member in (value.values() if isinstance(value, dict) else value)
    ):
        raise NotSendableError(f"{place} {name}: the style {style} says nothing of values within values")
    if place in ("query", "cookie"):
        return _form_style(quote_all(name), value, style, explode)
    return [_simple_style(name, value, style, explode, encode)]


def _form_style(name: str, value: Any, style: str, explode: bool) -> list[str]:
    if isinstance(value, list):
        items = [quote_all(_text(item)) for item in value]
        if explode and style not in _DELIMITERS:
            return [f"{name}={item}" for item in items]
        return [f"{name}={_DELIMITERS.get(style, ',').join(items)}"] if items else []
    if isinstance(value, dict):
        members = [(quote_all(key), quote_all(_text(member))) for key, member in value.items()]
        if explode:
            return [f"{key}={text}" for key, text in members]
        return [f"{name}={','.join(part for pair in members for part in pair)}"] if members else []
    return [f"{name}={quote_all(_text(value))}"]


def _simple_style(name: str, value: Any, style: str, explode: bool, encode: Callable[[str], str]) -> str:
    prefix, divider = {"label": (".", "."), "matrix": (f";{name}=", f";{name}=" if explode else ",")}.get(
        style, ("", ",")
    )
    if isinstance(value, list):
        return prefix + (divider if explode or style == "matrix" else ",").join(encode(_text(item)) for item in value)
    if isinstance(value, dict):
        pairs = [(encode(key), encode(_text(member))) for key, member in value.items()]
        if explode:
            sign = {"label": ".", "matrix": ";"}.get(style, ",")
            return ("" if style == "simple" else sign) + sign.join("=".join(pair) for pair in pairs)
        return prefix + ",".join(part for pair in pairs for part in pair)
    return prefix + encode(_text(value))


def bracketed(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Return the pairs of a value in brackets: ``a[b][0]=c``."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from bracketed(f"{name}[{quote_all(str(key))}]", member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from bracketed(f"{name}[{index}]", item)
    elif value is not None:
        yield name, _text(value)


def _form(value: Any, encoding: Mapping[str, Any]) -> Iterator[str]:
    """Return the pairs of a form: by the Encoding Object of each member, and what is deep without one as JSON."""
    if not isinstance(value, dict):
        raise NotSendableError("a form that is no object")
    for name, member in value.items():
        stated = mapping(encoding.get(name))
        if member is None:
            continue
        if stated.get("style") == "deepObject":
            for key, text in bracketed(quote_all(name), member):
                yield f"{key}={quote_all(text)}"
        elif isinstance(member, dict) or (
            isinstance(member, list) and any(isinstance(item, (list, dict)) for item in member)
        ):
            yield f"{quote_all(name)}={quote_all(json.dumps(member))}"
        else:
            style = stated.get("style", "form")
            yield from _form_style(quote_all(name), member, style, stated.get("explode", style == "form"))


def _multipart(value: Any, encoding: Mapping[str, Any], schema: Mapping[str, Any]) -> bytes:
    if not isinstance(value, dict):
        raise NotSendableError("a multipart body that is no object")
    parts = []
    for name, member in value.items():
        stated = str(mapping(encoding.get(name)).get("contentType", "")).partition(",")[0].strip()
        for item in member if isinstance(member, list) else [member]:
            if item is not None:
                is_file = _is_file(mapping(schema.get("properties")).get(name))
                parts.append(_part(name, item, stated, is_file))
    return b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])


def _is_file(schema: Any) -> bool:
    node = mapping(schema)
    node = mapping(node.get("items", node)) if node.get("type") == "array" else node
    return node.get("format") == "binary" or "contentMediaType" in node


def _part(name: str, value: Any, stated: str, is_file: bool) -> bytes:
    kind = stated if "*" not in stated else stated.partition("/")[0] + "/png"
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
    if is_file:
        kind = kind or "application/octet-stream"
        return f'{head}; filename="file"\r\nContent-Type: {kind}\r\n\r\n'.encode() + str(value).encode() + b"\r\n"
    if isinstance(value, dict) or is_json(kind):
        return f"{head}\r\nContent-Type: {kind or 'application/json'}\r\n\r\n{json.dumps(value)}\r\n".encode()
    return (head + (f"\r\nContent-Type: {kind}" if kind else "") + f"\r\n\r\n{_text(value)}\r\n").encode()


def quote_all(text: str) -> str:
    """Return a text with all that is reserved percent-encoded."""
    return quote(text, safe="")


def _plain(text: str) -> str:
    return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
