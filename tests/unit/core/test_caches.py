"""Caches: what is remembered, and what goes first."""

from __future__ import annotations

from mock_server.core.identity_cache import IdentityCache
from mock_server.core.sized_cache import SizedCache


def test_the_least_recently_used_entry_goes_first() -> None:
    cache: SizedCache[str, int] = SizedCache(2)
    cache.keep("first", 1)
    cache.keep("second", 2)
    assert cache.get("first") == 1
    cache.keep("third", 3)
    assert [cache.get(key) for key in ("first", "second", "third")] == [1, None, 3]


def test_sizes_bound_a_cache() -> None:
    cache: SizedCache[int, str] = SizedCache(80)
    for key in range(20):
        cache.keep(key, "x", 10)
    assert (len(cache), cache.get(19)) == (8, "x")
    cache.keep(20, "an eighth and more", 11)
    assert cache.get(20) is None


def test_equal_objects_are_told_apart_by_identity() -> None:
    cache: IdentityCache[str] = IdentityCache()
    schema: dict[str, object] = {"type": "string"}
    assert cache.keep("a", schema) == "a"
    assert (cache.get(schema), cache.get({**schema}), cache.get(schema, schema)) == ("a", None, None)


def test_no_other_object_gets_the_id_of_one_that_is_remembered() -> None:
    cache: IdentityCache[int] = IdentityCache()
    for number in range(100):
        cache.keep(number, {"number": number})
    assert len(cache) == 100


def test_an_identity_cache_is_bounded() -> None:
    cache: IdentityCache[int] = IdentityCache(8)
    for number in range(100):
        cache.keep(number, {"number": number})
    assert 0 < len(cache) <= 8
