"""The first answer does without the libraries that explain, and without the admin API."""

from __future__ import annotations

import subprocess
import sys

from tests.support.paths import ROOT

START = """
import sys
from tests.support.asgi import answered, scope_of
assert not set(sys.argv[1:]) & sys.modules.keys()  # none comes with the helpers
from mock_server.server.application import Application
from mock_server.settings import Settings

application = Application(Settings())
application.warm_api()
(answer,) = answered(application, scope_of(authorization="Bearer polar_cst_SUFFIX"))
print(answer.status, *(name for name in sys.argv[1:] if name in sys.modules))
application.close()
"""
"""In a process of its own, since what this one has imported would count."""
HEAVY = (
    *("jsonschema", "openapi_core", "openapi_schema_validator", "pydantic", "yaml", "faker", "stdnum", "email.policy"),
    "mock_server.admin.app",
)


def imported(suffix: str) -> str:
    """Return the status of the first answer to a token, and which of the heavy modules it took."""
    program = START.replace("SUFFIX", suffix)
    arguments = [sys.executable, "-c", program, *HEAVY]
    warm = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)  # the contract is compiled
    assert warm.stdout
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def test_fixture_is_answered_with_little() -> None:
    assert imported("individual") == "200"
