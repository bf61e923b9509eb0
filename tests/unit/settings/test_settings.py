from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from typing import get_type_hints

import pytest

from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.settings import OTHER_VARIABLES, ROWS, Option, Settings, Value, read_settings
from mock_server.testing.runners import Options, Place

EXAMPLES: dict[str, tuple[str, Value]] = {
    "contract": (f"api.yaml{os.pathsep}http://localhost:80/b.yaml", ("api.yaml", "http://localhost:80/b.yaml")),
    "host": ("0.0.0.0", "0.0.0.0"),
    "uds": ("/run/mock.sock", "/run/mock.sock"),
    "tls_cert": ("chain.pem", "chain.pem"),
    "tls_key": ("key.pem", "key.pem"),
    "fixtures": ("records", "records"),
    "overlay": (f"a.yaml{os.pathsep}b.yaml", ("a.yaml", "b.yaml")),
    "store": ("sqlite:///demo.db", "sqlite:///demo.db"),
    "seed_store": ("never", "never"),
    "scenario": ("flaky,slow", ("flaky", "slow")),
    "seed": ("-7", -7),
    "state": ("strict", "strict"),
    "records": ("25", "25"),
    "validate_requests": ("warn", "warn"),
    "hub": ("redis://cache:6379", "redis://cache:6379"),
    "webhook": (
        "http://localhost:3000/a, http://[::1]:80/b",
        ("http://localhost:3000/a", "http://[::1]:80/b"),
    ),
    "webhook_secret": ("whsec_c2VjcmV0", "whsec_c2VjcmV0"),
    "webhook_allow": ("receiver,10.0.0.0/8 fd00::1", ("receiver", "10.0.0.0/8", "fd00::1")),
    "redact_header": (f"X-Secret{os.pathsep}X-Key", ("X-Secret", "X-Key")),
    "redact_body": ("/card/number,/items/*/iban", ("/card/number", "/items/*/iban")),
    "admin_token": ("secret", "secret"),
    "allowed_host": ("mock, mock.test", ("mock", "mock.test")),
    "admin_origin": (
        "HTTP://Localhost:3000, https://app.example:443 http://[::1]:80",
        ("http://localhost:3000", "https://app.example", "http://[::1]"),
    ),
    "log_format": ("json", "json"),
}
"""By setting: a text that a person may type, and its value. Switches and numbers need none."""


def example(row: Option) -> tuple[str, Value]:
    """Return a text that a person may type for a setting, and its value, which is not the default."""
    if row.name in EXAMPLES:
        return EXAMPLES[row.name]
    if isinstance(row.default, bool):
        return "true", True
    assert isinstance(row.default, int), f"{row.name}: found no example; expected one for a text"
    return str(row.default + 1), row.default + 1


KEYWORD_TYPES: dict[type, list[object]] = {
    bool: [bool],
    int: [int],
    str: [str, Place],
    tuple: [str | Sequence[str], Place | Sequence[Place]],
}
"""By type of a default: the types that the keyword of the setting may have."""

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def typed_flag(row: Option, text: str) -> str | bool | tuple[str, ...]:
    """A flag as the command line hands it over."""
    if row.is_switch:
        return True
    return example(row)[1] if isinstance(row.default, tuple) else text  # type: ignore[return-value]


def test_each_example_is_of_a_setting() -> None:
    assert set(EXAMPLES) <= {row.name for row in ROWS}


@each_row
def test_an_example_is_not_the_default(row: Option) -> None:
    assert example(row)[1] != row.default


def test_keywords_name_every_setting_in_order() -> None:
    assert list(get_type_hints(Options)) == [row.name for row in ROWS]


@each_row
def test_a_keyword_has_the_type_of_its_setting(row: Option) -> None:
    assert get_type_hints(Options)[row.name] in KEYWORD_TYPES[type(row.default)]


@each_row
def test_setting_without_flag_and_variable_has_its_default(row: Option) -> None:
    assert getattr(read_settings({}, {}), row.name) == row.default


@each_row
def test_variable_sets_its_setting(row: Option) -> None:
    text, value = example(row)
    assert getattr(read_settings({}, {row.variable: text}), row.name) == value


@each_row
def test_flag_sets_its_setting(row: Option) -> None:
    text, value = example(row)
    assert getattr(read_settings({row.name: typed_flag(row, text)}, {}), row.name) == value


@each_row
def test_setting_changes_no_other(row: Option) -> None:
    set_to = read_settings({}, {row.variable: example(row)[0]})
    others = [other.name for other in ROWS if other.name != row.name]
    assert [getattr(set_to, name) for name in others] == [getattr(Settings(), name) for name in others]


@each_row
def test_flags_and_variables_are_called_after_setting(row: Option) -> None:
    assert row.variable == f"MOCK_SERVER_{row.name}".upper()
    assert row.flag == ("" if row.name == "contract" else "--" + row.name.replace("_", "-"))


@each_row
def test_setting_has_help_that_is_sentence(row: Option) -> None:
    assert row.help[0].isupper()
    assert row.help.endswith(".")


