from __future__ import annotations

from typing import cast

import msgspec
import pytest

from haitang.adapters.iso20022.payments import decode_payments
from haitang.adapters.iso20022.versions import IDENTIFIERS
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_event, encode_event
from haitang.data.events.money import TxnRequest
from haitang.data.events.tokenise import tokenise_value
from haitang.kernel.errors import HaitangError
from haitang.kernel.identity import Tokeniser
from haitang.kernel.instants import parse_instant
from tests.conftest import CheckOutput
from tests.unit.adapters.iso20022.messages import (
    PACS_PAYMENT,
    PAIN_PAYMENT,
    UETR,
    document,
    numbered,
    pacs008,
    pain001,
)

TOKENISER = Tokeniser(b"a key of the tests only")


def fields(event: Event) -> dict[str, object]:
    return {name: value for name, value in msgspec.to_builtins(event).items() if value is not None}


def requests(data: bytes, **options: object) -> list[TxnRequest]:
    events = decode_payments(data, **options)  # type: ignore[arg-type]
    assert {type(event) for event in events} == {TxnRequest}
    return cast("list[TxnRequest]", events)


def only(data: bytes, **options: object) -> TxnRequest:
    (event,) = requests(data, **options)
    return event


def refusal(data: bytes, **options: object) -> HaitangError:
    with pytest.raises(HaitangError) as caught:
        decode_payments(data, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_pacs_008_becomes_a_payment_request_with_all_that_it_says() -> None:
    event = only(
        pacs008(),
        base_currency="CNY",
        tokeniser=TOKENISER,
        received_at_us=parse_instant("2026-03-02T10:00:06+08:00"),
    )
    assert fields(event) == {
        "event_type": "TXN_REQUEST",
        "event_id": f"pacs.008:{UETR}",
        "occurred_at_us": parse_instant("2026-03-02T02:00:00.25Z"),
        "received_at_us": parse_instant("2026-03-02T02:00:06Z"),
        "channel": "OPEN_BANK",
        "source_system": "pacs.008.001.08",
        "trace_id": "HAI-20260302-0001",
        "customer_type": "FIRM",
        "txn_id": UETR,
        "txn_type": "TRANSFER_INTER",
        "amount_minor": 8_600_050,
        "currency": "CNY",
        "amount_base_minor": 8_600_050,
        "payer_customer_id": token("91110000HAITANG01X", "id_number"),
        "payer_account": "A100001",
        "payee_customer_id": token("110101199001019990", "id_number"),
        "payee_account": "B200002",
        "payer_bank_code": "HAITCNBJ",
        "payee_bank_code": "TANGCNSHXXX",
        "payer_country_code": "CN",
        "payee_country_code": "CN",
        "payer_name_token": token("海棠花店", "name"),
        "payee_name_token": token("Li Si", "name"),
        "payee_type": "PERSON",
        "rail": "HVPS",
        "arrival_mode": "REALTIME",
        "purpose_code": "GDDS",
        "remark": "货款\nsecond line",
        "urgent": True,
    }
    assert decode_event(encode_event(event), base_currency="CNY") == event


def token(value: str, kind: str) -> str:
    return tokenise_value(value, kind=kind, tokeniser=TOKENISER)


def test_a_pain_001_becomes_one_request_per_payment_of_every_group() -> None:
    groups = [
        [numbered(PAIN_PAYMENT, 1), numbered(PAIN_PAYMENT, 2)],
        [numbered(PAIN_PAYMENT, 3)],
    ]
    events = requests(pain001(groups), base_currency="EUR", channel="CORP_EBANK")
    assert [event.txn_id for event in events] == ["E2E-1", "E2E-2", "E2E-3"]
    assert len({event.event_id for event in events}) == 3
    first = fields(events[0])
    assert first.pop("event_id") == events[0].event_id
    assert events[0].event_id.startswith("pain.001:")
    assert first == {
        "event_type": "TXN_REQUEST",
        "occurred_at_us": parse_instant("2026-03-02T02:00:05Z"),
        "channel": "CORP_EBANK",
        "source_system": "pain.001.001.03",
        "trace_id": "HAI-20260302-0001",
        "txn_id": "E2E-1",
        "txn_type": "CROSS_BORDER",
        "amount_minor": 125_000,
        "currency": "EUR",
        "amount_base_minor": 125_000,
        "payer_account": "FR7630006000011234567890189",
        "payee_account": "DE44500105175407324931",
        "payer_bank_code": "HAITFRPP",
        "payee_bank_code": "TANGDEFF",
        "payer_country_code": "FR",
        "payee_country_code": "DE",
    }


def test_every_version_that_is_named_is_read() -> None:
    for identifier, name in IDENTIFIERS.items():
        version = identifier[-2:]
        data = pacs008(version=version) if name == "pacs.008" else pain001(version=version)
        assert only(data).source_system == identifier


def test_without_a_tokeniser_no_name_and_no_personal_number_is_left() -> None:
    encoded = encode_event(only(pacs008())).decode()
    for hidden in ("海棠花店", "Li Si", "91110000HAITANG01X", "110101199001019990"):
        assert hidden not in encoded
    with_tokens = encode_event(only(pacs008(), tokeniser=TOKENISER)).decode()
    for hidden in ("海棠花店", "Li Si", "91110000HAITANG01X", "110101199001019990"):
        assert hidden not in with_tokens


def test_the_banks_own_customer_number_goes_before_other_numbers() -> None:
    numbers = (
        "<Othr><Id>110101199001019990</Id></Othr>"
        "<Othr><Id>C-77</Id><SchmeNm><Cd>CUST</Cd></SchmeNm></Othr>"
    )
    payment = PACS_PAYMENT.replace("<Othr><Id>110101199001019990</Id></Othr>", numbers)
    event = only(pacs008([payment]), tokeniser=TOKENISER)
    assert event.payee_customer_id == token("C-77", "customer")


def test_the_same_message_gives_the_same_bytes_and_another_message_other_ids() -> None:
    without = PACS_PAYMENT.replace(f"<UETR>{UETR}</UETR>", "")
    data = pacs008([without])
    assert encode_event(only(data)) == encode_event(only(data))
    ids = {
        only(changed).event_id
        for changed in (
            data,
            data.replace(b"HAI-20260302-0001", b"HAI-20260302-0002"),
            data.replace(b"I-1<", b"I-2<"),
            data.replace(b"E2E-1", b"E2E-2"),
            data.replace(b"<TxId>T-1<", b"<TxId>T-2<"),
            data.replace(
                b"<InstgAgt><FinInstnId><BICFI>HAIT", b"<InstgAgt><FinInstnId><BICFI>OTHR"
            ),
        )
    }
    assert len(ids) == 6


def test_payments_without_any_id_of_their_own_are_told_apart_by_their_place() -> None:
    bare = (
        PACS_PAYMENT.replace(f"<UETR>{UETR}</UETR>", "")
        .replace("<InstrId>I-1</InstrId>", "")
        .replace("<TxId>T-1</TxId>", "")
        .replace("E2E-1", "NOTPROVIDED")
    )
    first, second = requests(pacs008([bare, bare]))
    assert first.event_id != second.event_id
    assert first.txn_id is None


def test_the_request_of_a_customer_and_that_between_banks_are_two_events_of_one_payment() -> None:
    initiated = PAIN_PAYMENT.replace("</PmtId>", f"<UETR>{UETR}</UETR></PmtId>")
    first = only(pain001([[initiated]], version="09"))
    second = only(pacs008())
    assert first.event_id != second.event_id
    assert first.txn_id == second.txn_id == UETR


def test_what_was_instructed_counts_where_it_is_in_the_base_currency() -> None:
    payment = PACS_PAYMENT.replace(
        '<IntrBkSttlmAmt Ccy="CNY">86000.50</IntrBkSttlmAmt>',
        '<IntrBkSttlmAmt Ccy="JPY">1800000</IntrBkSttlmAmt><InstdAmt Ccy="CNY">86000.50</InstdAmt>',
    )
    event = only(pacs008([payment]), base_currency="CNY")
    assert (event.amount_minor, event.currency) == (1_800_000, "JPY")
    assert event.amount_base_minor == 8_600_050


def test_a_time_without_an_offset_is_read_in_the_declared_zone_only() -> None:
    data = pacs008([PACS_PAYMENT.replace("10:00:00.25+08:00", "10:00:00.25")])
    assert only(data, zone="Asia/Shanghai").occurred_at_us == parse_instant(
        "2026-03-02T02:00:00.25Z"
    )
    assert refusal(data).place.pointer.endswith("CdtTrfTxInf[1]/AccptncDtTm")
    assert refusal(data, zone="Asia/Peking").code == "zone_unknown"


def test_a_long_remark_is_cut_where_a_remark_ends() -> None:
    lines = "".join(f"<Ustrd>{'货' * 140}</Ustrd>" for _ in range(10))
    payment = PACS_PAYMENT.replace("<Ustrd>货款</Ustrd>", lines)
    remark = only(pacs008([payment])).remark
    assert remark is not None
    assert len(remark) == 1_024


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("<SvcLvl><Cd>G001</Cd></SvcLvl>", ("SWIFT", None, None)),
        ("<LclInstrm><Prtry>IBPS</Prtry></LclInstrm>", ("IBPS", None, None)),
        ("<ClrChanl>BOOK</ClrChanl>", ("INTERNAL", None, None)),
        ("<InstrPrty>NORM</InstrPrty>", (None, None, False)),
        ("<InstrPrty>NORM</InstrPrty><SvcLvl><Cd>URGP</Cd></SvcLvl>", (None, None, True)),
        ("<LclInstrm><Cd>INST</Cd></LclInstrm>", (None, "REALTIME", None)),
        ("<LclInstrm><Cd>ELSE</Cd></LclInstrm>", (None, None, None)),
    ],
)
def test_terms_are_understood_where_they_are_clear(
    terms: str, expected: tuple[str | None, str | None, bool | None]
) -> None:
    start, end = PACS_PAYMENT.index("<PmtTpInf>"), PACS_PAYMENT.index("</PmtTpInf>")
    payment = f"{PACS_PAYMENT[:start]}<PmtTpInf>{terms}{PACS_PAYMENT[end:]}"
    data = pacs008([payment]).replace(b"<ClrSys><Prtry>HVPS</Prtry></ClrSys>", b"")
    event = only(data)
    assert (event.rail, event.arrival_mode, event.urgent) == expected


