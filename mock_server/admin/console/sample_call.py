"""A call of an operation that a person can copy: its URL, headers and body, and the code that sends it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from mock_server.core.errors import MockServerError
from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.model import Contract, Operation, SecurityScheme
from mock_server.storage import RecordQuery, RecordReader

_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "ada@example.com",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "uuid4": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "uri": "https://example.com",
}
"""Texts of formats, for parameters of which the contract says no more."""
_TYPES: Mapping[str, JSON] = {"integer": 1, "number": 1, "boolean": True}


@value_class
class SampleCall:
    """A call: the method, the whole URL, header lines and a body, which is empty for most."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def curl(self) -> str:
        """Return the call as a command of a POSIX shell."""
        parts = ["curl", *([] if self.method == "GET" else ["-X", self.method])]
        lines = [" ".join([*parts, shlex.quote(self.url)])]
        lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in self.headers]
        lines += [f"--data-raw {shlex.quote(self.body)}"] if self.body else []
        return " \\\n  ".join(lines)

    def python(self) -> str:
        """Return the call as a program in Python, with httpx."""
        arguments = [json.dumps(self.method), json.dumps(self.url)]
        if self.headers:
            arguments.append(f"headers={json.dumps(dict(self.headers))}")
        if self.body:
            arguments.append(f"content={self.body!r}")
        listing = "".join(f"    {argument},\n" for argument in arguments)
        return f"import httpx\n\nresponse = httpx.request(\n{listing})\nprint(response.status_code, response.text)"

    def typescript(self) -> str:
        """Return the call as a program in TypeScript, with fetch."""
        options = [f"  method: {json.dumps(self.method)},"]
        if self.headers:
            options.append(f"  headers: {json.dumps(dict(self.headers))},")
        if self.body:
            options.append(f"  body: {json.dumps(self.body)},")
        listing = "\n".join(options)
        return (
            f"const response = await fetch({json.dumps(self.url)}, {{\n{listing}\n}});\n"
            "console.log(response.status, await response.text());"
        )

    def go(self) -> str:
        """Return the call as statements in Go, with net/http; errors are left to the reader."""
        body = f"strings.NewReader({json.dumps(self.body)})" if self.body else "nil"
        lines = [f"request, err := http.NewRequest({json.dumps(self.method)}, {json.dumps(self.url)}, {body})"]
        lines += ["if err != nil {", "\tlog.Fatal(err)", "}"]
        lines += [f"request.Header.Set({json.dumps(name)}, {json.dumps(value)})" for name, value in self.headers]
        lines += ["response, err := http.DefaultClient.Do(request)", "if err != nil {", "\tlog.Fatal(err)", "}"]
        lines += ["defer response.Body.Close()", "io.Copy(os.Stdout, response.Body)"]
        return "\n".join(lines)

    def languages(self) -> list[tuple[str, str]]:
        """Return pairs of a language and the call in it."""
        return [
            ("curl", self.curl()),
            ("Python", self.python()),
            ("TypeScript", self.typescript()),
            ("Go", self.go()),
        ]


def sample_operation(contract: Contract) -> Operation | None:
    """Return the operation that is called most easily: one that reads, with few parameters. None for no operation."""
    return min(contract.operations.values(), key=lambda operation: _effort(contract, operation), default=None)


def _effort(contract: Contract, operation: Operation) -> tuple[bool, bool, int, bool]:
    required = [name for name, _, _ in _required(contract, operation)]
    is_good = any(status.startswith("2") for status in operation.responses)
    return operation.method != "GET", not is_good, len(required), operation.deprecated


def sample_call(mount: ApiMount, operation: Operation, records: RecordReader, url: str) -> SampleCall:
    """Return a call of an operation below the base URL of a world, with a token that the contract accepts."""
    contract = mount.contract
    path, query, headers = operation.path.partition("#")[0].partition("?")[0], [], []
    for name, place, value in _required(contract, operation):
        text = value if isinstance(value, str) else json.dumps(value)
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(text, safe=""))
        elif place == "query":
            query.append(f"{quote(name)}={quote(text)}")
        elif place == "header":
            headers.append((name, text))
    for place, name, value in credentials(mount, operation, records):
        if place == "header":
            headers.append((name, value))
        elif place == "query":
            query.append(f"{quote(name)}={quote(value)}")
        else:
            headers.append(("Cookie", f"{name}={value}"))
    path = re.sub(r"\{[^}/]*\}", "1", path)
    return SampleCall(
        operation.method, url + mount.base_path + path + (f"?{'&'.join(query)}" if query else ""), tuple(headers)
    )


def credentials(mount: ApiMount, operation: Operation, records: RecordReader) -> Iterator[tuple[str, str, str]]:
    """Yield what a call has to carry: place (header, query, cookie), name and value, by the first alternative."""
    contract = mount.contract
    if not operation.security or () in operation.security:
        return
    for name in operation.security[0]:
        scheme = contract.schemes.get(name)
        if scheme is not None:
            yield from _credential(contract, scheme, records)


def _credential(contract: Contract, scheme: SecurityScheme, records: RecordReader) -> Iterator[tuple[str, str, str]]:
    if scheme.type == "apiKey":
        yield scheme.place, scheme.key, "test-key"
    elif scheme.type == "http" and scheme.scheme == "basic":
        yield "header", "Authorization", "Basic dXNlcjpwYXNzd29yZA=="
    elif scheme.type != "mutualTLS":
        yield "header", "Authorization", f"Bearer {token_for(contract, scheme.name, records)}"


def token_for(contract: Contract, scheme: str, records: RecordReader) -> str:
    """Return a token that a scheme accepts: by the contract's table of tokens that of a record, or else any."""
    kind = next((kind for kind in contract.extensions.tokens if scheme in kind.schemes), None)
    if kind is None:
        return "test-token"
    try:
        first = next(iter(records.records(kind.selects, RecordQuery(limit=1))), None) if kind.selects else None
    except MockServerError:  # a store that is lost: what is shown is an example
        first = None
    return kind.prefix + (first.handle if first is not None else "example")


def _required(contract: Contract, operation: Operation) -> Iterable[tuple[str, str, JSON]]:
    """Yield name, place and a value of each parameter that a call needs."""
    try:
        node = value_at(contract.document, operation.pointer)
        item = value_at(contract.document, operation.pointer.rpartition("/")[0])
    except KeyError:
        return
    parameters: dict[tuple[str, str], tuple[str, str, JSON]] = {}
    for holder in (item, node):
        listed = holder.get("parameters") if isinstance(holder, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            parameter = contract.resolve(entry)
            if isinstance(parameter, dict) and (parameter.get("required") or parameter.get("in") == "path"):
                name, place = str(parameter.get("name")), str(parameter.get("in"))
                parameters[place, name] = (name, place, _value(contract, parameter))
    yield from parameters.values()


def _value(contract: Contract, parameter: Mapping[str, JSON]) -> JSON:
    """Return an example of a parameter: the contract's own, or one of the type."""
    if "example" in parameter:
        return parameter["example"]
    examples = parameter.get("examples")
    for example in examples.values() if isinstance(examples, dict) else ():
        entry = contract.resolve(example)
        if isinstance(entry, dict) and "value" in entry:
            return entry["value"]
    schema = contract.resolve(parameter.get("schema"))
    if not isinstance(schema, dict):
        return "example"
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("examples", "enum"):
        values = schema.get(key)
        if isinstance(values, list) and values:
            return values[0]
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return next(
        (_TYPES[name] for name in map(str, kinds) if name in _TYPES), _FORMATS.get(str(schema.get("format")), "example")
    )
