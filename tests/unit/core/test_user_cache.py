from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mock_server.core.user_cache import user_cache


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home of a user whose environment says nothing else."""
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("platform", "caches"),
    [("linux", ".cache/mock-server"), ("darwin", "Library/Caches/mock-server"), ("freebsd14", ".cache/mock-server")],
)
def test_cache_is_where_system_has_caches(
    home: Path, monkeypatch: pytest.MonkeyPatch, platform: str, caches: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert Path(user_cache()) == home / caches


def test_windows_has_caches_in_local_data(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(home / "Local"))
    assert Path(user_cache()) == home / "Local" / "mock-server" / "Cache"


@pytest.mark.parametrize("value", ["", " ", "relative/path"])
def test_variable_that_is_no_path_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert Path(user_cache()) == home / ".cache" / "mock-server"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_variable_says_where(home: Path, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "elsewhere"))
    assert Path(user_cache()) == home / "elsewhere" / "mock-server"
