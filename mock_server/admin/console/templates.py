"""Templates of pages: Jinja's, with every value escaped, and an error for a name that nobody has set."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from mock_server.core.types import JSON

if TYPE_CHECKING:
    from jinja2 import Environment

SHORT = 160
"""Characters of a text that is one of many on a page."""


@cache
def templates() -> Environment:
    """Return the templates of the package. They are compiled when first used."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # no start waits for it

    environment = Environment(
        loader=PackageLoader("mock_server.admin.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["clock"] = clock_text
    environment.filters["indented"] = indented
    environment.filters["moment"] = moment_text
    environment.filters["number"] = "{:,}".format
    environment.filters["segment"] = lambda text: quote(str(text), safe="")
    environment.filters["short"] = short
    return environment


@cache
def compile_ahead() -> None:
    """Compile the templates that no page has had yet, once, beside what else the process does.

    Who has loaded one page looks at it for longer than all others take (a third of a second), and then goes on.
    """
    Thread(target=_compile_all, name="console-templates", daemon=True).start()


def _compile_all() -> None:
    environment = templates()
    for name in environment.list_templates(("html",)):
        environment.get_template(name)


def short(text: object, most: int = SHORT) -> str:
    """Return the beginning of a text; an ellipsis stands for what is left out."""
    whole = str(text)
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def clock_text(seconds: float) -> str:
    """Return the time of day of a moment (seconds since 1970), in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S.%f")[:-3]


def moment_text(seconds: float) -> str:
    """Return a moment (seconds since 1970) in the format of RFC 3339, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def indented(value: JSON) -> str:
    """Return a value as JSON with a line for each member."""
    return json.dumps(value, indent=2, ensure_ascii=False)
