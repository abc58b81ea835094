"""What firms and shops do: takings, sweeps, suppliers, receipts, deals, money to persons."""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, MINUTE_US, SECOND_US, Acts, Array, acts, bits, join
from haitang.lab.bank import OCCUPATIONS, Bank
from haitang.lab.draws import shape, spread, steps_for_shares, sums, tickets, times_of_day
from haitang.lab.vocabulary import SEGMENT


def business(rng: np.random.Generator, bank: Bank) -> Acts:
    """Run every rhythm of firms."""
    return join(
        rhythm(rng, bank)
        for rhythm in (
            takings,
            stalls,
            evening_sweeps,
            supplies,
            receipts,
            deals,
            staff_money,
            taxes,
            sessions,
        )
    )


def shops_of(bank: Bank) -> Array:
    """Rates for small firms, 0 for all others."""
    return np.where(bank.segment == SEGMENT["SMALL_FIRM"], bank.activity, 0.0)


def firms_of(bank: Bank) -> Array:
    """Rates for larger firms, 0 for all others."""
    return np.where(bank.segment == SEGMENT["FIRM"], bank.activity, 0.0)


def takings(rng: np.random.Generator, bank: Bank) -> Acts:
    """The clearing house credits a shop's card and code takings of the day before."""
    owners = np.flatnonzero(shops_of(bank) > 0)
    row, day = np.nonzero(rng.random((len(owners), bank.days)) < 0.85)
    who = owners[row]
    return acts(
        bank.start_us + day * DAY_US + times_of_day(rng, len(who), "batch"), event="TXN_IN",
        txn="QR_COLLECT",
        channel="BATCH", customer=who, payee=who,
        amount=tickets(rng, np.log(bank.income[who] / 40), 0.6, len(who)),
        remark="货款",
    )  # fmt: skip


def stalls(rng: np.random.Generator, bank: Bank) -> Acts:
    """Stalls show their own code: every buyer's few yuan arrive at once, from everywhere."""
    trader = (
        (bank.occupation == OCCUPATIONS.index("SHOPKEEPER")) & ~bank.is_firm & (bank.activity > 0)
    )
    keepers = (shops_of(bank) > 0) | trader
    keepers &= (np.arange(bank.n) * 7919) % 5 == 0
    who, at_us = spread(rng, bank, np.where(keepers, 5.0, 0.0), profile="shop", weekend=1.4)
    inside = rng.random(len(who)) < 0.3
    buyer = rng.integers(0, bank.n - bank.openers, len(who))
    inside &= ~bank.is_firm[buyer]
    stranger = rng.integers(bank.accounts_own, len(bank.owner), len(who))
    return acts(
        at_us, event=np.where(inside, 0, 3), txn="QR_COLLECT", channel="QR",
        customer=np.where(inside, buyer, who),
        payer=np.where(inside, buyer, stranger), payee=who,
        amount=tickets(rng, np.log(2300), 0.7, len(who)),
    )  # fmt: skip


def evening_sweeps(rng: np.random.Generator, bank: Bank) -> Acts:
    """Owners empty the shop's account in the evening into one of their own elsewhere."""
    who, at_us = spread(
        rng,
        bank,
        np.where((np.arange(bank.n) % 3) == 0, shops_of(bank), 0) * 0.5,
        profile="evening",
    )
    own = bank.accounts_own + who
    return acts(
        at_us, event="TXN_REQUEST", txn="TRANSFER_OWN", customer=who, payer=who, payee=own,
        remark="归集",
        share=rng.uniform(0.75, 1, len(who)), step=steps_for_shares(rng, len(who)),
        tag="takings_sweep",
    )  # fmt: skip


def _corporate(
    rng: np.random.Generator, bank: Bank, who: Array, at_us: Array, **columns: Array | float | str
) -> Acts:
    """Payments of firms: by corporate e-banking, small firms often by phone."""
    small = bank.segment[who] == SEGMENT["SMALL_FIRM"]
    channel = np.where(small & (rng.random(len(who)) < 0.6), 0, 9)
    channel = np.where(rng.random(len(who)) < 0.06, 2, channel)
    columns.setdefault("txn", "TRANSFER_INTER")
    table = acts(at_us, event="TXN_REQUEST", channel=channel, customer=who, payer=who, **columns)
    counter = channel == 2
    table["outlet"][counter] = bank.outlet[who[counter]]
    table["staff"][counter] = bank.outlet[who[counter]] * 4 + rng.integers(0, 4, int(counter.sum()))
    table["place"][counter] = bank.place[who[counter]]
    return table


def supplier_of(bank: Bank, who: Array, favour: Array) -> Array:
    """Return one of the twelve firms elsewhere that a firm pays again and again; `favour`, from 0
    up to 1, says how seldom.
    """
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    return np.asarray(pool[(who * 131 + (favour * 12).astype(np.int64) * 977) % len(pool)])


