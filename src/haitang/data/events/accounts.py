"""Accounts: opening, closing and what is applied for."""

from __future__ import annotations

from haitang.data.events.envelope import OwnSide
from haitang.data.events.kinds import Count, Currency, Flag, Id, Money, Number, Text


class AccountEvent(OwnSide, frozen=True, kw_only=True):
    """An account or application begins, changes or ends."""

    id_number_token: Id | None = None
    id_region_code: Text | None = None
    agent_id: Id | None = None
    referrer_id: Id | None = None
    address_token: Id | None = None
    legal_person_token: Id | None = None
    open_reason: Text | None = None
    amount_minor: Money | None = None
    currency: Currency | None = None
    match_score: Number | None = None
    virtual_operator_phone: Flag | None = None
    accounts_held: Count | None = None
    lender_count_month: Count | None = None
    bureau_queries_month: Count | None = None
    bureau_income_minor: Money | None = None
    operating_region_code: Text | None = None
    finance_phone: Id | None = None
    legal_phone: Id | None = None
    teller_id: Id | None = None


class AcctOpen(AccountEvent, frozen=True, kw_only=True):
    """An account was asked for."""


class AcctClose(AccountEvent, frozen=True, kw_only=True):
    """An account was closed."""


class AcctUpgrade(AccountEvent, frozen=True, kw_only=True):
    """An account was moved to a class that may do more."""


class SealChange(AccountEvent, frozen=True, kw_only=True):
    """A firm's seal was changed."""


class LegalPersonChange(AccountEvent, frozen=True, kw_only=True):
    """A firm's legal representative was changed."""


class FxApply(AccountEvent, frozen=True, kw_only=True):
    """Foreign exchange was applied for."""


class CashBooking(AccountEvent, frozen=True, kw_only=True):
    """A large cash withdrawal was announced."""


class LoanApply(AccountEvent, frozen=True, kw_only=True):
    """A loan was applied for."""
