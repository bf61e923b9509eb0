"""What needs an extra that is not installed says the command that installs it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import cast

import pytest

from mock_server.core.extras import install_command
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.webhooks.call_policy import CallPolicy, CallRefusedError
from mock_server.webhooks.lane_runner import LaneServices, Run
from tests.support.asgi import answered, scope_of
from tests.support.paths import ROOT

PROGRAM = "import sys; sys.modules[sys.argv[1]] = None; from mock_server.cli import main; main(sys.argv[2:])"
"""The command line where a library is not installed."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def without(library: str, *arguments: str, directory: Path) -> tuple[int, str]:
    """Return exit code and standard error of the command line where a library is not installed."""
    command = [sys.executable, "-c", PROGRAM, library, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=directory)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("extra", "library", "arguments"),
    [
        ("import", "markdown_it", ("import", "page.md", "-o", "api.yaml")),
        ("otel", "opentelemetry", ("serve", "--port", "0", "--otel")),
        ("postgresql", "sqlalchemy", ("serve", "--port", "0", "--store", "postgresql://127.0.0.1/none")),
        ("postgresql", "psycopg", ("serve", "--port", "0", "--store", "postgresql://127.0.0.1/none")),
        ("reload", "watchfiles", ("serve", "--port", "0", "--reload")),
        ("sql", "sqlalchemy", ("serve", "--port", "0", "--store", "sqlite:///records.db")),
        ("sql", "sqlalchemy", ("serve", "--port", "0", "--workers", "2")),
        ("tls", "trustme", ("serve", "--port", "0", "--tls")),
        ("valkey", "valkey", ("serve", "--port", "0", "--hub", "valkey://127.0.0.1:1")),
        ("webhooks", "aiohttp", ("serve", "--port", "0", "--webhook", "http://127.0.0.1:1/")),
        ("webhooks", "aiohttp", ("serve", "--port", "0", "--workers", "2", "--webhook", "http://127.0.0.1:1/")),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[-2:]),
)
def test_command_says_how_to_install(extra: str, library: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Page\n", encoding="utf-8")
    code, errors = without(library, *arguments, directory=tmp_path)
    assert code == 2, errors
    assert install_command(extra) in errors
    assert errors.startswith("mock-server: ")
    assert "Traceback" not in errors


def test_metrics_say_how_to_install(monkeypatch: pytest.MonkeyPatch, own_cache: None) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "mock_server.admin.prometheus", raising=False)
    (answer,) = answered(Application(Settings(), shares_process=True), scope_of("/__admin/metrics"))
    assert answer.status == 501
    assert install_command("metrics") in json.loads(answer.body)["detail"]


def test_delivery_says_how_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "mock_server.webhooks.http_caller", raising=False)

    async def call() -> None:
        services = LaneServices(CallPolicy(()), cast("Run", asyncio.to_thread), 1)
        try:
            await services.caller.call("POST", "http://127.0.0.1:1/", (), b"", 1)
        finally:
            await services.caller.close()

    with pytest.raises(CallRefusedError, match=re.escape(install_command("webhooks"))):
        asyncio.run(call())


def test_page_of_extras_has_each() -> None:
    page = (ROOT / "docs" / "extras.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == sorted(PROJECT["optional-dependencies"])
