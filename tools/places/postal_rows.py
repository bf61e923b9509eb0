"""Rows of postal codes: GeoNames' table, and that of India, which comes with an npm package in GeoNames' columns."""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import zipcodes

COLUMNS = ["country", "postal_code", "place", "state", "state_code", "province", "community", "latitude", "longitude"]
"""The header of the table of all countries."""

_BOXES = {
    "AU": ("2001", "3001", "4001", "5001", "6001", "7001", "0801"),
    "DK": ("6701", "7007"),
    "SI": ("1001", "2001", "3001", "4001", "6001", "8001", "3322"),
}
"""Codes of boxes alone, where no digit tells them."""


@dataclass(frozen=True, slots=True)
class PostalRow:
    """A code with the place that it belongs to; parts that the source leaves out are empty, degrees are decimal."""

    code: str
    place: str
    state: str
    state_code: str
    province: str
    community: str
    latitude: float
    longitude: float


def postal_rows(table: Path, india: Path) -> Mapping[str, list[PostalRow]]:
    """Return the rows of each country. Raises :class:`ValueError` for a table with other columns."""
    rows: dict[str, list[PostalRow]] = defaultdict(list)
    for country, row in _rows(table):
        if _is_delivered(country, row):
            rows[country].append(row)
    rows["IN"] = list(_india(india))
    rows["US"] = _without_boxes(rows["US"])
    rows["SK"] = _without_companies(rows["SK"])
    return rows


def _rows(table: Path) -> Iterator[tuple[str, PostalRow]]:
    with lzma.open(table, "rt", encoding="utf-8") as lines:
        header = next(lines).rstrip("\n").split("\t")
        if header != COLUMNS:
            raise ValueError(f"{table}: found the columns {header}, expected {COLUMNS}; take the table of docs/data.md")
        for line in lines:
            country, *texts, latitude, longitude = line.rstrip("\n").split("\t")
            yield country, PostalRow(*texts, float(latitude or 0), float(longitude or 0))


def _india(table: Path) -> Iterator[PostalRow]:
    for line in table.read_text("utf-8").splitlines():
        _, code, place, state, state_code, district, _, community, _, latitude, longitude, *_ = line.split("\t")
        yield PostalRow(code, place, state, state_code, district, community, float(latitude), float(longitude))


def _without_boxes(rows: list[PostalRow]) -> list[PostalRow]:
    """Leave out codes of post boxes, of single companies and of troops, as zipcodes tells them."""
    delivered = {row["zip_code"] for row in zipcodes.list_all() if row["zip_code_type"] == "STANDARD"}
    return [row for row in rows if row.code in delivered]


def _without_companies(rows: list[PostalRow]) -> list[PostalRow]:
    """Leave out Slovak codes that end in 10 to 99 where the place has others: most are of one company each."""
    streets = {row.place for row in rows if row.code[-2] == "0"}
    return [row for row in rows if row.code[-2] == "0" or row.place not in streets]


def _is_delivered(country: str, row: PostalRow) -> bool:
    """Tell whether people live at a code, as far as the source says.

    French codes for companies end in CEDEX; Swedish ones have no municipality, or end in 00 to 09; Spanish ones end in
    070 to 099; Portuguese ones in 000; Philippine ones below 1000 are single buildings; Malaysian, Finnish and Serbian
    ones of offices do not end in 0; those of New Zealand whose third digit is 4 or more are of boxes and of farms; some
    of Australia, Denmark and Slovenia are of boxes.
    """
    if country == "SE":
        return bool(row.community or row.province) and row.code[-2] != "0"
    if country == "ES":
        return not "070" <= row.code[-3:] <= "099"
    if country == "PT":
        return not row.code.endswith("-000")
    if country in ("FI", "MY", "RS"):
        return row.code.endswith("0")
    if country == "NZ":
        return row.code[2] < "4"
    if country in _BOXES:
        return row.code not in _BOXES[country]
    if country == "PH":
        return row.code >= "1000"
    return "CEDEX" not in row.code
