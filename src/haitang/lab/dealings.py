"""Dealings: rarer honest doings of firms and of the bank's own people that resemble a fraud.

Like the errands of private people they draw from a stream of their own.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from haitang.lab.acts import DAY_US, MINUTE_US, Acts, Array, acts, bits, join
from haitang.lab.bank import NEVER_US, Bank, found_firm
from haitang.lab.details import Details
from haitang.lab.draws import shape, spread, sums, tickets
from haitang.lab.errands import outside, series
from haitang.lab.firms import firms_of, shops_of, supplier_of
from haitang.lab.geography import DOMESTIC_PLACES
from haitang.lab.rhythms import persons, teller_at
from haitang.lab.vocabulary import WORD
from haitang.lab.workforce import staff_customers, staff_relatives


def dealings(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Run every dealing of firms, employees and offices."""
    alone = (seals, settlements, seasons, fairs, travelling_tokens, relatives)
    telling = (
        firm_openings,
        injections,
        exports,
        renewals,
        releases,
        overrides,
        offices,
        moved_suppliers,
    )
    pieces = [one(rng, bank) for one in alone]
    return join(pieces + [one(rng, bank, details) for one in telling])


_SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")


def _firms(bank: Bank) -> Array:
    return (firms_of(bank) + shops_of(bank)) * (bank.opened_us < bank.start_us)


def _pays(at_us: Array, who: Array, payee: Array, tag: str, **columns: Array | float | str) -> Acts:
    columns = {"txn": "TRANSFER_INTER", "channel": "CORP_EBANK", "remark": "货款", **columns}
    return acts(
        at_us, event="TXN_REQUEST", customer=who, payer=who, payee=payee, tag=tag, **columns
    )


def _gets(at_us: Array, who: Array, payer: Array, tag: str, amount: Array) -> Acts:
    return acts(at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who,
                payer=payer, payee=who, amount=amount, remark="货款", tag=tag)  # fmt: skip


def _turnover(rng: np.random.Generator, bank: Bank, who: Array, low: float, high: float) -> Array:
    return shape(rng, bank.income[who] * rng.uniform(low, high, len(who)))


def _identity(rng: np.random.Generator, bank: Bank, details: Details, who: Array) -> Array:
    """Who heads, keeps the books of and acts for firms that open an account honestly.

    One in five is of a group with one head, one in five comes with an accounting service, and in
    the smallest one person does everything.
    """
    count, members = len(who), bank.n - bank.openers
    head = rng.integers(0, members, count)
    head = np.where(rng.random(count) < 0.2, (bank.place[who] * 53 + 11) % members, head)
    small = rng.random(count) < 0.35
    books = np.where(small, head, rng.integers(0, members, count))
    agent = np.where(rng.random(count) < 0.2, (bank.place[who] * 97 + 5) % members, books)
    away = rng.random(count) < 0.12
    place = np.where(away, rng.integers(0, DOMESTIC_PLACES, count), bank.place[who])
    return details.add_all(count, legal_person=head, legal_phone=head, finance_phone=books,
                           agent=agent, operating_place=place)  # fmt: skip


def _asked(
    rng: np.random.Generator, bank: Bank, details: Details, who: Array, at_us: Array
) -> Acts:
    """Firms ask for an account; a third give the address of a house full of firms."""
    shared = rng.random(len(who)) < 0.3
    return acts(
        at_us, event="ACCT_OPEN", channel="COUNTER", customer=who, word="BUSINESS",
        outlet=bank.outlet[who], staff=teller_at(rng, bank.outlet[who]),
        place=bank.outlet_place[bank.outlet[who]], amount=rng.integers(1, 3, len(who)),
        number=np.where(shared, bank.place[who].astype(np.int64), -1),
        detail=_identity(rng, bank, details, who), tag="firm_opening",
    )  # fmt: skip


