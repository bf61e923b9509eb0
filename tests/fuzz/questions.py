"""What a server is asked under fuzzing: requests, scenarios and control calls that are nearly right."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.junk import TEXTS, VALUES, mutated

_TOKEN = "Authorization: Bearer pet_tom"
_FORM = "Content-Type: application/x-www-form-urlencoded"
_PARTS = "Content-Type: multipart/form-data; boundary=b"


def _request(line: str, *fields: str, body: str = "", media_type: str = "Content-Type: application/json") -> str:
    framing = (media_type, f"Content-Length: {len(body)}") if body else ()
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *fields, *framing, "", body])


_WHOLE = [
    _request("GET /pet", _TOKEN),
    _request("GET /~w/pets?limit=2&near[x]=1&near[of]=a", _TOKEN, "Cookie: seen=true", "X-Shop: a"),
    _request("POST /pets", _TOKEN, body='{"name":"Tom"}'),
    _request("POST /pets", _TOKEN, "Content-Type: application/json", "Transfer-Encoding: chunked")
    + '5\r\n{"nam\r\n9\r\ne":"Tom"}\r\n0\r\n\r\n',
    _request("POST /pets", _TOKEN, body="name=Tom&tags[]=a&a=b", media_type=_FORM),
    _request(
        "POST /pets",
        _TOKEN,
        media_type=_PARTS,
        body='--b\r\nContent-Disposition: form-data; name="pet"\r\n\r\n{"name":1}\r\n--b--',
    ),
    _request("POST /pets", _TOKEN, body="<Pet><name>Tom</name></Pet>", media_type="Content-Type: application/xml"),
    _request("OPTIONS /pets", "Origin: https://a.example", "Access-Control-Request-Method: POST"),
    _request("GET /events?__items=2&__interval=0", "Accept: text/event-stream", _TOKEN),
    _request("GET /pet", "Prefer: code=404, dynamic=true, seed=1", "Prefer: delay=1", "X-Request-Id: a"),
    _request("GET /__admin/requests?limit=1"),
]
_SPLICES = st.sampled_from(
    [
        "\r\n",
        "\n",
        "\r",
        "\0",
        "\x7f",
        "\xff",
        "\xc3\xa9",
        "\xed\xa0\x80",
        "%",
        "%00",
        "%ff",
        "%2e%2e",
        "/",
        "//",
        "/~",
        "/../",
        "?",
        "#",
        "&",
        "=",
        "[",
        "]",
        "[]",
        ";",
        ",",
        '"',
        "\\",
        ":",
        " ",
        "\t",
        "\r\n ",
        "\r\nHost: b",
        "\r\nContent-Length: 0",
        "\r\nContent-Length: 99999",
        "\r\nContent-Length: -1",
        "\r\nTransfer-Encoding: chunked",
        "\r\nTransfer-Encoding: gzip",
        "\r\nExpect: 100-continue",
        "\r\nConnection: close",
        "\r\nConnection: upgrade\r\nUpgrade: h2c",
        "\r\nAccept: */*;q=x",
        "\r\nAccept: a/b;q=0",
        "\r\nPrefer: example=\xe9",
        "\r\nPrefer: seed=1e9",
        "\r\nPrefer: variant=99999999999999999999",
        "\r\nPrefer: code=999",
        "\r\nPrefer: items=99999999",
        "\r\nCookie: =;;a",
        "\r\nContent-Encoding: gzip",
        "\r\nContent-Type: application/json; charset=utf-16",
        "\r\nContent-Type: multipart/form-data",
        "\r\nIf-None-Match: *",
        "\r\nRange: bytes=0-",
        "\r\nX-Request-Id: " + "a" * 300,
        "A" * 9000,
        "__code=0",
        "&__seed=x",
        "&__variant=-1",
        "&__delay=1e9",
        "HTTP/9.9",
        "HTTP/1.0",
        "PRI * ",
        "CONNECT ",
        "http://[",
        "http://a.example:99999999/",
        "Basic ",
        "Bearer ",
        "Digest a",
        "pet_slow",
        "pet_gone",
        "\x16\x03\x01",
        "<!DOCTYPE a>",
        "<a:b>",
        "<![CDATA[",
        "{",
        "[" * 2000,
        '{"name":' * 200,
        "NaN",
        "1e999",
        '"\\ud800"',
    ]
)


@st.composite
def requests(draw: st.DrawFn) -> list[str]:
    """Draw bytes that are nearly a request, or two, in one piece or several."""
    text = "".join(draw(st.lists(st.sampled_from(_WHOLE), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.sampled_from([0, 0, 1, 2, 8, 30]))
        text = text[:at] + draw(_SPLICES | st.text(st.characters(max_codepoint=255), max_size=4)) + text[at + gone :]
    cut = draw(st.integers(0, len(text)))
    return draw(st.sampled_from([[text], [text[:cut], text[cut:]], [text[:cut]]]))


_PATTERNS: list[Any] = [
    {"operation": "pet"},
    {"method": "ANY", "path": "/pets"},
    {"query": {"limit": "2"}, "token": {"matches": "pet_.*"}},
    {"body": {"$.tags[?@ == 'a']": True, "/name": {"contains": "T"}}},
    {"urlPathPattern": "/p(e)t.*", "headers": {"Accept": {"absent": True}}},
    {
        "schema": {
            "type": "object",
            "required": ["name"],
            "allOf": [{"$ref": "#/$defs/a"}],
            "$defs": {"a": {"minProperties": 1}},
        }
    },
    {"bodyPatterns": [{"equalToJson": '{"a": 1}', "ignoreArrayOrder": True}, {"matchesJsonPath": "$..name"}]},
    {"queryParameters": {"limit": {"or": [{"equalTo": "1"}, {"not": {"matches": "[0-9]+"}}]}}},
    {
        "pathParameters": {"id": {"doesNotContain": "x"}},
        "path": "/pets/{id}",
        "cookies": {"seen": "true"},
        "basicAuth": {"username": "a", "password": "b"},
    },
]
_ANSWERS: list[Any] = [
    {"code": 404, "times": 2},
    {"pass": True},
    {"body": {"name": "Tom"}, "code": 200},
    {"patch": {"name": "X", "friend": None}},
    {"headers": {"Retry-After": 1}},
    {"breaks": {"/name": 5}},
    {"breaks": True, "body": [1]},
    {"garble": "truncate"},
    {"cut": "mid_body"},
    {"items": 2, "cut_after": 1},
    {"items": 2, "garble": "invalid_json", "garble_item": 0},
    {"share": 0.5, "variant": 1},
    {"every": 2, "failure": "server_error"},
    {"fixture": "tom"},
    {"required_state": "Started", "new_state": "b", "code": 200},
    {"example": "a"},
    {"webhook": {"fault": "late", "event": "order.paid", "seconds": 5}},
    {"webhook": [{"fault": "drop", "tries": 2}, {"fault": "duplicate"}], "delay_ms": 1},
]
_SCENARIO_WORDS = [
    "match",
    "answers",
    "then",
    "state",
    "name",
    "code",
    "body",
    "patch",
    "headers",
    "breaks",
    "times",
    "every",
    "share",
    "schema",
    "operation",
    "matches",
    "equalTo",
    "contains",
    "equalToJson",
    "matchesJsonPath",
    "matchesJsonSchema",
    "and",
    "or",
    "not",
    "absent",
    "caseInsensitive",
    "items",
    "cut_after",
    "garble",
    "allOf",
    "anyOf",
    "properties",
    "pattern",
    "$ref",
    "minLength",
    "uniqueItems",
    "multipleOf",
    "webhook",
    "fault",
    "event",
    "seconds",
    "tries",
]
_SCENARIOS = [
    {
        "name": "a",
        "match": match,
        "answers": [_ANSWERS[index % len(_ANSWERS)], _ANSWERS[(index * 5 + 3) % len(_ANSWERS)]],
    }
    for index, match in enumerate(_PATTERNS * 2)
]
_CALLS: list[tuple[str, str, Any]] = [
    *(("POST", f"/requests/{noun}", pattern) for noun in ("count", "find", "remove") for pattern in _PATTERNS),
    *(("POST", "/requests/verify", {**pattern, "times": 1}) for pattern in _PATTERNS),
    ("POST", "/requests/verify", {"operation": "pet", "at_least": 1, "at_most": 3}),
    ("GET", "/requests", None),
    ("GET", "/requests?status=2XX&method=GET&limit=3&since=2026-01-01T00:00:00Z", None),
    ("GET", "/requests.har", None),
    ("GET", "/requests/unmatched", None),
    ("GET", "/requests/00000000-0000-8000-8000-000000000001", None),
    ("DELETE", "/requests", None),
    ("POST", "/fixtures/pets", {"handle": "a", "name": "A", "tags": ["a"], "friend": {"name": "B"}}),
    ("GET", "/fixtures/pets?limit=2", None),
    ("PUT", "/fixtures/pets/a", {"name": "B", "age": 3}),
    ("PATCH", "/fixtures/pets/tom", {"age": None, "home": {"street": "S"}}),
    ("DELETE", "/fixtures/pets/a", None),
    ("GET", "/fixtures/pets/tom", None),
    ("POST", "/clock", {"now": "2026-01-01T00:00:00Z"}),
    ("POST", "/clock", {"advance_seconds": 60}),
    ("DELETE", "/clock", None),
    ("GET", "/coverage?format=text", None),
    ("GET", "/metrics", None),
    ("GET", "/variants/pet", None),
    ("GET", "/variants/GET /pets/{id}", None),
    ("POST", "/reset", None),
    ("GET", "/openapi.json", None),
    ("POST", "/scenarios", {"name": "slow"}),
    ("DELETE", "/scenarios/a", None),
    ("GET", "/scenarios", None),
    ("DELETE", "/coverage", None),
]
_CALL_WORDS = [
    *_SCENARIO_WORDS,
    "times",
    "at_least",
    "at_most",
    "handle",
    "name",
    "age",
    "tags",
    "now",
    "advance_seconds",
    "id",
]


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a call to control that is nearly right: another method, path, query or body."""
    method, path, body = draw(st.sampled_from(_CALLS))
    method = draw(st.sampled_from([method] * 8 + ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]))
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(1, len(path)))
        path = path[:at] + draw(TEXTS.filter(lambda text: "\ud800" not in text)) + path[at + draw(st.integers(0, 4)) :]
    if body is None and draw(st.integers(0, 3)):
        return {"method": method, "path": path, "body": None}
    raw = st.text(max_size=20) | st.sampled_from(
        ["NaN", '{"a": 1e999}', '{"a":1,"a":2}', '"\\ud800"', "[" * 5000, '{"name": "\\ud800"}', "\ufeff{}"]
    )
    if draw(st.integers(0, 9)) == 0:
        return {"method": method, "path": path, "body": {"raw": draw(raw)}}
    value = draw(VALUES) if body is None else draw(mutated([body], _CALL_WORDS))
    return {"method": method, "path": path, "body": {"json": value}}


def scenarios() -> st.SearchStrategy[Any]:
    """Return scenarios that are nearly right."""
    return mutated(_SCENARIOS, _SCENARIO_WORDS)
