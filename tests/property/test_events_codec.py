"""What the codec writes it reads, both ways in agree, and nothing but a refusal comes out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, Event
from haitang.data.events.codec import decode_event, decode_row, decode_stored, encode_event
from haitang.data.events.diagnosis import diagnose_bytes
from haitang.data.events.errors import EventRefused
from haitang.kernel.errors import NOWHERE
from haitang.kernel.instants import format_instant
from tests.property.event_rows import BASE_CURRENCY, damaged_rows, event_rows


def outcome(data: bytes) -> Event | str:
    try:
        return decode_event(data, base_currency=BASE_CURRENCY)
    except EventRefused as error:
        return error.message


def row_outcome(row: dict[str, Any]) -> Event | str:
    try:
        return decode_row(row, base_currency=BASE_CURRENCY)
    except EventRefused as error:
        return error.message


@given(event_rows())
def test_an_event_survives_being_written_and_read(row: dict[str, Any]) -> None:
    event = decode_row(row, base_currency=BASE_CURRENCY)
    data = encode_event(event)
    assert decode_event(data, base_currency=BASE_CURRENCY) == event
    assert decode_stored(data) == event
    assert encode_event(decode_event(data)) == data


@given(event_rows())
def test_bytes_and_row_give_the_same_event_whatever_the_spelling_of_json(
    row: dict[str, Any],
) -> None:
    event = decode_row(row)
    assert decode_event(msgspec.json.encode(row)) == event
    assert decode_event(json.dumps(row, indent=1).encode()) == event
    assert decode_event(json.dumps(row, ensure_ascii=False, sort_keys=True).encode()) == event


@given(event_rows())
def test_occurred_at_may_be_a_text(row: dict[str, Any]) -> None:
    event = decode_row(row)
    row["occurred_at"] = format_instant(row.pop("occurred_at_us"), "Asia/Shanghai")
    assert decode_row(row) == event
    assert decode_event(msgspec.json.encode(row)) == event


@given(damaged_rows())
def test_a_damaged_row_is_admitted_or_refused_alike_as_bytes_and_as_row(
    row: dict[str, Any],
) -> None:
    spec = EVENT_TYPES.get(str(row.get("event_type")))
    if spec is not None:
        # Only a row may have empty cells under fields of other types.
        row = {name: cell for name, cell in row.items() if cell is not None or name in spec.fields}
        if row.get("schema_version", 1) is None:
            del row["schema_version"]
    try:
        data = json.dumps(row, allow_nan=False).encode()
    except ValueError:
        assert isinstance(row_outcome(row), str)
        return
    assert outcome(data) == row_outcome(row)


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 60_000)
@example(b'{"event_type":' + b"[" * 60_000)
@example(b'{"event_type":"LOGIN","event_id":' + b"9" * 5_000 + b"}")
def test_any_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    assert isinstance(outcome(data), str)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(max_size=8), JSON_VALUES))
def test_any_json_is_admitted_or_refused(row: dict[str, Any]) -> None:
    outcome(json.dumps(row).encode())
    row_outcome(row)


@given(event_rows(), st.data())
@settings(max_examples=200)
def test_one_wrong_byte_never_gets_past_the_refusal(
    row: dict[str, Any], data: st.DataObject
) -> None:
    good = bytearray(encode_event(decode_row(row)))
    position = data.draw(st.integers(0, len(good) - 1))
    good[position] = data.draw(st.integers(0, 255))
    decoded = outcome(bytes(good))
    if isinstance(decoded, str):
        assert (
            decoded == diagnose_bytes(bytes(good), NOWHERE).message
            or "currenc" in decoded
            or ("received_at_us" in decoded or "amount_base_minor" in decoded)
        )
    else:
        assert outcome(encode_event(decoded)) == decoded


@given(event_rows(), st.data())
def test_a_key_that_stands_twice_is_refused(row: dict[str, Any], data: st.DataObject) -> None:
    body = msgspec.json.encode(decode_row(row)).decode()
    members = json.loads(body)
    name = data.draw(st.sampled_from(sorted(members)))
    blank = data.draw(st.sampled_from(["", " ", "\n\t"]))
    spelt = data.draw(st.sampled_from([json.dumps(name), f'"\\u{ord(name[0]):04x}{name[1:]}"']))
    again = f"{body[:-1]},{spelt}{blank}:{json.dumps(members[name])}}}"
    assert outcome(again.encode()) == f"field `{name}` was given twice; expected each field once"


@given(event_rows(), st.text(min_size=1, max_size=8))
def test_stored_history_tolerates_fields_that_came_later(row: dict[str, Any], name: str) -> None:
    event = decode_row(row)
    stored = json.loads(encode_event(event))
    if name in EVENT_TYPES[event.event_type].fields:
        return
    stored[name] = {"of": ["another", 1]}
    assert decode_stored(json.dumps(stored).encode()) == event
