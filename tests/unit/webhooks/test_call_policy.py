"""Only this machine is called, and hosts that were allowed."""

from __future__ import annotations

import pytest

from mock_server.webhooks.call_policy import CallPolicy, CallRefusedError, checked_url

ALLOWED = CallPolicy(("receiver", "Hooks.Example.", "10.1.0.0/16", "192.168.1.9", "2001:db8::1"))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_called_whatever_its_name(address: str) -> None:
    assert CallPolicy().chosen("localhost", [address]) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "8.8.8.8",
        "2606:4700::1111",
        "224.0.0.1",
        "no address",
    ],
)
def test_every_other_address_is_refused(address: str) -> None:
    with pytest.raises(CallRefusedError, match="expected this machine"):
        CallPolicy().chosen("evil.test", [address])


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("receiver", "172.18.0.3"),
        ("RECEIVER.", "172.18.0.3"),
        ("hooks.example", "203.0.113.7"),
        ("any.test", "10.1.2.3"),
        ("192.168.1.9", "192.168.1.9"),
        ("any.test", "2001:db8::1"),
    ],
)
def test_what_is_allowed_is_called(host: str, address: str) -> None:
    assert ALLOWED.chosen(host, [address]) == [address]


@pytest.mark.parametrize(
    ("host", "address"),
    [("receiver.evil.test", "172.18.0.3"), ("receiver", "169.254.169.254"), ("receiver", "0.0.0.0"), ("x", "10.2.0.1")],
)
def test_what_is_not_meant_is_refused(host: str, address: str) -> None:
    with pytest.raises(CallRefusedError):
        ALLOWED.chosen(host, [address])


def test_of_several_addresses_those_that_may_be_are_called() -> None:
    assert CallPolicy().chosen("both.test", ["10.0.0.1", "127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        7,
        "hook",
        "//127.0.0.1/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://[::1/",
        "http://user:password@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nx: y",
        "http://127.0.0.1/" + "a" * 2048,
        "http://127.0.0.1:4010/__admin/reset",
        "http://127.0.0.1:4010/~w/%5F_admin/reset",
    ],
)
def test_what_is_no_url_to_call_is_refused(url: object) -> None:
    with pytest.raises(CallRefusedError, match=r"^found .*; expected") as told:
        checked_url(url)
    assert "password" not in str(told.value) or "a password" in str(told.value)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(
    "url", ["http://localhost/x?a=b", "https://hooks.example:8443/", "http://[::1]:80", "http://bücher.test/ä"]
)
def test_url_of_a_host_is_taken(url: str) -> None:
    assert checked_url(url).hostname
