from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.record_makers import Things

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SHAPES = {
    "a format": ("{type: string, format: uuid}", UUID),
    "another format": ("{type: string, format: uuid4}", UUID),
    "a pattern": ("{type: string, pattern: '^inv_[a-z]{4}$'}", "inv_[a-z]{4}"),
    "digits": ("{type: string, pattern: '^(0|[1-9][0-9]*)$'}", "[1-9][0-9]{17}"),
    "an example": ("{type: string, examples: [cus_NffrFeUfNV2Hib]}", "cus_[A-Za-z0-9]{14}"),
    "an example with a mark": ("{type: string, example: file-abc123}", "file-[a-z0-9]{6}"),
    "a placeholder": ("{type: string, example: cus_123}", "cus_[a-z0-9]{24}"),
    "a placeholder of letters": ("{type: string, example: proj_abc}", "proj_[a-z0-9]{24}"),
    "an example of words": ("{type: string, example: my-model}", UUID),
    "an example of digits": ("{type: string, example: '12345678901'}", "[0-9]{11}"),
    "an example of hexadecimal digits": ("{type: string, example: 677469f564d48190807532a8}", "[0-9a-f]{24}"),
    "an example that is a UUID": ("{type: string, example: 1dbfc517-0bbf-4301-9ba8-555ca42b9737}", UUID),
    "nothing": ("{type: string, maxLength: 5000}", UUID),
    "too little room": ("{type: string, maxLength: 24}", "[a-z0-9]{24}"),
    "a pattern that may be null": ("{type: [string, 'null'], pattern: '^SM[0-9a-f]{4}$'}", "SM[0-9a-f]{4}"),
    "an enum": ("{type: string, enum: [a, b]}", "[ab]"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_keys_have_the_shape_that_the_schema_tells(tmp_path: Path, name: str) -> None:
    schema, expected = SHAPES[name]
    things = Things(tmp_path, "{}", f"{{type: object, required: [id], properties: {{id: {schema}}}}}")
    key = things.maker.keys().drawn({"name": "Ada"}, 0)
    assert re.fullmatch(expected, key), key
    assert not things.maker.keys().is_counted


def test_examples_of_the_path_tell_the_shape(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: string}}}"
    things = Things(tmp_path, "{}", shown, parameter={"example": "asst_abc123"})
    assert re.fullmatch("asst_[a-z0-9]{6}", things.maker.keys().drawn({}, 0))


def test_examples_of_the_record_tell_the_shape(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], example: {id: vs_AbC123dEf9}, properties: {id: {type: string}}}"
    assert re.fullmatch("vs_[A-Za-z0-9]{10}", Things(tmp_path, "{}", shown).maker.keys().drawn({}, 0))


def test_examples_that_extensions_write_tell_the_shape(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: string}},"
    shown += ' x-meta: {example: \'{"id": "vs_Ab1234567",}\'}}'
    assert re.fullmatch("vs_[A-Za-z0-9]{9}", Things(tmp_path, "{}", shown).maker.keys().drawn({}, 0))


def test_keys_depend_on_what_was_sent_and_how_often(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: string}}}"
    things = Things(tmp_path, "{}", shown)
    keys = things.maker.keys()
    first = keys.drawn({"a": 1, "b": [2]}, 0)
    assert first == things.maker_of().keys().drawn({"b": [2], "a": 1}, 0)
    others = {keys.drawn({"a": 1, "b": [2]}, 1), keys.drawn({"a": 2}, 0), things.maker_of(2).keys().drawn({"a": 1}, 0)}
    assert len({first, *others}) == 4


def test_integers_are_counted(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: integer}}}"
    keys = Things(tmp_path, "{}", shown, parameter={"schema": {"type": "integer"}}).maker.keys()
    assert keys.is_counted
    assert keys.drawn({"name": "Ada"}, 12) == "12"


def test_slugs_are_made_of_names(tmp_path: Path) -> None:
    shown = "{type: object, required: [slug], properties: {slug: {type: string}, title: {type: string}}}"
    things = Things(tmp_path, "{}", shown, parameter={"name": "id"})
    keys = things.maker.keys("slug")
    assert keys.drawn({"title": "Ada Lovelace's Café"}, 0) == "ada-lovelace-s-caf"
    assert keys.drawn({"title": "Ada Lovelace's Café"}, 1) == "ada-lovelace-s-caf-2"
    assert re.fullmatch("[a-z]+-[a-z]+-[0-9]{4}", keys.drawn({}, 0))


def test_secrets_are_texts_that_nobody_guesses(tmp_path: Path) -> None:
    shown = "{type: object, required: [id, client_secret], properties: {id: {type: string},"
    shown += " client_secret: {type: string}}}"
    value = Things(tmp_path, "{}", shown).maker.created({}, None, "k", {}, 0).value
    assert re.fullmatch("[A-Za-z0-9]{32}", str(value["client_secret"]))


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ("{type: integer}", "7", 7),
        ("{type: integer}", "1_000", "1_000"),
        ("{type: integer}", "007", "007"),
        ("{type: integer, maximum: 6}", "7", "7"),
        ("{type: number}", "-1.5", -1.5),
        ("{type: [string, integer]}", "7", "7"),
        ("{type: string}", "7", "7"),
        ("{type: integer}", "9" * 5000, "9" * 5000),
    ],
)
def test_text_of_path_becomes_number_where_no_text_is_valid(
    tmp_path: Path, schema: str, text: str, value: str | float
) -> None:
    things = Things(tmp_path, "{}", f"{{type: object, required: [id], properties: {{id: {schema}}}}}")
    (shape,) = things.maker.form.shapes
    assert shape.members["id"].typed(text) == value
