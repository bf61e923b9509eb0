"""Plots fit what they show: scales that end above the highest value, columns that touch, gaps where nothing was."""

from __future__ import annotations

import pytest

from mock_server.admin.console.plot import LEFT, RIGHT, LinearScale, LogScale, bars, steps


@pytest.mark.parametrize(("highest", "top"), [(0.0, 1.0), (0.3, 0.5), (1.0, 1.0), (11.0, 20.0), (999.0, 1000.0)])
def test_scale_ends_at_or_above_the_highest_value(highest: float, top: float) -> None:
    scale = LinearScale.of([0.0, highest])
    assert scale.top == pytest.approx(top)
    assert [tick.text for tick in scale.ticks] == ["0", f"{top / 2:g}", f"{top:g}"]


def test_bars_stand_on_the_lowest_line() -> None:
    scale = LinearScale.of([1.0, 4.0])
    low, high = bars([1.0, 0.0, 4.0], scale)
    assert low.y + low.height == pytest.approx(scale.ticks[0].y) == high.y + high.height
    assert low.height * 4 == pytest.approx(high.height, abs=0.5)
    assert low.x >= LEFT
    assert high.x + high.width <= RIGHT


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([], ["0.1 ms", "1 ms"]),
        ([1.0], ["1 ms", "10 ms"]),
        ([0.0, 2_500.0], ["0.01 ms", "0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]),
    ],
)
def test_times_are_in_decades(times: list[float], words: list[str]) -> None:
    assert [tick.text for tick in LogScale.of(times).ticks] == words


def test_steps_have_gaps_where_nothing_was() -> None:
    scale = LogScale.of([1.0, 10.0])
    path = steps([1.0, 10.0, None, 1.0], scale)
    assert path.count("M") == 2
    assert path.count("V") == 1
    assert steps([None, None], scale) == ""
