"""Progress of long work: for people, after a while, and nothing of it is left."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from mock_server.cli import progress


class _Stream(io.StringIO):
    """Standard error that says when something was written to it."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.has_text = threading.Event()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        written = super().write(text)
        self.has_text.set()
        return written


def test_long_work_is_shown_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.shown("Writing customers:", 3000) as count:
        count(1500)
        for _ in range(2):  # the first may have been about to be written
            stream.has_text.clear()
            assert stream.has_text.wait(30)
    assert " Writing customers: 1,500 of 3,000 (50 %) (0 s)" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_short_work_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 3600.0)
    with progress.shown("Reading the contract"):
        pass
    assert stream.getvalue() == ""


def test_pipe_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(is_terminal=False)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    with progress.shown("Reading the contract") as count:
        count(1)
        threads = [thread.name for thread in threading.enumerate()]
    assert "mock-server-progress" not in threads
    assert stream.getvalue() == ""


def test_failure_takes_it_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _Stream(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    work = progress.shown("Reading a page")
    work.__enter__()
    assert stream.has_text.wait(30)
    error = ValueError("broken")
    assert not work.__exit__(ValueError, error, None)
    assert stream.getvalue().endswith("\r\x1b[K")
