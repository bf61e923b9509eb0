from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.make_customers import table
from mock_server.mocking.fixture_export import Export, plan
from mock_server.openapi.model import Contract
from mock_server.storage.fixtures.file_formats import WRITERS, Row, read_record_file
from mock_server.storage.fixtures.loader import load_fixtures
from tests.support.command_line import Done, assert_one_message, called
from tests.support.paths import ROOT

FORMATS = sorted(WRITERS)


def written(export: Export, contract: Contract) -> int:
    """Run the export; how many records were told of."""
    counts: list[int] = []
    planned = plan(export, [contract])
    planned.run(counts.append)
    assert sum(counts) == planned.count
    return planned.count


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_loads_as_fixtures_unchanged(form: str, contract: Contract, tmp_path: Path) -> None:
    file = tmp_path / f"customers.{form}"
    export = Export("customers", 25, ("SE", "NO", "JP", "DE", "US"), 7, form, str(file))
    written(export, contract)
    records = {record.handle: record.value for record in load_fixtures(tmp_path, contract)}
    written(Export("customers", 25, ("SE", "NO", "JP", "DE", "US"), 7, "json", str(tmp_path / "plain")), contract)
    plain = {row.pop("handle"): row for row in json.loads((tmp_path / "plain").read_text(encoding="utf-8"))}
    assert records == plain
    assert list(records)[:3] == ["se-1", "no-2", "jp-3"]


@pytest.mark.parametrize("form", FORMATS)
def test_ambiguous_strings_stay_strings(form: str, tmp_path: Path) -> None:
    texts = [
        "NO",
        "yes",
        "null",
        "~",
        "1",
        "1.0",
        "0x1f",
        "1e3",
        "2025-01-01",
        "",
        " a ",
        '"',
        "[1]",
        "a,b",
        "ä\nö",
        "-",
        "{",
    ]
    file = tmp_path / f"customers.{form}"
    rows: list[Row] = [
        {"handle": f"h{index}", "text": text, "none": None, "more": {"a": [text, 1.5, True]}}
        for index, text in enumerate(texts)
    ]
    with file.open("w", encoding="utf-8", newline="\n") as out:
        WRITERS[form](rows, out)
    assert read_record_file(file).data == rows


def test_same_seed_gives_same_file_and_other_seed_other(contract: Contract, tmp_path: Path) -> None:
    def made(seed: int, name: str) -> bytes:
        written(Export("customers", 5, ("FR",), seed, "yaml", str(tmp_path / name)), contract)
        return (tmp_path / name).read_bytes()

    assert made(1, "a") == made(1, "b") != made(2, "c")


def test_longer_file_extends_shorter_one(contract: Contract, tmp_path: Path) -> None:
    for count in (3, 6):
        written(Export("customers", count, ("FR", "SE"), 0, "ndjson", str(tmp_path / str(count))), contract)
    assert (tmp_path / "6").read_text().startswith((tmp_path / "3").read_text())


def test_pipe_is_written_to_and_stays(contract: Contract, tmp_path: Path) -> None:
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    for place in (pipe, file):
        written(Export("customers", 2, ("SE",), 0, "ndjson", str(place)), contract)
    with open(reader, "rb") as received:
        assert received.read() == file.read_bytes()
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["custmers"], ["RESOURCE: found 'custmers'; did you mean customers?"]),
        (["customers", "--country", "SWE"], ["--country: found 'SWE'; did you mean SE?", "a code such as SE, or all"]),
        (["customers", "--country", "QQ"], ["--country: found 'QQ'"]),
        (["customers", "--count", "0"], ["--count: found '0'; expected a whole number of at least 1"]),
        (["customers", "--count", "-3"], ["--count: found '-3'; expected a whole number of at least 1"]),
        (["customers", "--count", "many"], ["--count: found 'many'"]),
        (["customers", "--format", "yml"], ["--format: found 'yml'; did you mean yaml?", "yaml, json, ndjson, csv"]),
        (
            ["customers", "-o", "no/such/directory/x.yaml"],
            ["-o: found no/such/directory/x.yaml", "expected a file to write"],
        ),
        ([], ["Missing argument 'RESOURCE'"]),
    ],
)
def test_what_cannot_be_made_is_refused(
    arguments: list[str],
    says: list[str],
    own_cache: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    done = called(capsys, "generate", *arguments)
    assert_one_message(done)
    assert all(part in done.errors for part in says)
    assert not [*tmp_path.iterdir()]


def test_interrupt_leaves_no_partial_file(own_cache: None, tmp_path: Path) -> None:
    target = tmp_path / "customers.yaml"
    target.write_text("as it was")
    # Whoever runs the tests in the background of a shell has them ignore the signal, and their children with them.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "mock_server", "generate", "customers", "--count", "1000000", "-o", str(target)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    while process.poll() is None and len([*tmp_path.iterdir()]) < 2:
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["customers.yaml"]
    assert target.read_text() == "as it was"


def test_closed_pipe_is_no_error(own_cache: None) -> None:
    line = f"{sys.executable} -m mock_server generate customers --count 100000 --country SE | head -1"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("- handle: se-1\n", "")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("customers.ndjson", '{"handle": "a"}\nnonsense\n', "customers.ndjson:2: found"),
        ("customers.ndjson", '\n{"handle": "a", "id": "x"}\n', "customers.ndjson:2 /0/id"),
        ("customers.csv", "handle,id\na,x\nb,y\n", "customers.csv:3 /1/id"),
        ("customers.csv", "handle,id\na\n", "customers.csv:2: found another number of cells than columns"),
    ],
)
def test_bad_row_is_refused_with_line(
    name: str, text: str, says: str, command: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    done = command("check", "--fixtures", str(tmp_path))
    assert done.code == 2
    assert says in done.errors


def test_page_of_one_customer_for_each_country_is_current(contract: Contract, tmp_path: Path) -> None:
    file = tmp_path / "customers.ndjson"
    assert written(Export("customers", None, ("all",), 0, "ndjson", str(file)), contract) == 249
    page = "".join(table(file.read_text(encoding="utf-8").splitlines()))
    assert (ROOT / "docs/customers.md").read_text(encoding="utf-8") == page
