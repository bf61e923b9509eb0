"""What every hub does alike, whichever of two processes is asked."""

from __future__ import annotations

from itertools import cycle

import pytest

from mock_server.core.types import JSON
from mock_server.hub import HubBounds, Question, SharedScenario
from mock_server.hub.interface import Hub
from mock_server.hub.model import ClockState, Decision, KeyQuestion, Turn, WindowQuestion
from tests.support.hubs import OpensPair, Pair


def scenario(name: str, *answers: JSON, **others: JSON) -> SharedScenario:
    return SharedScenario.from_data(name, {"answers": [*answers], **others})


def ask(hub: Hub, world: str, question: Question) -> Decision:
    decision = hub.decide(world, question)
    assert decision is not None
    return decision


def turns(pair: Pair, world: str, count: int) -> list[Turn | None]:
    """The next turns, asked of the two processes by turns, of all scenarios of a world."""
    asked = zip(range(count), cycle(pair), strict=False)
    return [
        ask(hub, world, Question(hub.version(world), matches=hub.staging(world).scenarios)).turn for _, hub in asked
    ]


def answers(pair: Pair, world: str, count: int) -> list[int | None]:
    return [None if turn is None else turn.answer for turn in turns(pair, world, count)]


def test_turns_are_one_sequence(pair: Pair) -> None:
    assert pair[0].start("w", scenario("s", {"code": 500, "times": 2}, {"code": 503, "times": 1}))
    assert answers(pair, "w", 4) == [0, 0, 1, None]
    assert turns(pair, "w", 1) == [None]
    assert pair[1].staging("w").progress["s"] == (5, (2, 1))


def test_a_scenario_repeats(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500}, {"code": 503, "times": 1}, then="repeat"))
    assert answers(pair, "w", 5) == [0, 1, 0, 1, 0]


def test_states_are_those_of_the_machine(pair: Pair) -> None:
    pair[0].start("w", scenario("b", {"code": 503}, state="m", required_state="Broken"))
    pair[0].start("w", scenario("a", {"code": 500, "times": 1, "new_state": "Broken"}, state="m"))
    assert turns(pair, "w", 2) == [Turn("a", 0, 1), Turn("b", 0, 1)]
    assert pair[1].staging("w").states == {"m": "Broken"}


def test_every_and_share_see_the_number_of_the_request(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500, "every": 3}, {"code": 503, "share": 0.5}))
    question = Question(pair[0].version("w"), matches=pair[0].staging("w").scenarios, draw=lambda *place: place[2] == 4)
    given = [ask(hub, "w", question).turn for hub in (*pair, *pair)]
    assert given == [None, None, Turn("s", 0, 3), Turn("s", 1, 4)]


def test_another_version_decides_nothing(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500}))
    before = Question(pair[1].version("w"), matches=pair[1].staging("w").scenarios)
    pair[0].start("w", scenario("t", {"code": 503}))
    assert pair[1].decide("w", before) is None
    assert pair[1].version("w") == pair[0].version("w") != before.version
    assert pair[1].staging("w").progress["s"].met == 0


def test_a_scenario_of_the_same_name_begins_anew(pair: Pair) -> None:
    for hub in pair:
        hub.start("w", scenario("s", {"code": 500, "times": 1}))
        assert answers(pair, "w", 2) == [0, None]


def test_ended_scenarios_are_gone_everywhere(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500}))
    assert not pair[1].end("w", "t")
    assert pair[1].end("w", "s")
    assert pair[0].staging("w").scenarios == ()


def test_scenarios_have_a_bound(opens: OpensPair) -> None:
    first, second = opens(bounds=HubBounds(scenarios=1))
    assert first.start("w", scenario("s", {"code": 500}))
    assert not second.start("w", scenario("t", {"code": 500}))
    assert second.start("w", scenario("s", {"code": 503}))


def test_standing_scenarios_are_in_every_world_until_ended(opens: OpensPair) -> None:
    pair = opens(scenario("s", {"code": 500, "times": 1}))
    assert answers(pair, "v", 2) == [0, None]
    assert answers(pair, "w", 1) == [0]
    pair[0].end("w")
    assert pair[1].staging("w").scenarios == ()


