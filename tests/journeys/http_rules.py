"""What JSON Schema cannot say of valid requests, for schemathesis: loaded by it, not by pytest.

A number like `5.0` is an integer to JSON Schema and none to us; fields that must agree with each
other are made to agree. Requests that are meant to be wrong stay as they are.
"""

from __future__ import annotations

from typing import Any

import schemathesis

NOW_US = 1_772_416_800_000_000


def agreeing(value: Any) -> Any:
    """Return a valid body whose fields agree with each other."""
    if isinstance(value, list):
        return [agreeing(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, dict):
        return value
    row = {name: agreeing(each) for name, each in value.items()}
    if "event_type" in row:
        # The amount in the base currency is filled in; an event is not long after its receipt, nor
        # ahead of the clock; a text has a day that exists.
        row.pop("amount_base_minor", None)
        row.pop("received_at_us", None)
        if isinstance(row.get("occurred_at_us"), int):
            row["occurred_at_us"] = min(row["occurred_at_us"], NOW_US)
        if "occurred_at" in row:
            row["occurred_at"] = "2026-03-02T10:00:00+08:00"
    if "approver" in row:
        row["author"], row["approver"] = "lin", "wang"
    return row


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Make a case that is meant to be valid agree with itself."""
    meta = case.meta
    if meta is not None and meta.generation.mode.is_positive and isinstance(case.body, dict | list):
        case.body = agreeing(case.body)
    return case
