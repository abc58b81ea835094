"""The blocks of fields that several event families carry.

The blocks form one chain (envelope, customer, environment, own side) because an event is flat: a
block is laid out in front of the family's own fields. They hold fields only, no behaviour.
"""

from __future__ import annotations

import re
from typing import ClassVar

from msgspec import Struct

from haitang.data.events.kinds import (
    AccountClass,
    Channel,
    CustomerSegment,
    CustomerType,
    Days,
    EventId,
    Flag,
    Id,
    Instant,
    Latitude,
    Longitude,
    Money,
    Seconds,
    Text,
    Version,
    Years,
)


def _event_type(class_name: str) -> str:
    """Spell a class name as the event type on the wire: `TxnRequest` is `TXN_REQUEST`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name.rpartition(".")[2]).upper()


class Envelope(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
    tag_field="event_type",
    tag=_event_type,
):
    """What every event says of itself. `event_type` is the tag on the wire, upper case."""

    event_type: ClassVar[str]
    event_id: EventId
    occurred_at_us: Instant
    received_at_us: Instant | None = None
    schema_version: Version = 1
    channel: Channel | None = None
    source_system: Text | None = None
    trace_id: Id | None = None
    session_id: Id | None = None
    bank_code: Text | None = None
    branch_code: Id | None = None
    outlet_code: Id | None = None
    region_code: Text | None = None
    country_code: Text | None = None


class CustomerAttributes(Envelope, frozen=True, kw_only=True):
    """What the bank may say of the customer with any of the customer's events."""

    customer_age_years: Years | None = None
    customer_segment: CustomerSegment | None = None
    customer_type: CustomerType | None = None
    customer_region_code: Text | None = None
    customer_tenure_days: Days | None = None
    home_outlet_code: Id | None = None
    account_class: AccountClass | None = None
    account_age_days: Days | None = None
    declared_monthly_income_minor: Money | None = None
    occupation: Text | None = None
    disability_registered: Flag | None = None


class Environment(CustomerAttributes, frozen=True, kw_only=True):
    """Where and on what the customer acted, and what the device noticed."""

    device_id: Id | None = None
    ip: Id | None = None
    mac: Id | None = None
    phone: Id | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    screen_share: Flag | None = None
    remote_control: Flag | None = None
    accessibility_service: Flag | None = None
    call_active: Flag | None = None
    emulator: Flag | None = None
    rooted: Flag | None = None
    proxy: Flag | None = None
    cloned_app: Flag | None = None
    call_seconds: Seconds | None = None
    ip_country_code: Text | None = None
    ip_region_code: Text | None = None
    risky_app: Text | None = None
    sim_id: Id | None = None


class OwnSide(Environment, frozen=True, kw_only=True):
    """Whose event it is, where there is only the bank's own customer."""

    customer_id: Id | None = None
    account_id: Id | None = None
    card_id: Id | None = None
