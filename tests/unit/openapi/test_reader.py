from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.errors import ContractError, FixtureError
from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts, value_at
from mock_server.core.types import JSON
from mock_server.openapi.loading.parser import MAX_DEPTH, parse_source
from mock_server.openapi.loading.reader import read_text
from mock_server.openapi.loading.source_map import LayeredSourceMap, Origin
from tests.support.hypothesis_settings import repeatable

SECONDS = 2.0
"""What refusing a hostile text may take; each takes a tenth of it."""


def parsed(text: str, name: str = "a.yaml") -> Any:
    return parse_source(name, text).data


def refused(text: str, name: str = "a.yaml") -> str:
    with pytest.raises(ContractError) as error:
        parse_source(name, text)
    return str(error.value)


# Scalars, as YAML 1.2 (10.3.2) has them.


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "no",
        "Yes",
        "on",
        "off",
        "y",
        "2025-02-11",
        "2025-02-11T09:14:27Z",
        "12:30:45",
        "1_000",
        "0b11",
        "0x",
        "1e",
        "nUll",
        "tRue",
        "S11 8ZF",
        "+",
        "--",
        ".",
        "1.2.3",
        "=",
        "0o8",
        "{{ x }}",
        "<",
        "<<x",
    ],
)
def test_yaml_1_2_strings_stay_strings(text: str) -> None:
    assert parsed(f"a: {text}" if text[0] != "{" else f"a: '{text}'") == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0xfF", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    read = parsed(f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999"])
def test_non_json_number_stays_text(text: str) -> None:
    try:
        json.dumps(parsed(f"a: {text}"), allow_nan=False)
    except ContractError as refusal:
        assert "a.yaml:1" in str(refusal)  # noqa: PT017  (a refusal will do as well as a text)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": -Infinity}', '{"a": 1e999}'])
def test_number_invalid_in_json_is_refused(text: str) -> None:
    assert "a.json:1" in refused(text, "a.json")


@pytest.mark.parametrize("key", ["200", "1.5", "true", "null", "2025-02-11"])
def test_keys_are_texts(key: str) -> None:
    assert parsed(f"{key}: 1") == {key: 1}


def test_nothing_is_rendered() -> None:
    assert parsed("a: '{{ 1 + 1 }} {% raw %} ${HOME}'") == {"a": "{{ 1 + 1 }} {% raw %} ${HOME}"}


# Aliases and merges.


def test_alias_is_what_it_stands_for() -> None:
    assert parsed("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_merge_adds_what_is_missing() -> None:
    assert parsed("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3")["d"] == {"b": 1, "c": 3}


def test_duplicate_key_by_merge_is_refused() -> None:
    assert "'b' twice" in refused("a: &x {c: 1}\nd:\n  <<: *x\n  b: 1\n  b: 2")


def test_quoted_merge_key_is_a_key() -> None:
    assert parsed("a: {'<<': 1}") == {"a": {"<<": 1}}


# What is refused, and how fast.

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "YAML aliases that expand to "),
        ("&x [1, *x]", "a YAML alias that contains itself"),
        ("a: &x {b: {c: *x}}", "recursive"),
        ("[" * 100_000, "found"),
        ("[" * 100_000 + "]" * 100_000, f"more than {MAX_DEPTH} levels of nesting"),
        ("{a: " * 100_000, "found"),
        ("- " * 100_000 + "x", "found"),
        ("\n".join(" " * n + "a:" for n in range(2_000)), f"more than {MAX_DEPTH} levels of nesting"),
        ("a: " + "9" * 100_000, "a number too long"),
        ("a: 0o" + "9", None),
    ],
    ids=[
        "bomb",
        "circle",
        "wide circle",
        "brackets",
        "closed brackets",
        "braces",
        "dashes",
        "steps",
        "digits",
        "octal",
    ],
)
def test_text_built_to_exhaust_its_reader_is_refused_quickly(text: str, message: str | None) -> None:
    start = time.process_time()
    if message is None:
        assert parsed(text)
    else:
        assert message in refused(text)
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000])
def test_json_built_to_exhaust_its_reader_is_refused(text: str) -> None:
    assert "a.json:1: found " in refused(text, "a.json")


def test_brackets_in_strings_do_not_nest() -> None:
    assert parsed("a: '" + "[" * 1000 + "'") == {"a": "[" * 1000}


