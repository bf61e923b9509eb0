"""What may be written to a terminal, and in which colours."""

from __future__ import annotations

import io

import pytest

from mock_server.core.terminal import escaped, fitted, has_colour, is_terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        super().isatty()  # which fails where it is closed
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (Terminal(), {"FORCE_COLOR": "0"}, True),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "0"}, False),
        (io.StringIO(), {"FORCE_COLOR": "3", "TERM": "dumb"}, True),
        (None, {}, False),
    ],
)
def test_colours_go_where_they_are_welcome(stream: io.StringIO | None, environ: dict[str, str], expected: bool) -> None:
    assert has_colour(stream, environ) is expected


def test_closed_stream_is_no_terminal() -> None:
    stream = Terminal()
    stream.close()
    assert not is_terminal(io.StringIO())
    assert not is_terminal(stream)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, 日本語, é", "plain text, 日本語, é"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("two\r\nlines\ttab", "two\\r\\nlines\\ttab"),
        ("\x9b31m and \x07", "\\x9b31m and \\x07"),
        ("right \u202eto left\u2069", "right \\u202eto left\\u2069"),
        ("next\u2028line", "next\\u2028line"),
        ("half \ud800", "half \\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_left(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("four", 4, "four"),
        ("fives", 4, "fiv…"),
        ("日本語", 6, "日本語"),
        ("日本語です", 6, "日本…"),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
        ("日", 0, "…"),
    ],
)
def test_text_takes_no_more_columns_than_there_are(text: str, width: int, expected: str) -> None:
    assert fitted(text, width) == expected
