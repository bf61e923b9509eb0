"""The kinds of requests: a function for each, which asks, and raises where the answer is not what it has to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from benchmarks.soak.client import JSON_TYPE, Client, check

MOST_CUSTOMERS = 12_000
"""Tokens that come again: more than the server remembers."""
LARGE = 4_000
"""Lines of a large order: 200 kB of JSON."""


def remembered(client: Client) -> None:
    """Ask the same question again and again, by a few tokens."""
    for number in range(5):
        client.ask("/me", token=f"cst_known{number}")
    check(client.ask("/me").json()["name"], ["Ada Wren"], "the name of ada")


def new_tokens(client: Client) -> None:
    """Tokens that nobody had before, and some that come again."""
    client.ask("/me", token=f"cst_new{client.fresh}")
    client.ask("/me", token=f"cst_again{client.random.randrange(MOST_CUSTOMERS)}")


def generated(client: Client) -> None:
    """Ask for what is made from schemas, in JSON and XML."""
    client.ask(f"/products/sku-{client.fresh}")
    client.ask("/products?limit=5&tags=a&tags=b&sort[by]=name")
    client.ask("/products", headers={"Accept": "application/xml"})


def invalid(client: Client) -> None:
    """Send what the contract refuses."""
    client.ask(f"/products?limit={client.turn + 1000}", 422)
    client.ask("/products/NOT_A_SKU", 422)
    client.ask("/me", 401, token=f"unknown_{client.fresh}")
    client.ask("/orders", 422, method="POST", headers=JSON_TYPE, body=json.dumps({"reference": client.fresh}))
    client.ask("/orders", 400, 422, method="POST", headers=JSON_TYPE, body='{"reference": ' + "[" * client.turn)
    client.ask("/orders", 415, 422, method="POST", headers={"Content-Type": "text/x"}, body="a")


def order_of(client: Client, lines: int) -> dict[str, object]:
    """Return an order that keeps the contract."""
    return {
        "reference": f"o-{client.fresh}",
        "gift": True,
        "lines": [{"product": f"p{number}", "quantity": number + 1} for number in range(lines)],
    }


def orders(client: Client) -> None:
    """JSON bodies."""
    client.ask("/orders", 201, method="POST", headers=JSON_TYPE, body=json.dumps(order_of(client, 3)))


def large_bodies(client: Client) -> None:
    """Send a body of 200 kB that is good, and one whose last line is not."""
    order = order_of(client, LARGE)
    client.ask("/orders", 201, method="POST", headers=JSON_TYPE, body=json.dumps(order))
    order["lines"] = [*order_of(client, LARGE - 1)["lines"], {"product": "p", "quantity": 0}]  # type: ignore[misc]
    client.ask("/orders", 422, method="POST", headers=JSON_TYPE, body=json.dumps(order))


def forms(client: Client) -> None:
    """Bodies of forms, good and not."""
    form = {"reference": f"f-{client.fresh}", "gift": "true", "lines[0][product]": "pen", "lines[0][quantity]": "2"}
    media_type = {"Content-Type": "application/x-www-form-urlencoded"}
    client.ask("/orders", 201, method="POST", headers=media_type, body=urlencode(form))
    client.ask("/orders", 422, method="POST", headers=media_type, body=urlencode({"reference": f"{client.fresh}_"}))


def uploads(client: Client) -> None:
    """Bodies in parts, good and not."""

    def part(name: str, data: str) -> str:
        return f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n{data}\r\n'

    def field(name: str, data: str) -> str:
        return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{data}\r\n'

    media_type = {"Content-Type": "multipart/form-data; boundary=b"}
    body = field("title", client.fresh) + part("file", "x" * (client.turn % 100_000)) + "--b--\r\n"
    client.ask("/pictures", 204, method="POST", headers=media_type, body=body)
    client.ask(
        "/pictures", 400, 422, method="POST", headers=media_type, body=field("title", client.fresh) + "--b--\r\n"
    )


def streams(client: Client) -> None:
    """Streams read to their end, and one that is left."""
    client.ask(f"/events?__items=3&__interval=1&__seed={client.turn}", headers={"Accept": "text/event-stream"})
    client.ask("/events?__items=2&__interval=0", headers={"Accept": "application/jsonl"})
    # And one that nobody listens to until its end.
    head = f"GET /events?__items=50&__interval=20&__seed={client.turn} HTTP/1.1\r\nHost: localhost\r\n"
    client.raw([f"{head}Authorization: Bearer cst_ada\r\nConnection: close\r\n\r\n".encode()], 0, 200)


def variants(client: Client) -> None:
    """Ask for the shapes of an answer in turn."""
    count = len(client.ask("/__admin/variants/product").json())
    client.ask(f"/products/sku?__variant={client.turn % count}")


def preferences(client: Client) -> None:
    """Send what ``Prefer`` and its query parameters ask."""
    client.ask("/me", 404, headers={"Prefer": "code=404"})
    client.ask("/me", 500, headers={"Prefer": "code=500"})
    client.ask("/me", headers={"Prefer": f"dynamic=true, seed={client.turn}"})
    client.ask("/me?__delay=5")
    client.ask("/products?limit=1000", headers={"Prefer": "validation=off"})


def methods(client: Client) -> None:
    """Other methods, and what browsers ask before they ask."""
    for method in ("PUT", "DELETE", "PATCH", "PROPFIND"):
        client.ask("/me", 405, method=method)
    client.ask("/me", method="HEAD")
    client.ask("/me", 204, method="OPTIONS")
    preflight = {"Origin": f"https://{client.fresh}.example", "Access-Control-Request-Method": "GET"}
    client.ask("/me", 200, 204, method="OPTIONS", headers=preflight)
    client.ask("/me", headers={"Origin": "https://app.example"})


def unknown_paths(client: Client) -> None:
    """Paths that are none."""
    client.ask(f"/no/{client.fresh}", 404)
    client.ask(f"/~{'n' * 65}/me", 400)
    client.ask(f"/__admin/no/{client.fresh}", 404)
    client.ask("/me/", 307, 404)


def broken_http(client: Client) -> None:
    """Bytes that are no request, or only the beginning of one."""
    client.raw([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], 400, 0)
    client.raw([b"GET /me HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"], 400)
    client.raw([b"POST /orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], 400, 401)
    client.raw([b"GET /me HTTP/1.1\r\nHost: localh"], 400, 408, 0)
    client.raw([b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"], 400, 401, 408, 0)
    client.raw([f"GET /me HTTP/1.1\r\nX-{client.fresh}: ".encode(), b"a" * 100_000, b"\r\n\r\n"], 200, 400, 401, 431)


def scenarios(client: Client) -> None:
    """Ask a world in which things go wrong as told, and no other way."""
    world = f"/~s-{client.number}-{client.turn % 50}"
    client.ask(f"{world}/__admin/reset", method="POST")
    failures = [
        {"code": 500, "times": 1},
        {"code": 404, "delay_ms": 3, "times": 1},
        {"cut": "before_headers", "times": 1},
    ]
    started = {"name": "wrong", "match": {"operation": "me"}, "answers": [*failures, {"pass": True}]}
    client.send(f"{world}/__admin/scenarios", started, 201)
    for status in (500, 404):
        client.ask(f"{world}/me", status)
    client.lost(f"{world}/me")
    client.ask(f"{world}/me")
    client.send(f"{world}/__admin/scenarios", {"match": {"operation": "nothing"}}, 422)
    shape = {
        "name": "shape",
        "match": {"operation": "order", "schema": {"required": ["gift"], "title": client.fresh}},
        "answers": [{"body": {"id": "5d0cbb3e-26d4-4b64-9f5c-1f3a35b0b5a1", "state": "paid"}}],
    }
    client.send(f"{world}/__admin/scenarios", shape, 201)
    body = json.dumps(order_of(client, 1))
    reply = client.ask(f"{world}/orders", 201, method="POST", headers=JSON_TYPE, body=body)
    check(reply.json().get("state"), ["paid"], "the state that the scenario gives")
    client.ask(f"{world}/__admin/scenarios", method="DELETE")
    check(client.ask(f"{world}/__admin/scenarios").json()["scenarios"], [[]], "scenarios that run")


def journals(client: Client) -> None:
    """Ask a world that comes and goes: it was asked what its journal says, and that is redacted."""
    world = f"/~j-{client.fresh}"
    secret = f"cst_secret{client.fresh}"
    for _ in range(3):
        client.ask(f"{world}/me", token=secret)
    client.ask(f"{world}/no", 404, token=secret)
    count = client.send(f"{world}/__admin/requests/count", {"urlPath": "/me"}).json()["count"]
    check(count, [3], "requests that the journal counts")
    client.send(f"{world}/__admin/requests/verify", {"urlPath": "/me", "times": 3})
    client.send(f"{world}/__admin/requests/verify", {"urlPath": "/me", "times": 7}, 409)
    for path in ("requests?limit=10", "requests.har", "requests/unmatched", "coverage"):
        check(secret.encode() in client.ask(f"{world}/__admin/{path}").body, [False], f"{path} shows a token")
    client.ask(f"{world}/__admin/requests", method="DELETE")
    client.send(f"{world}/__admin/requests/find", {})


def records(client: Client) -> None:
    """Make, change, ask for, refuse and delete a record, in a world of the client's."""
    place = f"/~r-{client.number}-{client.turn % 40}/__admin/fixtures/customers"
    handle = f"c{client.turn}"
    record = {"handle": handle, "id": "5d0cbb3e-26d4-4b64-9f5c-1f3a35b0b5a1", "email": "c@example.com", "name": "C"}
    client.send(place, record, 201)
    client.send(f"{place}/{handle}", {"name": f"C {client.turn}"}, method="PATCH")
    found = client.ask(place.partition("/__admin")[0] + "/me", token=f"cst_{handle}").json()["name"]
    check(found, [f"C {client.turn}"], "the name of the record")
    client.send(f"{place}/{handle}", {"name": ""}, 422, method="PATCH")
    client.send(place, {**record, "handle": f"{handle}b", "email": 5}, 422)
    client.ask(f"{place}?limit=5")
    client.ask(f"{place}/{handle}", 200, 204, method="DELETE")
    client.ask(f"{place}/{handle}", 404)


def monitoring(client: Client) -> None:
    """Ask what monitors ask; each on a connection of its own."""
    client.ask("/__admin/health")
    client.ask("/__admin/health/ready")
    client.ask("/__admin/metrics")
    client.ask("/__admin/requests?limit=20")
    client.ask("/__admin/coverage")
    client.ask("/__admin/openapi.json")
    client.hang_up()


KINDS: Mapping[Callable[[Client], None], int] = {
    remembered: 20,
    new_tokens: 8,
    generated: 6,
    invalid: 4,
    orders: 8,
    large_bodies: 1,
    forms: 4,
    uploads: 3,
    streams: 1,
    variants: 3,
    preferences: 4,
    methods: 3,
    unknown_paths: 3,
    broken_http: 1,
    scenarios: 3,
    journals: 3,
    records: 3,
    monitoring: 1,
}
"""Each kind, and how often it is drawn beside the others."""
