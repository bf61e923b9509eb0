"""A distribution with the same import package and command is told of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mock_server.cli.name_clash import name_clash
from mock_server.cli.program import main


def test_other_distribution_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert name_clash() is None
    metadata = tmp_path / "mock_server-0.3.7.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: mock-server\nVersion: 0.3.7\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    main(["--version"])
    output = capsys.readouterr()
    assert output.out.startswith("mock-server, version ")
    assert output.err.startswith("mock-server: found the distribution mock-server 0.3.7 in this environment;")
    assert "pip uninstall mock-server, then pip install --force-reinstall" in output.err
