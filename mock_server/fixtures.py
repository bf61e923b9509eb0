"""Fixture files to records: read, judged against the contract, all of them or none.

A file is named after its resource (``customers.yaml``) and holds a list of records. Each has a handle,
by which a token selects it, beside the members that the contract names. What was judged once is remembered
with the contract: importing the judge takes longer than all the rest of a second start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from mock_server.contract import cache
from mock_server.contract.model import Contract
from mock_server.errors import FixtureError
from mock_server.exchange import Finding
from mock_server.store import Record

REMEMBERED = 4 * 1024 * 1024
"""Bytes of fixture files that are worth remembering; of more, no more than has to be is held."""
SUFFIXES = (".yaml", ".yml", ".json", ".ndjson", ".csv")
"""What fixture files end in."""


def load_fixtures(
    directory: Path, contract: Contract, elsewhere: Collection[str] = (), *, no_cache: bool = False
) -> list[Record]:
    """The records of every fixture file in a directory, but for those of the resources ``elsewhere``.

    Raises :class:`FixtureError`, with a finding for each thing that is wrong, where a file cannot be read,
    names no resource of the contract, or holds a record that breaks the contract.
    """
    files = fixture_files(directory, elsewhere)
    key = None if no_cache else _key(files, contract)
    records = None if key is None else _recalled(key)
    if records is None:
        records = [*_read(directory, files, contract)]
        if key is not None:
            rows = [[record.resource, record.handle, record.value, record.location] for record in records]
            cache.remember(key, "fixtures", cast("Any", rows))
    return records


def stream_fixtures(
    directory: Path, contract: Contract, elsewhere: Collection[str] = (), *, no_cache: bool = False
) -> Iterable[Record]:
    """The same for whoever keeps them elsewhere, however many they are.

    Many come one by one, judged as they come: the last is followed by what is wrong with any.
    """
    files = fixture_files(directory, elsewhere)
    if sum(file.stat().st_size for file in files if file.is_file()) <= REMEMBERED:
        return load_fixtures(directory, contract, elsewhere, no_cache=no_cache)
    return _read(directory, files, contract)


def fixture_files(directory: Path, elsewhere: Collection[str]) -> list[Path]:
    """The fixture files of a directory; raises :class:`FixtureError` where that is none."""
    if not directory.is_dir():
        raise FixtureError(f"{directory}: found no directory; expected one with fixture files. Check --fixtures.")
    files = sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES)
    return [file for file in files if file.stem not in elsewhere]


def _key(files: Sequence[Path], contract: Contract) -> str | None:
    """The digest of contract and files; None where one cannot be read, which its reader says better."""
    try:
        texts = [file.read_bytes() for file in files]
    except OSError:
        return None
    return cache.digest([contract.digest.encode(), *(str(file).encode() for file in files), *texts])


def _recalled(key: str) -> list[Record] | None:
    rows = cache.recall(key, "fixtures")
    try:
        return None if rows is None else [Record(*cast("Any", row)) for row in cast("Any", rows)]
    except TypeError:  # of another version of this program
        return None


def _read(directory: Path, files: Sequence[Path], contract: Contract) -> Iterator[Record]:
    from mock_server.fixture_file import FixtureFile, Seen  # what judges records takes a while to import

    findings: list[Finding] = []
    seen: Seen = {}
    for file in files:
        fixtures = FixtureFile(file, contract, seen)
        yield from fixtures.records()
        findings += fixtures.findings
    if findings:
        raise FixtureError(f"{directory}: found {things(findings)} wrong in the fixtures; nothing is served.", findings)


def things(findings: Sequence[Finding]) -> str:
    """How many, in words."""
    return "1 thing" if len(findings) == 1 else f"{len(findings)} things"
