"""Honest money that does not stay: collected, passed on, swept, fetched in cash.

These rhythms are the nearest likenesses of mule accounts; their acts carry a tag that says so.
"""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import HOUR_US, MINUTE_US, SECOND_US, Acts, acts, bits, join
from haitang.lab.bank import Bank
from haitang.lab.draws import spread, steps_for_shares, sums
from haitang.lab.rhythms import outlet_for, persons
from haitang.lab.seasons import pay_days


def passing(rng: np.random.Generator, bank: Bank) -> Acts:
    """Run every rhythm of money that is passed on."""
    gathered = (dormant_returns, group_buying, payroll_agents)
    passed_on = (savings_sweeps, quick_pass_on, cash_runs)
    return join(rhythm(rng, bank) for rhythm in gathered + passed_on)


def dormant_returns(rng: np.random.Generator, bank: Bank) -> Acts:
    """Sleeping accounts that wake for an honest reason: an inheritance, a sale, a return."""
    sleepers = (bank.activity == 0) & ~bank.is_firm
    who, at_us = spread(rng, bank, np.where(sleepers, 1.0, 0.0) * 0.006, profile="phone")
    count = len(who)
    outside = rng.integers(bank.accounts_own, len(bank.owner), count)
    came = acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who,
        payer=outside, payee=who,
        amount=sums(rng, 62_000, 0.9, count), tag="dormant_return",
    )  # fmt: skip
    went = acts(
        at_us + rng.integers(8, 6000, count) * MINUTE_US, event="TXN_REQUEST", txn="TRANSFER_INTER",
        customer=who,
        payer=who, payee=bank.contacts[who, 2], share=rng.uniform(0.15, 1.0, count),
        step=steps_for_shares(rng, count), tag="dormant_return",
    )  # fmt: skip
    return join([came, went])


def group_buying(rng: np.random.Generator, bank: Bank) -> Acts:
    """A neighbour collects for forty and pays the farm next morning: many in, one out."""
    leaders = np.flatnonzero(
        (persons(bank) > 0) & bank.mobile & ((np.arange(bank.n) * 15_485_863) % 1000 < 7)
    )
    rate = np.zeros(bank.n)
    rate[leaders] = 0.3
    who, at_us = spread(rng, bank, rate, profile="evening")
    members = rng.integers(6, 34, len(who))
    leader = np.repeat(who, members)
    when = np.repeat(at_us, members) + (rng.exponential(55, len(leader)) * MINUTE_US).astype(
        np.int64
    )
    inside = rng.random(len(leader)) < 0.45
    neighbour = rng.integers(0, bank.n - bank.openers, len(leader))
    stranger = rng.integers(bank.accounts_own, len(bank.owner), len(leader))
    neighbour = np.where(
        bank.is_firm[neighbour] | (neighbour == leader), bank.contacts[leader, 1], neighbour
    )
    inside &= neighbour < bank.n
    amount = np.round(rng.lognormal(np.log(4300), 0.6, len(leader)) / 10) * 10 + 100
    paid = acts(
        when, event=np.where(inside, 0, 3), txn="QR_COLLECT", channel="QR",
        customer=np.where(inside, neighbour, leader),
        payer=np.where(inside, neighbour, stranger), payee=leader, amount=amount, remark="团购款",
        tag="group_buying",
    )  # fmt: skip
    settled = acts(
        at_us + rng.integers(10, 20, len(who)) * HOUR_US, event="TXN_REQUEST", txn="TRANSFER_INTER",
        customer=who,
        payer=who, payee=bank.contacts[who, 5],
        amount=(members * 3900 * rng.uniform(0.8, 1.1, len(who))), remark="货款",
        tag="group_buying",
    )  # fmt: skip
    return join([paid, settled])


