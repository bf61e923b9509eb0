"""The Python SDK 1.0 as production uses it, led to a world: python routed_1_0.py TOKEN with MOCK_SERVER_URL set."""

import asyncio
import json
import os
import sys

from polar import PolarError  # type: ignore[import-not-found,unused-ignore]
from polar.v2026_04 import Polar, PolarAsync  # type: ignore[import-not-found,unused-ignore]

from mock_server import MockServer


async def email_by_async_client(token: str) -> str:
    async with PolarAsync(token) as polar:
        return str((await polar.customer_portal.customers.get()).email)


def main() -> None:
    token = sys.argv[1]
    with MockServer.at(os.environ["MOCK_SERVER_URL"], known=True) as mock, mock.world() as world:
        with world.route("https://api.polar.sh"):
            with Polar(token) as polar:
                emails = [str(polar.customer_portal.customers.get().email)]
            emails.append(asyncio.run(email_by_async_client(token)))
            world.scenario({"answers": [{"code": 429}]})
            try:
                with Polar(token) as polar:
                    polar.customer_portal.customers.get()
            except PolarError as error:
                emails.append(type(error).__name__)
        print(json.dumps({"answers": emails, "statuses": [request.status for request in world.requests]}))


if __name__ == "__main__":
    main()
