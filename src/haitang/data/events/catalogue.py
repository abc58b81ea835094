"""Every event type and every field: the vocabulary that packs, mappings and lab speak.

The Structs are the source; `FIELDS` and `EVENT_TYPES` are derived from their annotations and from
the titles in `titles.py`, and importing this module fails when a field has no title. Every event
answers to every name in `FIELDS`: a field that its type does not carry is None.
"""

from __future__ import annotations

import types
import typing
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from haitang.data.events.accounts import (
    AccountEvent,
    AcctClose,
    AcctOpen,
    AcctUpgrade,
    CashBooking,
    FxApply,
    LegalPersonChange,
    LoanApply,
    SealChange,
)
from haitang.data.events.changes import (
    AgreementSign,
    BindCard,
    CallForwardSet,
    CardLost,
    CardUnlost,
    Change,
    DeviceBind,
    DeviceUnbind,
    LimitChange,
    NoPasswordSign,
    PasswordReset,
    PayeeAdd,
    PhoneChange,
    RemoteCounterOp,
    SimChange,
    SmsSent,
)
from haitang.data.events.envelope import Envelope
from haitang.data.events.kinds import Kind
from haitang.data.events.knowledge import (
    ContactResult,
    Label,
    LeadCreated,
    ListEvent,
    ListRemove,
    ListUpsert,
    OrderEvent,
    OutcomeEvent,
    PoliceFeedback,
    PoliceOrder,
    Recovery,
    WarningPush,
)
from haitang.data.events.money import MoneyMovement, TxnIn, TxnPosted, TxnRequest, TxnReversed
from haitang.data.events.people import (
    BranchEvent,
    BranchInquiry,
    Complaint,
    ControlChange,
    CustomerLeft,
    Override,
    StaffEvent,
    StaffOp,
    StaffQuery,
)
from haitang.data.events.session import (
    Authentication,
    CallState,
    FaceCheck,
    Login,
    LoginFail,
    Logout,
    OtpFailed,
    OtpIssued,
    OtpVerified,
    RemoteControlState,
    ScreenShareState,
    SessionEvent,
    VideoCheck,
)
from haitang.data.events.titles import EVENT_TYPE_TITLES, FIELD_TITLES, DataClass
from haitang.kernel.money import MINOR_DIGITS

Event = (
    TxnRequest | TxnPosted | TxnReversed | TxnIn
    | Login | Logout | LoginFail | ScreenShareState | CallState | RemoteControlState
    | OtpIssued | OtpVerified | OtpFailed | FaceCheck | VideoCheck
    | DeviceBind | DeviceUnbind | PasswordReset | PhoneChange | LimitChange | PayeeAdd | BindCard
    | NoPasswordSign | AgreementSign | SimChange | CallForwardSet | CardLost | CardUnlost
    | RemoteCounterOp | SmsSent
    | AcctOpen | AcctClose | AcctUpgrade | SealChange | LegalPersonChange | FxApply | CashBooking
    | LoanApply
    | BranchInquiry | CustomerLeft | Complaint
    | StaffQuery | StaffOp | ControlChange | Override
    | ListUpsert | ListRemove
    | PoliceOrder | PoliceFeedback | WarningPush
    | Label | ContactResult | Recovery | LeadCreated
)  # fmt: skip
"""Any event."""

ValueType = Literal["number", "text", "flag"]
Family = Literal[
    "money", "session", "authentication", "change", "account", "branch", "staff", "list", "order",
    "outcome",
]  # fmt: skip

_FAMILIES: dict[type[Envelope], Family] = {
    MoneyMovement: "money",
    SessionEvent: "session",
    Authentication: "authentication",
    Change: "change",
    AccountEvent: "account",
    BranchEvent: "branch",
    StaffEvent: "staff",
    ListEvent: "list",
    OrderEvent: "order",
    OutcomeEvent: "outcome",
}


class FieldSpec(Struct, frozen=True, kw_only=True):
    """One field of the catalogue: what it holds, within which bounds, and who carries it."""

    name: str
    kind: Kind
    type: ValueType
    """What an expression of a pack sees; an instant is a number of microseconds."""
    title_en: str
    title_zh: str
    data_class: DataClass
    """JR/T 0171-2020: C1 internal, C2 tells of a person or their dealings, C3 proves identity."""
    allowed: tuple[str, ...] = ()
    """The values of an enumeration; empty where any text is allowed."""
    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    unit: str = ""
    """`minor` for money, else empty (the name says it)."""
    characters_min: int = 0
    characters_max: int = 0
    required: bool = False
    """Every event type that carries the field must be given it."""
    event_types: tuple[str, ...] = ()
    """The event types that carry the field, in the catalogue's order."""


