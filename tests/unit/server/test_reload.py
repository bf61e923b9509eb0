"""A reload leaves nothing of the contract before it."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from contextlib import closing
from pathlib import Path

import pytest

from mock_server.openapi.loading.compiled import ContractInput
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.paths import ROOT

FORMER = """
import gc, sys, weakref
from mock_server.server.application import Application
from mock_server.settings import Settings

application = Application(Settings(contract=(sys.argv[1],), no_cache=True))
application.warm()
application.reload()  # the first contract stays: a module that could not be imported has the frames of its importer
gc.disable()  # what is let go of by chance proves nothing
former = [weakref.ref(application.served[0]), weakref.ref(application.served[0].engine)]
application.reload()
print([reference() for reference in former], gc.get_freeze_count() > 0)
application.close()
"""
"""In a process of its own, since it has its garbage collector for itself."""


def test_contract_of_before_is_let_go_of(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "{openapi: 3.1.0, info: {title: Pets, version: '1'},"
        " paths: {/pets: {get: {responses: {200: {description: d}}}}}}",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-c", FORMER, str(contract)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[None, None] True", done.stderr


CONTRACT = """{openapi: 3.1.0, info: {title: Pets, version: '1'},
  paths: {/pets: {get: {responses: {200: {description: d}}}}}}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    place = tmp_path / "contract.yaml"
    place.write_text(CONTRACT, encoding="utf-8")
    return place


def test_reload_drops_cached_answers(contract: Path) -> None:
    with closing(Application(Settings(contract=(str(contract),)), shares_process=True)) as application:
        application.warm()
        loaded = application._loaded  # as a request has it that is under way
        remembered = weakref.ref(loaded.fast)
        application.reload()
        assert loaded is not application._loaded
        gc.collect()  # its parts refer to one another
        assert remembered() is None


def test_reload_leaves_it_to_other_process_to_compile(
    contract: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Application(Settings(contract=(str(contract),)), shares_process=True)) as application:
        monkeypatch.setattr(ContractInput, "compile", lambda *_: pytest.fail("compiled in the process that serves"))
        contract.write_text(CONTRACT.replace("'1'", "'2'"), encoding="utf-8")
        application.reload()
        assert application.served[0].contract.version == "2"
        contract.write_text(CONTRACT.replace("description: d", "descripton: d"), encoding="utf-8")
        application.reload()
        contract.write_text(CONTRACT + "{", encoding="utf-8")
        application.reload()
    told = [record.getMessage() for record in caplog.records if "not reloaded" in record.getMessage()]
    assert len(told) == 1
    assert "contract.yaml:3" in told[0]
