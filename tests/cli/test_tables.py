"""Tables for a terminal: no wider than it is, nothing lost, nothing that it obeys."""

from __future__ import annotations

import pytest

from mock_server.cli.tables import plain_lines, table_lines
from mock_server.core.terminal import width_of

ROWS = [
    ("METHOD", "PATH", "WHY"),
    ("GET", "/v1/customers/{id}", "item by {id}; answers Customer"),
    ("DELETE", "/v1/" + "x" * 60, "日本語の理由 and words after it"),
]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_table_is_as_wide_as_the_terminal(width: int) -> None:
    lines = [*table_lines(ROWS, width, is_coloured=False)]
    assert max(map(width_of, lines)) <= width
    text = "".join("".join(lines).split())
    for cell in ("x" * 10, "日本", "Customer"):
        assert cell in text


def test_cells_are_wrapped_at_blanks() -> None:
    rows = [("A", "B"), ("one", "two three four"), ("five", "six")]
    assert [*table_lines(rows, 16, is_coloured=False)][2:] == ["one   two three", "      four", "five  six"]


def test_wide_table_is_left_as_it_is() -> None:
    rows = [("A", "B"), ("one", "two")]
    head, _, row = table_lines(rows, 80, is_coloured=False)
    assert (head, row) == ("A    B", "one  two")


def test_texts_of_contracts_command_nothing() -> None:
    lines = [*table_lines([("A", "B"), ("\x1b[2J", "[red]x[/red]")], 80, is_coloured=False)]
    assert lines[-1] == "\\x1b[2J  [red]x[/red]"


def test_methods_have_colours() -> None:
    *_, row = table_lines([("METHOD", "PATH"), ("GET", "/a")], 80, is_coloured=True)
    assert row == "\x1b[36mGET   \x1b[0m  /a"


def test_pipe_has_plain_columns() -> None:
    assert plain_lines([("A", "B", "C"), ("one", "2", "last")]) == ["A    B  C", "one  2  last"]