def payroll_agents(rng: np.random.Generator, bank: Bank) -> Acts:
    """A foreman receives a lump sum and pays his crew within hours: one in, many out."""
    foremen = np.flatnonzero(
        (bank.segment == 0) & (bank.activity > 0) & ((np.arange(bank.n) * 32_452_843) % 1000 < 8)
    )
    who, at_us = pay_days(rng, bank, foremen, profile="office")
    firms = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    crew = rng.integers(5, 28, len(who))
    wage = rng.lognormal(np.log(480_000), 0.3, len(who))
    received = acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who, payee=who,
        payer=firms[who % len(firms)],
        amount=(crew * wage * 1.03 / 10_000).astype(np.int64) * 10_000, remark="劳务费",
        tag="payroll_agent",
    )  # fmt: skip
    member = np.repeat(np.arange(len(who)), crew)
    place = np.arange(len(member)) - np.repeat(np.cumsum(crew) - crew, crew)
    worker = bank.accounts_own + (who[member] * 131 + place * 17) % (
        len(bank.owner) - bank.accounts_own
    )
    delay = (
        rng.integers(15, 300, len(who))[member] * MINUTE_US
        + place * rng.integers(40, 160, len(member)) * SECOND_US
    )
    paid = acts(
        at_us[member] + delay, event="TXN_REQUEST", txn="TRANSFER_INTER", customer=who[member],
        payer=who[member],
        payee=worker,
        amount=np.round(wage[member] * rng.normal(1, 0.12,
                                                  len(member)).clip(0.5, 1.5) / 10_000) * 10_000,
        remark="劳务费", tag="payroll_agent",
    )  # fmt: skip
    return join([received, paid])


def savings_sweeps(rng: np.random.Generator, bank: Bank) -> Acts:
    """Savers move what pay day left over to their account at another bank."""
    savers = np.flatnonzero(
        (persons(bank) > 0) & ((np.arange(bank.n) * 49_979_687) % 100 < 7) & bank.mobile
    )
    who, at_us = pay_days(rng, bank, savers, profile="evening")
    return acts(
        np.maximum(at_us, bank.start_us + 12 * HOUR_US), event="TXN_REQUEST", txn="TRANSFER_OWN",
        customer=who, payer=who,
        payee=bank.contacts[who, 3], share=rng.uniform(0.5, 1.0, len(who)),
        step=steps_for_shares(rng, len(who)),
        remark="归集", tag="savings_sweep",
    )  # fmt: skip


def quick_pass_on(rng: np.random.Generator, bank: Bank) -> Acts:
    """Honest money that stays minutes: a loan passed on, a rent collected, a split bill."""
    who, at_us = spread(rng, bank, persons(bank) * bank.mobile * 0.006, profile="phone")
    count = len(who)
    amount = sums(rng, 2400, 1.2, count)
    came = acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who, payee=who,
        amount=amount,
        payer=rng.integers(bank.accounts_own, len(bank.owner), count), tag="quick_pass_on",
        remark="借款",
    )  # fmt: skip
    new = rng.random(count) < 0.4
    payee = np.where(
        new, rng.integers(bank.accounts_own, len(bank.owner), count), bank.contacts[who, 4]
    )
    went = acts(
        at_us + (rng.lognormal(3.0, 0.9, count) * MINUTE_US).astype(np.int64), event="TXN_REQUEST",
        txn="TRANSFER_INTER",
        customer=who, payer=who, payee=payee, amount=amount, tag="quick_pass_on",
        flags=np.where(new, bits("new_payee"), 0),
    )  # fmt: skip
    return join([came, went])


def cash_runs(rng: np.random.Generator, bank: Bank) -> Acts:
    """Several machine withdrawals in a row by people who need more than one allows."""
    who, at_us = spread(rng, bank, persons(bank) * 0.0018, profile="machine")
    times = rng.integers(2, 5, len(who))
    row = np.repeat(np.arange(len(who)), times)
    order = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    outlet = outlet_for(rng, bank, who, bank.place[who])[row]
    return acts(
        at_us[row] + order * rng.integers(50, 200, len(row)) * SECOND_US, event="TXN_REQUEST",
        txn="CASH_WITHDRAW",
        channel="ATM", customer=who[row], payer=who[row],
        amount=rng.choice([200_000, 300_000, 500_000, 2_000_000], len(who))[row],
        outlet=outlet, terminal=2 * len(bank.merchant_kind) + outlet * 3 + order % 3,
        place=bank.outlet_place[outlet],
        tag="cash_run",
    )  # fmt: skip