def test_an_envelope_around_the_document_and_prefixes_are_read() -> None:
    inside = pacs008().decode().partition("?>")[2]
    prefixed = inside.replace("</", "\0").replace("<", "<p:").replace("\0", "</p:")
    prefixed = prefixed.replace("xmlns=", "xmlns:p=")
    envelope = f"<Envelope><AppHdr><To>X</To></AppHdr>{prefixed}</Envelope>"
    assert only(envelope.encode()) == only(pacs008())
    two = f"<Envelope>{inside}{inside}</Envelope>"
    assert refusal(two.encode()).code == "payments_element_repeated"


def test_what_two_banks_agreed_on_is_not_read() -> None:
    extra = (
        '<SplmtryData><Envlp><x:Own xmlns:x="urn:example:own"><x:A>1</x:A></x:Own></Envlp>'
        "</SplmtryData></CdtTrfTxInf>"
    )
    payment = PACS_PAYMENT.replace("</CdtTrfTxInf>", extra)
    assert only(pacs008([payment])) == only(pacs008())


def changed(old: str, new: str) -> bytes:
    """Return a message of three payments, the third of which is changed."""
    third = numbered(PACS_PAYMENT, 3)
    assert old in third, old
    return pacs008([numbered(PACS_PAYMENT, 1), numbered(PACS_PAYMENT, 2), third.replace(old, new)])


