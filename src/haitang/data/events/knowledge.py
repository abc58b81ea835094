"""What the bank learns from elsewhere: lists, police orders, outcomes and labels."""

from __future__ import annotations

from haitang.data.events.envelope import CustomerAttributes, Envelope
from haitang.data.events.kinds import Id, Instant, LabelName, Money, Number, Text


class ListEvent(Envelope, frozen=True, kw_only=True):
    """One entry of a named list; no `expires_at_us` means open-ended."""

    list_name: Text
    list_value: Id
    category: Text | None = None
    source: Text | None = None
    severity: Number | None = None
    effective_at_us: Instant | None = None
    expires_at_us: Instant | None = None


class ListUpsert(ListEvent, frozen=True, kw_only=True):
    """A value was put on a list, or its entry changed."""


class ListRemove(ListEvent, frozen=True, kw_only=True):
    """A value was taken off a list."""


class OrderEvent(CustomerAttributes, frozen=True, kw_only=True):
    """A message of the police or a warning platform; `amount_minor` is in the base currency."""

    order_code: Text | None = None
    application_id: Id | None = None
    case_number: Id | None = None
    customer_id: Id | None = None
    account_id: Id | None = None
    amount_minor: Money | None = None
    scam_type: Text | None = None
    warning_level: Text | None = None
    return_code: Text | None = None


class PoliceOrder(OrderEvent, frozen=True, kw_only=True):
    """An order to query, stop or freeze."""


class PoliceFeedback(OrderEvent, frozen=True, kw_only=True):
    """The bank's answer to an order."""


class WarningPush(OrderEvent, frozen=True, kw_only=True):
    """A warning that a customer is being deceived."""


class OutcomeEvent(Envelope, frozen=True, kw_only=True):
    """What became of an earlier event, with its keys so that windows can follow them.

    `amount_minor` is in the base currency.
    """

    label: LabelName | None = None
    subject_event_id: Id | None = None
    subject_occurred_at_us: Instant | None = None
    confidence: Number | None = None
    source: Text | None = None
    result: Text | None = None
    amount_minor: Money | None = None
    customer_id: Id | None = None
    account_id: Id | None = None
    card_id: Id | None = None
    device_id: Id | None = None
    merchant_id: Id | None = None
    terminal_id: Id | None = None
    payer_customer_id: Id | None = None
    payer_account: Id | None = None
    payee_customer_id: Id | None = None
    payee_account: Id | None = None


class Label(OutcomeEvent, frozen=True, kw_only=True):
    """A judgement on an earlier event or its keys."""


class ContactResult(OutcomeEvent, frozen=True, kw_only=True):
    """What came of calling a customer."""


class Recovery(OutcomeEvent, frozen=True, kw_only=True):
    """Money was saved or brought back."""


class LeadCreated(OutcomeEvent, frozen=True, kw_only=True):
    """A lead was handed to the police."""
