"""What a table in event columns may look like, and what is said when it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from haitang.data.events.batch import FieldSet, batch_table
from haitang.data.events.errors import EventRefused
from haitang.data.events.session import Login
from haitang.data.events.table import check_table, table_of_events
from haitang.kernel.errors import HaitangError, Place
from tests.conftest import CheckOutput

START_US = 1_767_225_600_000_000
GOOD: dict[str, Any] = {
    "event_type": ["LOGIN", "LOGIN"],
    "event_id": ["e1", "e2"],
    "occurred_at_us": [START_US, START_US + 1],
}


ODD_COLUMNS: dict[str, dict[str, Any]] = {
    "unknown": {"custmer_id": ["a", "b"]},
    "text-for-a-number": {"latitude": ["1", "2"]},
    "number-for-a-text": {"customer_id": [1, 2]},
    "number-for-a-flag": {"screen_share": [1, 0]},
    "float-for-an-integer": {"customer_age_years": [1.0, 2.0]},
    "naive-timestamp": {"received_at_us": [datetime(2026, 1, 1)] * 2},  # noqa: DTZ001
    "several": {"hat": [1, 2], "ip": [1, 2], "cow": ["a", "b"]},
    "list": {"ip": [["1"], ["2"]]},
}


@pytest.mark.parametrize("name", list(ODD_COLUMNS))
def test_columns_that_cannot_be_fields_are_refused_as_a_whole(
    name: str, check_output: CheckOutput
) -> None:
    with pytest.raises(HaitangError) as caught:
        check_table(pa.table({**GOOD, **ODD_COLUMNS[name]}), place=Place(path="events.parquet"))
    check_output(caught.value.render())


def test_texts_in_another_encoding_are_refused() -> None:
    broken = pa.array(["货款".encode("gbk"), b"x"], pa.binary()).view(pa.string())
    with pytest.raises(HaitangError, match="column `customer_id` was not UTF-8"):
        check_table(pa.table({**GOOD, "customer_id": broken}))


def test_a_column_that_stands_twice_is_refused() -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["customer_id", "customer_id"])
    with pytest.raises(HaitangError, match="column `customer_id` stood twice"):
        check_table(table)


def test_bad_rows_are_reported_by_row_and_the_others_stay() -> None:
    columns = {**GOOD, "event_id": ["e1", None], "latitude": [1, 2]}
    checked = check_table(pa.table(columns), place=Place(path="events.parquet"))
    assert checked.rows.tolist() == [0]
    [(row, refusal)] = checked.refusals()
    assert row == 1
    assert refusal.render() == (
        "events.parquet:2: field `event_id` was missing; expected text of 1 to 64 characters"
    )
    assert batch_table(checked, FieldSet(numbers=("latitude",))).numbers.tolist() == [[1.0]]


def test_a_plain_table_is_refused_at_its_first_bad_row() -> None:
    with pytest.raises(EventRefused, match="field `event_id` was missing"):
        batch_table(pa.table({**GOOD, "event_id": [None, "e2"]}), FieldSet())


def test_a_table_without_ids_refuses_every_row() -> None:
    checked = check_table(pa.table({"event_type": ["LOGIN"], "ip": ["1"]}))
    assert [row for row, _ in checked.refusals()] == [0]
    assert len(batch_table(checked, FieldSet(texts=("ip",)))) == 0


@pytest.mark.parametrize(
    "column",
    [
        pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("ms", "UTC")),
        pa.array(["2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z"]),
        pa.array(["2026-01-01T00:00:00Z"] * 2).dictionary_encode(),
    ],
)
def test_occurred_at_may_stand_in_the_place_of_occurred_at_us(column: pa.Array) -> None:
    columns = {"event_type": GOOD["event_type"], "event_id": GOOD["event_id"]}
    batch = batch_table(pa.table({**columns, "occurred_at": column}), FieldSet())
    assert batch.occurred_at_us.tolist() == [START_US, START_US]


def test_a_row_with_both_instants_is_refused() -> None:
    table = pa.table({**GOOD, "occurred_at": [None, "2026-01-01T00:00:00Z"]})
    checked = check_table(table)
    assert checked.rows.tolist() == [0]
    assert [error.code for _, error in checked.refusals()] == ["field_instant_twice"]


def test_instants_may_be_timestamps_with_a_zone() -> None:
    moments = pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("s", "Asia/Shanghai"))
    batch = batch_table(
        pa.table({**GOOD, "received_at_us": moments}), FieldSet(numbers=("received_at_us",))
    )
    assert batch.numbers.tolist() == [[START_US, START_US]]


def test_events_become_a_table_of_the_columns_they_fill() -> None:
    table = table_of_events([Login(event_id="e1", occurred_at_us=START_US, ip="1.2.3.4")])
    assert table.column_names == [
        "event_type", "event_id", "occurred_at_us", "schema_version", "ip",
    ]  # fmt: skip


def test_words_are_left_out_where_nobody_renders() -> None:
    fields = FieldSet(texts=("event_type",))
    batch = batch_table(pa.table(GOOD), fields, words=False)
    assert batch.texts == ()
    assert batch.hashes.shape == (1, 2)