@pytest.mark.parametrize(
    ("flags", "environ", "port"),
    [
        ({"port": "1"}, {"MOCK_SERVER_PORT": "2", "PORT": "3"}, 1),
        ({}, {"MOCK_SERVER_PORT": "2", "PORT": "3"}, 2),
        ({"port": None}, {"PORT": "3"}, 3),
        ({}, {"SERVER_PORT": "4"}, 4010),
    ],
)
def test_flag_wins_over_variable_over_default(flags: dict[str, str], environ: dict[str, str], port: int) -> None:
    assert read_settings(flags, environ).port == port


def test_port_sets_nothing_but_the_port() -> None:
    assert read_settings({}, {"PORT": "8080"}) == Settings(port=8080)


def test_flag_that_was_not_typed_leaves_word_to_variable() -> None:
    flags: dict[str, str | bool | tuple[str, ...]] = {"dynamic": False, "overlay": ()}
    read = read_settings(flags, {"MOCK_SERVER_DYNAMIC": "1", "MOCK_SERVER_OVERLAY": "a.yaml"})
    assert (read.dynamic, read.overlay) == (True, ("a.yaml",))


@pytest.mark.parametrize("text", ["0", "false", "False", "no", "OFF", ""])
def test_switch_can_be_off(text: str) -> None:
    assert read_settings({}, {"MOCK_SERVER_RELOAD": text}).reload is False


@pytest.mark.parametrize(
    ("flags", "environ", "message"),
    [
        ({"port": "web"}, {}, "--port: found 'web'; expected a whole number from 0 to 65535"),
        ({"port": "65536"}, {}, "--port: found '65536'; expected a whole number from 0 to 65535"),
        ({"seed": "1.5"}, {}, "--seed: found '1.5'; expected a whole number"),
        ({"workers": "0"}, {}, "--workers: found '0'; expected a whole number from 1 to 64"),
        ({"store": "redis"}, {}, "--store: found 'redis'; expected memory, sqlite:///FILE or postgresql://"),
        ({"store": "postgres://u:pass:w@rd@h/d"}, {}, "--store: found 'postgres:...'; expected memory, sqlite:///FILE"),
        ({"seed_store": "yes"}, {}, "--seed-store: found 'yes'; expected always or if-empty or never"),
        ({"log_format": ""}, {}, "--log-format: found ''; expected text or json"),
        ({}, {"PORT": "-1"}, "variable PORT: found '-1'; expected a whole number from 0 to 65535"),
        ({}, {"MOCK_SERVER_PORT": ""}, "variable MOCK_SERVER_PORT: found ''; expected a whole number from 0 to 65535"),
        ({}, {"MOCK_SERVER_STRICT": "perhaps"}, "variable MOCK_SERVER_STRICT: found 'perhaps'; expected true or false"),
        ({}, {"MOCK_SERVER_LOG_FORMAT": "xml"}, "variable MOCK_SERVER_LOG_FORMAT: found 'xml'; expected text or json"),
        ({}, {"MOCK_SERVER_SEED": "9" * 5000}, "variable MOCK_SERVER_SEED: found '9"),
    ],
)
def test_value_that_does_not_fit_is_refused_with_its_source(
    flags: dict[str, str], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read_settings(flags, environ)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MOCK_SERVER_PROT", "did you mean MOCK_SERVER_PORT?"),
        ("MOCK_SERVER_FIXTURE", "did you mean MOCK_SERVER_FIXTURES?"),
        ("MOCK_SERVER_", "there is no such setting"),
    ],
)
def test_unknown_variable_suggests_nearest(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"^variable {name}: there is no such setting") as refused:
        read_settings({}, {name: "1"})
    assert message in str(refused.value)


@pytest.mark.parametrize("name", [*OTHER_VARIABLES, "MOCK_SERVERS", "PATH"])
def test_variable_of_somebody_else_is_nobodys_business(name: str) -> None:
    assert read_settings({}, {name: "x"}) == Settings()


def test_nothing_is_suggested_for_name_that_is_like_no_other() -> None:
    assert did_you_mean("zzz", ["port", "host"]) == ""


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("*", "each origin by its name: with * every page"),
        ("http://localhost:3000, *", "each origin by its name"),
        ("null", "an origin: http or https, a host, perhaps a port, and no path"),
        ("localhost:3000", "an origin: http or https"),
        ("http://localhost:3000/", "an origin: http or https"),
        ("http://localhost:3000/app", "an origin: http or https"),
        ("https://*.example", "an origin: http or https"),
        ("ftp://app.example", "an origin: http or https"),
        ("http://user@app.example", "an origin: http or https"),
    ],
)
def test_origin_that_is_none_is_refused(origin: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_settings({"admin_origin": (origin,)}, {})
    assert str(refused.value).startswith(f"--admin-origin: found {origin!r}; expected {expected}")
    with pytest.raises(UsageError, match="variable MOCK_SERVER_ADMIN_ORIGIN: found"):
        read_settings({}, {"MOCK_SERVER_ADMIN_ORIGIN": origin})
