"""Errands: rarer honest doings of private people that resemble a fraud more than they should.

They draw from a stream of their own, so that another one more moves nothing else; each act carries
a tag that says what it is.
"""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Acts, Array, acts, bits, join
from haitang.lab.bank import OCCUPATIONS, Bank
from haitang.lab.details import Details
from haitang.lab.draws import shape, spread, steps_for_shares, sums, tickets
from haitang.lab.geography import DOMESTIC_PLACES, PLACES
from haitang.lab.rhythms import machine_at, outlet_for, persons, teller_at
from haitang.lab.vocabulary import SEGMENT, TAG


def errands(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Run every errand of private people."""
    alone = (
        rent_collectors, carers, inheritances, trader_takings, holidays, students_abroad,
        bought_on_credit, gold_gifts, top_up_agents, fans, club_dues, night_drivers,
        wallet_merchants, returns, instalments, tablets, assisted, family_study, coupons,
        closings,
    )  # fmt: skip
    telling = (family_cash, family_deposits, further_accounts, loan_shopping, lawyers)
    pieces = [one(rng, bank) for one in alone]
    return join(pieces + [one(rng, bank, details) for one in telling])


def chosen(bank: Bank, among: Array, per_mille: int, prime: int) -> Array:
    """The same few of these customers in every run of a bank."""
    return np.asarray(among & ((np.arange(bank.n) * prime) % 1000 < per_mille))


def trade(bank: Bank, name: str) -> Array:
    """Who has this occupation and is active."""
    return np.asarray((persons(bank) > 0) & (bank.occupation == OCCUPATIONS.index(name)))


def outside(rng: np.random.Generator, bank: Bank, count: int, *, firm: bool = False) -> Array:
    """Accounts at other banks."""
    pool = np.flatnonzero((bank.owner < 0) & (bank.account_firm == firm))
    return np.asarray(pool[rng.integers(0, len(pool), count)])


def series(
    rng: np.random.Generator, who: Array, at_us: Array, counts: tuple[int, int], minutes: float
) -> tuple[Array, Array, Array]:
    """Repeat each act some times, so many minutes apart on average: who, when and which first."""
    times = rng.integers(counts[0], counts[1] + 1, len(who))
    first = np.repeat(np.arange(len(who)), times)
    gaps = (rng.exponential(minutes, len(first)) * MINUTE_US).astype(np.int64) + SECOND_US
    ends = np.cumsum(gaps)
    starts = np.r_[0, ends][np.cumsum(times) - times]
    return who[first], np.asarray(at_us[first] + ends - starts[first]), first


def _pays(at_us: Array, who: Array, payee: Array, tag: str, **columns: Array | float | str) -> Acts:
    columns = {"txn": "TRANSFER_INTER", **columns}
    return acts(
        at_us, event="TXN_REQUEST", customer=who, payer=who, payee=payee, tag=tag, **columns
    )


def _gets(at_us: Array, who: Array, payer: Array, tag: str, **columns: Array | float | str) -> Acts:
    columns = {"txn": "TRANSFER_INTER", **columns}
    return acts(at_us, event="TXN_IN", channel="OPEN_BANK", customer=who, payer=payer, payee=who,
                tag=tag, **columns)  # fmt: skip


def rent_collectors(rng: np.random.Generator, bank: Bank) -> Acts:
    """Who lets rooms for others gathers the rents over some days and pays the owner."""
    rate = chosen(bank, (persons(bank) > 0) & bank.mobile & (bank.age > 25), 5, 15_486_277)
    who, at_us = spread(rng, bank, rate * 0.07, profile="phone")
    tenant, when, first = series(rng, who, at_us, (5, 18), 200)
    rent = shape(rng, rng.lognormal(np.log(140_000), 0.35, len(tenant)))
    paid = _gets(when, tenant, outside(rng, bank, len(tenant)), "rent_collector", amount=rent,
                 remark="房租")  # fmt: skip
    total = np.bincount(first, weights=rent, minlength=len(who))
    last = np.zeros(len(who), dtype=np.int64)
    np.maximum.at(last, first, when)
    passed = _pays(last + rng.integers(30, 2000, len(who)) * MINUTE_US, who, bank.contacts[who, 4],
                   "rent_collector", remark="房租",
                   amount=(total * rng.uniform(0.88, 0.97, len(who))))  # fmt: skip
    return join([paid, passed])


def carers(rng: np.random.Generator, bank: Bank) -> Acts:
    """A daughter or a carer comes along to the counter and speaks for the old lady."""
    old = (bank.segment == SEGMENT["ELDER"]) & (bank.activity > 0)
    who, at_us = spread(rng, bank, old * 0.008, profile="counter", weekend=0.35)
    count = len(who)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    sends = rng.random(count) < 0.45
    table = _pays(at_us, who, np.where(sends, bank.contacts[who, rng.integers(0, 6, count)], -1),
                  "carer", txn=np.where(sends, 2, 4), channel="COUNTER", outlet=outlet,
                  staff=teller_at(rng, outlet), place=bank.outlet_place[outlet],
                  flags=bits("companion_present"), amount=sums(rng, 5200, 1.1, count) // 100 * 100,
                  )  # fmt: skip
    table["flags"][sends & (rng.random(count) < 0.5)] |= np.uint32(bits("new_payee"))
    return table


def inheritances(rng: np.random.Generator, bank: Bank) -> Acts:
    """An estate is paid out to one heir, who pays the others their parts."""
    heirs = (persons(bank) > 0) & bank.mobile & (bank.age >= 35)
    who, at_us = spread(rng, bank, heirs * 0.0004, profile="office", weekend=0.1)
    came = _gets(at_us, who, outside(rng, bank, len(who)), "inheritance",
                 amount=sums(rng, 180_000, 0.9, len(who)))  # fmt: skip
    heir, when, _ = series(rng, who, at_us, (1, 3), 1800)
    went = _pays(when, heir, outside(rng, bank, len(heir)), "inheritance",
                 share=rng.uniform(0.2, 0.6, len(heir)), step=steps_for_shares(rng, len(heir)),
                 flags=bits("new_payee"))  # fmt: skip
    return join([came, went])


def trader_takings(rng: np.random.Generator, bank: Bank) -> Acts:
    """Market traders bring their cash: at one outlet or another, when the till is full."""
    who, at_us = spread(rng, bank, trade(bank, "SHOPKEEPER") * 0.13, profile="machine")
    count = len(who)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    put = acts(
        at_us, event="TXN_REQUEST", txn="CASH_DEPOSIT", channel="CRM", customer=who, payee=who,
        outlet=outlet, terminal=machine_at(rng, bank, outlet), place=bank.outlet_place[outlet],
        amount=np.clip(sums(rng, 13_000, 0.8, count), 10_000, 9_900_000) // 10_000 * 10_000,
        tag="trader_takings",
    )  # fmt: skip
    pays = rng.random(count) < 0.5
    paid = _pays(at_us[pays] + rng.integers(10, 900, int(pays.sum())) * MINUTE_US, who[pays],
                 bank.contacts[who[pays], 5], "trader_takings", remark="货款",
                 share=rng.uniform(0.3, 0.95, int(pays.sum())))  # fmt: skip
    return join([put, paid])


def _buys_abroad(
    rng: np.random.Generator, bank: Bank, who: Array, at_us: Array, place: Array, tag: str
) -> Acts:
    shop = np.searchsorted(np.sort(bank.merchant_place), place, side="left")
    order = np.argsort(bank.merchant_place, kind="stable")
    there = np.bincount(bank.merchant_place, minlength=len(PLACES))[place]
    shop = order[np.minimum(shop + (rng.random(len(who)) * there).astype(np.int64), len(order) - 1)]
    found = bank.merchant_place[shop] == place
    table = acts(
        at_us, event="TXN_REQUEST", txn="POS", channel="POS", customer=who, payer=who,
        merchant=shop, terminal=2 * shop, place=bank.merchant_place[shop],
        amount=tickets(rng, bank.merchant_level[shop] + 0.5, 0.9, len(who)), tag=tag,
    )  # fmt: skip
    return {name: column[found] for name, column in table.items()}


def holidays(rng: np.random.Generator, bank: Bank) -> Acts:
    """On holiday abroad the card comes out at every corner."""
    person, day = np.nonzero(bank.place_by_day >= DOMESTIC_PLACES)
    at_us = bank.start_us + day * DAY_US + rng.integers(9 * 60, 15 * 60, len(day)) * MINUTE_US
    who, when, first = series(rng, person, at_us, (1, 6), 28)
    place = bank.place_by_day[person, day].astype(np.int64)[first]
    return _buys_abroad(rng, bank, who, when, place, "holiday_cards")


def students_abroad(rng: np.random.Generator, bank: Bank) -> Acts:
    """Students abroad live on the card from home, and call for more."""
    away = chosen(bank, (bank.segment == SEGMENT["STUDENT"]) & (bank.activity > 0), 40, 15_487_469)
    who, at_us = spread(rng, bank, away * 0.9, profile="shop")
    place = DOMESTIC_PLACES + who % (len(PLACES) - DOMESTIC_PLACES)
    bought = _buys_abroad(rng, bank, who, at_us, place, "students_abroad")
    who, at_us = spread(rng, bank, away * 0.06, profile="evening")
    sent = _gets(at_us, who, outside(rng, bank, len(who)), "students_abroad", remark="生活费",
                 amount=sums(rng, 9000, 0.5, len(who)))  # fmt: skip
    return join([bought, sent])


def bought_on_credit(rng: np.random.Generator, bank: Bank) -> Acts:
    """A loan is drawn for a car, or to pay off dearer ones, and nearly all of it goes on."""
    who, at_us = spread(rng, bank, persons(bank) * (bank.age > 22) * bank.mobile * 0.0007,
                        profile="phone")  # fmt: skip
    count = len(who)
    amount = sums(rng, 60_000, 0.7, count)
    asked = acts(at_us - rng.integers(60, 4000, count) * MINUTE_US, event="LOAN_APPLY",
                 customer=who, amount=amount, tag="loan_for_purchase")  # fmt: skip
    drawn = acts(at_us, event="TXN_REQUEST", txn="LOAN_DRAW", customer=who, payee=who,
                 amount=amount, tag="loan_for_purchase")  # fmt: skip
    consolidates = rng.random(count) < 0.4
    payer, when, first = series(rng, who[consolidates], at_us[consolidates], (1, 3), 120)
    parts = np.bincount(first, minlength=max(int(consolidates.sum()), 1))[first]
    repaid = _pays(when, payer, outside(rng, bank, len(payer), firm=True), "debt_consolidation",
                   remark="还款", amount=amount[consolidates][first] / np.maximum(parts, 1),
                   flags=bits("new_payee"))  # fmt: skip
    buys = ~consolidates
    bought = _pays(at_us[buys] + rng.integers(5, 2500, int(buys.sum())) * MINUTE_US, who[buys],
                   outside(rng, bank, int(buys.sum()), firm=True), "loan_for_purchase",
                   remark="车款", flags=bits("new_payee"),
                   amount=amount[buys] * rng.uniform(0.85, 1.0, int(buys.sum())))  # fmt: skip
    return join([asked, drawn, repaid, bought])


def gold_gifts(rng: np.random.Generator, bank: Bank) -> Acts:
    """Gold for a daughter's wedding, a grandchild, or the drawer at home."""
    rate = (persons(bank) > 0) & (bank.age > 25)
    who, at_us = spread(rng, bank, rate * 0.001, profile="shop", weekend=1.5)
    jewellers = np.flatnonzero(bank.merchant_kind == 11)
    shop = jewellers[rng.integers(0, len(jewellers), len(who))]
    return acts(
        at_us, event="TXN_REQUEST", txn="POS", channel="POS", customer=who, payer=who,
        merchant=shop, terminal=2 * shop, place=bank.merchant_place[shop],
        amount=sums(rng, 14_000, 0.9, len(who)), tag="gift_gold",
    )  # fmt: skip


def top_up_agents(rng: np.random.Generator, bank: Bank) -> Acts:
    """The kiosk tops up the neighbourhood's phones, one after another."""
    who, at_us = spread(rng, bank, chosen(bank, trade(bank, "SHOPKEEPER"), 90, 32_452_867) * 0.35,
                        profile="shop")  # fmt: skip
    who, when, _ = series(rng, who, at_us, (3, 16), 22)
    telephone = np.flatnonzero(bank.merchant_kind == 10)
    shop = telephone[(who * 31) % len(telephone)]
    return acts(
        when, event="TXN_REQUEST", txn="QR_PAY", channel="QR", customer=who, payer=who,
        merchant=shop, terminal=2 * shop, remark="话费", tag="agent_top_ups",
        amount=rng.choice([3_000, 5_000, 10_000, 10_000, 20_000, 30_000], len(who)),
    )  # fmt: skip


def fans(rng: np.random.Generator, bank: Bank) -> Acts:
    """Fans send a streamer roses and rockets, many in an evening."""
    young = chosen(bank, (persons(bank) > 0) & (bank.age < 40) & bank.mobile, 12, 32_452_883)
    who, at_us = spread(rng, bank, young * 0.2, profile="evening")
    who, when, _ = series(rng, who, at_us, (2, 9), 9)
    games = np.flatnonzero(bank.merchant_kind == 13)
    shop = games[(who * 17) % len(games)]
    return acts(
        when, event="TXN_REQUEST", txn="QR_PAY", channel="QR", customer=who, payer=who,
        merchant=shop, terminal=2 * shop, remark="打赏", tag="streamer_fan",
        amount=tickets(rng, np.log(6000), 1.2, len(who)),
    )  # fmt: skip


def club_dues(rng: np.random.Generator, bank: Bank) -> Acts:
    """A choir's treasurer gathers the dues, pays the hall, and gives back what is left."""
    rate = chosen(bank, (persons(bank) > 0) & bank.mobile & (bank.age > 30), 5, 49_979_687)
    who, at_us = spread(rng, bank, rate * 0.05, profile="evening")
    member, when, _ = series(rng, who, at_us, (6, 22), 60)
    paid = _gets(when, member, outside(rng, bank, len(member)), "club_dues", remark="会费",
                 txn="QR_COLLECT",
                 amount=rng.choice([10_000, 20_000, 30_000, 50_000], len(member)))  # fmt: skip
    paid["channel"][:] = 6
    hall = _pays(at_us + rng.integers(30, 90, len(who)) * HOUR_US, who, bank.contacts[who, 5],
                 "club_dues", amount=sums(rng, 2600, 0.5, len(who)), remark="服务费")  # fmt: skip
    payer, when, _ = series(rng, who, at_us + 4 * DAY_US, (0, 5), 30)
    back = _pays(when, payer, outside(rng, bank, len(payer)), "club_dues", remark="退款",
                 amount=sums(rng, 60, 0.4, len(payer)))  # fmt: skip
    return join([paid, hall, back])


def night_drivers(rng: np.random.Generator, bank: Bank) -> Acts:
    """Night drivers take small sums by code till morning and draw cash on the way home."""
    drivers = chosen(bank, trade(bank, "DRIVER"), 160, 49_979_693)
    who, at_us = spread(rng, bank, drivers * 0.3, profile="night")
    rider, when, _ = series(rng, who, at_us, (3, 10), 38)
    paid = _gets(when, rider, outside(rng, bank, len(rider)), "night_driver", txn="QR_COLLECT",
                 amount=tickets(rng, np.log(3800), 0.5, len(rider)))  # fmt: skip
    paid["channel"][:] = 6
    draws = rng.random(len(who)) < 0.3
    who, at_us = who[draws], at_us[draws] + rng.integers(300, 600, int(draws.sum())) * MINUTE_US
    outlet = outlet_for(rng, bank, who, bank.place[who])
    cash = acts(
        at_us, event="TXN_REQUEST", txn="CASH_WITHDRAW", channel="ATM", customer=who, payer=who,
        outlet=outlet, terminal=machine_at(rng, bank, outlet), place=bank.outlet_place[outlet],
        amount=rng.integers(2, 12, len(who)) * 10_000, tag="night_driver",
    )  # fmt: skip
    return join([paid, cash])


def wallet_merchants(rng: np.random.Generator, bank: Bank) -> Acts:
    """Sellers on the net draw their wallets several times a day and pay suppliers."""
    sellers = chosen(bank, (persons(bank) > 0) & bank.mobile & (bank.age < 50), 8, 67_867_967)
    who, at_us = spread(rng, bank, sellers * 0.5, profile="phone")
    drawn, when, _ = series(rng, who, at_us, (2, 6), 45)
    came = acts(when, event="TXN_IN", txn="WALLET_OUT", channel="OPEN_BANK", customer=drawn,
                payee=drawn, amount=sums(rng, 900, 1.0, len(drawn)),
                tag="wallet_merchant")  # fmt: skip
    went = _pays(at_us + rng.integers(30, 700, len(who)) * MINUTE_US, who, bank.contacts[who, 5],
                 "wallet_merchant", share=rng.uniform(0.2, 0.9, len(who)), remark="货款",
                 step=steps_for_shares(rng, len(who)))  # fmt: skip
    return join([came, went])


def returns(rng: np.random.Generator, bank: Bank) -> Acts:
    """Somebody finds an old card in a drawer, has the password reset and moves the money."""
    asleep = (bank.activity == 0) & ~bank.is_firm & (bank.opening_balance[: bank.n] > 20_000)
    who, at_us = spread(rng, bank, asleep * 0.003, profile="phone")
    reset = acts(at_us, event="PASSWORD_RESET", customer=who, word="APP", tag="returned_customer")
    moved = _pays(at_us + rng.integers(4, 3000, len(who)) * MINUTE_US, who,
                  np.where(rng.random(len(who)) < 0.6, bank.accounts_own + who,
                           bank.contacts[who, 0]),
                  "returned_customer", share=rng.uniform(0.3, 1.0, len(who)),
                  step=steps_for_shares(rng, len(who)))  # fmt: skip
    return join([reset, moved])


def instalments(rng: np.random.Generator, bank: Bank) -> Acts:
    """The same sum to the same firm or friend, every few days until it is paid."""
    who, at_us = spread(rng, bank, persons(bank) * bank.mobile * 0.0016, profile="phone")
    level = sums(rng, 700, 0.8, len(who))
    payer, when, first = series(rng, who, at_us, (3, 6), 2600)
    return _pays(when, payer, bank.contacts[payer, 3], "instalments", amount=level[first],
                 remark="分期")  # fmt: skip


def tablets(rng: np.random.Generator, bank: Bank) -> Acts:
    """Phone in the hand, tablet on the sofa: two devices of one person, at one place."""
    alone = (bank.next_device == bank.device) & (bank.device == np.arange(bank.n))
    owners = chosen(bank, (persons(bank) > 0) & bank.mobile & alone, 60, 67_867_979)
    who, at_us = spread(rng, bank, owners * 0.15, profile="evening")
    first = acts(at_us, event="LOGIN", customer=who, word="BIOMETRIC", tag="tablet_and_phone")
    second = acts(at_us + rng.integers(60, 1500, len(who)) * SECOND_US, event="LOGIN", customer=who,
                  device=bank.n + who, word="PASSWORD", tag="tablet_and_phone")  # fmt: skip
    return join([first, second])


def assisted(rng: np.random.Generator, bank: Bank) -> Acts:
    """Disabled customers bank with the help of an accessibility service, new payees included."""
    who, at_us = spread(
        rng, bank, persons(bank) * bank.disabled * bank.mobile * 0.5, profile="phone"
    )
    new = rng.random(len(who)) < 0.25
    payee = np.where(new, outside(rng, bank, len(who)), bank.contacts[who, who % 6])
    flags = np.where(new, bits("accessibility_service", "new_payee"), bits("accessibility_service"))
    return _pays(at_us, who, payee, "accessibility", flags=flags,
                 amount=sums(rng, 420, 1.3, len(who)))  # fmt: skip


def family_study(rng: np.random.Generator, bank: Bank) -> Acts:
    """Father, mother and an aunt each buy currency for one student's fees."""
    able = (persons(bank) > 0) & (bank.dollars >= 0) & (bank.age > 30) & bank.mobile
    heads, at_us = spread(rng, bank, able * 0.0006, profile="office")
    pool = np.flatnonzero(able)
    if not len(pool):
        return join([])
    _, when, family = series(rng, heads, at_us, (2, 3), 900)
    who = pool[rng.integers(0, len(pool), len(when))]
    school = outside(rng, bank, len(heads), firm=True)[family]
    bought = acts(
        when, event="TXN_REQUEST", txn="FX_BUY", customer=who, payer=who, payee=bank.dollars[who],
        ratio=1 / 7.12, share=rng.uniform(0.3, 0.95, len(who)),
        step=steps_for_shares(rng, len(who)), tag="family_study",
    )  # fmt: skip
    sent = acts(
        when + rng.integers(20, 3000, len(who)) * MINUTE_US, event="TXN_REQUEST",
        txn="CROSS_BORDER", customer=who, payer=bank.dollars[who], payee=school, share=0.97,
        step=100, flags=bits("overseas", "new_payee"), remark="学费", tag="family_study",
    )  # fmt: skip
    return join([bought, sent])


def coupons(rng: np.random.Generator, bank: Bank) -> Acts:
    """A city gives away coupons in digital wallets: small sums come out of several in a row."""
    who, at_us = spread(rng, bank, persons(bank) * bank.mobile * 0.0012, profile="phone")
    who, when, _ = series(rng, who, at_us, (2, 5), 12)
    return acts(when, event="TXN_IN", txn="WALLET_OUT", channel="OPEN_BANK", customer=who,
                payee=who, amount=rng.choice([2_000, 5_000, 8_000, 10_000], len(who)),
                tag="coupons")  # fmt: skip


def closings(rng: np.random.Generator, bank: Bank) -> Acts:
    """An account that is no longer needed is closed: after a move, a death, another job."""
    known = bank.opened_us < bank.start_us
    who, at_us = spread(rng, bank, known * 0.0006, profile="counter", weekend=0.4)
    outlet = bank.outlet[who]
    return acts(at_us, event="ACCT_CLOSE", channel="COUNTER", customer=who, outlet=outlet,
                staff=teller_at(rng, outlet), place=bank.outlet_place[outlet])  # fmt: skip


def family_cash(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Mother orders cash without her card, the son fetches it."""
    who, at_us = spread(rng, bank, persons(bank) * 0.0025, profile="machine")
    count = len(who)
    son = np.where(bank.contacts[who, 1] < bank.n, bank.contacts[who, 1], (who + 7) % bank.n)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    return acts(
        at_us, event="TXN_REQUEST", txn="CARDLESS_WITHDRAW", channel="ATM", customer=who,
        payer=who, outlet=outlet, terminal=machine_at(rng, bank, outlet),
        place=bank.outlet_place[outlet], detail=details.add_all(count, face=son),
        amount=np.clip(sums(rng, 1500, 0.9, count), 10_000, 2_000_000) // 10_000 * 10_000,
        tag="family_cardless",
    )  # fmt: skip


def family_deposits(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Cash paid into the account of a child or a parent, who spends it or sends it on."""
    who, at_us = spread(rng, bank, persons(bank) * 0.0025, profile="machine")
    count = len(who)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    put = acts(
        at_us, event="TXN_REQUEST", txn="CASH_DEPOSIT", channel="CRM", customer=who, payee=who,
        outlet=outlet, terminal=machine_at(rng, bank, outlet), place=bank.outlet_place[outlet],
        amount=np.clip(sums(rng, 3500, 1.0, count), 10_000, 9_000_000) // 10_000 * 10_000,
        detail=details.add_all(count, face=(who + 13) % bank.n), tag="family_deposit",
    )  # fmt: skip
    sends = (rng.random(count) < 0.4) & bank.mobile[who]
    sent = _pays(at_us[sends] + rng.integers(5, 400, int(sends.sum())) * MINUTE_US, who[sends],
                 bank.contacts[who[sends], 2], "family_deposit",
                 share=rng.uniform(0.2, 0.95, int(sends.sum())))  # fmt: skip
    return join([put, sent])


def further_accounts(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Customers open a further account, replace a card, or open for a child under their number."""
    known = (persons(bank) > 0) & (bank.opened_us < bank.start_us)
    who, at_us = spread(rng, bank, known * 0.0006, profile="counter", weekend=0.4)
    count = len(who)
    parent = rng.random(count) < 0.35
    held = rng.integers(1, 5, count)
    told = details.add_all(count, phone=np.where(parent, (who + 1) % bank.n, who), agent=who)
    table = acts(
        at_us, event="ACCT_OPEN", channel="COUNTER", customer=who, outlet=bank.outlet[who],
        staff=teller_at(rng, bank.outlet[who]), word=rng.choice([10, 11, 12, 14], count),
        amount=held, detail=np.where(parent, told, -1),
    )  # fmt: skip
    table["tag"][:] = np.where(parent, TAG["shared_phone"], TAG["further_account"])
    return table


def loan_shopping(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Buyers of a flat ask several banks before they choose one."""
    buyers = (persons(bank) > 0) & (bank.age > 24) & (bank.age < 50)
    who, at_us = spread(rng, bank, buyers * 0.0006, profile="phone")
    lenders = rng.integers(1, 5, len(who))
    told = details.add_all(
        len(who), lenders=lenders, queries=lenders + rng.integers(1, 6, len(who))
    )
    return acts(at_us, event="LOAN_APPLY", customer=who, amount=sums(rng, 400_000, 0.7, len(who)),
                detail=told, tag="loan_shopping")  # fmt: skip


def lawyers(rng: np.random.Generator, bank: Bank, details: Details) -> Acts:
    """Earlier victims go on living; some pay a real lawyer."""
    known = (persons(bank) > 0) & (bank.opened_us < bank.start_us - 200 * DAY_US) & bank.mobile
    who, at_us = spread(rng, bank, known * 0.0004, profile="office")
    judged = acts(at_us - rng.integers(5, 160, len(who)) * DAY_US, event="LABEL",
                  channel="INTERNAL", customer=who,
                  detail=details.add_all(len(who), label=0))  # fmt: skip
    pays = rng.random(len(who)) < 0.6
    paid = _pays(at_us[pays], who[pays], outside(rng, bank, int(pays.sum()), firm=True),
                 "lawyer_fee", amount=sums(rng, 5500, 0.7, int(pays.sum())), remark="律师费",
                 flags=bits("new_payee"))  # fmt: skip
    return join([judged, paid])