def firm_openings(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Firms open further accounts: for wages, for a project, for a branch."""
    who, at_us = spread(rng, bank, (_firms(bank) > 0) * 0.012, profile="counter", weekend=0.1)
    return _asked(rng, bank, details, who, at_us)


def injections(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """New firms open, get their capital and buy what they need, all within days."""
    waiting = np.flatnonzero(bank.opened_us == NEVER_US)
    who = waiting[len(waiting) - min(1 + bank.n // 800, len(waiting) // 6) :]
    day = rng.integers(0, max(bank.days - 3, 1), len(who))
    at_us = bank.start_us + day * DAY_US + rng.integers(9 * 60, 16 * 60, len(who)) * MINUTE_US
    for firm, moment in zip(who.tolist(), at_us.tolist(), strict=True):
        found_firm(bank, firm, float(rng.lognormal(np.log(5_000_000), 0.6)))
        bank.opened_us[firm] = bank.account_opened_us[firm] = moment
        bank.activity[firm] = 0.0
    opened = _asked(rng, bank, details, who, at_us)
    paid_in = _gets(at_us + rng.integers(60, 5000, len(who)) * MINUTE_US, who,
                    outside(rng, bank, len(who)), "capital_injection",
                    sums(rng, 600_000, 0.7, len(who)))  # fmt: skip
    buyer, when, _ = series(rng, who, paid_in["at_us"], (1, 4), 1500)
    bought = _pays(when, buyer, outside(rng, bank, len(buyer), firm=True), "capital_injection",
                   share=rng.uniform(0.1, 0.6, len(buyer)), remark="设备款",
                   flags=bits("new_payee", "contract_known"))  # fmt: skip
    return join([opened, paid_in, bought])


def seals(rng: np.random.Generator, bank: Bank) -> Acts:
    """A firm has a new seal cut, and pays its large bills as before."""
    who, at_us = spread(rng, bank, firms_of(bank) * 0.005, profile="counter", weekend=0.0)
    changed = acts(at_us, event="SEAL_CHANGE", channel="COUNTER", customer=who,
                   outlet=bank.outlet[who], staff=teller_at(rng, bank.outlet[who]),
                   place=bank.outlet_place[bank.outlet[who]], tag="seal_changed")  # fmt: skip
    payer, when, _ = series(rng, who, at_us, (1, 3), 2600)
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    known = rng.random(len(payer)) < 0.7
    payee = np.where(
        known, pool[(payer * 131) % len(pool)], outside(rng, bank, len(payer), firm=True)
    )
    paid = _pays(when, payer, payee, "seal_changed", amount=_turnover(rng, bank, payer, 0.05, 0.5),
                 flags=np.where(known, bits("contract_known"),
                                bits("contract_known", "new_payee")))  # fmt: skip
    return join([changed, paid])


def settlements(rng: np.random.Generator, bank: Bank) -> Acts:
    """Sister firms lend to one another over the month's end; the money comes back."""
    pool = np.flatnonzero(_firms(bank) > 0)
    who, at_us = spread(rng, bank, (_firms(bank) > 0) * 0.006, profile="office", weekend=0.05)
    sister = pool[(who * 7 + 3) % len(pool)]
    third = pool[(who * 13 + 5) % len(pool)]
    apart = (sister != who) & (third != who) & (third != sister)
    who, sister, third, at_us = who[apart], sister[apart], third[apart], at_us[apart]
    amount = _turnover(rng, bank, who, 0.03, 0.3)
    pieces = []
    for here, there in ((who, sister), (sister, third), (third, who)):
        pieces.append(_pays(at_us, here, there, "firm_settlement", amount=amount, remark="往来款"))
        at_us = at_us + rng.integers(100, 4000, len(who)) * MINUTE_US
    return join(pieces)


def seasons(rng: np.random.Generator, bank: Bank) -> Acts:
    """Tea, crabs, mooncakes: a few days make the year, and the growers are paid at once."""
    rate = (shops_of(bank) > 0) & ((np.arange(bank.n) * 86_028_121) % 1000 < 60)
    who, at_us = spread(rng, bank, rate * 0.05, profile="office")
    seller, when, _ = series(rng, who, at_us, (5, 16), 330)
    sold = _gets(when, seller, outside(rng, bank, len(seller), firm=True), "seasonal_trader",
                 _turnover(rng, bank, seller, 0.05, 0.5))  # fmt: skip
    payer, when, _ = series(rng, who, at_us + 400 * MINUTE_US, (3, 8), 700)
    paid = _pays(when, payer, outside(rng, bank, len(payer)), "seasonal_trader",
                 share=rng.uniform(0.3, 0.95, len(payer)), channel="MOBILE")  # fmt: skip
    return join([sold, paid])


def fairs(rng: np.random.Generator, bank: Bank) -> Acts:
    """A shop takes its terminal to a fair in another city."""
    owned = np.flatnonzero(bank.merchant_owner >= 0)
    count = int(rng.poisson(0.002 * len(owned) * bank.days + 0.5))
    shop = owned[rng.integers(0, max(len(owned), 1), count)] if len(owned) else owned[:0]
    start = bank.start_us + rng.integers(0, max(bank.days - 2, 1), len(shop)) * DAY_US
    visited, when, first = series(rng, shop, start + rng.integers(120, 480, len(shop)) * MINUTE_US,
                                  (4, 16), 45)  # fmt: skip
    town = rng.integers(0, DOMESTIC_PLACES, len(shop))[first]
    pool = np.flatnonzero((persons(bank) > 0) & (bank.opened_us < bank.start_us))
    who = pool[rng.integers(0, len(pool), len(visited))]
    return acts(
        when, event="TXN_REQUEST", txn="POS", channel="POS", customer=who, payer=who,
        merchant=visited, terminal=2 * visited, place=town, tag="trade_fair",
        amount=tickets(rng, bank.merchant_level[visited] + 0.4, 0.8, len(visited)),
    )  # fmt: skip


def travelling_tokens(rng: np.random.Generator, bank: Bank) -> Acts:
    """The owner travels with the token and pays from hotel rooms, on another machine."""
    who, at_us = spread(rng, bank, _firms(bank) * 0.012, profile="evening")
    place = rng.integers(0, DOMESTIC_PLACES, len(who))
    machine = np.where(rng.random(len(who)) < 0.5, bank.n + who, bank.device[who])
    looked = acts(at_us, event="LOGIN", channel="CORP_EBANK", customer=who, word="UKEY",
                  place=place, device=machine, tag="token_travel")  # fmt: skip
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    paid = _pays(at_us + rng.integers(2, 40, len(who)) * MINUTE_US, who,
                 pool[(who * 131) % len(pool)], "token_travel", place=place, device=machine,
                 amount=_turnover(rng, bank, who, 0.005, 0.15),
                 flags=bits("contract_known"))  # fmt: skip
    return join([looked, paid])


def exports(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Traders pay agents and mills abroad, now and then in countries that few deal with."""
    who, at_us = spread(rng, bank, _firms(bank) * 0.02, profile="office", weekend=0.05)
    country = rng.choice(12, len(who), p=[0.03, 0.0, 0.01, 0.06, 0.03, 0.1, 0.12, 0.08, 0.25, 0.12,
                                          0.14, 0.06])  # fmt: skip
    return _pays(at_us, who, outside(rng, bank, len(who), firm=True), "export_trade",
                 txn="CROSS_BORDER", amount=_turnover(rng, bank, who, 0.02, 0.3),
                 detail=details.add_all(len(who), payee_country=country),
                 flags=bits("overseas", "contract_known"))  # fmt: skip


def renewals(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """A licence runs out before the new one is handed in; the firm goes on working."""
    who, at_us = spread(rng, bank, (_firms(bank) > 0) * 0.0012, profile="batch", weekend=0.0)
    told = details.add_all(len(who), list=WORD["expired_licences"], category=WORD["RENEWAL"],
                           listed_customer=who)  # fmt: skip
    listed = acts(at_us, event="LIST_UPSERT", channel="INTERNAL", word="OFFICE", detail=told)
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    paid = _pays(at_us + rng.integers(60, 9000, len(who)) * MINUTE_US, who,
                 pool[(who * 131) % len(pool)], "licence_renewal",
                 amount=_turnover(rng, bank, who, 0.01, 0.2),
                 flags=bits("contract_known"))  # fmt: skip
    return join([listed, paid])


def moved_suppliers(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """A supplier changes its bank and says so by letter; the next invoices go to the new account,
    nearly always in its own city. A firm hears this of its dozen of suppliers every year or two.
    """
    old = bank.opened_us < bank.start_us
    often = (firms_of(bank) * 0.002 + shops_of(bank) * 0.0005) * old
    who, at_us = spread(rng, bank, often, profile="office", weekend=0.05)
    supplier = supplier_of(bank, who, rng.random(len(who)) ** 2)
    moved = _near(rng, bank, supplier, stays=0.9)
    payer, when, first = series(rng, who, at_us, (1, 4), 9 * 1440)
    amount = shape(rng, bank.income[payer] * rng.lognormal(-4.4, 1.0, len(payer)))
    flags = np.where(rng.random(len(payer)) < 0.93, bits("contract_known"), 0)
    flags |= np.where(np.r_[True, np.diff(first) > 0][: len(first)], bits("new_payee"), 0)
    return _pays(when, payer, moved[first], "supplier_moves", amount=amount, flags=flags,
                 detail=details.add_all(len(payer), payee_name=supplier[first]))  # fmt: skip


def _near(rng: np.random.Generator, bank: Bank, account: Array, *, stays: float) -> Array:
    """Return an account of a firm elsewhere for each, mostly at the same place."""
    pool = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    pool = pool[np.argsort(bank.account_place[pool], kind="stable")]
    places = bank.account_place[pool]
    first, after = (np.searchsorted(places, bank.account_place[account], side) for side in _SIDES)
    near = first + (rng.random(len(account)) * (after - first)).astype(np.int64)
    far = rng.integers(0, len(pool), len(account))
    return np.asarray(pool[np.where(rng.random(len(account)) < stays, near, far)])


def relatives(rng: np.random.Generator, bank: Bank) -> Acts:
    """Employees and their families send one another money like everybody else."""
    own, near = staff_customers(bank), staff_relatives(bank)
    count = int(rng.poisson(0.02 * len(own) * bank.days))
    staff = rng.integers(0, len(own), count)
    at_us = bank.start_us + (rng.random(count) * bank.days * DAY_US).astype(np.int64) // 1000 * 1000
    inside = near[staff] < bank.n
    comes = inside & (rng.random(count) < 0.4)
    payer = np.where(comes, near[staff], own[staff])
    payee = np.where(comes, own[staff], near[staff])
    return _pays(at_us, payer, payee, "staff_family", channel="MOBILE", remark="家用",
                 amount=sums(rng, 1500, 1.0, count))  # fmt: skip


def _desk(rng: np.random.Generator, bank: Bank, count: int) -> tuple[Array, Array]:
    day = rng.integers(0, bank.days, count)
    at_us = bank.start_us + day * DAY_US + rng.integers(9 * 60, 17 * 60, count) * MINUTE_US
    at_us = at_us + rng.integers(0, 60_000, count) * 1000
    return np.asarray(at_us), rng.integers(0, len(bank.staff_outlet), count)


def releases(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Controls are set on accounts and lifted again when the holder comes with papers."""
    count = int(rng.poisson(0.0006 * bank.n * bank.days + 1))
    at_us, staff = _desk(rng, bank, count)
    lifted = rng.random(count) < 0.7
    told = details.add_all(
        count, operation=np.where(lifted, WORD["RELEASE"], WORD["SET"]),
        control=rng.choice([WORD["NC"], WORD["RO"], WORD["LIM"]], count),
        reason=WORD["CUSTOMER_DOCUMENTS"],
    )  # fmt: skip
    seen = rng.random(count) < 0.95
    return acts(
        at_us, event="CONTROL_CHANGE", channel="INTERNAL", staff=staff,
        target=rng.integers(0, bank.n - bank.openers, count), outlet=bank.staff_outlet[staff],
        flags=np.where(seen, bits("on_shift", "documents_seen"), bits("on_shift")),
        ticket=np.where(rng.random(count) < 0.8, rng.integers(0, 4000, count), -1), detail=told,
        tag="documented_release",
    )  # fmt: skip


def overrides(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Everybody at a desk now and then lets an order through after a talk with the customer."""
    count = int(rng.poisson(0.0008 * bank.n * bank.days + 1))
    at_us, staff = _desk(rng, bank, count)
    reason = rng.choice(
        [WORD["CUSTOMER_INSISTED"], WORD["CUSTOMER_DOCUMENTS"], WORD["OTHER"]], count
    )
    return acts(
        at_us, event="OVERRIDE", channel="INTERNAL", staff=staff,
        target=rng.integers(0, bank.n - bank.openers, count), outlet=bank.staff_outlet[staff],
        flags=bits("on_shift"), detail=details.add_all(count, reason=reason),
        tag="call_centre_override",
    )  # fmt: skip


_SENT = ("special_prevention_names", "punished_persons", "deregistered_firms", "enterprise_risk")


def offices(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """What the bank knows on the first day of its own people, and names that offices send."""
    own, near = staff_customers(bank), staff_relatives(bank)
    declared = near[::2]
    inside = declared < bank.n
    staff = details.add_all(len(own), list=WORD["staff_customers"], category=WORD["STAFF"],
                            listed_customer=own)  # fmt: skip
    family = details.add_all(int(inside.sum()), list=WORD["staff_family"], category=WORD["STAFF"],
                             listed_customer=declared[inside])  # fmt: skip
    count = int(rng.poisson(0.4 * bank.days))
    names = rng.integers(bank.accounts_own, len(bank.owner), count)
    lists = rng.choice([WORD[name] for name in _SENT], count)
    sent = details.add_all(count, list=lists, category=WORD["OTHER"], listed_name=names)
    told = np.r_[staff, family, sent].astype(np.int64)
    first = bank.start_us + rng.integers(0, 300_000, len(staff) + len(family)) * 1000
    later = bank.start_us + (rng.random(count) * bank.days * DAY_US).astype(np.int64)
    return acts(np.r_[first, later // 1000 * 1000], event="LIST_UPSERT", channel="INTERNAL",
                word="OFFICE", detail=told)  # fmt: skip
