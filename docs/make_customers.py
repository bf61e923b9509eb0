"""Write docs/customers.md: one generated customer of each country, as a table.

mock-server generate customers --country all --format ndjson | python docs/make_customers.py > docs/customers.md
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

HEAD = """\
# One customer of each country

Made by `mock-server generate customers --country all --format ndjson`; the tests check that it is current.

| | type | name | billing name | email | address | tax id |
|---|---|---|---|---|---|---|
"""


def table(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the page, from records as NDJSON."""
    yield HEAD
    for line in lines:
        yield row(json.loads(line))


def row(customer: dict[str, Any]) -> str:
    """Return a customer as a row. A bar within a value would end its cell."""
    address = customer["billing_address"]
    place = [address[key] for key in ("line1", "line2", "postal_code", "city", "state") if address[key]]
    tax = customer["tax_id"]
    cells = [
        address["country"],
        customer["type"] or "",
        customer["name"] or "",
        customer["billing_name"] or "",
        customer["email"] or "",
        ", ".join(place),
        f"{tax[0]} ({tax[1]})" if tax else "",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    sys.stdout.writelines(table(sys.stdin))
