"""Any bytes, and any damage to a good message: events or a refusal, never anything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.adapters.iso20022.payments import decode_payments
from haitang.data.events.codec import decode_event, encode_event
from haitang.data.events.money import TxnRequest
from haitang.kernel.errors import HaitangError
from haitang.kernel.money import MINOR_DIGITS, minor_from_major
from tests.unit.adapters.iso20022.messages import PACS_PAYMENT, numbered, pacs008, pain001

GOOD = [
    pacs008(),
    pacs008([numbered(PACS_PAYMENT, number) for number in (1, 2)], version="13"),
    pain001(),
    pain001(version="11"),
]
PARTS = sorted({part for message in GOOD for part in re.findall(rb"<[^>]+>|[^<>]+", message)})
JUNK = st.sampled_from(
    [b"", b"<", b">", b"&", b"&#0;", b"&x;", b"\x00", b"\xff", b"]]>", b"<!--", b"<![CDATA[x]]>",
     b"<?pi?>", b"xmlns=''", b"\xe2\x80\xae", b"9" * 40, "海".encode()]
)  # fmt: skip


def accepted_or_refused(data: bytes) -> None:
    try:
        events = decode_payments(data, base_currency="CNY")
    except HaitangError:
        return
    assert events
    for event in events:
        assert decode_event(encode_event(event), base_currency="CNY") == event


@given(st.binary(max_size=400))
def test_any_bytes_are_accepted_or_refused(data: bytes) -> None:
    accepted_or_refused(data)


@given(
    message=st.sampled_from(GOOD),
    start=st.integers(0, 4_000),
    length=st.integers(0, 60),
    junk=JUNK | st.sampled_from(PARTS),
)
def test_a_damaged_message_is_accepted_or_refused(
    message: bytes, start: int, length: int, junk: bytes
) -> None:
    start = min(start, len(message))
    accepted_or_refused(message[:start] + junk + message[start + length :])


@given(message=st.sampled_from(GOOD), data=st.data())
def test_a_message_of_shuffled_parts_is_accepted_or_refused(
    message: bytes, data: st.DataObject
) -> None:
    parts = re.findall(rb"<[^>]+>|[^<>]+", message)
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = data.draw(st.sampled_from(PARTS))
    accepted_or_refused(b"".join(parts))


@given(
    currency=st.sampled_from(sorted(MINOR_DIGITS)),
    whole=st.integers(0, 10**9),
    fraction=st.text("0123456789", max_size=5),
)
def test_an_amount_is_exact_or_refused(currency: str, whole: int, fraction: str) -> None:
    text = f"{whole}.{fraction}" if fraction else str(whole)
    payment = PACS_PAYMENT.replace('"CNY"', f'"{currency}"').replace("86000.50", text)
    exact = not fraction[MINOR_DIGITS[currency] :].strip("0")
    message = pacs008([payment])
    if exact:
        (event,) = decode_payments(message)
        assert isinstance(event, TxnRequest)
        assert event.amount_minor == minor_from_major(text, currency)
        return
    with pytest.raises(HaitangError) as caught:
        decode_payments(message)
    assert caught.value.code == "amount_too_fine"
