"""Employees as customers: who of the bank's own people banks here, and who their families are."""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import Array
from haitang.lab.bank import Bank
from haitang.lab.identifiers import scramble
from haitang.lab.vocabulary import SEGMENT


def staff_customers(bank: Bank) -> Array:
    """The customer that each employee is; the same in every run of the bank, nobody twice."""
    fits = (
        (bank.segment == SEGMENT["ORDINARY"])
        & (bank.activity > 0.15)
        & (bank.opened_us < bank.start_us)
        & bank.mobile
    )
    pool = np.flatnonzero(fits)
    order = np.argsort(scramble(pool, 4711), kind="stable")
    return np.asarray(np.resize(pool[order], len(bank.staff_outlet)))


def staff_relatives(bank: Bank) -> Array:
    """An account of somebody close to each employee, at this bank or at another."""
    return np.asarray(bank.contacts[staff_customers(bank), 1])
