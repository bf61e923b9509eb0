"""Files of records, in four formats: read whole, written one record after the other.

YAML and JSON hold a list, NDJSON a record a line. CSV has a column for each member; a cell holds JSON,
or a text that is none as it stands, and an empty cell means that the record has no such member.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yaml

from mock_server.contract.parser import parse_source
from mock_server.contract.source import Source
from mock_server.contract.text import read_text
from mock_server.errors import FixtureError
from mock_server.exchange import JSON

Row = Mapping[str, JSON]


def read_record_file(file: Path) -> Source:
    """The records of a file as a list; raises :class:`FixtureError` where it cannot be read, with the line."""
    text = read_text(str(file), FixtureError, what="fixture file")
    rows = {".ndjson": _lines, ".csv": _cells}.get(file.suffix.lower())
    if rows is None:
        return parse_source(str(file), text, FixtureError, what="fixture file")
    data: list[JSON] = []
    places: list[int] = []
    for line, row in rows(str(file), text):
        data.append(row)
        places.append(line)
    return Source(str(file), _as_yaml(data, places), data)


def _lines(name: str, text: str) -> Iterator[tuple[int, JSON]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as problem:
                raise FixtureError(f"{name}:{number}: found {problem}; expected a record in JSON. Mend it.") from None


def _cells(name: str, text: str) -> Iterator[tuple[int, JSON]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise FixtureError(
                    f"{name}:{reader.line_num}: found another number of cells than columns; expected as many."
                )
            yield reader.line_num, {key: _value(cell) for key, cell in row.items() if cell != ""}
    except csv.Error as problem:
        raise FixtureError(f"{name}:{reader.line_num}: found {problem}; expected CSV (RFC 4180). Mend it.") from None


def _value(cell: str) -> JSON:
    try:
        value: JSON = json.loads(cell)
    except ValueError:
        return cell
    return value


def _as_yaml(data: list[JSON], places: list[int]) -> str:
    """The same records as YAML, each in the line of the file where it stands: so messages find their line."""
    lines: list[str] = []
    for row, place in zip(data, places, strict=True):
        lines += [""] * (place - 1 - len(lines))
        lines.append("- " + json.dumps(row, ensure_ascii=True))
    return "\n".join(lines)


def write_yaml(rows: Iterable[Row], out: IO[str]) -> None:
    """A YAML list, record after record."""
    for row in rows:
        yaml.dump([dict(row)], out, _Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=False)


def write_json(rows: Iterable[Row], out: IO[str]) -> None:
    """A JSON array, a record a line."""
    before = "[\n"
    for row in rows:
        out.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n"
    out.write("\n]\n" if before != "[\n" else "[]\n")


def write_ndjson(rows: Iterable[Row], out: IO[str]) -> None:
    """A record a line."""
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(rows: Iterable[Row], out: IO[str]) -> None:
    """CSV (RFC 4180) with the members of the first record as columns."""
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value: JSON) -> str:
    if isinstance(value, str) and value and _value(value) == value and not value.lstrip().startswith(('"', "{", "[")):
        return value
    return json.dumps(value, ensure_ascii=False)


WRITERS: Mapping[str, Callable[[Iterable[Row], IO[str]], None]] = {
    "yaml": write_yaml,
    "json": write_json,
    "ndjson": write_ndjson,
    "csv": write_csv,
}


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 might read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if re.match(r"[-+.0-9]|(?i:null|true|false|yes|no|on|off|y|n|~)$", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
