"""Changes to credentials, limits, payees and bindings: the staging steps before money leaves."""

from __future__ import annotations

from haitang.data.events.envelope import OwnSide
from haitang.data.events.kinds import Id, Money, Text


class Change(OwnSide, frozen=True, kw_only=True):
    """Something that protects or limits the customer's money was changed."""

    old_limit_minor: Money | None = None
    new_limit_minor: Money | None = None
    payee_account: Id | None = None
    payee_bank_code: Text | None = None
    operation: Text | None = None
    merchant_id: Id | None = None
    wallet_id: Id | None = None
    message_type: Text | None = None


class DeviceBind(Change, frozen=True, kw_only=True):
    """A device was bound to the customer."""


class DeviceUnbind(Change, frozen=True, kw_only=True):
    """A device was unbound."""


class PasswordReset(Change, frozen=True, kw_only=True):
    """A password was reset."""


class PhoneChange(Change, frozen=True, kw_only=True):
    """The registered phone number was changed; `phone` is the new one."""


class LimitChange(Change, frozen=True, kw_only=True):
    """A payment limit was changed."""


class PayeeAdd(Change, frozen=True, kw_only=True):
    """A payee was added."""


class BindCard(Change, frozen=True, kw_only=True):
    """A card was bound to a wallet or merchant."""


class NoPasswordSign(Change, frozen=True, kw_only=True):
    """Password-free payment was agreed to."""


class AgreementSign(Change, frozen=True, kw_only=True):
    """A debit agreement was signed."""


class SimChange(Change, frozen=True, kw_only=True):
    """The SIM card behind the registered phone was replaced; `sim_id` is the new one."""


class CallForwardSet(Change, frozen=True, kw_only=True):
    """Calls or messages of the registered phone are forwarded."""


class CardLost(Change, frozen=True, kw_only=True):
    """A card was reported lost."""


class CardUnlost(Change, frozen=True, kw_only=True):
    """A loss report was lifted."""


class RemoteCounterOp(Change, frozen=True, kw_only=True):
    """A high-risk change was made at the remote counter; `operation` says which."""


class SmsSent(Change, frozen=True, kw_only=True):
    """The bank sent the customer a message."""
