"""Five hundred worlds at once, from clients in processes of their own: none sees another."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.support.customers import ME
from tests.support.server_process import RunningServer

PROCESSES = 8
WORLDS = 500
REQUESTS = 20

CLIENT = """
import http.client, json, sys
host, first, last, requests, path = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
connection = http.client.HTTPConnection(host, timeout=60)
wrong = []

def ask(method, path, body=None, token=None):
    headers = {"Authorization": f"Bearer polar_cst_{token}"} if token else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    data = answer.read()
    is_json = "json" in answer.getheader("content-type", "")
    return answer.status, json.loads(data) if is_json else None

worlds = range(first, last)
for number in worlds:
    status, _ = ask("PATCH", f"/~w{number}/__admin/fixtures/customers/individual", {"name": f"Customer {number}"})
    if status != 200:
        wrong.append((number, "patch", status))
    # The last of its requests, and of no other world's, is a failure of a text of its own.
    scenario = {"name": f"end-{number}", "answers": [
        {"pass": True, "times": requests - 1},
        {"failure": "server_error", "headers": {"X-World": str(number)}},
    ]}
    status, _ = ask("POST", f"/~w{number}/__admin/scenarios", scenario)
    if status != 201:
        wrong.append((number, "scenario", status))
for turn in range(requests):
    for number in worlds:
        status, customer = ask("GET", f"/~w{number}{path}?turn={turn}", token="individual")
        name = customer.get("name") if isinstance(customer, dict) else None
        if (status, name) != ((200, f"Customer {number}") if turn < requests - 1 else (500, None)):
            wrong.append((number, turn, status, customer))
for number in worlds:
    _, journal = ask("GET", f"/~w{number}/__admin/requests?limit=2")
    headers = journal["requests"][0]["response"]["headers"]
    world = next((value for name, value in headers.items() if name.lower() == "x-world"), None)
    if world != str(number):
        wrong.append((number, "scenario of", world))
    urls = [one["request"]["absoluteUrl"] for one in journal["requests"]]
    if journal["meta"]["total"] != requests or not all(f"/~w{number}/" in url for url in urls):
        wrong.append((number, "journal", journal["meta"]))
    status, _ = ask("POST", f"/~w{number}/__admin/requests/verify", {"method": "GET", "times": requests})
    _, coverage = ask("GET", f"/~w{number}/__admin/coverage")
    if (status, coverage["operations"][0]["count"]) != (200, requests):
        wrong.append((number, "counters", status))
print(json.dumps(wrong))
"""


@pytest.mark.slow
def test_no_world_sees_customer_journal_or_counters_of_other(own_cache: None) -> None:
    with RunningServer() as server:
        host = server.url.removeprefix("http://")
        bounds = [WORLDS * part // PROCESSES for part in range(PROCESSES + 1)]
        clients = [
            subprocess.Popen(
                [sys.executable, "-c", CLIENT, host, str(first), str(last), str(REQUESTS), ME],
                stdout=subprocess.PIPE,
                text=True,
            )
            for first, last in pairwise(bounds)
        ]
        answers = [client.communicate(timeout=120)[0] for client in clients]
    assert [json.loads(answer) for answer in answers] == [[]] * PROCESSES
    assert server.errors == ""
