"""Templates of the console: compiled once somebody has had a page, and values written in few words."""

from __future__ import annotations

from mock_server.admin.console.templates import clock_text, compile_ahead, moment_text, short, templates
from tests.support.polling import until


def test_templates_are_compiled_ahead() -> None:
    templates.cache_clear()
    compile_ahead.cache_clear()
    environment = templates()
    compile_ahead()
    names = {*environment.list_templates(("html",))}
    compiled = environment.cache
    assert compiled is not None
    until(lambda: {name for _, name in compiled} == names)


def test_long_text_is_cut() -> None:
    assert short("abcdef", 4) == "abc…"
    assert short("abcd", 4) == "abcd"


def test_moment_is_of_utc() -> None:
    assert moment_text(0.5) == "1970-01-01T00:00:00.500Z"
    assert clock_text(3661.25) == "01:01:01.250"
