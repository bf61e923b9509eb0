"""Threads that are the first to need libraries at one moment each get whole modules."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT

TOGETHER = """
import sys
from threading import Barrier, Thread
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.generation.values import strings
from mock_server.openapi.validation import formats

application = Application(Settings())
application.warm_api()
if "jsonschema" in sys.modules:
    sys.exit("the first start of a contract, which compiles it")
work = [
    lambda: application.warm_control(),
    lambda: strings._format_checker(),
    lambda: formats.CHECKS["uri"]("https://pets.example"),
    lambda: application.served[0].intake("customers"),
    lambda: application.served[0].validator._closer(),
]
sys.setswitchinterval(1e-6)
ready = Barrier(len(work))
failures = []

def begin(piece):
    ready.wait()
    try:
        piece()
    except Exception as error:
        failures.append(error)

threads = [Thread(target=begin, args=(piece,)) for piece in work]
for thread in threads: thread.start()
for thread in threads: thread.join()
application.close()
sys.exit("; ".join(map(repr, failures)) or None)
"""
"""In a process of its own, since what this one has imported is whole already."""


def test_threads_that_import_at_once_get_whole_modules() -> None:
    for _ in range(2):  # the first start compiles the contract, and has imported everything
        done = subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