def test_nesting_up_to_the_limit_is_read() -> None:
    assert parsed("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert "levels of nesting" in refused("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml", "a.yaml:3: found the key 'a' twice"),
        ("a:\n  1: x\n  '1': y", "a.yaml", "a.yaml:3: found the key '1' twice"),
        ('{"a": 1,\n "a": 2}', "a.json", "the key 'a' twice in one object"),
        ('{"b": {"a": 1, "a": 2}}', "b", "the key 'a' twice in one object"),
        ("? [a]\n: 1", "a.yaml", "a.yaml:1: found a key that is not a text"),
        ("a: !!python/object/apply:os.getcwd []", "a.yaml", "a.yaml:1: found could not determine a constructor"),
        ("a: 1\n b: 2", "a.yaml", "a.yaml:2: found "),
        ("a: *x", "a.yaml", "a.yaml:1: found undefined alias"),
        ("a: 1\n---\nb: 2", "a.yaml", "a.yaml:2: found "),
        ('{"a": 1,}', "a.json", "a.json:1: found "),
        ('{\n"a": }', "b", "b:2: found expecting value in column 6; expected a contract in JSON"),
        ("a: \x07", "a.yaml", "a.yaml"),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_line(text: str, name: str, message: str) -> None:
    assert message in refused(text, name)


# JSON.


@pytest.mark.parametrize("name", ["a.json", "A.JSON", "https://pets.example/openapi", "a.yaml"])
def test_json_is_read_whatever_the_name(name: str) -> None:
    assert parsed('{"a": {"200": [1, "NO", null]}, "\\u00e9": "\\ud83d\\ude00"}', name) == {
        "a": {"200": [1, "NO", None]},
        "é": "😀",
    }


def test_flow_style_yaml_is_not_json() -> None:
    assert parsed("{a: 1, b: [c]}") == {"a": 1, "b": ["c"]}


READABLE = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")))


@repeatable
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | READABLE,
        lambda children: st.lists(children) | st.dictionaries(READABLE, children),
    )
)
def test_json_says_the_same_to_both_readers(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert parsed(text, "a.json") == parsed("--- " + text, "a.yaml") == value


# Files.


def test_byte_order_mark_is_no_part_of_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_text(str(tmp_path / "a.yaml")) == "a: 1"


@pytest.mark.parametrize(("raw", "line", "byte"), [(b"a: 1\nb: \xe9\n", 2, "0xe9"), (b"\xff\xfea\x00", 1, "0xff")])
def test_text_that_is_not_utf_8_is_refused_with_line(raw: bytes, line: int, byte: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(raw)
    with pytest.raises(FixtureError) as error:
        read_text(str(file), FixtureError, what="fixture file")
    assert str(error.value).startswith(f"{file}:{line}: found the byte {byte}; expected a fixture file in UTF-8.")


def test_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="found no such file or directory; expected a contract that can be read"):
        read_text(str(tmp_path / "a.yaml"))


# Pointers and lines.

TEXT = """\
openapi: 3.1.0
paths:
  /pets/{id}:
    get:
      tags:
        - a
        - b
      x~y: 1
"""


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/openapi", 1),
        ("/paths", 2),
        ("/paths/~1pets~1{id}", 3),
        ("/paths/~1pets~1{id}/get/tags/1", 7),
        ("/paths/~1pets~1{id}/get/x~0y", 8),
        ("/paths/~1pets~1{id}/get/gone/deeper", 4),
        ("/paths/~1pets~1{id}/get/tags/9", 5),
        ("#/paths", 2),
    ],
)
def test_pointer_has_line_of_its_node_or_of_nearest_above(pointer: str, line: int) -> None:
    source = parse_source("a.yaml", TEXT)
    assert (source.line(pointer), source.location(pointer)) == (line, f"a.yaml:{line}")


def test_lines_of_json_are_known_too() -> None:
    assert parse_source("a.json", '{\n "a": {\n  "b": 1\n }\n}').line("/a/b") == 3


def test_empty_text_has_no_lines() -> None:
    assert parse_source("a.yaml", "").location("/a") == "a.yaml"


def test_overlay_that_came_last_says_where_node_stands() -> None:
    base = parse_source("a.yaml", "info:\n  title: A")
    first = parse_source("1.yaml", "actions:\n  - update:\n      title: B")
    second = parse_source("2.yaml", "\nactions:\n  - update:\n      title: C\n      version: 1")
    layers = LayeredSourceMap(base, tuple(Origin("/info", layer, "/actions/0/update") for layer in (first, second)))
    places = [layers.location(pointer) for pointer in ("/info/title", "/info/version", "/info/summary", "/information")]
    assert places == ["2.yaml:4", "2.yaml:5", "a.yaml:1", "a.yaml:1"]
    assert layers.name == "a.yaml"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", {"a/b": {"m~n": [10, {"~1": 20}]}, "": 30}),
        ("/a~1b/m~0n/0", 10),
        ("#/a~1b/m~0n/1/~01", 20),
        ("/", 30),
    ],
)
def test_pointer_finds_its_value(pointer: str, value: Any) -> None:
    assert value_at({"a/b": {"m~n": [10, {"~1": 20}]}, "": 30}, pointer) == value


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/-", "/a/-1", "/a/x", "/a/0/b", "/a/²", "#b", "b"])
def test_dangling_pointer_is_key_error(pointer: str) -> None:
    with pytest.raises(KeyError):
        value_at({"a": [1, 2]}, pointer)


@repeatable
@given(st.lists(st.text()))
def test_pointer_is_made_of_its_parts(parts: list[str]) -> None:
    assert pointer_parts(pointer_of(*parts)) == parts


def test_there_is_empty_mapping_where_there_is_none() -> None:
    assert mapping_at({"a": {"b": 1}}, "a") == {"b": 1}
    without: list[JSON] = [{"a": []}, {"a": None}, {}, [], None, "a"]
    assert [mapping_at(data, "a") for data in without] == [{}] * 6
