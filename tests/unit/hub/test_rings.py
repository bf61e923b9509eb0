"""Notes outlive their process, whenever it is killed, and none is noted twice."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from mock_server.core.errors import HubError, HubLostError
from mock_server.hub import unsent_notes
from mock_server.hub.model import Covering, JournalNote, Note
from mock_server.hub.ring import HALF, Batch, RingDirectory, directory_of
from mock_server.hub.trouble import Trouble
from mock_server.hub.unsent_notes import UnsentNotes
from tests.support.hubs import OpensPlace, coverage_note, journal_note, note_and_die, wait_until

EXCHANGE = b"1234"
COVERINGS = [Covering("GET /", frozenset({str(number)})) for number in range(3)]
NOTES: list[Note] = [
    coverage_note("w", "200", "404"),
    *(JournalNote("wörld", 2**64 - 1 - number, 1.25, 0.5, b"x" * (number // 3)) for number in range(50)),
    *(JournalNote("v", number, 1.25, 0.5, EXCHANGE, COVERINGS[number // 2]) for number in range(5)),
]


def collect(batches: Sequence[Batch]) -> list[Note]:
    return [note for batch in batches for note in batch.notes]


def test_a_ring_has_what_its_process_has_not_sent(tmp_path: Path) -> None:
    rings, other = RingDirectory(tmp_path / "rings"), RingDirectory(tmp_path / "rings")
    other.own.set_text("ä")
    for note in NOTES[:20]:
        other.own.write(note)
    other.own.turn(21)
    for note in NOTES[20:]:
        other.own.write(note)
    assert rings.others() == [False]
    (ring,) = rings.pending()
    assert (ring.text, collect(ring.batches)) == ("ä", NOTES)
    assert [(batch.first, batch.last) for batch in ring.batches] == [(1, 20), (21, len(NOTES))]
    other.own.clear_sent()
    other.own.turn(0)
    (ring,) = rings.pending()
    assert collect(ring.batches) == NOTES[20:]


def test_a_ring_left_behind_stays_until_it_was_sent(tmp_path: Path) -> None:
    rings, left = RingDirectory(tmp_path / "rings"), RingDirectory(tmp_path / "rings")
    left.own.write(NOTES[0])
    left.own.close(is_sent=False)
    for ring in rings.pending():
        assert ring.batches
        break
    assert [collect(ring.batches) for ring in rings.pending()] == [NOTES[:1]]
    assert not [*rings.pending()]


def test_a_full_ring_says_so_until_all_was_sent(tmp_path: Path) -> None:
    rings, other = RingDirectory(tmp_path / "rings"), RingDirectory(tmp_path / "rings")
    for size in (1, HALF, 1):
        other.own.write(journal_note("w", size, b"x" * size))
    assert rings.others() == [True]
    other.own.turn(4)
    other.own.write(journal_note("w", 4))
    assert rings.others() == [True]
    assert [batch.first for ring in rings.pending() for batch in ring.batches] == [1]
    other.own.clear_sent()
    assert rings.others() == [False]
    assert [batch.first for ring in rings.pending() for batch in ring.batches] == [4]


def test_a_full_ring_left_behind_has_what_had_room(tmp_path: Path) -> None:
    rings, left = RingDirectory(tmp_path / "rings"), RingDirectory(tmp_path / "rings")
    left.own.write(journal_note("w", 1, b"x" * HALF))
    left.own.turn(2)
    left.own.write(journal_note("w", 2))
    assert not [batch for ring in rings.pending() for batch in ring.batches]
    left.own.close(is_sent=False)
    assert [batch.first for ring in rings.pending() for batch in ring.batches] == [2]


def test_rings_that_were_removed_are_missed_by_nobody(tmp_path: Path) -> None:
    rings = RingDirectory(tmp_path / "rings")
    shutil.rmtree(tmp_path / "rings")
    rings.own.write(NOTES[0])
    assert not [*rings.pending()]
    assert not rings.others()
    rings.own.close(is_sent=True)


def test_a_machine_without_temporary_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("mock_server.hub.ring.gettempdir", refuse)
    with pytest.raises(HubError, match="TMPDIR"):
        directory_of("p")


@pytest.mark.parametrize("mode", [0o777, 0o750])
def test_a_directory_of_others_is_refused(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "rings"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(HubError, match="of this user alone"):
        RingDirectory(directory)


def test_a_batch_is_cut_to_what_has_not_arrived() -> None:
    batch = Batch("r", 11, NOTES[:5])
    assert batch.after(10) == batch
    assert batch.after(12) == Batch("r", 13, NOTES[2:5])
    assert batch.after(15).notes == []
    assert batch.after(99).notes == []


def test_a_lost_hub_gets_all_notes_in_order_when_it_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes that no half of the ring has room for are in memory."""
    monkeypatch.setattr(unsent_notes, "RETRY", 0.01)
    batches: list[Batch] = []
    is_back, trouble = Event(), Trouble()

    def send(batch: Batch, text: str) -> None:
        if not is_back.is_set():
            raise HubLostError("hub: found nothing.")
        batches.append(batch)

    box = UnsentNotes(RingDirectory(tmp_path / "rings"), send, trouble)
    exchange = b"x" * (HALF // 3)
    for number in range(12):
        box.add(journal_note("w", number, exchange))
        if number == 0:
            wait_until(lambda: str(trouble) == "nothing.")
    is_back.set()
    wait_until(lambda: len(collect(batches)) == 12)
    assert [note.number for note in collect(batches) if isinstance(note, JournalNote)] == [*range(12)]
    assert [batch.first for batch in batches] == [1, 2]
    wait_until(lambda: not str(trouble))
    box.close()
    assert not (tmp_path / "rings").exists()


def test_the_oldest_notes_are_dropped_while_the_hub_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent_notes, "MOST_WAITING", 3)
    monkeypatch.setattr(unsent_notes, "RETRY", 0.01)

    def send(batch: Batch, text: str) -> None:
        raise HubLostError("hub: found nothing.")

    box = UnsentNotes(RingDirectory(tmp_path / "rings"), send, Trouble())
    for number in range(10):
        box.add(journal_note("w", number))
    wait_until(lambda: box.dropped == 7)
    box.close()


