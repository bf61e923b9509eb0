"""Make the pictures of ``docs/images``: the console of a server with all of Polar, as a browser shows it.

python -m docs.make_screenshots [DIRECTORY]
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from tests.support.browser import chromium, visit
from tests.support.server_process import RunningServer
from tests.support.webhook_receiver import WebhookReceivers

PLACE = Path(__file__).resolve().parent / "images"
WIDTH = 1100
TOKEN = {"Authorization": "Bearer polar_at_o_example"}
CUSTOMERS = "/v1/customers/"


def main(directory: Path = PLACE) -> None:
    """Write the pictures."""
    directory.mkdir(exist_ok=True)
    with RunningServer("polar") as server, WebhookReceivers([500]) as receiver, chromium() as browser:
        event = _deliver(server.url, receiver)
        customer = _play(server.url)
        newest = httpx.get(f"{server.url}/__admin/requests", params={"status": "422"}, timeout=30).json()["requests"][0]
        for name, page in (
            ("overview", ""),
            ("requests", "requests"),
            ("request", f"requests/{newest['id']}"),
            ("operation", "operations/customers:create"),
            ("record", f"fixtures/customers/{customer}"),
            ("scenarios", "scenarios"),
            ("event", f"events/{event}"),
            ("countries", "coverage#countries"),
            ("metrics", "console/metrics?span=60"),
        ):
            scheme = "dark" if name in ("requests", "metrics") else "light"
            with visit(browser, f"{server.url}/__admin/{page}", WIDTH, color_scheme=scheme) as opened:
                opened.page.set_viewport_size({"width": WIDTH, "height": 760})
                if name == "operation":
                    opened.page.locator(".execute").wait_for()
                if "#" in page:
                    opened.page.locator(f"#{page.partition('#')[2]}").evaluate("heading => heading.scrollIntoView()")
                opened.page.screenshot(path=directory / f"console-{name}.png")


def _deliver(url: str, receiver: WebhookReceivers) -> str:
    """Have a customer created, and told of to a receiver that fails at first; return the id of the event."""
    with httpx.Client(base_url=url, headers=TOKEN, timeout=60) as client:
        endpoint = {"url": receiver.url, "secret": "whsec_c2VjcmV0", "events": ["customer.created"]}
        client.post("/__admin/webhooks", json=endpoint)
        client.post("/__admin/clock", json={"now": "2026-03-01T12:00:00Z"})
        client.post(CUSTOMERS, json={"email": "grace@example.com", "name": "Grace Hopper"})
        receiver.wait(1)
        client.post("/__admin/clock", json={"advance_seconds": 3600})
        client.delete("/__admin/clock")
        (event,) = client.get("/__admin/events", params={"type": "customer.created"}).json()["events"]
        return str(event["id"])


def _play(url: str) -> str:
    """Have requests in the journal, good and bad ones, and a scenario; return the id of a customer."""
    with httpx.Client(base_url=url, headers=TOKEN, timeout=60) as client:
        client.get(CUSTOMERS)
        for page in range(1, 9):
            client.get(CUSTOMERS, params={"page": page, "limit": 20})
        created = client.post(CUSTOMERS, json={"email": "ada@example.com", "name": "Ada Lovelace"})
        client.post(CUSTOMERS, json={"name": "Ada without an email"})
        client.get(CUSTOMERS, headers={"Authorization": ""})
        client.get(f"{CUSTOMERS}{created.json()['id']}")
        client.patch(f"{CUSTOMERS}{created.json()['id']}", json={"name": "Ada King"})
        client.get(f"{CUSTOMERS}nobody")
        client.get("/v1/costumers/")
        scenario = {
            "description": "429 rate limited, then ok",
            "match": {"operation": "orders:list"},
            "answers": [{"failure": "rate_limited", "headers": {"Retry-After": 1}, "times": 2}, {"pass": True}],
        }
        client.post("/__admin/scenarios", json=scenario)
        for _ in range(3):
            client.get("/v1/orders/")
        return str(created.json()["id"])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
