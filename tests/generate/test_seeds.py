from __future__ import annotations

import subprocess
import sys

import pytest

from mock_server.generate.seeds import Draw

DRAW = Draw(0, "pets", "tom")


def test_a_number_is_the_same_for_ever() -> None:
    assert DRAW.number("/name") == 10173428051759088156


def test_a_number_has_64_bits() -> None:
    numbers = [DRAW.number(f"/{index}") for index in range(200)]
    assert max(number.bit_length() for number in numbers) == 64
    assert len(set(numbers)) == 200


@pytest.mark.parametrize(
    "other",
    [
        Draw(1, "pets", "tom"),
        Draw(0, "toys", "tom"),
        Draw(0, "pets", "rex"),
        Draw(0, "pet", "stom"),
        Draw(0, "", "petstom"),
    ],
)
def test_another_seed_resource_or_identity_draws_another_number(other: Draw) -> None:
    assert other.number("/name") != DRAW.number("/name")


def test_another_place_draws_another_number() -> None:
    assert DRAW.number("/name") != DRAW.number("/nam")


def test_a_source_of_randomness_is_new_each_time() -> None:
    assert [DRAW.at("/name").random() for _ in range(3)] == [DRAW.at("/name").random()] * 3


def test_any_text_may_be_an_identity() -> None:
    assert len({Draw(0, "pets", identity).number("") for identity in ("", "é", "\ud800", "\x1f", "\x00")}) == 5


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_pythons_hash_seed_changes_nothing(hash_seed: str) -> None:
    program = "from mock_server.generate.seeds import Draw; print(Draw(0, 'pets', 'tom').number('/name'))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == DRAW.number("/name")
