"""Personal values leave the edge as tokens only."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.accounts import AcctOpen
from haitang.data.events.catalogue import FIELDS, Event
from haitang.data.events.knowledge import ListUpsert
from haitang.data.events.money import TxnRequest
from haitang.data.events.session import Login
from haitang.data.events.table import table_of_events
from haitang.data.events.tokenise import (
    PERSONAL_KINDS,
    is_token,
    token_plan,
    tokenise_event,
    tokenise_table,
    tokenise_value,
)
from haitang.kernel.identity import Algorithm, Tokeniser

KEY = b"a key for tests only"
SM3 = Tokeniser(KEY)
PLAN = token_plan()
START_US = 1_767_225_600_000_000


@pytest.mark.parametrize("algorithm", ["sm3", "sha256"])
def test_a_token_names_its_algorithm(algorithm: Algorithm) -> None:
    token = tokenise_value("13800000000", kind="phone", tokeniser=Tokeniser(KEY, algorithm))
    assert token.startswith(f"{algorithm}:")
    assert is_token(token)


@given(st.text(min_size=1, max_size=40), st.sampled_from(sorted(set(PERSONAL_KINDS.values()))))
def test_tokenising_twice_is_tokenising_once(value: str, kind: str) -> None:
    once = tokenise_value(value, kind=kind, tokeniser=SM3)
    assert tokenise_value(once, kind=kind, tokeniser=SM3) == once
    assert len(once) <= FIELDS["phone"].characters_max


def test_equal_values_match_across_fields_of_a_kind_and_not_across_kinds() -> None:
    event = AcctOpen(
        event_id="e1", occurred_at_us=START_US, phone="138", finance_phone="138",
        legal_person_token="138",
    )  # fmt: skip
    hidden = tokenise_event(event, plan=PLAN, tokeniser=SM3)
    assert isinstance(hidden, AcctOpen)
    assert hidden.phone == hidden.finance_phone
    assert hidden.phone != hidden.legal_person_token


def test_no_personal_value_is_left_and_nothing_else_is_touched() -> None:
    event = TxnRequest(
        event_id="e1", occurred_at_us=START_US, payee_name_token="张三", phone="13800000000",
        payee_account="6222", amount_minor=5,
    )  # fmt: skip
    hidden = tokenise_event(event, plan=PLAN, tokeniser=SM3)
    assert isinstance(hidden, TxnRequest)
    assert is_token(hidden.payee_name_token or "")
    assert is_token(hidden.phone or "")
    assert (hidden.payee_account, hidden.amount_minor) == ("6222", 5)


def test_an_event_without_personal_values_stays_itself() -> None:
    event = Login(event_id="e1", occurred_at_us=START_US)
    assert tokenise_event(event, plan=PLAN, tokeniser=SM3) is event


def test_accounts_and_listed_values_are_tokenised_where_asked_for() -> None:
    plan = token_plan(accounts=True, list_kinds={"case_accounts": "account"})
    payment = TxnRequest(event_id="e1", occurred_at_us=START_US, payee_account="6222")
    listed = ListUpsert(
        event_id="e2", occurred_at_us=START_US, list_name="case_accounts", list_value="6222"
    )
    hidden = tokenise_event(payment, plan=plan, tokeniser=SM3)
    entry = tokenise_event(listed, plan=plan, tokeniser=SM3)
    assert isinstance(hidden, TxnRequest)
    assert isinstance(entry, ListUpsert)
    assert hidden.payee_account == entry.list_value
    assert is_token(entry.list_value)


def test_a_table_is_tokenised_as_its_events_are() -> None:
    plan = token_plan(list_kinds={"phones": "phone"})
    events: list[Event] = [
        Login(event_id="e1", occurred_at_us=START_US, phone="138"),
        TxnRequest(event_id="e2", occurred_at_us=START_US, phone="138", payee_name_token="张三"),
        ListUpsert(event_id="e3", occurred_at_us=START_US, list_name="phones", list_value="138"),
        ListUpsert(event_id="e4", occurred_at_us=START_US, list_name="ips", list_value="1.1.1.1"),
        Login(event_id="e5", occurred_at_us=START_US),
    ]
    table = table_of_events(events)
    table = pa.concat_tables([table.slice(0, 2), table.slice(2)])
    hidden = [tokenise_event(event, plan=plan, tokeniser=SM3) for event in events]
    assert tokenise_table(table, plan=plan, tokeniser=SM3).equals(table_of_events(hidden))
