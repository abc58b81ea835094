"""Rows that are events, rows that nearly are, and cells of other people's files."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, FieldSpec
from haitang.kernel.money import MINOR_DIGITS

BASE_CURRENCY = "CNY"
START_US = 1_767_225_600_000_000

LETTERS = st.characters(
    codec="utf-8",
    exclude_categories=("Cc", "Cs", "Zl", "Zp"),
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff",
)
INSTANTS = st.integers(START_US, START_US + 10**12)


def field_values(spec: FieldSpec) -> st.SearchStrategy[Any]:
    """Return values that a field admits."""
    if spec.kind == "flag":
        return st.booleans()
    if spec.kind == "instant":
        return INSTANTS
    if spec.type == "number":
        assert spec.minimum is not None
        assert spec.maximum is not None
        if spec.integer:
            return st.integers(int(spec.minimum), int(spec.maximum))
        return st.floats(spec.minimum, spec.maximum)
    if spec.name == "currency":
        return st.sampled_from([BASE_CURRENCY, "USD", "JPY"])
    if spec.allowed:
        return st.sampled_from(spec.allowed)
    return st.text(LETTERS, min_size=spec.characters_min, max_size=min(spec.characters_max, 12))


@st.composite
def event_rows(draw: st.DrawFn) -> dict[str, Any]:
    """Return a row that `decode_row` admits: required fields and some of the others."""
    spec = EVENT_TYPES[draw(st.sampled_from(sorted(EVENT_TYPES)))]
    optional = [name for name in spec.fields if name not in spec.required]
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=12))
    row: dict[str, Any] = {"event_type": spec.name}
    for name in (*spec.required[1:], *chosen):
        row[name] = draw(field_values(FIELDS[name]))
    if "currency" in spec.fields and "amount_minor" in row:
        row.setdefault("currency", BASE_CURRENCY)
    if row.get("currency") == BASE_CURRENCY and "amount_base_minor" in row:
        row.setdefault("amount_minor", row["amount_base_minor"])
        row["amount_base_minor"] = row["amount_minor"]
    if "received_at_us" in row:
        row["received_at_us"] = max(row["received_at_us"], row["occurred_at_us"])
    return row


STRAY_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(),
    st.text(max_size=140),
    st.sampled_from(["", "\x00", "a\u202eb", "\ud800", "XXX", "cny", "x" * 1100]),
    st.sampled_from(sorted(MINOR_DIGITS)),
)


@st.composite
def damaged_rows(draw: st.DrawFn) -> dict[str, Any]:
    """Return a row with some of its fields taken away, changed or added; it may still be good."""
    row = draw(event_rows())
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True)):
        row[name] = draw(st.one_of(STRAY_VALUES, field_values(FIELDS[name])))
    for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=1)):
        row.pop(name)
    return row
