from __future__ import annotations

import pytest

from haitang.edges.console.chart import (
    BINS_MAX,
    HEIGHT,
    WIDTH,
    bar,
    bin_seconds,
    interventions_chart,
    nice_top,
    throughput_chart,
)
from tests.unit.edges.console.frames import samples
from tests.unit.edges.console.markup import parse


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (1, 1), (1.5, 2), (3, 5), (7, 10), (11, 20), (21, 50), (600, 1_000), (1_001, 2_000)],
)
def test_a_scale_ends_at_a_round_number(value: float, top: int) -> None:
    assert nice_top(value) == top


@pytest.mark.parametrize("count", [0, 1, 2, 60, 240])
def test_every_shape_lies_on_the_field(count: int) -> None:
    drawn = parse(throughput_chart(samples(count), language="en", ended=False))
    for line in drawn.all("polyline"):
        for point in line.attributes["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    bars = parse(interventions_chart(samples(count), language="en", ended=False)).all("rect")
    for rect in bars:
        x, y, width, height = (float(rect.attributes[n]) for n in ("x", "y", "width", "height"))
        assert x + width <= WIDTH
        assert y >= -0.1
        assert y + height <= HEIGHT + 0.1


def test_the_newest_point_is_at_the_right_edge_and_the_height_is_the_rate() -> None:
    points = parse(throughput_chart(samples(10), language="en", ended=False)).all("polyline")
    last = points[0].attributes["points"].split()[-1]
    # 300 events in half a second are 600 a second on a scale of 1,000.
    assert last == f"{WIDTH:.1f},{HEIGHT * 0.4:.1f}"


@pytest.mark.parametrize("count", [1, 60, 61, 121, 240])
def test_there_are_never_more_bars_than_fit(count: int) -> None:
    drawn = parse(interventions_chart(samples(count), language="zh", ended=False))
    assert len({rect.attributes["x"] for rect in drawn.all("rect")}) <= BINS_MAX + 1
    assert bin_seconds(samples(count)) % 0.5 == 0


def test_a_stack_is_as_high_as_its_parts() -> None:
    drawn = parse(interventions_chart(samples(2), language="en", ended=False))
    heights = {
        rect.attributes["class"]: float(rect.attributes["height"]) for rect in drawn.all("rect")
    }
    # Two samples of 1, 2 and 3 fall into one bar: 12 on a scale of 20.
    assert heights == {"stopped": HEIGHT * 0.1, "delayed": HEIGHT * 0.2, "asked": HEIGHT * 0.3}


def test_a_small_value_still_shows_as_a_bar() -> None:
    widths = [
        float(parse(bar(value, full=10_000, kind="asked")).all("rect")[0].attributes["width"])
        for value in (0, 1, 5_000, 10_000)
    ]
    assert widths == [0.0, 1.0, 50.0, 100.0]
