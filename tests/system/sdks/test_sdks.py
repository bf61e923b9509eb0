"""The suites that SDK makers run against their own mock servers, as they ship, against this one, as it comes.

Each runs in its source distribution, in an environment of its own (``.venv/sdks``), with nothing changed; what is asked
of it is which of its tests, and where the server is.
"""

from __future__ import annotations

import os
import re
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.support.sdk_suites import OPENAI, PYTHON, STRIPE, SUITES, needs
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.sdks

MINUTES = 20


def passed(suite: str, *arguments: str, **variables: str) -> int:
    """Run tests of a suite; how many passed. All have to."""
    if not PYTHON.is_file() or not (SUITES / suite).is_dir():
        pytest.fail("the suites are not installed: run `make test-sdks`, which installs them", pytrace=False)
    # A proxy of the developer's own must not come between an SDK and this machine.
    environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*", **variables}
    done = subprocess.run(
        [PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short", *arguments],
        cwd=SUITES / suite,
        env=environment,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    print(done.stdout[-4000:], done.stderr[-2000:])
    assert done.returncode == 0, done.stdout[-4000:]
    (count,) = re.findall(r"(\d+) passed", done.stdout)
    return int(count)


@needs(OPENAI)
def test_openai_python_suite_passes() -> None:
    with RunningServer(str(OPENAI)) as server:
        # aiohttp is a second transport for the same requests.
        count = passed("openai-3.3.1", "tests/api_resources", "-k", "not aiohttp", TEST_API_BASE_URL=server.url)
    assert count == 5020


@needs(STRIPE)
def test_stripe_python_suite_passes() -> None:
    with RunningServer(str(STRIPE)) as server:
        address = urlsplit(server.url)
        host, port = str(address.hostname), str(address.port)
        # Each method of the SDK once, by thread and by task. The rest of the suite expects what stripe-mock has in it:
        # its own binary answer, one item in each list, the id of the path in each body.
        count = passed(
            "stripe-16.1.0", "tests/test_generated_examples.py", STRIPE_MOCK_HOST=host, STRIPE_MOCK_PORT=port
        )
    assert count > 3000
