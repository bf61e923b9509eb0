"""Deliveries read by the Python SDK 0.32: one JSON object a line of standard input, with ``headers`` and ``body``.

The secret is in POLAR_WEBHOOK_SECRET. Prints the types of all events; ends with an error at the first that it refuses.
"""

import json
import os
import sys

from polar_sdk.webhooks import validate_event  # type: ignore[import-not-found,unused-ignore]


def main() -> None:
    types = []
    for line in sys.stdin:
        delivery = json.loads(line)
        event = validate_event(delivery["body"].encode(), delivery["headers"], os.environ["POLAR_WEBHOOK_SECRET"])
        types.append(event.TYPE)
    print(json.dumps(types))


if __name__ == "__main__":
    main()