def test_notes_that_cannot_be_sent_are_dropped_and_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes: list[Note] = []

    def send(batch: Batch, text: str) -> None:
        if not notes and batch.notes[0].world == "bad":
            raise ValueError("bad")
        notes.extend(batch.notes)

    box = UnsentNotes(RingDirectory(tmp_path / "rings"), send, Trouble())
    box.add(journal_note("bad", 0))
    wait_until(lambda: box.dropped == 1)
    box.add(journal_note("w", 1))
    wait_until(lambda: notes == [journal_note("w", 1)])
    box.close()
    assert "cannot be sent" in caplog.text


def test_a_killed_process_loses_no_entry(opens_place: OpensPlace) -> None:
    hub = opens_place.open()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=note_and_die, args=(opens_place.place, first)) for first in (0, 1000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == -signal.SIGKILL
    assert sorted(entry.number for entry in hub.journal("w")) == [*range(300), *range(1000, 1300)]
    assert hub.coverage("w") == {"GET /": (600, frozenset({"200"}))}
    assert hub.figures().entries == 600


def test_a_ring_that_is_sent_again_is_noted_once(opens_place: OpensPlace, tmp_path: Path) -> None:
    hub = opens_place.open()
    left = RingDirectory(opens_place.rings)
    left.own.set_text(opens_place.text)
    for number in range(3):
        left.own.write(journal_note("w", number))
    copies = tmp_path / "copies"
    copies.mkdir()
    copy, file = copies / left.own.name, left.own.file
    shutil.copy(file, copy)
    left.own.write(journal_note("w", 3))
    left.own.close(is_sent=False)
    assert [entry.number for entry in hub.journal("w")] == [0, 1, 2, 3]
    os.replace(copy, file)
    assert [entry.number for entry in hub.journal("w")] == [0, 1, 2, 3]
    assert not file.exists()


def test_a_process_that_hangs_has_its_entries_there(opens_place: OpensPlace) -> None:
    hub = opens_place.open()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=note_and_die, args=(opens_place.place, 0, ready))
    process.start()
    assert process.pid is not None
    try:
        assert ready.wait(30)
        os.kill(process.pid, signal.SIGSTOP)
        assert len(hub.journal("w")) == 300
    finally:
        process.kill()
        process.join(10)
    assert len(hub.journal("w")) == 300
