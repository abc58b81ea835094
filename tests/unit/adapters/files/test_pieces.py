from __future__ import annotations

import pyarrow as pa

from haitang.adapters.files.pieces import row_contents
from haitang.data.events.codec import decode_row, encode_event
from haitang.data.events.table import check_table, table_of_events
from tests.unit.app.payments import START_US, payment

ROWS = [
    payment(1, latitude=31.0, longitude=-0.1, urgent=True, remark="货款\t一", amount_minor=0),
    payment(2, currency="JPY", schema_version=1, call_seconds=12),
    {"event_type": "LOGIN", "event_id": "L", "occurred_at_us": START_US, "screen_share": False},
    {
        "event_type": "LIST_UPSERT",
        "event_id": "U",
        "occurred_at_us": START_US,
        "list_name": "case_accounts",
        "list_value": "B1",
        "effective_at_us": START_US,
    },
    {"event_type": "LABEL", "event_id": "X", "occurred_at_us": START_US, "confidence": 1.0},
]


def test_the_bytes_of_a_row_are_those_of_its_event() -> None:
    events = [decode_row(row, base_currency="CNY") for row in ROWS]
    table = check_table(table_of_events(events), base_currency="CNY").table
    assert list(row_contents(table)) == [(event.event_id, encode_event(event)) for event in events]


def test_a_slice_of_a_table_gives_its_own_rows() -> None:
    events = [decode_row(row, base_currency="CNY") for row in ROWS]
    table = check_table(table_of_events(events), base_currency="CNY").table
    assert isinstance(table, pa.Table)
    assert [event_id for event_id, _ in row_contents(table.slice(2, 2))] == ["L", "U"]
