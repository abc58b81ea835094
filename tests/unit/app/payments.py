"""Payments as lines of a journal."""

from __future__ import annotations

import json
from typing import Any

START_US = 1_772_416_800_000_000
MINUTE_US = 60_000_000


def payment(number: int, **fields: Any) -> dict[str, Any]:
    """Return a typical payment request; the number gives its id and its minute."""
    row = {
        "event_type": "TXN_REQUEST",
        "event_id": f"E-{number}",
        "occurred_at_us": START_US + number * MINUTE_US,
        "txn_type": "TRANSFER_INTER",
        "amount_minor": 100_000,
        "currency": "CNY",
        "payer_customer_id": "C1",
        "payee_account": "B1",
        "channel": "MOBILE",
        "device_id": f"D{number % 2}",
        **fields,
    }
    return {name: value for name, value in row.items() if value is not None}


def journal(*rows: dict[str, Any] | str) -> bytes:
    """Return JSON Lines; a text stands as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()
