"""A judge of exchanges with the control API: each is held against the document of that API, by openapi-core."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import jsonschema
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from mock_server.admin.endpoints.control_document import FOLDER

METHODS = ("get", "put", "post", "delete", "patch")
PLACE = re.compile(r"(?:/~[^/]*)?(?:/[^?#]*?)?/__admin(?=/|$)")
FOR_PEOPLE = ("/static/", "/console/", "/sign-in", "/sign-out")
"""Paths of the console that no program calls."""
READERS: dict[str, Callable[[bytes], Any]] = {
    "application/problem+json": json.loads,
    "application/schema+json": json.loads,
    "application/openmetrics-text": bytes.decode,
}
"""Readers of the bodies that openapi-core cannot read."""
ITEMS: Mapping[str, Callable[[str], Iterator[object]]] = {
    "application/x-ndjson": lambda text: map(json.loads, text.splitlines()),
    "text/event-stream": lambda text: (
        dict(line.split(": ", 1) for line in event.splitlines()) for event in text.split("\n\n") if event.strip(":\n")
    ),
}
"""Readers of the bodies that are many items, one after the other; the document has the schema of an item."""


class ControlJudge:
    """Collects what is wrong with exchanges, in words."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = json.loads((FOLDER / "openapi-admin.json").read_bytes())
        self.violations: list[str] = []
        self.exchanges = 0
        """How many were judged."""

    def judge(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        answer: tuple[int, Mapping[str, str], bytes],
    ) -> None:
        """Note what is wrong with an exchange; of others than those of the control API nothing is."""
        status, answer_headers, data = answer
        parts = urlsplit(url)
        match = PLACE.match(parts.path)
        media = answer_headers.get("content-type", "")
        if match is None or method == "OPTIONS" or media.startswith("text/html"):
            return
        path = unquote(parts.path[match.end() :]) or "/"
        if path.startswith(FOR_PEOPLE):
            return
        self.exchanges += 1
        key = "get" if method == "HEAD" else method.lower()
        where = f"{method} {path}: {status}"
        operation = self._operation(key, path)
        if operation is None:
            if status < 400:
                self.violations.append(f"{where}: the document has no such operation")
            elif method != "HEAD":
                self._note(where, self._problem_faults(data))
            return
        template, values = operation
        request = MockRequest(
            "http://localhost",
            key,
            "/__admin" + re.sub(r"\{(\w+)\}", lambda name: quote(values[name[1]], safe=""), template),
            args=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=dict(headers),
            data=body or None,
            content_type="application/json",
        )
        if status < 400:
            self._note(where, self._request_faults(template, key, request))
        if method != "HEAD":
            response = MockResponse(data, status, dict(answer_headers), media)
            self._note(where, self._response_faults(template, key, request, response))

    def _note(self, where: str, faults: Iterator[str]) -> None:
        self.violations += [f"{where}: {fault}" for fault in faults]

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        for template, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None and method in self.document["paths"][template]:
                return template, match.groupdict()
        return None

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        templates = sorted(self.document["paths"], key=lambda template: template.count("{"))
        return [(template, re.compile(_expression(template))) for template in templates]

    @cached_property
    def _requests(self) -> OpenAPI:
        return OpenAPI.from_dict(self.document, config=Config(extra_media_type_deserializers=READERS))

    @cached_property
    def _responses(self) -> OpenAPI:
        config = Config(additional_properties_default_policy="forbid", extra_media_type_deserializers=READERS)
        return OpenAPI.from_dict(self.document, config=config)

    def _request_faults(self, template: str, method: str, request: MockRequest) -> Iterator[str]:
        """Yield what the document does not allow of a request that the server took."""
        item = self.document["paths"][template]
        listed = [*item.get("parameters", ()), *item[method].get("parameters", ())]
        known = {parameter["name"] for parameter in listed if parameter["in"] == "query"}
        for name in request.parameters.query.keys() - known:
            yield f"the parameter {name!r} is not documented"
        if request.body is not None and "requestBody" not in item[method]:
            return  # the server reads no body here
        try:
            self._requests.validate_request(request)
        except OpenAPIError as error:
            yield f"request: {_words(error)}"

    def _response_faults(self, template: str, method: str, request: MockRequest, answer: MockResponse) -> Iterator[str]:
        """Yield what the document does not allow of an answer."""
        media = answer.content_type.partition(";")[0]
        if media in ITEMS and answer.status_code == 200:
            schema = self.document["paths"][template][method]["responses"]["200"]["content"][media]["schema"]
            for item in ITEMS[media]((answer.data or b"").decode()):
                yield from self._schema_faults(schema, item)
            return
        try:
            self._responses.validate_response(request, answer)
        except OpenAPIError as error:
            yield f"answer: {_words(error)}"

    def _problem_faults(self, data: bytes) -> Iterator[str]:
        try:
            problem = json.loads(data)
        except ValueError:
            yield f"found {data[:80]!r}; expected a problem document"
        else:
            yield from self._schema_faults({"$ref": "#/components/schemas/Problem"}, problem)

    def _schema_faults(self, schema: Mapping[str, Any], value: object) -> Iterator[str]:
        validator = jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})
        for error in validator.iter_errors(value):
            yield error.message[:300]


def _expression(template: str) -> str:
    if template == "/":
        return "/?"
    parameter = ".+" if template.startswith("/variants/") else "[^/]+"
    return re.sub(r"\\\{(\w+)\\\}", lambda name: f"(?P<{name[1]}>{parameter})", re.escape(template))


def _words(error: BaseException) -> str:
    """Return an error with all that caused it, and the errors of a schema below it."""
    texts = [str(error)]
    for inner in getattr(error, "schema_errors", ()):
        texts.append(f"{inner.json_path}: {inner.message[:300]}")
    if error.__cause__ is not None:
        texts.append(_words(error.__cause__))
    return "; ".join(texts)


def judged_client(judge: ControlJudge) -> Callable[..., httpx.Response]:
    """Return ``httpx.Client.send`` whose exchanges are judged; those whose body is read by and by have none yet."""
    send = httpx.Client.send

    def judged(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        response = send(client, request, **options)
        for answer in (*response.history, response):
            _judge_response(judge, answer, is_streamed=bool(options.get("stream")))
        return response

    return judged


def _judge_response(judge: ControlJudge, response: httpx.Response, *, is_streamed: bool) -> None:
    if not is_streamed:
        request = response.request
        answer = (response.status_code, response.headers, response.content)
        judge.judge(request.method, str(request.url), request.headers, _sent_body(request), answer)


def _sent_body(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        return b""
