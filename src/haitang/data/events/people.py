"""What people at the bank saw and did: the branch and the staff."""

from __future__ import annotations

from haitang.data.events.envelope import CustomerAttributes, Envelope
from haitang.data.events.kinds import Flag, Id, Remark, Text


class BranchEvent(CustomerAttributes, frozen=True, kw_only=True):
    """Something branch staff saw of a customer."""

    customer_id: Id | None = None
    account_id: Id | None = None
    card_id: Id | None = None
    teller_id: Id | None = None
    note: Remark | None = None


class BranchInquiry(BranchEvent, frozen=True, kw_only=True):
    """Branch staff asked about a customer or an account."""


class CustomerLeft(BranchEvent, frozen=True, kw_only=True):
    """A suspect customer left the outlet: the next outlets must know."""


class Complaint(BranchEvent, frozen=True, kw_only=True):
    """A customer complained."""


class StaffEvent(Envelope, frozen=True, kw_only=True):
    """Something an employee did with customer data or controls."""

    staff_id: Id | None = None
    target_customer_id: Id | None = None
    target_account: Id | None = None
    reason_code: Text | None = None
    ticket_id: Id | None = None
    customer_present: Flag | None = None
    exported: Flag | None = None
    screenshot: Flag | None = None
    on_shift: Flag | None = None
    documents_seen: Flag | None = None
    operation: Text | None = None
    result: Text | None = None
    control_id: Id | None = None
    control_type: Text | None = None


class StaffQuery(StaffEvent, frozen=True, kw_only=True):
    """An employee looked up a customer."""


class StaffOp(StaffEvent, frozen=True, kw_only=True):
    """An employee carried out an operation for a customer."""


class ControlChange(StaffEvent, frozen=True, kw_only=True):
    """A control was set, changed or lifted."""


class Override(StaffEvent, frozen=True, kw_only=True):
    """An employee went against a decision."""
