from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.http.messages import Response
from mock_server.openapi.validation.formats import CHECKS, format_checks
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.contracts import document, load, operation

CHECKED: dict[str, tuple[list[str], list[str]]] = {
    "date": (["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00:00Z", ""]),
    "date-time": (
        ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.123456+01:00"],
        ["2023-02-29T00:00:00Z", "2024-02-29T00:00:00", "2024-02-29 00:00", "2024-02-29T25:00:00Z", "now"],
    ),
    "time": (["23:59:59Z", "00:00:00.5+01:00"], ["24:00:00Z", "23:59:59", "noon"]),
    "duration": (
        ["P1D", "PT1H", "P1Y2M3DT4H5M6S", "P2W", "PT0S"],
        ["P", "PT", "1D", "P1D2H", "P1W2D", "P1DT", "p1d", "P-1D", "P\u0661D"],
    ),
    "email": (["tom@pets.example"], ["tom", ""]),
    "hostname": (
        ["pets.example", "a-b.example"],
        ["-a.example", "a..b", "a_b.example", "pets.example\n", "\u0661.example", ""],
    ),
    "idn-email": (["t\xf6m@pets.example"], ["tom", "tom@", "@", ""]),
    "idn-hostname": (["b\xfccher.example"], ["-b\xfccher.example", "a_b.example"]),
    "ipv4": (["192.0.2.1"], ["192.0.2.256", "192.0.2", "::1"]),
    "ipv6": (["2001:db8::1", "::"], ["2001:db8", "192.0.2.1", "::1::2"]),
    "uri": (
        ["https://pets.example/a?b#c", "urn:a:b"],
        ["/a", "pets example", "https://pets.example/{a}", "https://a b"],
    ),
    "uri-reference": (["/a", "https://pets.example"], ["\\\\a", "/{a}", "/a\n"]),
    "uri-template": (["/pets/{id}"], ["/pets/{id", "/pets /{id}", "^{id}"]),
    "json-pointer": (["", "/a~1b"], ["a", "/a~2"]),
    "relative-json-pointer": (["0", "20#", "1/a"], ["-1", "01", "#", ""]),
    "regex": (["^a+$"], ["(a"]),
    "uuid": (["9b5fe75d-63d6-152a-8a5e-c691ae6d8526"], ["9b5fe75d63d6452a8a5ec691ae6d8526", "9b5fe75d", ""]),
    "uuid4": (
        ["9b5fe75d-63d6-452a-8a5e-c691ae6d8526", "9B5FE75D-63D6-452A-BA5E-C691AE6D8526"],
        [
            "9b5fe75d-63d6-152a-8a5e-c691ae6d8526",
            "9b5fe75d-63d6-452a-ca5e-c691ae6d8526",
            "{9b5fe75d-63d6-452a-8a5e-c691ae6d8526}",
            "9b5fe75d63d6452a8a5ec691ae6d8526",
            "9b5fe75d-63d6-452a-8a5e-c691ae6d8526\n",
            "٩b5fe75d-63d6-452a-8a5e-c691ae6d8526",
            "",
        ],
    ),
}
"""By format: what is of it, and what is not."""


def validated(directory: Path, schema: Any, body: str, openapi: str) -> list[str]:
    contract = load(directory, document({"/a": {"get": operation(schema)}}, openapi=openapi))
    answer = Response(200, (("content-type", "application/json"),), body.encode())
    return [finding.expected for finding in ContractValidator(contract).answer("GET /a", answer)]


def in_json(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace("\n", "\\n") + '"'


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("name", CHECKED)
def test_format_is_really_checked(name: str, openapi: str, tmp_path: Path) -> None:
    right, wrong = CHECKED[name]
    schema = {"type": "string", "format": name}
    assert {value: validated(tmp_path, schema, in_json(value), openapi) for value in right} == {
        value: [] for value in right
    }
    expected = [f'format: "{name}"']
    assert {value: validated(tmp_path, schema, in_json(value), openapi) for value in wrong} == dict.fromkeys(
        wrong, expected
    )


@pytest.mark.parametrize("name", format_checks())
@pytest.mark.parametrize("value", [None, 7, True, [], {}])
def test_value_that_is_no_text_is_for_type_to_judge(name: str, value: Any) -> None:
    assert format_checks()[name](value)


def test_unknown_format_accepts_anything(tmp_path: Path) -> None:
    assert validated(tmp_path, {"type": "string", "format": "colour"}, '"?"', "3.1.0") == []


def test_formats_of_json_schema_are_checked() -> None:
    of_openapi_core = {"date", "date-time", "email", "regex", "uuid", "ipv4", "ipv6"}
    of_this_server = {"byte", "duration", "uuid4"}
    assert CHECKS.keys() - of_this_server == Draft202012Validator.FORMAT_CHECKER.checkers.keys() - of_openapi_core


@pytest.mark.parametrize("name", ["hostname", "idn-hostname", "json-pointer", "uri", "uri-reference", "uri-template"])
def test_lone_surrogate_has_no_format(name: str) -> None:
    assert not CHECKS[name]("/a\ud800")
