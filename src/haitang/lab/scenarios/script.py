"""A script: collects the events of a worked case and keeps its accounts balanced."""

from __future__ import annotations

from typing import Any

import numpy as np

from haitang.lab.acts import DAY_US, LOCAL_OFFSET_US, SECOND_US


def moment(date: str, time: str) -> int:
    """The instant of a local date and time (Asia/Shanghai), in microseconds UTC."""
    instant = np.datetime64(f"{date}T{time}", "us").astype(np.int64)
    return int(instant) - LOCAL_OFFSET_US


def days_before(date: str, days: int) -> str:
    """The local date so many days earlier."""
    return str(np.datetime64(date, "D") - np.timedelta64(days, "D"))


class Script:
    """Events of one case in the making, with accounts that stay balanced."""

    def __init__(self, prefix: str, balances: dict[str, int], shift_days: int) -> None:
        """Begin with balances of own accounts in minor units; instants move by whole days."""
        self.prefix = prefix
        self.names: dict[str, str] = {}
        self._balances = dict(balances)
        self._shift_us = shift_days * DAY_US
        self._rows: list[dict[str, Any]] = []

    def tell(self, name: str, at_us: int, event_type: str, **fields: Any) -> None:
        """Add an event; an empty name makes it history."""
        event_id = f"{self.prefix}-{name}" if name else f"{self.prefix}-h{len(self._rows):04d}"
        if name:
            assert name not in self.names, f"two events are named {name}"
            self.names[name] = event_id
        at_us += self._shift_us
        self._rows.append(
            {
                "event_id": event_id,
                "event_type": event_type,
                "occurred_at_us": at_us,
                "received_at_us": at_us + SECOND_US // 8,
                **fields,
            }
        )

    def move(
        self,
        name: str,
        at_us: int,
        txn_type: str,
        amount_minor: int,
        *,
        event_type: str = "TXN_REQUEST",
        completed: bool = True,
        credited_minor: int | None = None,
        **fields: Any,
    ) -> None:
        """Add a movement of money with true balances; call in order of time.

        A movement that was not completed states the balance it would have left but moves nothing.
        `credited_minor` is what arrives where the currencies differ.
        """
        arriving = amount_minor if credited_minor is None else credited_minor
        stated: dict[str, int] = {}
        for side, change in (("payer", -amount_minor), ("payee", arriving)):
            account = fields.get(f"{side}_account")
            if account in self._balances:
                before = self._balances[account]
                assert before + change >= 0, f"{account} would be overdrawn by {name or 'history'}"
                stated[f"{side}_balance_before_minor"] = before
                stated[f"{side}_balance_after_minor"] = before + change
                if completed:
                    self._balances[account] = before + change
        fields = {"currency": "CNY", "amount_base_minor": amount_minor} | fields
        self.tell(
            name,
            at_us,
            event_type,
            txn_id=f"{self.prefix}-t{len(self._rows):04d}",
            txn_type=txn_type,
            amount_minor=amount_minor,
            **stated,
            **fields,
        )

    def rows(self) -> tuple[dict[str, Any], ...]:
        """The events in journal order."""
        return tuple(sorted(self._rows, key=lambda row: int(row["occurred_at_us"])))
