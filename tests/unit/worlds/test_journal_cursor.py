"""The cursor of a journal: what it has passed, in which order numbers come, and as text."""

from __future__ import annotations

import pytest

from mock_server.worlds.journal_cursor import MOST_PROCESSES, PROCESS_SHIFT, JournalCursor

FIRST, SECOND = 1 << PROCESS_SHIFT, 2 << PROCESS_SHIFT


def test_cursor_knows_each_process() -> None:
    cursor = JournalCursor.after([(FIRST + 5, 100.0), (SECOND + 2, 101.0)])
    assert cursor.has_passed(FIRST + 4, 99.0)
    assert cursor.has_passed(FIRST + 5, 100.0)
    assert not cursor.has_passed(FIRST + 6, 100.5)
    assert not cursor.has_passed(SECOND + 3, 90.0)


def test_late_entry_has_not_been_passed() -> None:
    cursor = JournalCursor.after([(FIRST + 5, 100.0)])
    assert not cursor.has_passed(SECOND + 1, 50.0)


def test_numbers_of_a_new_server_are_new() -> None:
    cursor = JournalCursor.after([(500, 100.0)])
    assert not cursor.has_passed(1, 200.0)
    cursor.advance(1, 200.0)
    assert cursor.has_passed(1, 200.0)
    assert not cursor.has_passed(2, 200.1)


def test_text_is_read_back() -> None:
    cursor = JournalCursor.after([(FIRST + 5, 100.0004), (SECOND + 2, 99.0)])
    read = JournalCursor.parse(str(cursor))
    assert read is not None
    assert str(read) == str(cursor)
    assert read.has_passed(FIRST + 5, 100.0004)


@pytest.mark.parametrize("text", ["", "x", "1.-2", "1..2", "1." + "9" * 20, "¹", "1" + ".1" * (MOST_PROCESSES + 1)])
def test_other_texts_are_no_cursor(text: str) -> None:
    assert JournalCursor.parse(text) is None


def test_cursor_is_bounded() -> None:
    cursor = JournalCursor.after([(process << PROCESS_SHIFT, 1.0) for process in range(MOST_PROCESSES + 10)])
    assert len(str(cursor).split(".")) == MOST_PROCESSES + 1
    assert not cursor.has_passed(0, 1.0)
    assert cursor.has_passed((MOST_PROCESSES + 9) << PROCESS_SHIFT, 1.0)


def test_number_before_is_of_the_same_process() -> None:
    cursor = JournalCursor.after([(FIRST + 5, 100.0)])
    assert cursor.number_before(FIRST + 9) == FIRST + 5
    assert cursor.number_before(SECOND + 3) == SECOND
    assert cursor.number_before(FIRST + 2) == FIRST
