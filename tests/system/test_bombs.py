"""Requests that are made to hold up a server: each is refused soon, and others are answered meanwhile."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.contracts import Document, document, operation, written
from tests.support.server_process import RunningServer

SOON = 20.0
"""Seconds, on a machine that is busy with other tests."""
WAIT = 0.25
"""Seconds of processor time that a server may spend on a bomb while somebody else waits."""
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARTS = "multipart/form-data; boundary=b"
SCHEMA: Document = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "a": {"type": "array", "items": {"type": "string", "pattern": "^(a|a)*$"}},
        "o": {"type": "object", "additionalProperties": {"type": "integer"}},
        "file": {"type": "string", "format": "binary", "maxLength": 9},
        "unique": {"type": "array", "uniqueItems": True},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "names": {
            "type": "object",
            "allOf": [{"patternProperties": {"^(a|a)*$": {"type": "integer"}}}],
            "unevaluatedProperties": False,
        },
        "doubled": {"$ref": "#/components/schemas/S0"},
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    media = {"schema": SCHEMA}
    body = {"content": dict.fromkeys((FORM, "multipart/form-data", "application/json"), media)}
    query: list[Document] = [
        {"name": "a", "in": "query", "schema": SCHEMA["properties"]["a"]},
        {"name": "o", "in": "query", "style": "deepObject", "schema": SCHEMA["properties"]["o"]},
    ]
    paths = {"/x": {"post": {**operation(), "requestBody": body}, "get": operation(parameters=query)}}
    schemas: Document = {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(40)}
    schemas["S40"] = {"allOf": [{"minimum": 1}, {"type": "integer"}]}
    contract = written(tmp_path_factory.mktemp("bombs"), "contract", document(paths, components={"schemas": schemas}))
    with RunningServer(contract, "--workers", "1") as running:
        httpx.get(f"{running.url}/x?a=b", trust_env=False)  # what says why is imported by now
        yield running


@pytest.fixture
def url(server: RunningServer) -> str:
    return server.url


def part(name: str, data: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), data)


BODIES: dict[str, tuple[str, bytes]] = {
    "brackets that never close": (FORM, b"a" + b"[" * 2_000_000 + b"=1"),
    "brackets without end": (FORM, b"o" + b"[b]" * 1_000_000 + b"=1"),
    "many keys with many brackets": (FORM, b"&".join(b"o%d" % n + b"[b]" * 30 + b"=1" for n in range(100_000))),
    "a million keys": (FORM, b"&".join(b"k%d=1" % n for n in range(1_000_000))),
    "a million items": (FORM, b"a[]=!&" * 1_000_000),
    "items enough and one that is wrong": (FORM, b"a[]=a&" * 20_000 + b"a[]=!"),
    "a huge index": (FORM, b"a[999999999]=1"),
    "many large indexes": (FORM, b"&".join(b"a[%d]=!" % n for n in range(9_000))),
    "a text for a pattern that backtracks": (FORM, b"a[]=" + b"a" * 1_000_000 + b"!"),
    "deep JSON in a form": (FORM, b"o=" + b"%7B%22a%22:" * 100_000),
    "deep JSON": ("application/json", b'{"o":' * 100_000),
    "a name twice, after many others": (
        "application/json",
        b"{%s}" % b",".join(b'"k%d":1' % (n % 299_999) for n in range(300_000)),
    ),
    "a short text for a pattern that backtracks": (JSON, b'{"a":["' + b"a" * 40 + b'!"]}'),
    "names for a pattern that backtracks": (JSON, b'{"names":{"' + b"a" * 40 + b'!":1}}'),
    "an object that repeats": (
        JSON,
        b'{"unique":[%s,{"n":1}]}' % b",".join(b'{"n":%d}' % n for n in range(80_000)),
    ),
    "a number that repeats": (JSON, b'{"unique":[%s,1]}' % b",".join(b"%d" % n for n in range(150_000))),
    "one item of a hundred thousand": (JSON, b'{"numbers":[%s"x"]}' % (b"1," * 100_000)),
    "a hundred thousand items": (JSON, b'{"numbers":["x"%s]}' % (b',"x"' * 100_000)),
    "a hundred thousand members": (JSON, b"{%s}" % b",".join(b'"k%d":1' % n for n in range(100_000))),
    "a text of fifteen megabytes": (JSON, b'{"a":"' + b"x" * 15_000_000 + b'"}'),
    "a text of commas": (JSON, b'{"a":"' + b"," * 15_000_000 + b'"}'),
    "a text of escapes": (JSON, b'{"a":"' + b"\\u00e9" * 2_500_000 + b'"}'),
    "integers of many digits": (JSON, b'{"a":[%s]}' % b",".join([b"9" * 4_000] * 3_000)),
    "as many values as are read": (JSON, b'{"a":0,"o":{%s}}' % b",".join(b'"k%d":"x"' % n for n in range(240_000))),
    "a million members": (JSON, b"{%s}" % b",".join(b'"k%d":1' % (n % 999_999) for n in range(1_000_000))),
    "schemas that double": (JSON, b'{"doubled":"x"}'),
    "a name many thousand times": (FORM, b"&".join([b"unknown=1"] * 100_000)),
    "a hundred megabytes": (PARTS, part("file", b"x" * 100_000_000) + b"--b--"),
    "fifteen megabytes": (PARTS, part("file", b"x" * 15_000_000) + b"--b--"),
    "lines that may be boundaries": (PARTS, part("file", b"\r\n--" * 3_000_000) + b"--b--"),
    "a million parts": (PARTS, part("file", b"") * 250_000 + b"--b--"),
    "parts with brackets": (PARTS, part("a" + "[b]" * 40, b"x") + b"--b--"),
}


@contextmanager
def others(server: RunningServer, path: str = "/x") -> Iterator[list[float]]:
    """Ask for a small answer over and over; yield the longest wait, without what other processes took of it."""
    ended = threading.Event()
    longest = [0.0]

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=30) as client:
            while not ended.wait(0.01):
                for asked in (path, "/__admin/health"):
                    started, before = perf_counter(), spent(server)
                    assert client.get(server.url + asked).status_code == 200
                    longest[0] = max(longest[0], min(perf_counter() - started, spent(server) - before))

    other = threading.Thread(target=ask)
    other.start()
    try:
        yield longest
    finally:
        ended.set()
        other.join()


def spent(server: RunningServer) -> float:
    """Return the seconds of processor time that a server has had (proc_pid_stat(5), the 14th field and the next)."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", BODIES)
