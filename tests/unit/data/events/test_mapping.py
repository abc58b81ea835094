"""What a mapping makes of a cell."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from haitang.data.events.codec import decode_row
from haitang.data.events.errors import EventRefused, MappingRefused
from haitang.data.events.knowledge import Label
from haitang.data.events.mapping import FieldMapping, TimeSpec, convert, map_row
from haitang.data.events.mapping_reader import read_mapping
from haitang.data.events.mapping_table import map_table
from haitang.data.events.money import TxnRequest
from haitang.data.events.table import check_table
from haitang.kernel.errors import NOWHERE, Place
from tests.conftest import CheckOutput

START_US = 1_767_225_600_000_000
CARDS = """
mapping: cards
skip:
  - {column: STATUS, is: [VOID]}
events:
  - event_type: TXN_REQUEST
    fields:
      event_id: {template: "card-{ID}"}
      occurred_at_us: {column: AT, time: {format: "%Y-%m-%d %H:%M:%S", zone: Asia/Shanghai}}
      txn_type: {column: KIND, values: {P: POS, Q: QR_PAY}}
      amount_minor: {column: AMOUNT, scale: 100}
      currency: {constant: CNY}
      card_id: CARD
  - event_type: LABEL
    when: [{column: FRAUD, is: ["1"]}]
    fields:
      event_id: {template: "label-{ID}"}
      subject_event_id: {template: "card-{ID}"}
      occurred_at_us:
        column: AT
        time: {format: "%Y-%m-%d %H:%M:%S", zone: Asia/Shanghai, later: 7d}
      label: {constant: FRAUD}
      card_id: CARD
