"""Fixture files to records: read, validated against the contract, all of them or none.

A file is named after its resource (``customers.yaml``) and has a list of records. Each has a handle, by which a token
selects it, in addition to the members that the contract names. Validated records are stored in the cache, like the
contract: importing the validator takes longer than all the rest of a second start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from mock_server.core.diagnostics import Finding
from mock_server.core.errors import FixtureError
from mock_server.openapi import cache
from mock_server.openapi.model import Contract
from mock_server.store import Record

REMEMBERED = 4 * 1024 * 1024
"""Most bytes of fixture files that are stored in the cache; larger ones are read one record at a time."""
SUFFIXES = (".yaml", ".yml", ".json", ".ndjson", ".csv")
"""The endings of fixture files."""


def load_fixtures(
    directory: Path, contract: Contract, elsewhere: Collection[str] = (), *, no_cache: bool = False
) -> list[Record]:
    """Return the records of every fixture file in a directory, but for those of the resources ``elsewhere``.

    Raises :class:`FixtureError`, with a finding for each thing that is wrong, where a file cannot be read, names no
    resource of the contract, or holds a record that is not valid.
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
    """Return the records of :func:`load_fixtures` for a store outside this process, however many there are.

    Many records come one by one, validated as they come: after the last one, :class:`FixtureError` is raised if any was
    wrong.
    """
    files = fixture_files(directory, elsewhere)
    if sum(file.stat().st_size for file in files if file.is_file()) <= REMEMBERED:
        return load_fixtures(directory, contract, elsewhere, no_cache=no_cache)
    return _read(directory, files, contract)


def fixture_files(directory: Path, elsewhere: Collection[str]) -> list[Path]:
    """Return the fixture files of a directory; raises :class:`FixtureError` where it is not a directory."""
    if not directory.is_dir():
        raise FixtureError(f"{directory}: found no directory; expected one with fixture files. Check --fixtures.")
    files = sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES)
    return [file for file in files if file.stem not in elsewhere]


def _key(files: Sequence[Path], contract: Contract) -> str | None:
    """Return the digest of contract and files; None where a file cannot be read, which its reader reports better."""
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
    from mock_server.fixture_file import FixtureFile, Seen  # the validator of records takes long to import

    findings: list[Finding] = []
    seen: Seen = {}
    for file in files:
        fixtures = FixtureFile(file, contract, seen)
        yield from fixtures.records()
        findings += fixtures.findings
    if findings:
        raise FixtureError(f"{directory}: found {things(findings)} wrong in the fixtures; nothing is served.", findings)


def things(findings: Sequence[Finding]) -> str:
    """Return the number of findings in words."""
    return "1 thing" if len(findings) == 1 else f"{len(findings)} things"
