"""Money movements: the request, the posting, the reversal and the incoming credit."""

from __future__ import annotations

from haitang.data.events.envelope import Environment
from haitang.data.events.kinds import (
    ArrivalMode,
    Balance,
    Currency,
    Days,
    Flag,
    Id,
    Money,
    NameCheck,
    PayeeType,
    Rail,
    Remark,
    Text,
    TxnType,
)


class MoneyMovement(Environment, frozen=True, kw_only=True):
    """Money that moves or is asked to move; both ends are named.

    Own-side movements (cash, FX, deposit breaks, redemptions) carry the customer as payer and the
    payee only where money arrives at another account; a cash deposit carries the credited account
    as payee. `amount_base_minor` is filled at the edge when `currency` is the bank's base currency.
    """

    txn_id: Id | None = None
    txn_type: TxnType | None = None
    amount_minor: Money | None = None
    currency: Currency | None = None
    amount_base_minor: Money | None = None
    fee_minor: Money | None = None
    payer_customer_id: Id | None = None
    payer_account: Id | None = None
    payee_customer_id: Id | None = None
    payee_account: Id | None = None
    card_id: Id | None = None
    payer_bank_code: Text | None = None
    payee_bank_code: Text | None = None
    payer_region_code: Text | None = None
    payee_region_code: Text | None = None
    payer_country_code: Text | None = None
    payee_country_code: Text | None = None
    payer_name_token: Id | None = None
    payee_name_token: Id | None = None
    payee_type: PayeeType | None = None
    payer_balance_before_minor: Balance | None = None
    payer_balance_after_minor: Balance | None = None
    payee_balance_before_minor: Balance | None = None
    payee_balance_after_minor: Balance | None = None
    payee_account_age_days: Days | None = None
    cash: Flag | None = None
    rail: Rail | None = None
    arrival_mode: ArrivalMode | None = None
    purpose_code: Text | None = None
    remark: Remark | None = None
    auth_method: Text | None = None
    terminal_id: Id | None = None
    merchant_id: Id | None = None
    merchant_category: Text | None = None
    merchant_region_code: Text | None = None
    agent_id: Id | None = None
    teller_id: Id | None = None
    success: Flag | None = None
    response_code: Text | None = None
    name_check: NameCheck | None = None
    companion_present: Flag | None = None
    phone_on_speaker: Flag | None = None
    evasive_answers: Flag | None = None
    urgent: Flag | None = None
    contract_known: Flag | None = None
    face_token: Id | None = None
    original_txn_id: Id | None = None


class TxnRequest(MoneyMovement, frozen=True, kw_only=True):
    """A movement asked for and not yet made: the decision can still stop it."""


class TxnPosted(MoneyMovement, frozen=True, kw_only=True):
    """A movement that was booked."""


class TxnReversed(MoneyMovement, frozen=True, kw_only=True):
    """A booked movement that was taken back; `original_txn_id` names it."""


class TxnIn(MoneyMovement, frozen=True, kw_only=True):
    """A credit that arrived from outside; the bank's own customer is the payee."""