"""
ROW: dict[str, Any] = {
    "ID": 7, "AT": "2026-01-01 08:00:00", "KIND": "P", "AMOUNT": 57.16, "CARD": "c1", "FRAUD": 1,
    "STATUS": "OK",
}  # fmt: skip


def test_one_row_becomes_a_payment_and_seven_days_later_its_label() -> None:
    mapping = read_mapping(CARDS)
    payment, label = (
        decode_row(row, base_currency="CNY") for row in map_row(ROW, mapping, row_number=1)
    )
    assert payment == TxnRequest(
        event_id="card-7", occurred_at_us=START_US, txn_type="POS", amount_minor=5_716,
        currency="CNY", amount_base_minor=5_716, card_id="c1",
    )  # fmt: skip
    assert label == Label(
        event_id="label-7", occurred_at_us=START_US + 7 * 86_400_000_000, label="FRAUD",
        subject_event_id="card-7", card_id="c1",
    )  # fmt: skip


def test_a_table_becomes_events_that_check() -> None:
    table = pa.Table.from_pylist(
        [ROW, {**ROW, "ID": 8, "STATUS": "VOID"}, {**ROW, "ID": 9, "FRAUD": 0, "AMOUNT": 0.1}]
    )
    mapped = map_table(table, read_mapping(CARDS))
    assert mapped.table.column("event_id").to_pylist() == ["card-7", "label-7", "card-9"]
    assert mapped.rows.tolist() == [0, 0, 2]
    assert len(check_table(mapped.table, base_currency="CNY").refused_rows) == 0


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        (FieldMapping(field="amount_minor", column="A", scale=Decimal(100)), "57.16", 5_716),
        (FieldMapping(field="amount_minor", column="A", scale=Decimal(100)), 57.16, 5_716),
        (FieldMapping(field="amount_minor", column="A", scale=Decimal(100)), 1e7 + 0.1, 10**9 + 10),
        (FieldMapping(field="amount_minor", column="A", scale=Decimal(100)), Decimal("0.10"), 10),
        (FieldMapping(field="amount_minor", column="A", round="half_up"), "2.5", 3),
        (FieldMapping(field="amount_minor", column="A", round="half_even"), "2.5", 2),
        (FieldMapping(field="amount_minor", column="A", round="down"), "2.9", 2),
        (FieldMapping(field="amount_minor", column="A", absolute=True), -3, 3),
        (FieldMapping(field="amount_minor", column="A", missing=("NA",)), "NA", None),
        (FieldMapping(field="amount_minor", column="A", default=0), None, 0),
        (FieldMapping(field="latitude", column="A"), "29.8", 29.8),
        (FieldMapping(field="latitude", column="A"), float("nan"), None),
        (FieldMapping(field="device_id", column="A"), 12.0, "12"),
        (FieldMapping(field="device_id", column="A"), "", None),
        (FieldMapping(field="screen_share", column="A"), "TRUE", True),
        (FieldMapping(field="screen_share", column="A"), 0, False),
        (FieldMapping(field="channel", column="A", values={"1": "ATM"}), 1.0, "ATM"),
        (FieldMapping(field="channel", column="A", values={}, otherwise="WEB"), "x", "WEB"),
    ],
)  # fmt: skip
def test_a_cell_means(field: FieldMapping, cell: object, value: object) -> None:
    found = convert(field, cell, NOWHERE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("time", "cell"),
    [
        (TimeSpec(format="rfc3339"), "2026-01-01T08:00:00+08:00"),
        (TimeSpec(format="%Y-%m-%d %H:%M:%S"), "2026-01-01 00:00:00"),
        (TimeSpec(format="%d.%m.%Y %H:%M", zone="Asia/Shanghai"), "01.01.2026 08:00"),
        (TimeSpec(format="%Y-%m-%d"), date(2026, 1, 1)),
        (TimeSpec(unit="s"), 1_767_225_600),
        (TimeSpec(unit="ms"), "1767225600000"),
        (TimeSpec(unit="ns"), 1_767_225_600_000_000_999),
        (TimeSpec(unit="d"), 20_454),
        (TimeSpec(step_us=86_400_000_000, origin_us=START_US - 86_400_000_000), 1),
        (TimeSpec(step_us=86_400_000_000, origin_us=START_US - 43_200_000_000), 0.5),
        (TimeSpec(unit="us"), datetime(2026, 1, 1, tzinfo=UTC)),
        (TimeSpec(unit="us", zone="Asia/Shanghai"), datetime(2026, 1, 1, 8)),  # noqa: DTZ001
        (TimeSpec(unit="us", later_us=5), START_US - 5),
    ],
)
def test_a_cell_is_an_instant(time: TimeSpec, cell: object) -> None:
    field = FieldMapping(field="occurred_at_us", column="A", time=time)
    assert convert(field, cell, NOWHERE) == START_US


@pytest.mark.parametrize(
    ("zone", "local", "instant_us"),
    [
        ("Europe/Berlin", "2025-10-26 02:30:00", 1_761_438_600_000_000),
        ("Europe/Berlin", "2025-10-26 03:30:00", 1_761_445_800_000_000),
    ],
)
def test_of_two_equal_local_times_the_earlier_is_meant(
    zone: str, local: str, instant_us: int
) -> None:
    time = TimeSpec(format="%Y-%m-%d %H:%M:%S", zone=zone)
    assert convert(FieldMapping(field="occurred_at_us", column="A", time=time), local, NOWHERE) == (
        instant_us
    )


REFUSED: dict[str, dict[str, Any]] = {
    "value-unknown": {"KIND": "X"},
    "amount-a-word": {"AMOUNT": "free"},
    "amount-with-too-many-digits": {"AMOUNT": "1.005"},
    "time-of-another-form": {"AT": "01/01/2026"},
    "time-that-does-not-exist": {"AT": "2026-02-30 00:00:00"},
    "cell-of-another-kind": {"CARD": ["c1"]},
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_cell_that_means_nothing_is_refused(name: str, check_output: CheckOutput) -> None:
    with pytest.raises(EventRefused) as caught:
        map_row(
            {**ROW, **REFUSED[name]},
            read_mapping(CARDS),
            row_number=3,
            place=Place(path="cards.csv", line=3),
        )
    check_output(f"{caught.value.code}\n{caught.value.render()}")


def test_a_file_without_a_column_of_the_mapping_is_refused() -> None:
    table = pa.Table.from_pylist([ROW]).rename_columns(
        ["ID", "AT", "KIND", "AMMOUNT", "CARD", "FRAUD", "STATUS"]
    )
    with pytest.raises(MappingRefused) as caught:
        map_table(table, read_mapping(CARDS, path="cards.yaml"))
    assert caught.value.render() == (
        "cards.yaml: the file had no column `AMOUNT`, which the mapping `cards` reads\n"
        "    did you mean `AMMOUNT`?"
    )


def test_a_file_with_lists_in_a_column_is_refused() -> None:
    table = pa.Table.from_pylist([{**ROW, "CARD": ["c1"]}])
    with pytest.raises(MappingRefused, match="column `CARD` was of type"):
        map_table(table, read_mapping(CARDS))


def test_rows_are_numbered_from_where_the_caller_says() -> None:
    mapping = read_mapping(
        """
mapping: steps
events:
  - event_type: TXN_REQUEST
    fields:
      event_id: {template: "r-{$row}"}
      occurred_at_us: {column: $row, time: {step: 1m, origin: "2026-01-01T00:00:00Z"}}
"""
    )
    table = pa.table({"X": ["a", "b"]})
    mapped = map_table(table, mapping, first_row=11)
    assert mapped.table.column("event_id").to_pylist() == ["r-11", "r-12"]
    assert mapped.table.column("occurred_at_us").to_pylist() == [
        START_US + 660_000_000,
        START_US + 720_000_000,
    ]
