"""What is refused, in which words, and what is filled in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from haitang.data.events.codec import (
    EVENT_BYTES_MAX,
    decode_array,
    decode_event,
    decode_lines,
    decode_row,
    decode_stored,
    encode_event,
)
from haitang.data.events.errors import EventRefused
from haitang.data.events.money import TxnRequest
from haitang.kernel.errors import Place
from tests.conftest import CheckOutput

PLACE = Place(path="events.jsonl", line=17)
PAYMENT: dict[str, Any] = {
    "event_type": "TXN_REQUEST",
    "event_id": "e-1",
    "occurred_at_us": 1_767_225_600_000_000,
    "channel": "MOBILE",
    "txn_type": "TRANSFER_INTER",
    "amount_minor": 8_600_000,
    "currency": "CNY",
    "device_id": "d-1",
    "remark": "货款",
}


def changed(**fields: Any) -> bytes:
    row = {**PAYMENT, **fields}
    return json.dumps({name: value for name, value in row.items() if value is not ...}).encode()


def raw(fragment: str) -> bytes:
    return changed()[:-1] + b", " + fragment.encode() + b"}"


DEEP = "[" * 30_000 + "]" * 30_000
REFUSED: dict[str, bytes] = {
    "empty": b"",
    "not-json": b'{"event_type": "LOGIN",}',
    "cut-short": changed()[:-4],
    "two-objects": changed() + changed(),
    "array": b"[1, 2]",
    "null": b"null",
    "not-utf8": "货款".encode("gbk"),
    "half-a-surrogate": raw('"trace_id": "\\ud800"'),
    "too-long": raw(f'"trace_id": "{"x" * EVENT_BYTES_MAX}"'),
    "nan": raw('"latitude": NaN'),
    "minus-infinity": raw('"latitude": -Infinity'),
    "float-out-of-range": raw('"latitude": 1e999'),
    "deep-list": raw(f'"latitude": {DEEP}'),
    "deep-unknown": raw(f'"nest": {DEEP}'),
    "list-for-text": raw('"session_id": ["a"]'),
    "object-for-number": raw('"fee_minor": {"of": 1}'),
    "key-twice": raw('"currency": "USD"'),
    "key-twice-escaped": raw('"\\u0063urrency": "USD"'),
    "key-twice-unknown": raw('"x": 1, "x": 2'),
    "no-type": changed(event_type=...),
    "type-is-a-number": changed(event_type=5),
    "type-unknown": changed(event_type="TXN_REQUST"),
    "type-in-lower-case": changed(event_type="txn_request"),
    "field-unknown": changed(amont_minor=5),
    "field-unknown-unlike-any": changed(zzz=5),
    "field-of-another-type": changed(list_name="case_accounts"),
    "field-of-another-type-null": changed(list_name=None),
    "field-unknown-null": changed(hat=None),
    "no-id": changed(event_id=...),
    "id-null": changed(event_id=None),
    "id-empty": changed(event_id=""),
    "id-too-long": changed(event_id="x" * 65),
    "no-instant": changed(occurred_at_us=...),
    "both-instants": changed(occurred_at="2026-01-01T00:00:00Z"),
    "instant-without-offset": changed(occurred_at_us=..., occurred_at="2026-01-01T00:00:00"),
    "instant-a-date": changed(occurred_at_us=..., occurred_at="2026-01-01"),
    "instant-null": changed(occurred_at=None),
    "instant-a-number": changed(occurred_at_us=..., occurred_at=1_767_225_600),
    "instant-in-1989": changed(occurred_at_us=..., occurred_at="1989-12-31T23:59:59Z"),
    "instant-in-2101": changed(occurred_at_us=..., occurred_at="2101-01-01T00:00:00Z"),
    "instant-in-seconds": changed(occurred_at_us=1_767_225_600),
    "instant-in-nanoseconds": changed(occurred_at_us=1_767_225_600_000_000_000),
    "instant-a-float": changed(occurred_at_us=1_767_225_600_000_000.5),
    "instant-after-receipt": changed(received_at_us=1_767_139_199_999_999),
    "amount-negative": changed(amount_minor=-5),
    "amount-absurd": changed(amount_minor=10**15 + 1),
    "amount-huge": raw('"fee_minor": 1' + "0" * 5_000),
    "amount-a-float": changed(amount_minor=86_000.5),
    "amount-a-whole-float": changed(amount_minor=86_000.0),
    "amount-a-text": changed(amount_minor="8600000"),
    "amount-a-flag": changed(amount_minor=True),
    "amount-without-currency": changed(currency=...),
    "base-amount-differs": changed(amount_base_minor=1),
    "currency-unknown": changed(currency="CNX"),
    "currency-in-lower-case": changed(currency="cny"),
    "currency-a-word": changed(currency="YUAN"),
    "enumeration-unknown": changed(channel="MOBIL"),
    "flag-a-number": changed(screen_share=1),
    "latitude-beyond-the-pole": changed(latitude=90.5),
    "text-a-number": changed(bank_code=102),
    "text-too-long": changed(bank_code="x" * 129),
    "remark-too-long": changed(remark="x" * 1_025),
    "phone-a-number": changed(phone=13_800_000_000),
    "control-character": changed(device_id="d\u0007"),
    "control-character-c1": changed(device_id="d\u0085"),
    "line-break-in-id": changed(device_id="d\n1"),
    "zero-in-remark": changed(remark="a\u0000b"),
    "right-to-left-override": changed(payee_account="A\u202e21"),
    "byte-order-mark": b"\xef\xbb\xbf" + changed(),
    "schema-null": changed(schema_version=None),
    "schema-of-the-future": changed(schema_version=2),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_refusal_says_where_and_what_was_expected(name: str, check_output: CheckOutput) -> None:
    with pytest.raises(EventRefused) as caught:
        decode_event(REFUSED[name], place=PLACE, base_currency="CNY")
    check_output(f"{caught.value.code}\n{caught.value.render()}")


GOOD = {
    "plain": changed(),
    "fewer-fields": changed(event_id="e-2", remark=..., device_id=...),
    "foreign": changed(currency="USD"),
    "login": b'{"event_type":"LOGIN","event_id":"l","occurred_at_us":1767225600000000}',
    "braces-in-a-text": changed(remark="{a},{b}"),
    "with-space": b" \n" + changed() + b"\t",
    "escape": changed(remark='a"b, {"c'),
    "no-escape": json.dumps(PAYMENT, ensure_ascii=False).encode(),
}
DOUBTFUL = {
    "instant-as-text": changed(occurred_at_us=..., occurred_at="2026-01-01T00:00:00+08:00"),
}


@pytest.mark.parametrize("name", [*REFUSED, *DOUBTFUL])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_array_with_one_doubtful_event_is_left_to_be_taken_apart(name: str, at: int) -> None:
    elements = [*GOOD.values()][:2]
    elements.insert(at, {**REFUSED, **DOUBTFUL}[name])
    assert decode_array(b"[" + b",".join(elements) + b"]", base_currency="CNY") is None


def test_an_array_of_good_events_is_what_its_elements_are() -> None:
    for elements in ([], [*GOOD.values()], [*GOOD.values()] * 9, [changed()] * 150):
        whole = decode_array(b"[" + b" , ".join(elements) + b"]", base_currency="CNY")
        assert whole == [decode_event(one, base_currency="CNY") for one in elements]


@pytest.mark.parametrize("data", [b"", b"[", b"{}", b"[]]", b"[{}]", changed(), b"[[]]"])
def test_what_is_no_array_of_events_is_left_to_be_taken_apart(data: bytes) -> None:
    assert decode_array(data, base_currency="CNY") is None


@pytest.mark.parametrize(
    "fields",
    [
        {"device_id": "13800000000" * 20},
        {"device_id": "1380000\u0000"},
        {"remark": "张三\u0000"},
        {"phone": 13_800_000_000},
        {"payer_name_token": ["张三"]},
    ],
)
def test_a_refusal_never_quotes_what_may_be_personal(fields: dict[str, Any]) -> None:
    with pytest.raises(EventRefused) as caught:
        decode_event(changed(**fields))
    assert "138" not in caught.value.render()
    assert "张" not in caught.value.render()


def test_a_row_is_refused_in_the_words_of_the_same_bytes() -> None:
    row = {**PAYMENT, "channel": "MOBIL"}
    with pytest.raises(EventRefused) as by_row:
        decode_row(row, place=PLACE)
    with pytest.raises(EventRefused) as by_bytes:
        decode_event(json.dumps(row).encode(), place=PLACE)
    assert by_row.value.render() == by_bytes.value.render()


@pytest.mark.parametrize("row", [{5: 1}, {"event_type": ["LOGIN"]}, {"event_type": None}, {}])
def test_a_row_that_is_nothing_like_an_event_is_refused(row: dict[Any, Any]) -> None:
    with pytest.raises(EventRefused):
        decode_row(row)


@pytest.mark.parametrize(
    "name", ["event_type", "event_id", "channel", "screen_share", "ip", "\ud801"]
)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(name: str) -> None:
    row = {**PAYMENT, name: "\ud800"}
    with pytest.raises(EventRefused):
        decode_row(row)
    for decode in (decode_event, decode_stored):
        with pytest.raises(EventRefused):
            decode(json.dumps({**row, "event_id": "\ud800"}).encode())


def test_a_row_with_not_a_number_is_refused() -> None:
    with pytest.raises(EventRefused, match="field `latitude` was not a number"):
        decode_row({**PAYMENT, "latitude": float("nan")})


def test_the_base_amount_is_filled_where_the_currencies_agree() -> None:
    event = decode_event(changed(), base_currency="CNY")
    assert isinstance(event, TxnRequest)
    assert event.amount_base_minor == 8_600_000
    foreign = decode_event(changed(currency="USD"), base_currency="CNY")
    assert isinstance(foreign, TxnRequest)
    assert foreign.amount_base_minor is None


def test_a_converted_amount_is_kept() -> None:
    event = decode_row({**PAYMENT, "currency": "USD", "amount_base_minor": 7}, base_currency="CNY")
    assert isinstance(event, TxnRequest)
    assert event.amount_base_minor == 7


def test_a_remark_may_have_lines_and_an_escaped_text_is_read() -> None:
    event = decode_event(changed(remark="一\n二\t三", device_id='d"1\\'))
    assert isinstance(event, TxnRequest)
    assert event.remark == "一\n二\t三"
    assert event.device_id == 'd"1\\'


def test_null_is_absent() -> None:
    assert decode_event(raw('"session_id": null')) == decode_event(changed())


def test_a_row_may_have_empty_cells_under_fields_of_other_types_and_no_others() -> None:
    assert decode_row({**PAYMENT, "list_name": None}) == decode_event(changed())
    with pytest.raises(EventRefused, match="unknown field `hat`"):
        decode_row({**PAYMENT, "hat": None})


def test_canonical_bytes_are_in_catalogue_order_without_what_is_absent() -> None:
    event = decode_event(changed(channel=...))
    assert encode_event(event).decode() == (
        '{"event_type":"TXN_REQUEST","event_id":"e-1","occurred_at_us":1767225600000000,'
        '"device_id":"d-1","txn_type":"TRANSFER_INTER","amount_minor":8600000,"currency":"CNY",'
        '"remark":"货款"}'
    )


def test_the_clock_of_the_sender_may_be_ahead_by_a_day() -> None:
    event = decode_event(changed(received_at_us=1_767_139_200_000_000))
    assert event.received_at_us == 1_767_139_200_000_000


def test_one_bad_line_does_not_take_the_others_with_it() -> None:
    lines = [changed() + b"\n", b"\n", b"{]\n", changed(event_id="e-2") + b"\r\n"]
    found = list(decode_lines(lines, path="events.jsonl"))
    assert [number for number, _ in found] == [1, 3, 4]
    assert isinstance(found[1][1], EventRefused)
    assert found[1][1].render().startswith("events.jsonl:3: the event was not JSON")
    assert found[2][1] == decode_event(changed(event_id="e-2"))


def test_stored_history_is_read_without_what_is_no_longer_known() -> None:
    assert decode_stored(changed(hat_size=3)) == decode_event(changed())
    for data in (b"{", b"[]", changed(event_type="HAT"), changed(amount_minor="x")):
        with pytest.raises(EventRefused):
            decode_stored(data)