REFUSED = {
    "empty": b"",
    "not xml": b"{}",
    "cut short": pacs008()[:-40],
    "not utf-8": "<Nm>海棠</Nm>".encode("gbk"),
    "another encoding": pacs008().replace(b"UTF-8", b"GB18030"),
    "a document type": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "no document": b"<Envelope><Body/></Envelope>",
    "old version": pacs008(version="07"),
    "another message": document("camt.053.001.08", "<BkToCstmrStmt/>"),
    "own namespace": pacs008().replace(b"urn:iso:std:iso:20022:tech:xsd:", b"urn:example:"),
    "body of another": document("pacs.008.001.08", "<CstmrCdtTrfInitn/>"),
    "no payment": pacs008([]),
    "count": pacs008([PACS_PAYMENT], count=2),
    "twice": pacs008([PACS_PAYMENT, PACS_PAYMENT]),
    "foreign element": changed("<ChrgBr>", '<x:A xmlns:x="urn:example:x"/><ChrgBr>'),
    "text beside elements": changed("<PmtId>", "<PmtId>loose"),
    "amount missing": changed('<IntrBkSttlmAmt Ccy="CNY">86000.50</IntrBkSttlmAmt>', ""),
    "amount twice": changed(
        "<IntrBkSttlmDt>", '<IntrBkSttlmAmt Ccy="CNY">1.00</IntrBkSttlmAmt><IntrBkSttlmDt>'
    ),
    "amount too fine": changed("86000.50", "86000.505"),
    "amount negative": changed("86000.50", "-1"),
    "amount a word": changed("86000.50", "1e5"),
    "currency unknown": changed('"CNY"', '"CNX"'),
    "currency missing": changed(' Ccy="CNY"', ""),
    "time without offset": changed("10:00:00.25+08:00", "10:00:00"),
    "time that never was": changed("2026-03-02T10:00:00.25", "2026-02-30T10:00:00"),
    "uetr": changed("-4f3b-", "-1f3b-"),
    "bic": changed("TANGCNSHXXX", "TANG"),
    "iban": changed("<Othr><Id>B200002</Id></Othr>", "<IBAN>DE44 5001</IBAN>"),
    "id missing": changed("<EndToEndId>E2E-3</EndToEndId>", "<EndToEndId/>"),
    "remark that reorders": changed("货款", "货\u202e款"),
    "account too long": changed("B200002", "9" * 129),
    "cheque": pain001().replace(b"TRF", b"CHK"),
    "group without payments": pain001([[PAIN_PAYMENT], []]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_where_and_what_was_expected(name: str, check_output: CheckOutput) -> None:
    error = refusal(REFUSED[name])
    check_output(f"{error.code}\n{error.render()}")
