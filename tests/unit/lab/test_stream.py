"""The demonstration stream: one journal with the worked cases in its last week."""

from __future__ import annotations

import numpy as np
import pytest

from haitang.data.events.codec import decode_row
from haitang.lab.scenarios import scenario
from haitang.lab.stream import DemoStream, demo_stream


@pytest.fixture(scope="module")
def stream() -> DemoStream:
    return demo_stream(9, customers=300, days=14)


def test_the_journal_is_in_order_and_whole(stream: DemoStream) -> None:
    table = stream.table()
    assert (np.diff(table["occurred_at_us"].to_numpy()) >= 0).all()
    assert len(table) == len(stream.day) + sum(len(case.events) for case in stream.cases)
    assert len(table["event_id"].unique()) == len(table)


def test_the_cases_come_to_a_head_in_the_last_week_on_their_weekday(stream: DemoStream) -> None:
    assert [case.id for case in stream.cases] == ["AS-1", "AS-2", "AS-3"]
    for case in stream.cases:
        day = np.datetime64(case.day, "D")
        assert np.datetime64("2026-03-08") < day <= np.datetime64("2026-03-15")
        told = np.datetime64(scenario(case.id).day, "D")
        assert (day - told).astype(int) % 7 == 0


def test_the_events_of_the_cases_are_in_the_stream_unchanged(stream: DemoStream) -> None:
    rows = {row["event_id"]: row for row in stream.rows()}
    for case in stream.cases:
        for event in case.events:
            assert decode_row(rows[event["event_id"]]) == decode_row(event)


def test_the_same_seed_gives_the_same_stream(stream: DemoStream) -> None:
    assert demo_stream(9, customers=300, days=14).table().equals(stream.table())