class EventTypeSpec(Struct, frozen=True, kw_only=True):
    """One event type: its family, titles and fields in the order of the Struct."""

    name: str
    family: Family
    title_en: str
    title_zh: str
    fields: tuple[str, ...]
    required: tuple[str, ...]


def event_classes() -> tuple[type[Envelope], ...]:
    """Return every event class in the catalogue's order."""
    return get_args(Event)


EVENT_CLASSES: dict[str, type[Envelope]] = {
    str(cls.__struct_config__.tag): cls for cls in event_classes()
}
"""Event type on the wire to its Struct."""


def _event_type_spec(cls: type[Envelope]) -> EventTypeSpec:
    name = str(cls.__struct_config__.tag)
    title_en, title_zh = EVENT_TYPE_TITLES[name]
    family = next(family for parent, family in _FAMILIES.items() if issubclass(cls, parent))
    fields = msgspec.structs.fields(cls)
    return EventTypeSpec(
        name=name,
        family=family,
        title_en=title_en,
        title_zh=title_zh,
        fields=("event_type", *(field.name for field in fields)),
        required=("event_type", *(field.name for field in fields if field.required)),
    )


EVENT_TYPES: dict[str, EventTypeSpec] = {
    name: _event_type_spec(cls) for name, cls in EVENT_CLASSES.items()
}


def _inner(annotation: object) -> object:
    """Return the type without `| None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _field_spec(name: str, annotation: object, event_types: tuple[str, ...]) -> FieldSpec:
    title_en, title_zh, data_class = FIELD_TITLES[name]
    inner = _inner(annotation)
    meta = Meta()
    if get_origin(inner) is Annotated:
        inner, meta = get_args(inner)
    extra = meta.extra or {}
    allowed = get_args(inner) if get_origin(inner) is Literal else ()
    if name == "currency":
        allowed = tuple(sorted(MINOR_DIGITS))
    kind: Kind = "flag" if inner is bool else extra.get("kind", "text")
    value_type: ValueType = "text"
    if kind == "flag":
        value_type = "flag"
    elif kind in ("number", "instant"):
        value_type = "number"
    return FieldSpec(
        name=name,
        kind=kind,
        type=value_type,
        title_en=title_en,
        title_zh=title_zh,
        data_class=data_class,
        allowed=allowed,
        minimum=meta.ge,
        maximum=meta.le,
        integer=inner is int,
        unit=extra.get("unit", ""),
        characters_min=meta.min_length or 0,
        characters_max=meta.max_length or max((len(value) for value in allowed), default=0),
        required=all(name in EVENT_TYPES[event_type].required for event_type in event_types),
        event_types=event_types,
    )


def _field_specs() -> dict[str, FieldSpec]:
    annotations: dict[str, object] = {"event_type": Literal[tuple(EVENT_TYPES)]}
    carriers: dict[str, list[str]] = {"event_type": list(EVENT_TYPES)}
    for event_type, cls in EVENT_CLASSES.items():
        for name, annotation in get_type_hints(cls, include_extras=True).items():
            if get_origin(annotation) is typing.ClassVar:
                continue
            known = annotations.setdefault(name, annotation)
            assert known == annotation, f"{name} has two types in the catalogue"
            carriers.setdefault(name, []).append(event_type)
    assert annotations.keys() == FIELD_TITLES.keys(), (
        f"fields and titles differ: {sorted(annotations.keys() ^ FIELD_TITLES.keys())}"
    )
    return {
        name: _field_spec(name, annotation, tuple(carriers[name]))
        for name, annotation in annotations.items()
    }


FIELDS: dict[str, FieldSpec] = _field_specs()
"""Every field of every event type by name; `event_type` first, then in the order of the Structs."""


def _complete_classes() -> None:
    """Let every event answer to every field name, so that one `attrgetter` reads all types."""
    for event_type, cls in EVENT_CLASSES.items():
        cls.event_type = event_type
        carried = set(EVENT_TYPES[event_type].fields)
        for name in FIELDS:
            if name not in carried:
                setattr(cls, name, None)


_complete_classes()
