"""Reference pages are Markdown: docstrings lose their roles, and tables keep their columns."""

from __future__ import annotations

import pytest

from tools.reference.markdown import prose, table


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Return ``None``.", "Return `None`."),
        ("Raises :class:`mock_server.core.errors.UsageError`.", "Raises `UsageError`."),
        ("Do:\n\n::\n\n    with a:\n        b\n\nThen.", "Do:\n\n```py\nwith a:\n    b\n```\n\nThen."),
    ],
    ids=["literal", "role", "block"],
)
def test_docstring_becomes_markdown(docstring: str, expected: str) -> None:
    assert prose(docstring) == expected


def test_what_ends_a_cell_is_escaped() -> None:
    assert table(("a", "b"), [("x | y", "two\nlines")]) == "| a | b |\n|---|---|\n| x \\| y | two lines |"
