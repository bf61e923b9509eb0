"""The page of the settings, in the groups of ``mock-server serve --help``."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.cli.help_pages import GROUPS, group_of
from mock_server.settings import ROWS, Option
from tools.reference.markdown import page, table

INTRODUCTION = """\
A setting is a flag of `mock-server serve`, a variable of the environment, and a keyword of `MockServer` in Python (the
name of the flag, with underscores). A flag wins over its variable, and the variable over the default. `PORT` is read
too. An unknown variable that begins with `MOCK_SERVER_` is refused. [Which bounds protect what](security.md).
"""


def settings_page() -> str:
    """Return the page."""
    contract = [row for row in ROWS if not row.flag]
    parts = [f"## The contract\n\n{_table(contract)}"]
    for group in (*GROUPS, "Options"):
        rows = [row for row in ROWS if row.flag and group_of(row.name) == group]
        if rows:
            parts.append(f"## {group}\n\n{_table(rows)}")
    return page("Settings", INTRODUCTION, *parts)


def _table(rows: Sequence[Option]) -> str:
    return table(("flag", "variable", "default", ""), (_row(row) for row in rows))


def _row(row: Option) -> tuple[str, str, str, str]:
    default = "" if row.is_switch or row.default in ("", ()) else f"`{row.default}`"
    short = f" Short: `{row.short}`." if row.short else ""
    return f"`{f'{row.flag} {row.metavar}'.strip()}`", f"`{row.variable}`", default, row.help + short
