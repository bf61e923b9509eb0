from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import psutil
import pytest

from docs.make_customers import table
from mock_server.core.errors import ContractError, GenerationError
from mock_server.mocking import described_export
from mock_server.mocking.described_export import ExportProcesses
from mock_server.mocking.fixture_export import Export, plan
from mock_server.mocking.mounts import contracts_again
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.settings import Settings
from mock_server.storage.fixtures.file_formats import Row, read_record_file
from mock_server.storage.fixtures.loader import load_fixtures
from mock_server.storage.fixtures.record_text import FORMATS, record_text
from tests.support.command_line import Done, assert_one_message, called
from tests.support.contracts import PETS, document
from tests.support.contracts import written as written_contract
from tests.support.paths import ROOT
from tests.support.seeds import TEXT, UUID, record

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
"""That of the tests may be, with pytest-xdist; what is forked here touches nothing of its threads."""
RECORDS = 450
"""Enough for parts of several processes, with the limits of :func:`few_are_many`."""


def written(export: Export, contract: Contract, processes: ExportProcesses | None = None) -> int:
    """Run the export; how many records were told of."""
    counts: list[int] = []
    planned = plan(export, [contract], processes)
    planned.run(lambda: nullcontext(counts.append))
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
        text = record_text(form, [*rows[0]])
        text.write([text.part(rows[:5]), text.part(rows[5:])], out)
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
        (["customers", "--processes", "0"], ["--processes: found '0'; expected a whole number from 1 to 64"]),
        (["customers", "--processes", "65"], ["--processes: found '65'"]),
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


MANY = ("customers", "--country", "SE", "--format", "ndjson", "--count", "1000000", "--processes", "2")


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have other processes started for few records."""
    monkeypatch.setattr(described_export, "ALONE", described_export.PART)
    monkeypatch.setattr(described_export, "FEWEST", {"fork": RECORDS, "spawn": RECORDS})


def loaded_again() -> Sequence[Contract]:
    return contracts_again(Settings())


def another_contract(paths: Sequence[str]) -> Sequence[Contract]:
    return contracts_again(Settings(contract=tuple(paths)))


SPAWNED = ExportProcesses(2, loaded_again, "spawn")


@pytest.mark.parametrize(
    ("form", "processes"),
    [*((form, ExportProcesses(number)) for form in FORMATS for number in (2, 3)), ("csv", SPAWNED), ("json", SPAWNED)],
    ids=lambda value: value if isinstance(value, str) else f"{value.number}-{value.start_method}",
)
def test_processes_write_what_one_does(
    form: str, processes: ExportProcesses, contract: Contract, few_are_many: None, tmp_path: Path
) -> None:
    for name, number in (("several", processes), ("alone", ExportProcesses(1))):
        written(Export("customers", RECORDS, ("SE", "JP", "BR"), 3, form, str(tmp_path / name)), contract, number)
    assert (tmp_path / "several").read_bytes() == (tmp_path / "alone").read_bytes()
    assert not multiprocessing.active_children()


def test_few_records_start_no_process(contract: Contract, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(described_export, "OrderedProcesses")
    assert written(Export("customers", 20, (), 0, "csv", str(tmp_path / "file")), contract, ExportProcesses(2)) == 20


def test_process_that_is_killed_is_a_message(contract: Contract, few_are_many: None, tmp_path: Path) -> None:
    def kill(_: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()
            process.join()

    export = Export("customers", 100_000, ("SE",), 0, "csv", str(tmp_path / "file"))
    planned = plan(export, [contract], ExportProcesses(2))
    with pytest.raises(GenerationError, match=r"--processes: a process ended \(SIGKILL\) before its work was done"):
        planned.run(lambda: nullcontext(kill))
    assert not [*tmp_path.iterdir()]


def test_other_contract_is_refused(contract: Contract, few_are_many: None, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(PETS)
    processes = ExportProcesses(2, partial(another_contract, [str(tmp_path / "other.yaml")]), "spawn")
    with pytest.raises(ContractError, match="found another contract than when the records were begun"):
        written(Export("customers", RECORDS, ("SE",), 0, "json", str(tmp_path / "file")), contract, processes)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("number", [1, 2])
def test_column_that_is_missing_is_named(number: int, few_are_many: None, tmp_path: Path) -> None:
    two = {"oneOf": [record("Cat", id=UUID, purrs=TEXT), record("Dog", id=UUID, barks=TEXT)]}
    pets = {"pets": {"schema": "#/components/schemas/Pet"}}
    pet = document(components={"schemas": {"Pet": two}}, x_mock_resources=pets)
    contract = load_contract(str(written_contract(tmp_path, "pets", pet)))
    with pytest.raises(GenerationError, match=r"--format: found a record with the member '(barks|purrs)'"):
        written(Export("pets", RECORDS, (), 0, "csv", str(tmp_path / "file")), contract, ExportProcesses(number))
    assert not (tmp_path / "file").exists()


def test_interrupt_of_all_processes_ends_them(own_cache: None, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mock_server", "generate", *MANY]
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=os.environ
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    assert process.stdout is not None
    process.stdout.read(1_000_000)  # far beyond what is made before there are others
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=30)  # until all have closed their ends
    assert (process.returncode, errors.strip()) == (130, b"")


def test_processes_end_when_theirs_is_killed(own_cache: None) -> None:
    command = [sys.executable, "-m", "mock_server", "generate", *MANY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None
        process.stdout.read(1_000_000)
        children = psutil.Process(process.pid).children()
        process.kill()
        _, errors = process.communicate(timeout=30)
        assert (len(children), errors) == (2, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
def test_full_disk_is_a_message(own_cache: None) -> None:
    line = f"{sys.executable} -m mock_server generate customers --country SE --count 3000 --processes 2 > /dev/full"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    expected = "mock-server: -o: found standard output (no space left on device); expected a file to write\n"
    assert (done.returncode, done.stderr) == (2, expected)


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
