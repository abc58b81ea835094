"""The demonstration stream: four weeks of the bank, the three worked cases in the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from haitang.data.events.catalogue import FIELDS
from haitang.lab.day import DEFAULT_START, LabDay, generate, table_rows
from haitang.lab.scenarios import Scenario, scenario
from haitang.lab.sheet import arrow_type

CASES = ("AS-1", "AS-2", "AS-3")
STORIES_FROM_DAY = 10
"""Frauds of the demonstration begin when profiles have formed."""


class DemoStream(msgspec.Struct, frozen=True, kw_only=True):
    """A lab run with worked cases woven in; their own history precedes the run."""

    day: LabDay
    cases: tuple[Scenario, ...]

    def table(self) -> pa.Table:
        """Event columns in journal order."""
        events = pa.concat_tables(
            [self.day.table(), *(events_table(case.events) for case in self.cases)]
        )
        order = np.argsort(events["occurred_at_us"].to_numpy(), kind="stable")
        return events.take(pa.array(order))

    def rows(self) -> Iterator[dict[str, Any]]:
        """The events as flat mappings in journal order."""
        table = self.table()
        for start in range(0, len(table), 8192):
            yield from table_rows(table.slice(start, 8192))

    def labels(self) -> pa.Table:
        """Labels of the lab's own frauds; the cases are judged by their criteria instead."""
        return self.day.labels()


def demo_stream(
    seed: int,
    *,
    customers: int = 2000,
    days: int = 28,
    start: tuple[int, int, int] = DEFAULT_START,
    cases: Sequence[str] = CASES,
) -> DemoStream:
    """Generate the demonstration, about 180,000 events; the same seed gives the same bytes.

    Cases are moved by whole weeks into the last week of the run, so that weekdays and hours stay
    as told.
    """
    day = generate(
        seed,
        customers=customers,
        days=days,
        start=start,
        story_days=(min(STORIES_FROM_DAY, days - 1), days),
    )
    last = np.datetime64(f"{start[0]:04d}-{start[1]:02d}-{start[2]:02d}", "D") + np.timedelta64(
        days - 1, "D"
    )
    moved = (scenario(name, shift_days=_weeks_to(last, scenario(name).day) * 7) for name in cases)
    return DemoStream(day=day, cases=tuple(moved))


def _weeks_to(last: np.datetime64, day: str) -> int:
    """Whole weeks by which a case moves to come to a head in the seven days that end on `last`."""
    return int((last - np.datetime64(day, "D")).astype(np.int64)) // 7


def events_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Flat events as event columns under the catalogue's names."""
    schema = pa.schema([(name, arrow_type(name)) for name in FIELDS])
    return pa.Table.from_pylist(list(rows), schema=schema)
