from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.loading.ambiguous_patterns import is_endless
from tests.support.contracts import document, load


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a|a)*$",
        "^(a+)+$",
        "^(a*)*$",
        "^(.*,)*$",
        "^(a|aa)+$",
        r"^(\w+\s?)*$",
        "^((ab)*)*$",
        "^(a|[ab])*$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "^(?:x|(?<name>a|a){2,})+$",
        r"^([\p{L}]|å)*$",
        "^(a{1,3})*$",
    ],
)
def test_ambiguous_match_never_ends(pattern: str) -> None:
    assert is_endless(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z]+(-[a-z]+)*$",
        "^([0-9a-f]{2})+$",
        r"^(\d{1,3}\.){3}\d{1,3}$",
        "^(ab|cd)*$",
        "^a*b*$",
        "^(a|b)*$",
        r"^[\w.]+@([\w-]+\.)+\w+$",
        "^(foo|bar,)+$",
        "^([a-z0-9]+(_[a-z0-9]+)*\\.)*[a-z]$",
        "^(a+b)+$",
        "(a+)+",
        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "^(?=a)(ab)*$",
        "",
        "(",
        "^(a+$",
        "^)*+$",
        "^(a{1000}b)+$",
    ],
)
def test_text_that_fits_in_one_way_does_not(pattern: str) -> None:
    assert not is_endless(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^" + "(" * 9 + "){99}" * 9 + "()*$",
        "^" + "(" * 5000 + ")*" * 5000 + "$",
        "^(" + "|".join("abcd") * 500 + ")*$",
        "^(.|.)*" + "(.|.)*" * 25 + "$",
    ],
)
def test_to_find_out_takes_no_time_itself(pattern: str) -> None:
    started = process_time()
    is_endless(pattern)
    assert process_time() - started < 2


def test_it_is_told_once_at_load_and_refused_by_strict(tmp_path: Path) -> None:
    schema = {"type": "string", "pattern": "^(a|a)*$"}
    contract = document({}, components={"schemas": {"A": schema, "B": schema}})
    (finding,) = load(tmp_path, contract).findings
    assert (finding.rule, finding.pointer) == ("pattern", "/components/schemas/A/pattern")
    with pytest.raises(ContractError):
        load(tmp_path, contract, strict=True)