def supplies(rng: np.random.Generator, bank: Bank) -> Acts:
    """Payments to known suppliers, most of them with a contract on file."""
    who, at_us = spread(
        rng, bank, firms_of(bank) * 1.6 + shops_of(bank) * 0.4, profile="office", weekend=0.08
    )
    count = len(who)
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    payee = supplier_of(bank, who, rng.random(count) ** 2)
    new = rng.random(count) < 0.07
    payee = np.where(new, pool[rng.integers(0, len(pool), count)], payee)
    amount = shape(rng, bank.income[who] * rng.lognormal(-4.4, 1.0, count))
    flags = np.where(rng.random(count) < 0.93, bits("contract_known"), 0)
    flags |= np.where(rng.random(count) < 0.06, bits("urgent"), 0) | np.where(
        new, bits("new_payee"), 0
    )
    remarks = rng.choice([3, 11, 12, 33, 36, 24, 13], count)
    return _corporate(
        rng, bank, who, at_us, payee=payee, amount=amount, flags=flags, remark=remarks
    )


def receipts(rng: np.random.Generator, bank: Bank) -> Acts:
    """Customers of the firm pay their invoices."""
    who, at_us = spread(
        rng, bank, firms_of(bank) * 1.4 + shops_of(bank) * 0.15, profile="office", weekend=0.1
    )
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    slot = (rng.random(len(who)) ** 2 * 20).astype(np.int64)
    return acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who, payee=who,
        payer=pool[(who * 733 + slot * 389) % len(pool)],
        amount=shape(rng, bank.income[who] * rng.lognormal(-3.6, 0.9, len(who))),
        remark="货款",
    )  # fmt: skip


def deals(rng: np.random.Generator, bank: Bank) -> Acts:
    """Rare large urgent payments to a new party elsewhere: a real deal closes."""
    who, at_us = spread(rng, bank, firms_of(bank) * 0.02, profile="office", weekend=0.02)
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    flags = np.where(
        rng.random(len(who)) < 0.8,
        bits("contract_known", "urgent", "new_payee"),
        bits("urgent", "new_payee"),
    )
    return _corporate(
        rng, bank, who, at_us, payee=pool[rng.integers(0, len(pool), len(who))], flags=flags,
        remark="合同款",
        amount=shape(rng, bank.income[who] * rng.uniform(0.15, 0.7, len(who))), tag="deal_closing",
    )  # fmt: skip


def staff_money(rng: np.random.Generator, bank: Bank) -> Acts:
    """Expense refunds, bonuses and dividends from firms to persons: several on a day."""
    who, day_us = spread(
        rng, bank, firms_of(bank) * 0.09 + shops_of(bank) * 0.03, profile="office", weekend=0.05
    )
    times = rng.integers(1, 7, len(who))
    row = np.repeat(np.arange(len(who)), times)
    payee = rng.integers(0, bank.n - bank.openers, len(row))
    outside = rng.integers(bank.accounts_own, len(bank.owner), len(row))
    payee = np.where(bank.is_firm[payee] | (rng.random(len(row)) < 0.5), outside, payee)
    at_us = day_us[row] + rng.integers(0, 90 * 60, len(row)) * SECOND_US
    remarks = rng.choice([38, 39, 40, 41], len(row))
    return _corporate(
        rng,
        bank,
        who[row],
        at_us,
        payee=payee,
        amount=sums(rng, 4200, 1.0, len(row)),
        remark=remarks,
    )


def taxes(rng: np.random.Generator, bank: Bank) -> Acts:
    """Taxes and social insurance by standing debit."""
    who, at_us = spread(
        rng, bank, firms_of(bank) * 0.06 + shops_of(bank) * 0.04, profile="batch", weekend=0.0
    )
    treasury = np.flatnonzero((bank.owner < 0) & bank.account_firm)[:8]
    return acts(
        at_us, event="TXN_REQUEST", txn="AGENT_PAY", channel="BATCH", customer=who, payer=who,
        payee=treasury[who % 8],
        amount=(bank.income[who] * rng.lognormal(-4, 0.6, len(who))).astype(np.int64) + 1000,
    )  # fmt: skip


def sessions(rng: np.random.Generator, bank: Bank) -> Acts:
    """Accountants look at balances and statements; seals and owners change now and then."""
    who, at_us = spread(
        rng, bank, firms_of(bank) * 1.2 + shops_of(bank) * 0.3, profile="office", weekend=0.1
    )
    looked = acts(at_us, event="LOGIN", channel="CORP_EBANK", customer=who, word="UKEY")
    who, at_us = spread(
        rng, bank, (firms_of(bank) + shops_of(bank)) * 0.0015, profile="counter", weekend=0.0
    )
    sealed = acts(
        at_us, event="SEAL_CHANGE", channel="COUNTER", customer=who, outlet=bank.outlet[who]
    )
    changed = acts(
        at_us[::3] + 20 * MINUTE_US, event="LEGAL_PERSON_CHANGE", channel="COUNTER",
        customer=who[::3],
        outlet=bank.outlet[who[::3]],
    )  # fmt: skip
    return join([looked, sealed, changed])
