"""The catalogue is complete, and its Structs and its `FIELDS` say the same."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from haitang.data.events.catalogue import (
    EVENT_CLASSES,
    EVENT_TYPES,
    FIELDS,
    Event,
    event_classes,
)
from haitang.data.events.kinds import Kind
from haitang.data.events.money import TxnRequest
from haitang.data.events.session import Login

CONTRACT = """
TXN_REQUEST TXN_POSTED TXN_REVERSED TXN_IN LOGIN LOGOUT LOGIN_FAIL SCREEN_SHARE_STATE CALL_STATE
REMOTE_CONTROL_STATE OTP_ISSUED OTP_VERIFIED OTP_FAILED FACE_CHECK VIDEO_CHECK DEVICE_BIND
DEVICE_UNBIND PASSWORD_RESET PHONE_CHANGE LIMIT_CHANGE PAYEE_ADD BIND_CARD NO_PASSWORD_SIGN
AGREEMENT_SIGN SIM_CHANGE CALL_FORWARD_SET CARD_LOST CARD_UNLOST REMOTE_COUNTER_OP SMS_SENT
ACCT_OPEN ACCT_CLOSE ACCT_UPGRADE SEAL_CHANGE LEGAL_PERSON_CHANGE FX_APPLY CASH_BOOKING LOAN_APPLY
BRANCH_INQUIRY CUSTOMER_LEFT COMPLAINT STAFF_QUERY STAFF_OP CONTROL_CHANGE OVERRIDE LIST_UPSERT
LIST_REMOVE POLICE_ORDER POLICE_FEEDBACK WARNING_PUSH LABEL CONTACT_RESULT RECOVERY LEAD_CREATED
""".split()


def test_every_event_type_of_the_contract_has_a_struct() -> None:
    assert list(EVENT_CLASSES) == CONTRACT
    assert list(EVENT_TYPES) == CONTRACT
    assert event_classes() == get_args(Event)


def test_every_field_of_every_struct_is_in_the_catalogue_and_the_other_way_round() -> None:
    for event_type, cls in EVENT_CLASSES.items():
        names = tuple(field.name for field in msgspec.structs.fields(cls))
        assert EVENT_TYPES[event_type].fields == ("event_type", *names)
        for name in names:
            assert event_type in FIELDS[name].event_types
    for name, spec in FIELDS.items():
        assert spec.name == name
        for event_type in spec.event_types:
            assert name in EVENT_TYPES[event_type].fields


def test_every_field_and_type_has_titles_in_both_languages() -> None:
    titles = [(spec.title_en, spec.title_zh) for spec in FIELDS.values()]
    titles += [(spec.title_en, spec.title_zh) for spec in EVENT_TYPES.values()]
    for english, chinese in titles:
        assert english.isascii()
        assert english
        assert any("\u4e00" <= character <= "\u9fff" for character in chinese)


def test_kinds_and_types_belong_together() -> None:
    types = {"id": "text", "text": "text", "remark": "text", "number": "number"}
    types |= {"flag": "flag", "instant": "number"}
    assert set(types) == set(get_args(Kind))
    for spec in FIELDS.values():
        assert spec.type == types[spec.kind], spec.name
        if spec.name.endswith("_us"):
            assert spec.kind == "instant", spec.name
        if spec.name.endswith("_minor"):
            assert spec.integer, spec.name
            assert spec.unit == "minor", spec.name
        if spec.type == "number":
            assert spec.minimum is not None
            assert spec.maximum is not None
        elif spec.type == "text":
            assert 0 < spec.characters_max <= 1024, spec.name


@pytest.mark.parametrize(
    ("event_type", "required"),
    [
        ("TXN_REQUEST", ("event_type", "event_id", "occurred_at_us")),
        ("LIST_UPSERT", ("event_type", "event_id", "occurred_at_us", "list_name", "list_value")),
    ],
)
def test_only_what_every_bank_can_send_is_required(
    event_type: str, required: tuple[str, ...]
) -> None:
    assert EVENT_TYPES[event_type].required == required


def test_enumerations_are_known_by_value() -> None:
    assert FIELDS["name_check"].allowed == ("MTCH", "CMTC", "NMTC", "NOAP")
    assert FIELDS["event_type"].allowed == tuple(EVENT_TYPES)
    assert "CNY" in FIELDS["currency"].allowed


def test_every_event_answers_to_every_field() -> None:
    login = Login(event_id="e1", occurred_at_us=1_767_225_600_000_000)
    assert login.event_type == "LOGIN"
    for name in FIELDS:
        assert hasattr(login, name)
    assert getattr(login, "amount_minor") is None  # noqa: B009 - not a field of the type


def test_an_event_cannot_be_changed() -> None:
    event = TxnRequest(event_id="e1", occurred_at_us=1_767_225_600_000_000)
    with pytest.raises(AttributeError):
        event.amount_minor = 5  # type: ignore[misc]
