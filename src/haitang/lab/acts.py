"""Acts: the generator's intermediate table, one row for each thing somebody does.

Rhythms and stories write acts; `sessions` surrounds them with log-ins and codes; `ledger` settles
them; and `assembly` turns them into event columns. A table is a plain mapping of equally long
numpy columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from haitang.lab.vocabulary import CHANNEL, EVENT, FLAG, REMARK, ROLE, TAG, TXN, WORD

Array = npt.NDArray[Any]
Acts = dict[str, Array]

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
SECOND_US = 1_000_000
LOCAL_OFFSET_US = 8 * HOUR_US
"""Asia/Shanghai has no daylight saving: local wall time is UTC plus eight hours."""

SCHEMA: dict[str, tuple[str, float]] = {
    "at_us": ("i8", 0),
    "event": ("i1", 0),
    "txn": ("i1", -1),
    "channel": ("i1", 0),
    "customer": ("i4", -1),  # own side; filled from payer or payee where missing
    "payer": ("i4", -1),  # account index
    "payee": ("i4", -1),
    "amount": ("i8", 0),  # minor units; with `share` the most that may move (0: no cap)
    "share": ("f8", 0),  # part of the payer's balance that moves instead of a fixed amount
    "step": ("i8", 1),  # rounding of a share
    "ratio": ("f8", 1),  # payee's minor units credited for each of the payer's (currency)
    "number": ("i8", -1),  # meaning depends on the event type, see assembly
    "device": ("i4", -1),
    "ip": ("i4", -1),
    "merchant": ("i4", -1),
    "terminal": ("i4", -1),
    "outlet": ("i4", -1),
    "staff": ("i4", -1),
    "target": ("i4", -1),  # customer looked up by staff
    "ticket": ("i4", -1),
    "flags": ("u4", 0),
    "call_seconds": ("i4", 0),
    "steps": ("u1", 0),
    "session": ("i8", -1),
    "word": ("i2", -1),
    "remark": ("i2", -1),
    "place": ("i2", -1),  # where it happens; -1 is where the customer lives
    "story": ("i4", -1),
    "role": ("i1", -1),
    "tag": ("i1", -1),
    "detail": ("i4", -1),  # row of the run's details
}
_CODES: dict[str, Mapping[str, int]] = {
    "event": EVENT, "txn": TXN, "channel": CHANNEL, "word": WORD, "remark": REMARK, "role": ROLE,
    "tag": TAG,
}  # fmt: skip


def acts(at_us: Array, **columns: Array | float | str) -> Acts:
    """Build a table from instants and columns; scalars are broadcast, words are turned into codes.

    Columns that are not given take the schema's default. Unknown column names are a programmer's
    error.
    """
    count = len(at_us)
    table: Acts = {}
    for name, (kind, default) in SCHEMA.items():
        value: Array | float | str = at_us if name == "at_us" else columns.pop(name, default)
        if isinstance(value, str):
            value = _CODES[name][value]
        column = np.empty(count, dtype=kind)
        column[:] = value
        table[name] = column
    assert not columns, f"unknown act columns {sorted(columns)}"
    return table


def join(tables: Iterable[Acts]) -> Acts:
    """Put tables under one another in the given order."""
    pieces: Sequence[Acts] = [table for table in tables if len(table["at_us"])]
    if not pieces:
        return acts(np.zeros(0, dtype=np.int64))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in SCHEMA}


def take(table: Acts, rows: Array | slice) -> Acts:
    """Copy the rows chosen by a mask, by positions or by a slice."""
    return {name: column[rows] for name, column in table.items()}


def has(table: Acts, flag: str) -> npt.NDArray[np.bool_]:
    """Tell in which rows a flag bit is set."""
    return np.asarray((table["flags"] & np.uint32(FLAG[flag])) != 0)


def bits(*flags: str) -> int:
    """Combine flag names into one number for the `flags` column."""
    return sum(FLAG[flag] for flag in set(flags))
