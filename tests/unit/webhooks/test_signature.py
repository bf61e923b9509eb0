"""Signatures are what the receivers' own libraries verify."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import replace
from time import time

import pytest
import standardwebhooks
import stripe
from hypothesis import given
from hypothesis import strategies as st

from mock_server.openapi.webhook_extensions import SCHEMES, SigningScheme
from mock_server.webhooks.signature import SignedMessage, key_of, signed_headers, verification_trouble

BODY = json.dumps({"id": "evt_1", "object": "event", "type": "order.paid", "data": {"name": "Zoë"}}).encode()
SECRET = "whsec_" + b64encode(b"a secret of some bytes").decode()
STANDARD = SCHEMES["standard-webhooks"]


def message(body: bytes = BODY, at: float | None = None) -> SignedMessage:
    return SignedMessage("evt_1", "order.paid", "dlv_1", int(time() if at is None else at), body)


def test_library_of_standard_webhooks_verifies() -> None:
    headers = dict(signed_headers(STANDARD, SECRET, message()))
    assert standardwebhooks.Webhook(SECRET).verify(BODY, headers)["type"] == "order.paid"


def test_whole_text_may_be_the_key() -> None:
    headers = dict(signed_headers(replace(STANDARD, key="utf8"), SECRET, message()))
    whole = b64encode(SECRET.encode()).decode()
    assert standardwebhooks.Webhook(whole).verify(BODY, headers)["type"] == "order.paid"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(BODY, headers)


def test_library_of_stripe_verifies() -> None:
    headers = dict(signed_headers(SCHEMES["stripe"], "whsec_test", message()))
    event = stripe.Webhook.construct_event(BODY, headers["Stripe-Signature"], "whsec_test")
    assert event["type"] == "order.paid"


def test_signature_of_github_is_as_its_documentation_says() -> None:
    # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries has this example.
    text = SignedMessage("1", "push", "2", 0, b"Hello, World!")
    assert signed_headers(SCHEMES["github"], "It's a Secret to Everybody", text) == [
        ("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
    ]


def test_any_other_hmac_is_data() -> None:
    scheme = SigningScheme("hmac", (("X-Sign", "{timestamp};{signature}"),), "{type}|{body}", "hex", "base64", "sha512")
    ((_, value),) = signed_headers(scheme, "00ff", message(at=7))
    expected = b64encode(hmac.digest(b"\x00\xff", b"order.paid|" + BODY, hashlib.sha512)).decode()
    assert value == f"7;{expected}"


def test_without_a_secret_nothing_is_signed() -> None:
    assert signed_headers(STANDARD, "", message()) == []


@pytest.mark.parametrize(("secret", "form"), [("whsec_no base64!", "base64"), ("abc", "base64"), ("zz", "hex")])
def test_secret_that_is_no_key_is_told(secret: str, form: str) -> None:
    with pytest.raises(ValueError, match="no key; expected") as told:
        key_of(secret, form)  # type: ignore[arg-type]
    assert secret not in str(told.value)


@given(st.binary(max_size=200), st.sampled_from(["standard-webhooks", "stripe", "github"]), st.binary(min_size=1))
def test_own_verification_takes_what_is_signed_and_nothing_else(body: bytes, name: str, key: bytes) -> None:
    scheme, secret = SCHEMES[name], b64encode(key).decode()
    headers = {name.lower(): value for name, value in signed_headers(scheme, secret, message(body, 1000))}
    assert verification_trouble(scheme, secret, headers, body, 1010) == ""
    assert "another key" in verification_trouble(scheme, secret, headers, body + b"!", 1010)
    assert "another key" in verification_trouble(scheme, b64encode(key + b"!").decode(), headers, body, 1010)


def test_old_signature_is_told() -> None:
    headers = dict(signed_headers(STANDARD, SECRET, message(at=1000)))
    assert "more than 300 s" in verification_trouble(STANDARD, SECRET, headers, BODY, 1400)


@pytest.mark.parametrize(
    ("headers", "trouble"),
    [
        ({}, "no header webhook-id"),
        ({"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v2,abc"}, "expected v1,{signature}"),
        ({"webhook-id": "a", "webhook-timestamp": "ages", "webhook-signature": "v1,abc"}, "another key"),
    ],
)
def test_headers_that_are_no_signature_are_told(headers: dict[str, str], trouble: str) -> None:
    assert trouble in verification_trouble(STANDARD, SECRET, headers, BODY, 0)


def test_one_of_several_signatures_is_enough() -> None:
    headers = dict(signed_headers(STANDARD, SECRET, message(at=0)))
    headers["webhook-signature"] = "v1a,other " + headers["webhook-signature"]
    assert verification_trouble(STANDARD, SECRET, headers, BODY, 0) == ""
