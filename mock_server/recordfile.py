"""Files of records, in four formats: read whole (NDJSON record by record), written one record after the other.

YAML and JSON have a list, NDJSON a record a line. CSV has a column for each member; a cell has JSON, or a text that is
not JSON as it is, and an empty cell means that the record has no such member.
"""

from __future__ import annotations

import csv
import io
import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import yaml

from mock_server.core.errors import FixtureError
from mock_server.core.json_pointer import pointer_parts
from mock_server.core.json_text import DEEPEST, read_json
from mock_server.core.types import JSON
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.reader import MAX_BYTES, read_text
from mock_server.openapi.loading.source_map import Source

Row = Mapping[str, JSON]


class RecordFile(Protocol):
    """A file that is being read."""

    @property
    def name(self) -> str: ...

    def rows(self) -> Iterator[JSON] | None:
        """Return the records; None where the file has no list. Raises :class:`FixtureError` where it cannot be read."""

    def location(self, pointer: str) -> str:
        """Return the file and line of the node at a JSON Pointer, of a record that was read."""


def open_record_file(file: Path) -> RecordFile:
    """Open a file of records; raises :class:`FixtureError` where it cannot be read, with the line."""
    return Lines(file) if file.suffix.lower() == ".ndjson" else _Whole(read_record_file(file))


def read_record_file(file: Path) -> Source:
    """Return the records of a file as a list; raises :class:`FixtureError` where it cannot be read, with the line."""
    data: list[JSON] = []
    if file.suffix.lower() == ".ndjson":
        lines = Lines(file)
        data = [*lines.rows()]
        return Source(str(file), _as_yaml(data, [*lines.numbers]), data)
    text = read_text(str(file), FixtureError, what="fixture file")
    if file.suffix.lower() != ".csv":
        return parse_source(str(file), text, FixtureError, what="fixture file")
    places: list[int] = []
    for line, row in _cells(str(file), text):
        data.append(row)
        places.append(line)
    return Source(str(file), _as_yaml(data, places), data)


class _Whole:
    """A file that is read at once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name

    def rows(self) -> Iterator[JSON] | None:
        return iter(self._source.data) if isinstance(self._source.data, list) else None

    def location(self, pointer: str) -> str:
        return self._source.location(pointer)


class Lines:
    """NDJSON, of any length: only one line is in memory. ``numbers`` are the lines of the records so far."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.name = str(file)
        self.numbers = array("L")

    def rows(self) -> Iterator[JSON]:
        self.numbers = array("L")
        try:
            with self._file.open("rb") as lines:
                for number, line in enumerate(iter(lambda: lines.readline(MAX_BYTES), b""), 1):
                    if line.strip(b"\xef\xbb\xbf \t\r\n" if number == 1 else b" \t\r\n"):
                        self.numbers.append(number)
                        yield self._row(number, line)
        except OSError as problem:
            actual = (problem.strerror or str(problem)).lower()
            raise FixtureError(
                f"{self.name}: found {actual}; expected a fixture file that can be read. Check the path."
            ) from None

    def location(self, pointer: str) -> str:
        index = int((pointer_parts(pointer) or ["0"])[0])
        return f"{self.name}:{self.numbers[index]}" if index < len(self.numbers) else self.name

    def _row(self, number: int, line: bytes) -> JSON:
        try:
            row: JSON = read_json(line.decode("utf-8-sig" if number == 1 else "utf-8"), deepest=DEEPEST)
        except UnicodeDecodeError as problem:
            raise FixtureError(
                f"{self.name}:{number}: found the byte 0x{line[problem.start]:02x};"
                " expected a fixture file in UTF-8. Save it as UTF-8."
            ) from None
        except ValueError as problem:
            raise FixtureError(f"{self.name}:{number}: found {problem}; expected a record in JSON. Mend it.") from None
        return row


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
        value: JSON = read_json(cell, deepest=DEEPEST)
    except ValueError:
        return cell
    return value


def _as_yaml(data: list[JSON], places: list[int]) -> str:
    """Return the same records as YAML, each in its line of the file, so that messages find the line."""
    lines: list[str] = []
    for row, place in zip(data, places, strict=True):
        lines += [""] * (place - 1 - len(lines))
        lines.append("- " + json.dumps(row, ensure_ascii=True))
    return "\n".join(lines)


def write_yaml(rows: Iterable[Row], out: IO[str]) -> None:
    """Write a YAML list, record after record."""
    for row in rows:
        yaml.dump([dict(row)], out, _Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=False)


def write_json(rows: Iterable[Row], out: IO[str]) -> None:
    """Write a JSON array, a record a line."""
    before = "[\n"
    for row in rows:
        out.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n"
    out.write("\n]\n" if before != "[\n" else "[]\n")


def write_ndjson(rows: Iterable[Row], out: IO[str]) -> None:
    """Write a record a line."""
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_csv(rows: Iterable[Row], out: IO[str]) -> None:
    """Write CSV (RFC 4180) with the members of the first record as columns."""
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
    """Quotes every text that YAML 1.1 or 1.2 might read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if re.match(r"[-+.0-9]|(?i:null|true|false|yes|no|on|off|y|n|~)$", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
