"""Six sets of input nobody here wrote, replayed end to end: none refused, all decided, labels
honoured.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import compute

from haitang.lab.datasets import DATA_SETS, DataSetMissing, event_tables, label_table
from tests.parity.data_sets import decided, first_events

pytestmark = [pytest.mark.data, pytest.mark.slow, pytest.mark.timeout(1_200)]

events_max = {"handbook_cards": 500_000}
"""The other sets are replayed whole; the Handbook's parity test replays all of that one."""
event_labels = ("handbook_cards", "sffsd", "amlgentex_dev", "tide_dev", "synccfd_dev")


class Outcome(NamedTuple):
    """What became of a set's events, in journal order."""

    event_ids: list[str]
    fired: npt.NDArray[np.bool_]
    actions: set[str]


@cache
def outcome(name: str, root: Path) -> Outcome:
    ids: list[str] = []
    fired: list[npt.NDArray[np.bool_]] = []
    actions: set[str] = set()
    tables = first_events(event_tables(name, root), events_max.get(name, 0))
    for out in decided(name, tables):
        ids += out.events.event_ids
        fired.append(out.hit_count > 0)
        actions |= set(out.action_names)
    return Outcome(ids, np.concatenate(fired), actions)


@pytest.mark.parametrize("name", DATA_SETS)
def test_every_event_of_the_set_is_decided(name: str, data_folder: Path) -> None:
    expected = sum(table.num_rows for table in event_tables(name, data_folder))
    found = outcome(name, data_folder)
    assert len(found.event_ids) == len(found.fired) == events_max.get(name, expected)
    assert len(set(found.event_ids)) == len(found.event_ids)
    assert len(found.actions) > 1
    assert 0 < found.fired.mean() < 0.25


@pytest.mark.parametrize("name", event_labels)
def test_policies_fire_on_frauds_more_often_than_on_others(name: str, data_folder: Path) -> None:
    labels = label_table(name, data_folder)
    found = outcome(name, data_folder)
    place = compute.index_in(
        pa.array(found.event_ids), value_set=labels["event_id"].combine_chunks()
    )
    positive = compute.take(labels["positive"].combine_chunks(), place)
    frauds = found.fired[np.asarray(compute.fill_null(positive, False))]
    others = found.fired[np.asarray(compute.fill_null(compute.invert(positive), False))]
    assert len(frauds) > 100
    assert frauds.mean() > 2 * others.mean()


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
