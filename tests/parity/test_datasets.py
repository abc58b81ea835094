"""Six sets of input nobody here wrote, replayed end to end: none refused, all decided, labels honoured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from haitang.lab.datasets import DATA_SETS, DataSetMissing, event_tables, label_table
from tests.parity.data_sets import decided, first_events

pytestmark = [pytest.mark.data, pytest.mark.slow]

events_max = {"handbook_cards": 500_000}
"""The other sets are replayed whole; the Handbook's parity test replays all of that one."""
event_labels = ("handbook_cards", "sffsd", "amlgentex_dev", "tide_dev", "synccfd_dev")


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_event_of_the_set_is_decided(name: str, data_folder: Path) -> None:
    limit = events_max.get(name, 0)
    expected = sum(table.num_rows for table in event_tables(name, data_folder))
    count = fired = 0
    for out in decided(name, first_events(event_tables(name, data_folder), limit)):
        count += out.count
        fired += int(np.sum(out.hit_count > 0))
        assert set(out.action_names) <= {"PASS", "WATCH", "OTP", "HOLD", "BLOCK", "TIP"}
    assert count == (min(limit, expected) if limit else expected)
    assert 0 < fired < count / 2


@pytest.mark.parametrize("name", event_labels)
def test_policies_fire_on_frauds_more_often_than_on_others(name: str, data_folder: Path) -> None:
    labels = label_table(name, data_folder)
    positive = dict(
        zip(labels["event_id"].to_pylist(), labels["positive"].to_pylist(), strict=True)
    )
    fired = {True: 0, False: 0}
    seen = {True: 0, False: 0}
    tables = first_events(event_tables(name, data_folder), events_max.get(name, 0))
    for out in decided(name, tables):
        for event_id, hits in zip(out.events.event_ids, out.hit_count, strict=True):
            if event_id in positive:
                seen[positive[event_id]] += 1
                fired[positive[event_id]] += int(hits > 0)
    assert seen[True] > 100
    assert fired[True] / seen[True] > 2 * fired[False] / seen[False], (fired, seen)


@pytest.mark.parametrize("name", DATA_SETS)
def test_events_stand_in_the_order_of_time(name: str, data_folder: Path) -> None:
    last_us = 0
    for table in event_tables(name, data_folder):
        instants = table["occurred_at_us"].to_numpy()
        assert instants[0] >= last_us
        assert np.all(np.diff(instants) >= 0)
        last_us = int(instants[-1])


def test_labels_stand_seven_days_late_and_before_payments_of_their_instant(
    data_folder: Path,
) -> None:
    table = next(iter(event_tables("handbook_cards", data_folder)))
    kinds = table["event_type"].to_numpy(zero_copy_only=False)
    instants = table["occurred_at_us"].to_numpy()
    late_us = 7 * 86_400_000_000
    subjects = table["subject_occurred_at_us"].to_numpy(zero_copy_only=False)[kinds == "LABEL"]
    assert len(subjects) > 100
    np.testing.assert_array_equal(instants[kinds == "LABEL"] - late_us, subjects)
    tied = (instants[1:] == instants[:-1]) & (kinds[1:] == "LABEL")
    assert set(kinds[:-1][tied]) <= {"LABEL"}


def test_an_absent_set_is_named_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(DataSetMissing, match=r"transactions\.parquet"):
        next(event_tables("sffsd", tmp_path))
