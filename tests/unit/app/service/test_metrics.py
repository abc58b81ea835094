from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from haitang.app.service.metrics import LABELS_MAX, OTHER, Level, Metrics, Spread, Tally


def samples(metrics: Metrics) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = (f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[",".join([sample.name, *labels])] = sample.value
    return found


def test_what_is_counted_is_what_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.decisions.add("HOLD", "full", "MOBILE")
    metrics.decisions.add("HOLD", "full", "MOBILE", count=2)
    metrics.queue_events.set(17)
    for seconds in (0.0001, 0.004, 0.004, 99.0):
        metrics.commit_seconds.observe(seconds)
    found = samples(metrics)
    assert found["haitang_decisions_total,action=HOLD,channel=MOBILE,mode=full"] == 3
    assert found["haitang_queue_events"] == 17
    assert found["haitang_commit_seconds_bucket,le=0.00025"] == 1
    assert found["haitang_commit_seconds_bucket,le=0.005"] == 3
    assert found["haitang_commit_seconds_bucket,le=10.0"] == 3
    assert found["haitang_commit_seconds_bucket,le=+Inf"] == 4
    assert found["haitang_commit_seconds_count"] == 4
    assert found["haitang_commit_seconds_sum"] == pytest.approx(99.0081)


def test_a_measurement_on_a_bound_belongs_below_it() -> None:
    spread = Spread("s", "S.", (1.0, 2.0))
    spread.observe_each((1.0, 2.0, 2.5))
    buckets = [sample.value for sample in spread.family().samples if "le" in sample.labels]
    assert buckets == [1, 2, 3]


def test_every_metric_says_what_it_is() -> None:
    families = [
        family
        for family in text_string_to_metric_families(Metrics().render().decode())
        if family.name.startswith("haitang_")
    ]
    assert len(families) >= 18
    for family in families:
        assert family.documentation.endswith("."), family.name
        assert family.type in {"counter", "gauge", "histogram"}


def test_callers_cannot_fill_the_memory_with_names() -> None:
    tally = Tally("t", "T.", ("name",))
    for number in range(LABELS_MAX + 100):
        tally.add(str(number))
    assert len(tally.values) == LABELS_MAX + 1
    assert tally.values[(OTHER,)] == 100


def test_labels_that_are_forgotten_are_a_fault() -> None:
    with pytest.raises(AssertionError, match="labels"):
        Tally("t", "T.", ("name",)).add()


def test_a_level_is_what_was_set_last() -> None:
    level = Level("l", "L.")
    level.set(5)
    level.set(2)
    assert level.value == 2
