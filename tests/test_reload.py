"""A reload leaves nothing of the contract before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

FORMER = """
import gc, sys, weakref
from mock_server.application import Application
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


def test_the_contract_of_before_is_let_go_of(tmp_path: Path) -> None:
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
