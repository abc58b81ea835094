"""What the service counts and measures, in the words of Prometheus.

The hot path only adds to plain numbers; the shapes that Prometheus reads are made when somebody
asks. One thread writes, that of the event loop: whoever measures elsewhere (the committing thread)
hands its number over. Each counter holds at most `LABELS_MAX` combinations of labels; what comes
beyond is counted under `other`, so that no caller can fill our memory with names.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

LABELS_MAX = 4_096
"""Combinations of labels that one counter tells apart."""
OTHER = "other"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of what `Metrics.render` returns."""

SECONDS = (
    0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Upper bounds of a latency's buckets: fine where a payment path lives, coarse beyond."""
EVENTS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0)


class Tally:
    """A counter by labels; it only grows."""

    __slots__ = ("help", "labels", "name", "values")

    def __init__(self, name: str, text: str, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        self.help = text
        self.labels = labels
        self.values: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}

    def add(self, *labels: str, count: float = 1.0) -> None:
        """Count; `labels` stand in the order in which they were declared."""
        values = self.values
        if labels in values:
            values[labels] += count
            return
        assert len(labels) == len(self.labels), f"{self.name} has the labels {self.labels}"
        if len(values) >= LABELS_MAX:
            labels = (OTHER,) * len(labels)
        values[labels] = values.get(labels, 0.0) + count

    def family(self) -> Metric:
        """Return the counter as Prometheus reads it."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in list(self.values.items()):
            family.add_metric(labels, value)
        return family


class Level:
    """A value that goes up and down."""

    __slots__ = ("help", "name", "value")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.help = text
        self.value = 0.0

    def set(self, value: float) -> None:
        """Take the present value."""
        self.value = value

    def family(self) -> Metric:
        """Return the gauge as Prometheus reads it."""
        return GaugeMetricFamily(self.name, self.help, value=self.value)


class Spread:
    """How measurements are spread over buckets."""

    __slots__ = ("_bounds", "_counts", "_sum", "help", "name")

    def __init__(self, name: str, text: str, bounds: tuple[float, ...] = SECONDS) -> None:
        self.name = name
        self.help = text
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Take one measurement."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def observe_each(self, values: Iterable[float]) -> None:
        """Take several measurements."""
        for value in values:
            self.observe(value)

    @property
    def count(self) -> int:
        """Return how many measurements were taken."""
        return sum(self._counts)

    def family(self) -> Metric:
        """Return the histogram as Prometheus reads it."""
        buckets = []
        below = 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            below += count
            buckets.append((bound, float(below)))
        return HistogramMetricFamily(self.name, self.help, buckets=buckets, sum_value=self._sum)


class Metrics:
    """Everything that is counted and measured; each has a `# HELP` line and a stable name."""

    def __init__(self) -> None:
        self.requests = Tally(
            "haitang_requests", "HTTP requests answered, by route and status.", ("route", "status")
        )
        self.decisions = Tally(
            "haitang_decisions",
            "Decisions made, by primary action, mode and channel of the event.",
            ("action", "mode", "channel"),
        )
        self.spared = Tally(
            "haitang_challenges_spared",
            "Challenges that were not asked again, or that a person took the place of, by action.",
            ("action",),
        )
        self.refusals = Tally(
            "haitang_refusals", "Events and requests refused, by code.", ("code",)
        )
        self.repeated = Tally(
            "haitang_repeated", "Events that were known already; they got the stored answer."
        )
        self.publications = Tally(
            "haitang_publications", "Publications that took effect, by kind.", ("kind",)
        )
        self.request_seconds = Spread(
            "haitang_request_seconds", "Whole requests on the hot routes, from head to answer."
        )
        self.waiting_seconds = Spread(
            "haitang_waiting_seconds", "From the arrival of an event to its evaluation."
        )
        self.evaluate_seconds = Spread("haitang_evaluate_seconds", "Evaluation of one micro-batch.")
        self.commit_seconds = Spread(
            "haitang_commit_seconds", "Write and fdatasync of one group of frames."
        )
        self.commit_events = Spread(
            "haitang_commit_events", "Events made durable by one commit.", EVENTS
        )
        self.queue_events = Level("haitang_queue_events", "Events admitted and not yet evaluated.")
        self.connections = Level("haitang_connections", "Open HTTP connections.")
        self.ready = Level("haitang_ready", "1 while the service decides, else 0.")
        self.journal_position = Level(
            "haitang_journal_position", "Position of the next event of the journal."
        )
        self.durable_position = Level(
            "haitang_durable_position", "Events before this position are on disk."
        )
        self.follower_lag_events = Level(
            "haitang_follower_lag_events", "Events that the follower has not read yet."
        )
        self.differences = Level(
            "haitang_differences", "Frames whose recomputed decisions were not the recorded ones."
        )
        self.state_bytes = Level("haitang_state_bytes", "Memory that the feature state uses.")
        self.state_keys = Level("haitang_state_keys", "Keys that the feature state holds.")
        self.clock_off_seconds = Level(
            "haitang_clock_off_seconds", "How far the wall clock is ahead of the service's."
        )
        self.registry = CollectorRegistry()
        self.registry.register(_Families(self._all()))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def now(self) -> float:
        """Return a stopwatch reading in seconds; only differences mean anything."""
        return time.perf_counter()

    def render(self) -> bytes:
        """Return all of it in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _all(self) -> list[Tally | Level | Spread]:
        return [part for part in vars(self).values() if isinstance(part, Tally | Level | Spread)]


class _Families(Collector):
    def __init__(self, parts: Sequence[Tally | Level | Spread]) -> None:
        self._parts = parts

    def collect(self) -> Iterable[Metric]:
        return [part.family() for part in self._parts]
