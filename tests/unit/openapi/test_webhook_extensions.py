"""What a contract says of webhooks: read as it is meant, and refused with the place where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, LazySourceMap
from mock_server.openapi.resources.inference import infer
from mock_server.openapi.webhook_extensions import (
    RETRIES,
    SCHEMES,
    EndpointMembers,
    SigningScheme,
    WebhookPlan,
    read_webhook_plan,
)
from tests.support.small_apis import loaded

PLACES = LazySourceMap(lambda: LayeredSourceMap(parse_source("a.yaml", "")))


def plan(**members: Any) -> WebhookPlan:
    return read_webhook_plan({"x-mock-webhooks": members}, PLACES)


def test_contract_that_says_nothing_has_the_schedule_of_standard_webhooks() -> None:
    nothing = read_webhook_plan({}, PLACES)
    assert nothing == WebhookPlan() == plan()
    assert (nothing.signing.name, nothing.retries, nothing.timeout) == ("standard-webhooks", RETRIES, 10)


def test_everything_is_read() -> None:
    read = plan(
        endpoints={"resource": "hooks", "url": "/config/url", "secret": "/config/secret"},
        signing="stripe",
        headers={"User-Agent": "Shop/1", "X-Event": "{type}"},
        retries=[0, 5],
        timeout=3,
        hold=0,
        disableAfter=10,
    )
    assert read == WebhookPlan(
        EndpointMembers("hooks", "/config/url", "/config/secret"),
        SCHEMES["stripe"],
        (("user-agent", "Shop/1"), ("x-event", "{type}")),
        (0, 5),
        3,
        0,
        10,
    )


def test_any_hmac_is_read() -> None:
    signing = {
        "scheme": "hmac",
        "header": "X-Sign",
        "value": "t={timestamp},s={signature}",
        "text": "{timestamp}.{body}",
        "encoding": "base64",
        "algorithm": "sha512",
        "key": "hex",
        "clock": "real",
    }
    assert plan(signing=signing).signing == SigningScheme(
        "hmac",
        (("X-Sign", "t={timestamp},s={signature}"),),
        "{timestamp}.{body}",
        "hex",
        "base64",
        "sha512",
        "real",
    )


@pytest.mark.parametrize(
    ("members", "place", "told"),
    [
        ({"endpoint": {}}, "/endpoint", "did you mean endpoints?"),
        ({"endpoints": {}}, "/endpoints/resource", "a text"),
        ({"endpoints": {"resource": "hooks", "url": "url"}}, "/endpoints/url", "a JSON Pointer"),
        ({"endpoints": {"resource": "hooks", "secrets": "/a"}}, "/endpoints/secrets", "did you mean secret?"),
        ({"signing": "strip"}, "/signing", "did you mean stripe?"),
        ({"signing": {}}, "/signing/scheme", "found nothing"),
        ({"signing": {"scheme": "stripe", "header": "X"}}, "/signing/header", "hmac alone"),
        ({"signing": {"scheme": "stripe", "key": "base46"}}, "/signing/key", "did you mean base64?"),
        ({"signing": {"scheme": "stripe", "clock": "wall"}}, "/signing/clock", "world or real"),
        ({"signing": {"scheme": "hmac"}}, "/signing/header", "a text"),
        ({"signing": {"scheme": "hmac", "header": "X Y"}}, "/signing/header", "name of a header"),
        ({"signing": {"scheme": "hmac", "header": "X", "value": "sha"}}, "/signing/value", "{signature}"),
        ({"signing": {"scheme": "hmac", "header": "X", "text": "{bdy}"}}, "/signing/text", "did you mean {body}?"),
        ({"signing": {"scheme": "hmac", "header": "X", "text": "{signature}"}}, "/signing/text", "one of {id}"),
        ({"headers": {"X": "{body}"}}, "/headers/X", "one of {id}"),
        ({"headers": {"X": "a\nb"}}, "/headers/X", "one line"),
        ({"headers": []}, "/headers", "an object"),
        ({"retries": 5}, "/retries", "a list"),
        ({"retries": [-1]}, "/retries", "whole numbers of seconds"),
        ({"retries": [True]}, "/retries", "whole numbers of seconds"),
        ({"retries": [1] * 101}, "/retries", "at most 100"),
        ({"timeout": 0}, "/timeout", "from 1 to 60"),
        ({"disable_after": 3}, "/disable_after", "did you mean disableAfter?"),
        ({"hold": -1}, "/hold", "at least 0"),
    ],
)
def test_what_is_not_meant_is_refused(members: dict[str, Any], place: str, told: str) -> None:
    with pytest.raises(ContractError) as refused:
        plan(**members)
    assert f"/x-mock-webhooks{place}: found " in str(refused.value)
    assert told in str(refused.value)


def test_endpoints_that_are_no_resource_are_refused(tmp_path: Path) -> None:
    said = {"x-mock-webhooks": {"endpoints": {"resource": "hook"}}}
    contract = loaded(tmp_path, "POST /hooks createHook < Hook > 201 Hook", {"Hook": "{id: string}"}, extensions=said)
    with pytest.raises(ContractError, match=r"'hook'; did you mean hooks\?"):
        infer(contract)