def test_bomb_is_refused_soon(name: str, server: RunningServer) -> None:
    content_type, body = BODIES[name]
    started = perf_counter()
    with others(server) as longest:
        answer = httpx.post(
            f"{server.url}/x", content=body, headers={"content-type": content_type}, timeout=60, trust_env=False
        )
    assert 400 <= answer.status_code < 500
    assert perf_counter() - started < SOON
    assert longest[0] < (SOON if name == "lines that may be boundaries" else WAIT)  # werkzeug looks for them in one go


@pytest.mark.parametrize(
    "query",
    [
        "a" + "[" * 10_000 + "=1",
        "o" + "[b]" * 5_000 + "=1",
        "a[999999999]=1",
        "a[]=" + "a" * 60 + "!",
        "a[]=!&" * 9_000,
    ],
    ids=["unclosed", "deep", "index", "pattern", "items"],
)
def test_bomb_in_the_query_is_refused_soon(query: str, url: str) -> None:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=60)  # httpx has a limit of its own
    started = perf_counter()
    connection.request("GET", f"/x?{query}")
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert 400 <= answer.status < 500
    assert perf_counter() - started < SOON
    assert said["status"] == answer.status


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def doubled(keyword: str) -> Document:
    """Forty schemas, each of the next one twice: 3 KB."""
    steps = {f"s{n}": {keyword: [{"$ref": f"#/$defs/s{n + 1}"}] * 2} for n in range(40)}
    return {"$ref": "#/$defs/s0", "$defs": {**steps, "s40": {"type": "string"}}}


CONTROL: dict[str, tuple[int, str, str]] = {
    "NaN": (400, "requests/find", '{"body": {"/a": NaN}}'),
    "Infinity": (400, "scenarios", '{"answers": [{"body": Infinity}]}'),
    "a number beyond all bounds": (400, "scenarios", '{"answers": [{"body": 1e400}]}'),
    "half a character": (400, "scenarios", '{"answers": [{"body": "\\ud800"}]}'),
    "a name twice": (400, "scenarios", '{"name": "a", "name": "b", "answers": [{"code": 500}]}'),
    "a large pattern": (422, "requests/find", json.dumps({"bodyPatterns": [{"equalToJson": "x" * 100_000}]})),
    "levels": (422, "scenarios", '{"answers": [{"body": ' + nested(500) + "}]}"),
    "levels without end": (422, "scenarios", '{"answers": [{"body": ' + nested(100_000) + "}]}"),
    "levels to compare with": (422, "requests/find", json.dumps({"bodyPatterns": [{"equalToJson": nested(500)}]})),
    "a schema of levels": (422, "scenarios", '{"answers": [{}], "match": {"schema": ' + nested(500) + "}}"),
    "a pattern of ten million letters": (
        422,
        "requests/find",
        json.dumps({"schema": {"pattern": "^[a-z]{10000000}$"}}),
    ),
    "many patterns": (422, "requests/find", json.dumps({"schema": {"allOf": [{"pattern": "a"}] * 101}})),
    "many regular expressions": (
        422,
        "requests/find",
        json.dumps({"bodyPatterns": [{"or": [{"matches": "a"}] * 60}] * 2}),
    ),
}


