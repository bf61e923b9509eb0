from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise

import pytest

from mock_server.generation.seeding import RandomStream, SeedKey, totals

DRAW = SeedKey(0, "pets", "tom")


def test_number_is_the_same_for_ever() -> None:
    assert DRAW.number("/name") == 8711449439678891560


def test_number_has_64_bits() -> None:
    numbers = [DRAW.number(f"/{index}") for index in range(200)]
    assert max(number.bit_length() for number in numbers) == 64
    assert len(set(numbers)) == 200


@pytest.mark.parametrize(
    "other",
    [
        SeedKey(1, "pets", "tom"),
        SeedKey(0, "toys", "tom"),
        SeedKey(0, "pets", "rex"),
        SeedKey(0, "pet", "stom"),
        SeedKey(0, "", "petstom"),
    ],
)
def test_other_seed_resource_or_identity_draws_other_number(other: SeedKey) -> None:
    assert other.number("/name") != DRAW.number("/name")


def test_other_place_draws_other_number() -> None:
    assert DRAW.number("/name") != DRAW.number("/nam")


def test_random_stream_is_fresh_each_time() -> None:
    assert [DRAW.at("/name").random() for _ in range(3)] == [DRAW.at("/name").random()] * 3


def test_any_text_may_be_an_identity() -> None:
    assert len({SeedKey(0, "pets", identity).number("") for identity in ("", "é", "\ud800", "\x1f", "\x00")}) == 5


def uneven(pairs: list[tuple[float, float]]) -> float:
    """Chi-square of pairs of numbers over 8 x 8 fields: about 63, and above 115 once in ten thousand times."""
    counts = Counter((int(8 * left), int(8 * right)) for left, right in pairs)
    usual = len(pairs) / 64
    return sum((counts[left, right] - usual) ** 2 / usual for left in range(8) for right in range(8))


def test_fields_of_record_are_independent() -> None:
    draws = [SeedKey(0, "pets", f"SE-{index}") for index in range(2000)]
    names = ("/id", "/name", "/name#present", "/tags/0", "/tags/1", "persona/person")
    for left, right in combinations(names, 2):
        assert uneven([(draw.at(left).random(), draw.at(right).random()) for draw in draws]) < 115
        assert uneven([(draw.number(left) / 2**64, draw.number(right) / 2**64) for draw in draws]) < 115


def test_numbers_of_source_do_not_follow_each_other() -> None:
    source = RandomStream(7)
    assert uneven(list(pairwise(source.random() for _ in range(20_000)))) < 115


@pytest.mark.parametrize("size", [1, 2, 6, 10**9, 2**31, 10**12, 2**64 + 1])
def test_range_is_drawn_evenly_and_kept(size: int) -> None:
    source = RandomStream(size)
    drawn = [source.randrange(5, 5 + size) - 5 for _ in range(6000)]
    assert 0 <= min(drawn) <= max(drawn) < size
    shares = Counter(number * min(size, 6) // size for number in drawn)
    assert all(abs(shares[part] - 6000 / min(size, 6)) < 200 for part in range(min(size, 6)))


def test_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one with a number in it"):
        RandomStream(0).randrange(5, 5)


@pytest.mark.parametrize("bits", [1, 22, 32, 64, 128])
def test_so_many_bits_are_drawn(bits: int) -> None:
    source = RandomStream(1)
    drawn = [source.getrandbits(bits) for _ in range(400)]
    assert max(drawn).bit_length() == bits
    assert len(set(drawn)) == min(2**bits, 400)


def test_weights_are_kept() -> None:
    source = RandomStream(3)
    counts = Counter(source.weighted("abc", totals((6, 3, 1))) for _ in range(10_000))
    assert [round(counts[letter] / 1000) for letter in "abc"] == [6, 3, 1]


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_pythons_hash_seed_changes_nothing(hash_seed: str) -> None:
    program = "from mock_server.generation.seeding import SeedKey; print(SeedKey(0, 'pets', 'tom').number('/name'))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == DRAW.number("/name")
