from __future__ import annotations

from collections import Counter

from mock_server.server.cluster.rendezvous_hash import owner_of

WORLDS = [f"test-{number}" for number in range(3000)]
PEERS = [f"peer-{number}" for number in range(5)]


def test_all_who_know_same_processes_choose_same_owner() -> None:
    for world in WORLDS[:100]:
        assert owner_of(world, PEERS) == owner_of(world, reversed(PEERS)) == owner_of(world, {*PEERS})
    assert owner_of("", ["only"]) == "only"


def test_worlds_are_shared_evenly() -> None:
    shares = Counter(owner_of(world, PEERS) for world in WORLDS)
    assert shares.keys() == {*PEERS}
    fair = len(WORLDS) / len(PEERS)
    assert all(0.85 * fair < share < 1.15 * fair for share in shares.values()), shares


def test_only_worlds_of_one_who_comes_or_goes_get_other_owner() -> None:
    before = {world: owner_of(world, PEERS) for world in WORLDS}
    after = {world: owner_of(world, PEERS[1:]) for world in WORLDS}
    moved = {world for world in WORLDS if before[world] != after[world]}
    assert moved == {world for world in WORLDS if before[world] == PEERS[0]}