def test_names_are_new(pair: Pair) -> None:
    assert [hub.new_name("w") for hub in pair] == ["scenario-1", "scenario-2"]


def test_a_limit_counts_all_processes(pair: Pair) -> None:
    pair[0].set_clock("w", ClockState(120.0))
    question = Question(pair[0].version("w"), WindowQuestion("c", 2, 60))
    windows = [ask(hub, "w", question).window for hub in (*pair, *pair)]
    assert windows == [(1, 60), (2, 60), (3, 60), (4, 60)]
    pair[1].advance_clock("w", 90)
    assert ask(pair[0], "w", Question(pair[0].version("w"), WindowQuestion("c", 2, 60))).window == (1, 30)


def test_a_request_above_its_limit_takes_no_turn(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500, "times": 1}))
    question = Question(pair[0].version("w"), WindowQuestion("c", 0, 60), matches=pair[0].staging("w").scenarios)
    assert ask(pair[0], "w", question).turn is None
    assert answers(pair, "w", 1) == [0]


def test_a_clock_runs_again(pair: Pair) -> None:
    pair[0].set_clock("w", ClockState(120.0))
    pair[0].set_clock("w", ClockState(None, 5.0))
    assert pair[1].staging("w").clock == (None, 5.0)


def test_only_memory_has_changes_that_are_lost_with_it(pair: Pair) -> None:
    assert not pair[0].has_changes("w")
    pair[0].start("w", scenario("s", {"code": 500}))
    assert pair[0].has_changes("w") is (pair[0] is pair[1])
    pair[0].end("w", "s")
    assert not pair[0].has_changes("w")


def test_a_reset_world_has_nothing_staged(pair: Pair) -> None:
    pair[0].start("w", scenario("s", {"code": 500}))
    assert answers(pair, "w", 1) == [0]
    pair[1].reset("w")
    assert pair[0].version("w") == 0
    assert pair[0].staging("w").scenarios == ()


def test_the_clock_has_bounds(pair: Pair) -> None:
    with pytest.raises(ValueError, match="9999"):
        pair[0].advance_clock("w", 10.0**12)


def test_a_key_is_claimed_once_and_replayed(pair: Pair) -> None:
    question = Question(key=KeyQuestion("k", "0" * 32))
    claimed, pending = (ask(hub, "w", question).key for hub in pair)
    assert claimed is not None
    assert pending is not None
    assert (claimed.state, pending.state) == ("claimed", "pending")
    assert not pair[1].keep("w", "k", "another", b"no")
    assert pair[1].keep("w", "k", claimed.claim, b"yes")
    assert ask(pair[0], "w", question).key == ("replay", "", b"yes")
    assert ask(pair[1], "w", Question(key=KeyQuestion("k", "1" * 32))).key == ("conflict", "", b"")


def test_a_released_key_is_new(pair: Pair) -> None:
    question = Question(key=KeyQuestion("k", "0" * 32))
    claimed = ask(pair[0], "w", question).key
    assert claimed is not None
    pair[1].release("w", "k", claimed.claim)
    again = ask(pair[1], "w", question).key
    assert again is not None
    assert again.state == "claimed"


def test_a_claim_ends(opens: OpensPair) -> None:
    first, second = opens(bounds=HubBounds(claim_seconds=0))
    question = Question(key=KeyQuestion("k", "0" * 32))
    claims = [ask(hub, "w", question).key for hub in (first, second)]
    assert [claim.state for claim in claims if claim is not None] == ["claimed", "claimed"]


def test_keys_have_a_bound(opens: OpensPair) -> None:
    first, second = opens(bounds=HubBounds(keys=1))
    for key in ("j", "k"):
        claimed = ask(first, "w", Question(key=KeyQuestion(key, "0" * 32))).key
        assert claimed is not None
        first.keep("w", key, claimed.claim, b"yes")
    states = [ask(second, "w", Question(key=KeyQuestion(key, "0" * 32))).key for key in ("k", "j")]
    assert [state.state for state in states if state is not None] == ["replay", "claimed"]


def test_worlds_do_not_mix(pair: Pair) -> None:
    pair[0].start("v", scenario("s", {"code": 500}))
    assert pair[1].version("w") == 0
    assert turns(pair, "w", 1) == [None]
