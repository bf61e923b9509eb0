"""Write pages of customers for people to read: ``python -m tools.gallery FOLDER [--count N] [COUNTRY ...]``.

One Markdown page for each country of ISO 3166, with N (20) customers of the contract that comes with the server as
``mock-server generate`` makes them, and an index. docs/data.md says what a native reader should look at.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.persona import Persona
from mock_server.generation.seeding import SeedKey

_TEAMS = 4
"""Every so many customers one is a company."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.gallery", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pages are written")
    parser.add_argument("--count", type=int, default=20, help="customers of each country")
    parser.add_argument("countries", nargs="*", help="codes of ISO 3166; all if not given")
    options = parser.parse_args(arguments)
    codes = options.countries or sorted(code for row in table("peoples").values() for code in row.split())
    options.folder.mkdir(parents=True, exist_ok=True)
    for country in codes:
        personas = (
            Persona(SeedKey(0, "gallery", f"{country}/{number}"), country, number % _TEAMS == _TEAMS - 1)
            for number in range(options.count)
        )
        (options.folder / f"{country}.md").write_text(_page(country, personas), "utf-8")
    index = "\n".join(f"- [{country}]({country}.md)" for country in codes)
    (options.folder / "README.md").write_text(f"# Customers of every country\n\n{index}\n", "utf-8")
    print(f"{len(codes)} pages in {options.folder}")
    return 0


def _page(country: str, personas: Iterable[Persona]) -> str:
    head = "| name | mail | address | billing name | tax id |\n|---|---|---|---|---|"
    return "\n".join([f"# {country}", "", head, *map(_row, personas)]) + "\n"


def _row(persona: Persona) -> str:
    place = persona.place
    lines = (place.line1, place.line2, place.postal_code, place.city, place.state)
    tax_id = " ".join(persona.tax_id) if persona.tax_id else ""
    cells = (persona.name, persona.email, ", ".join(filter(None, lines)), persona.billing_name, tax_id)
    return f"| {' | '.join((cell or '').replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