@pytest.mark.parametrize("name", CONTROL)
def test_admin_refuses_a_bomb_soon(name: str, url: str) -> None:
    status, path, body = CONTROL[name]
    started = perf_counter()
    answer = httpx.post(f"{url}/__admin/{path}", content=body, timeout=60, trust_env=False)
    assert (answer.status_code, perf_counter() - started < SOON) == (status, True)
    assert "expected" in answer.json()["detail"], answer.text


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schema_that_doubles_is_asked_in_bounded_time(keyword: str, url: str) -> None:
    scenario = {"match": {"path": "/x", "schema": doubled(keyword)}, "answers": [{"code": 503, "breaks": True}]}
    started = perf_counter()
    with httpx.Client(base_url=f"{url}/~doubled-{keyword}", trust_env=False, timeout=60) as client:
        assert client.post("/__admin/scenarios", json=scenario).status_code == 201
        assert client.post("/x", json={"o": {}}).status_code == 200
    assert perf_counter() - started < SOON


def test_schema_that_branches_in_circles_is_asked_in_bounded_time(url: str) -> None:
    item = {"$ref": "#/$defs/tree"}
    tree = {"anyOf": [{"items": item, "maxItems": 0}, {"items": item, "minItems": 3}]}
    pattern = {"schema": {"$ref": "#/$defs/tree", "$defs": {"tree": tree}}}
    started = perf_counter()
    with httpx.Client(base_url=f"{url}/~circles", trust_env=False, timeout=60) as client:
        client.post("/x", content="[" * 90 + "]" * 90, headers={"content-type": JSON})
        assert client.post("/__admin/requests/count", json=pattern).json()["count"] in (0, 1)
    assert perf_counter() - started < SOON


PATH = {"matchesJsonPath": "$..[?match(@.n, '(a|a)*')]"}
SCENARIOS: dict[str, tuple[int, Document, bytes]] = {
    "a large answer": (201, {"answers": [{"body": {"l": [{"i": n} for n in range(60_000)]}}]}, b"{}"),
    "a hundred answers": (201, {"answers": [{"body": {"x": n, "l": [1] * 2_000}} for n in range(100)]}, b"{}"),
    "a path through a large body": (
        201,
        {"match": {"bodyPatterns": [PATH]}, "answers": [{"code": 503, "breaks": True}]},
        b'{"unique":[%s]}' % b",".join(b'{"n":%d}' % n for n in range(50_000)),
    ),
    "a path through a body": (
        201,
        {"match": {"bodyPatterns": [PATH]}, "answers": [{"code": 503, "breaks": True}]},
        b'{"numbers":[%s]}' % b",".join(b"%d" % n for n in range(10_000)),
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_disturbs_nobody(name: str, server: RunningServer) -> None:
    status, scenario, body = SCENARIOS[name]
    with others(server) as longest, httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        world = f"/~{name.replace(' ', '-')}"
        assert client.post(f"{world}/__admin/scenarios", json=scenario).status_code == status
        assert client.post(f"{world}/x", content=body, headers={"content-type": JSON}).status_code == 200
    assert longest[0] < WAIT


def pairs(levels: int) -> Document:
    below: Document = {"type": "integer"}
    schemas: Document = {f"P{levels}": below}
    for n in range(levels):
        part = {"$ref": f"#/components/schemas/P{n + 1}"}
        schemas[f"P{n}"] = {"type": "object", "required": ["a", "b"], "properties": {"a": part, "b": part}}
    return schemas


def many(item: Document) -> Document:
    return {"type": "array", "minItems": 1000, "items": item}


LARGE: dict[str, Document] = {
    "a thousand lists of a thousand": many(many({"type": "integer"})),
    "thirty levels of pairs": {"$ref": "#/components/schemas/P0"},
    "a text of a gigabyte": {"type": "string", "minLength": 10**9},
    "a pattern of ten million letters": {"type": "string", "pattern": "^[a-z]{10000000}$"},
    "a pattern that repeats nothing": {"type": "string", "pattern": "^(?:${2,}^*${2,}${2,}){99999999}$"},
    "a million items that differ": {"type": "array", "minItems": 10**6, "uniqueItems": True},
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    paths: Document = {f"/{n}": {"get": operation(schema)} for n, schema in enumerate(LARGE.values())}
    paths["/x"] = {"get": operation()}
    contract = document(paths, components={"schemas": pairs(30)})
    with RunningServer(written(tmp_path_factory.mktemp("large"), "contract", contract), "--workers", "1") as running:
        # The first answer waits for the modules behind it, however small it is.
        assert httpx.get(f"{running.url}/x", trust_env=False, timeout=60).status_code == 200
        yield running


@pytest.mark.parametrize("name", LARGE)
def test_too_large_value_is_refused_soon(name: str, large: RunningServer) -> None:
    before = spent(large)
    with others(large) as longest:
        answer = httpx.get(f"{large.url}/{list(LARGE).index(name)}", trust_env=False, timeout=60)
    assert longest[0] < WAIT
    assert spent(large) - before < 1.5
    assert answer.status_code == 200 or "expected a smaller one" in answer.text
