"""The ledger: settles acts in order of time so that every balance in the events is true.

An account never goes below zero: an act that asks for more than there is does not move money.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numba import njit

from haitang.lab.acts import Acts, Array


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each act: amount, whether it moved, balances at both ends (-1: unknown)."""

    amount: Array
    settled: Array
    payer_before: Array
    payer_after: Array
    payee_before: Array
    payee_after: Array
    closing_balance: Array


@njit(cache=True)
def _settle(rows, rates, balance, settled, sides):  # type: ignore[no-untyped-def]
    moves, payer, payee, amount, step = rows
    share, ratio = rates
    own = len(balance)
    for row in range(len(amount)):
        if moves[row] == 0:
            settled[row] = True
            continue
        source, target, wanted = payer[row], payee[row], amount[row]
        enough = True
        if 0 <= source < own:
            held = balance[source]
            if share[row] > 0:
                part = np.int64(held * share[row])
                if wanted > 0:
                    part = min(part, wanted)
                rounded = part // step[row] * step[row]
                wanted = rounded if rounded > 0 else part
            enough = wanted <= held
            sides[0, row] = held
            sides[1, row] = held - wanted if enough else held
        amount[row] = wanted
        if 0 <= target < own:
            sides[2, row] = balance[target]
            sides[3, row] = balance[target]
        if wanted <= 0 or not enough:
            continue
        settled[row] = True
        if 0 <= source < own:
            balance[source] -= wanted
        if 0 <= target < own:
            sides[2, row] = balance[target]
            balance[target] += np.int64(np.round(wanted * ratio[row]))
            sides[3, row] = balance[target]


def settle(table: Acts, opening_balance: Array, accounts_own: int) -> Settlement:
    """Settle a table that is in order of time; the opening balances are not changed."""
    count = len(table["at_us"])
    balance = opening_balance[:accounts_own].astype(np.int64)
    columns = [table["txn"] >= 0, *(table[name] for name in ("payer", "payee", "amount", "step"))]
    rows = np.stack([column.astype(np.int64) for column in columns])
    rates = np.stack([table["share"], table["ratio"]])
    settled = np.zeros(count, dtype=np.bool_)
    sides = np.full((4, count), -1, dtype=np.int64)
    _settle(rows, rates, balance, settled, sides)
    amount = rows[3]
    return Settlement(
        amount=amount, settled=settled, payer_before=sides[0], payer_after=sides[1],
        payee_before=sides[2],
        payee_after=sides[3], closing_balance=balance,
    )  # fmt: skip
