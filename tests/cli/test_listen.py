"""``mock-server listen``: what arrives is printed and verified, and answered as told."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from time import time

import httpx
import pytest

from mock_server.openapi.webhook_extensions import SCHEMES
from mock_server.webhooks.signature import SignedMessage, signed_headers
from tests.support.command_line import called

SECRET = "whsec_c2VjcmV0"
BODY = b'{"type":"order.paid","data":{"note":"\\u001b[31m"}}'


def test_arrivals_are_printed_verified_and_answered_as_told() -> None:
    command = [sys.executable, "-m", "mock_server", "listen", "--port", "0", "--secret", SECRET]
    with subprocess.Popen(
        [*command, "--status", "500", "--every", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as listener:
        assert listener.stdout is not None
        match = re.search(r"http://\S+", listener.stdout.readline())
        assert match is not None
        statuses = []
        for name in ("standard-webhooks", "stripe", "github"):
            message = SignedMessage("evt_1", "order.paid", "dlv_1", int(time()), BODY)
            headers = dict(signed_headers(SCHEMES[name], SECRET, message))
            statuses.append(httpx.post(match[0] + "/hook", content=BODY, headers=headers, trust_env=False).status_code)
        httpx.post(match[0], content=BODY + b" ", headers=headers, trust_env=False)
        httpx.post(match[0], content=b"no JSON \x1b[31m", trust_env=False)
        listener.send_signal(signal.SIGINT)
        printed, errors = listener.communicate(timeout=30)
    assert (statuses, errors, listener.returncode) == ([200, 500, 200], "", 0)
    verdicts = re.findall(r"(signature good \(\S+|SIGNATURE WRONG|NOT SIGNED)", printed)
    assert verdicts == [
        "signature good (standard-webhooks,",
        "signature good (stripe,",
        "signature good (github,",
        "SIGNATURE WRONG",
        "NOT SIGNED",
    ]
    assert '"note": "\\u001b[31m"' in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("arguments", [("--status", "99"), ("--every", "0"), ("--port", "http")])
def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], arguments: tuple[str, str]) -> None:
    done = called(capsys, "listen", *arguments)
    assert done.code == 2
    assert f"{arguments[0]}: found {arguments[1]!r}; expected a whole number" in done.errors
