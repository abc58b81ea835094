"""What people do now and then: pay day, rent, remittances home, tuition, weddings, travel, houses.

Many of these look like a fraud from some side; their acts carry a tag that names the likeness.
Tags are kept with the labels, never with the events.
"""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Acts, Array, acts, bits, join
from haitang.lab.bank import Bank
from haitang.lab.draws import (
    days_of_month,
    months_of_year,
    shape,
    spread,
    steps_for_shares,
    sums,
    times_of_day,
)  # fmt: skip
from haitang.lab.rhythms import outlet_for, persons, teller_at
from haitang.lab.vocabulary import SEGMENT


def now_and_then(rng: np.random.Generator, bank: Bank) -> Acts:
    """Run every monthly and seasonal rhythm of persons."""
    return join(
        rhythm(rng, bank)
        for rhythm in (
            wages, rent, remittances_home, loans, pensions, allowances, tuition, weddings, currency,
            houses, emergencies, new_phones,
            loan_draws,
        )
    )  # fmt: skip


def pay_days(
    rng: np.random.Generator, bank: Bank, who: Array, *, profile: str = "batch"
) -> tuple[Array, Array]:
    """Everybody's pay days within the run, with a time of day each."""
    hits = days_of_month(bank)[None, :] == bank.pay_day[who][:, None]
    row, day = np.nonzero(hits)
    return who[row], bank.start_us + day * DAY_US + times_of_day(rng, len(row), profile)


def wages(rng: np.random.Generator, bank: Bank) -> Acts:
    """Salaries: in one batch per firm of the bank, or from employers elsewhere."""
    earning = np.flatnonzero(
        (persons(bank) > 0) & np.isin(bank.segment, [0, SEGMENT["NEW"], SEGMENT["VULNERABLE"]])
    )
    who, at_us = pay_days(rng, bank, earning)
    amount = (bank.income[who] * rng.normal(1, 0.04, len(who)).clip(0.7, 1.4)).astype(np.int64)
    inside = bank.employer[who] >= 0
    firm = np.maximum(bank.employer[who], 0)
    day = (at_us - bank.start_us) // DAY_US
    batch_start = (
        bank.start_us
        + day * DAY_US
        + (9 * HOUR_US + (firm * 7_919) % (7 * HOUR_US // SECOND_US) * SECOND_US)
    )
    paid = acts(
        (batch_start + rng.integers(0, 20, len(who)) * SECOND_US)[inside], event="TXN_REQUEST",
        txn="AGENT_PAY",
        channel="BATCH", customer=firm[inside], payer=firm[inside], payee=who[inside],
        amount=amount[inside],
        remark="代发工资", tag="payroll",
    )  # fmt: skip
    outside = ~inside
    firms = np.flatnonzero((bank.owner < 0) & bank.account_firm)
    received = acts(
        at_us[outside], event="TXN_IN", txn="AGENT_PAY", channel="BATCH", customer=who[outside],
        payee=who[outside],
        payer=firms[(who[outside] * 7919) % len(firms)], amount=amount[outside], remark="工资",
    )  # fmt: skip
    return join([paid, received])


def rent(rng: np.random.Generator, bank: Bank) -> Acts:
    """The same sum to the same landlord every month."""
    tenants = np.flatnonzero(
        (persons(bank) > 0) & bank.mobile & ((np.arange(bank.n) * 7919) % 10 < 3)
    )
    who, at_us = pay_days(rng, bank, tenants, profile="evening")
    amount = (bank.income[who] * (0.18 + (who * 31 % 17) / 100) / 10_000).astype(np.int64) * 10_000
    return acts(
        at_us + rng.integers(0, 2, len(who)) * DAY_US, event="TXN_REQUEST", txn="TRANSFER_INTER",
        customer=who,
        payer=who, payee=bank.contacts[who, 0], amount=np.maximum(amount, 60_000), remark="房租",
        tag="rent",
    )  # fmt: skip


def remittances_home(rng: np.random.Generator, bank: Bank) -> Acts:
    """Migrant workers send most of the wage home on the evening of pay day."""
    migrants = np.flatnonzero(
        (bank.origin != bank.place) & (persons(bank) > 0) & (bank.segment == 0)
    )
    who, at_us = pay_days(rng, bank, migrants, profile="evening")
    keep = rng.random(len(who)) < 0.75
    who, at_us = who[keep], np.maximum(at_us[keep], bank.start_us + 13 * HOUR_US)
    return acts(
        at_us, event="TXN_REQUEST", txn="TRANSFER_INTER", customer=who, payer=who,
        payee=bank.contacts[who, 2],
        amount=shape(rng, bank.income[who] * rng.uniform(0.3, 0.8, len(who))), remark="家用",
        tag="remittance_home",
    )  # fmt: skip


def loans(rng: np.random.Generator, bank: Bank) -> Acts:
    """Mortgage and card repayments on a fixed day."""
    debtors = np.flatnonzero(
        (persons(bank) > 0) & (bank.age > 24) & ((np.arange(bank.n) * 104_729) % 10 < 3)
    )
    who, at_us = pay_days(rng, bank, debtors)
    return acts(
        at_us + 2 * DAY_US, event="TXN_REQUEST", txn="REPAY", channel="BATCH", customer=who,
        payer=who,
        amount=(bank.income[who] * (0.15 + (who * 13 % 23) / 100)).astype(np.int64), remark="还款",
    )  # fmt: skip


def loan_draws(rng: np.random.Generator, bank: Bank) -> Acts:
    """Consumer loans: applied for, drawn, and soon spent on what they were for."""
    rate = persons(bank) * ((bank.age > 22) & (bank.age < 58)) * 0.0022
    who, at_us = spread(rng, bank, rate, profile="phone")
    amount = np.round(sums(rng, 28_000, 0.7, len(who)) / 100_000) * 100_000 + 200_000
    asked = acts(at_us - 2 * HOUR_US, event="LOAN_APPLY", customer=who, amount=amount)
    drawn = acts(
        at_us, event="TXN_REQUEST", txn="LOAN_DRAW", customer=who, payee=who, amount=amount
    )
    spent = acts(
        at_us + rng.integers(20, 4000, len(who)) * MINUTE_US, event="TXN_REQUEST",
        txn="TRANSFER_INTER", customer=who,
        payer=who, payee=bank.contacts[who, 3],
        amount=shape(rng, amount * rng.uniform(0.3, 1, len(who))),
        remark="装修款",
    )  # fmt: skip
    return join([asked, drawn, spent])


def pensions(rng: np.random.Generator, bank: Bank) -> Acts:
    """Pensions arrive by batch; many pensioners fetch most of it in cash within days."""
    elders = np.flatnonzero((bank.segment == SEGMENT["ELDER"]) & (persons(bank) > 0))
    who, at_us = pay_days(rng, bank, elders)
    payer = np.flatnonzero((bank.owner < 0) & bank.account_firm)[bank.place[who]]
    paid = acts(
        at_us, event="TXN_IN", txn="AGENT_PAY", channel="BATCH", customer=who, payer=payer,
        payee=who,
        amount=bank.income[who], remark="工资",
    )  # fmt: skip
    fetch = rng.random(len(who)) < 0.5
    day = (at_us[fetch] - bank.start_us) // DAY_US + rng.integers(0, 4, int(fetch.sum()))
    who = who[fetch]
    outlet = outlet_for(rng, bank, who, bank.place[who])
    fetched = acts(
        bank.start_us + day * DAY_US + times_of_day(rng, len(who), "counter"), event="TXN_REQUEST",
        txn="CASH_WITHDRAW", channel="COUNTER", customer=who, payer=who, outlet=outlet,
        amount=np.maximum(np.round(bank.income[who] * rng.uniform(0.4, 1, len(who)) / 10_000),
                          1) * 10_000,
        staff=teller_at(rng, outlet), place=bank.outlet_place[outlet], tag="pension_counter",
    )  # fmt: skip
    return join([paid, fetched])


def allowances(rng: np.random.Generator, bank: Bank) -> Acts:
    """Parents send students and minors their monthly allowance."""
    young = np.flatnonzero(
        np.isin(bank.segment, [SEGMENT["STUDENT"], SEGMENT["MINOR"]]) & (persons(bank) > 0)
    )
    who, at_us = pay_days(rng, bank, young, profile="evening")
    parent = np.where(
        bank.contacts[who, 1] >= bank.accounts_own, bank.contacts[who, 1], bank.accounts_own + who
    )
    return acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who, payee=who,
        payer=parent,
        amount=sums(rng, 1700, 0.35, len(who)), remark="生活费",
    )  # fmt: skip


def tuition(rng: np.random.Generator, bank: Bank) -> Acts:
    """School fees, nearly all of them at the start of a term; many payers, one school each."""
    season = np.isin(months_of_year(bank), [2, 3, 8, 9]).mean()
    schools = np.flatnonzero((bank.owner < 0) & bank.account_firm)[:40]
    rate = np.where((bank.age >= 30) & (bank.age < 52), persons(bank), 0) * (
        0.0008 + 0.006 * season
    )
    who, at_us = spread(rng, bank, rate, profile="phone")
    return acts(
        at_us, event="TXN_REQUEST", txn="TRANSFER_INTER", customer=who, payer=who,
        payee=schools[who % len(schools)], amount=sums(rng, 5200, 0.6, len(who)), remark="学费",
        tag="tuition",
        flags=bits("new_payee"),
    )  # fmt: skip


def weddings(rng: np.random.Generator, bank: Bank) -> Acts:
    """Cash for a wedding or a renovation, booked the day before; cash gifts come back later."""
    rate = np.where((bank.age > 22) & (bank.income > 200_000), persons(bank), 0) * 0.0011
    who, day_us = spread(rng, bank, rate, profile="counter", weekend=0.4)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    amount = np.round(sums(rng, 52_000, 0.6, len(who)) / 1_000_000 + 0.5) * 1_000_000
    booked = acts(
        day_us - DAY_US - rng.integers(0, 240, len(who)) * MINUTE_US, event="CASH_BOOKING",
        channel="PHONE",
        customer=who, amount=amount, outlet=outlet, tag="wedding_cash",
    )  # fmt: skip
    fetched = acts(
        day_us, event="TXN_REQUEST", txn="CASH_WITHDRAW", channel="COUNTER", customer=who,
        payer=who, amount=amount,
        share=0.98, step=1_000_000, outlet=outlet, staff=teller_at(rng, outlet),
        place=bank.outlet_place[outlet],
        tag="wedding_cash", remark="礼金",
    )  # fmt: skip
    gifts = rng.random(len(who)) < 0.4
    given = acts(
        day_us[gifts] + rng.integers(2, 6, int(gifts.sum())) * DAY_US, event="TXN_REQUEST",
        txn="CASH_DEPOSIT",
        channel="COUNTER", customer=who[gifts], payee=who[gifts], outlet=outlet[gifts],
        staff=teller_at(rng, outlet[gifts]), place=bank.outlet_place[outlet[gifts]],
        tag="wedding_cash",
        amount=np.round(sums(rng, 66_000, 0.5, int(gifts.sum())) / 10_000) * 10_000,
    )  # fmt: skip
    return join([booked, fetched, given])


def currency(rng: np.random.Generator, bank: Bank) -> Acts:
    """Foreign currency for a holiday, and for studies abroad with the remittance that follows."""
    able = (bank.dollars >= 0) & (persons(bank) > 0)
    who, at_us = spread(rng, bank, np.where(able, persons(bank), 0) * 0.009, profile="phone")
    bought = acts(
        at_us, event="TXN_REQUEST", txn="FX_BUY", customer=who, payer=who, payee=bank.dollars[who],
        ratio=1 / 7.12,
        amount=sums(rng, 9000, 0.8, len(who)), tag="currency_for_travel",
    )  # fmt: skip
    back = rng.random(len(who)) < 0.3
    sold = acts(
        at_us[back] + rng.integers(6, 15, int(back.sum())) * DAY_US, event="TXN_REQUEST",
        txn="FX_SELL",
        customer=who[back], payer=bank.dollars[who[back]], payee=who[back], ratio=7.08,
        share=rng.uniform(0.2, 1.0, int(back.sum())), tag="currency_for_travel",
    )  # fmt: skip
    who, at_us = spread(
        rng,
        bank,
        np.where(able & (bank.age > 38), persons(bank), 0) * 0.002,
        profile="phone",
        weekend=0.5,
    )
    amount = sums(rng, 68_000, 0.5, len(who))
    asked = acts(
        at_us - 25 * HOUR_US,
        event="FX_APPLY",
        customer=who,
        amount=amount,
        word="STUDY",
        tag="currency_for_study",
    )
    study = acts(
        at_us, event="TXN_REQUEST", txn="FX_BUY", customer=who, payer=who, payee=bank.dollars[who],
        ratio=1 / 7.12,
        amount=amount, share=0.97, tag="currency_for_study",
    )  # fmt: skip
    schools = np.flatnonzero((bank.owner < 0) & bank.account_firm)[-60:]
    sent = acts(
        at_us + rng.integers(30, 2600, len(who)) * MINUTE_US, event="TXN_REQUEST",
        txn="CROSS_BORDER", customer=who,
        payer=bank.dollars[who], payee=schools[who % 60], share=0.995, step=100,
        tag="currency_for_study", remark="学费",
        flags=bits("overseas", "new_payee"),
    )  # fmt: skip
    return join([bought, sold, asked, study, sent])


def houses(rng: np.random.Generator, bank: Bank) -> Acts:
    """Term deposits broken for a house: nearly everything goes to a developer never paid before."""
    return _breaks(
        rng,
        bank,
        rate=0.005,
        firm=True,
        share=(0.5, 1.0),
        remark="购房款",
        tag="house_purchase",
        hours=30,
    )


def emergencies(rng: np.random.Generator, bank: Bank) -> Acts:
    """Term deposits broken for illness or a relative's need: a person, at once."""
    return _breaks(
        rng,
        bank,
        rate=0.005,
        firm=False,
        share=(0.2, 0.9),
        remark="医药费",
        tag="emergency_break",
        hours=3,
    )


def _breaks(
    rng: np.random.Generator, bank: Bank, *, rate: float, firm: bool, share: tuple[float, float],
    remark: str,
    tag: str, hours: int,
) -> Acts:  # fmt: skip
    who, at_us = spread(
        rng, bank, np.where(bank.term >= 0, persons(bank), 0) * rate, profile="phone", weekend=0.7
    )
    count = len(who)
    broken = acts(
        at_us, event="TXN_REQUEST", txn="TERM_BREAK", customer=who, payer=bank.term[who], payee=who,
        share=rng.uniform(0.5, 1, count), step=100_000, tag=tag,
    )  # fmt: skip
    firms = np.flatnonzero((bank.owner < 0) & (bank.account_firm == firm))
    payee = np.where(
        rng.random(count) < (0.0 if firm else 0.5),
        bank.contacts[who, 4],
        firms[rng.integers(0, len(firms), count)],
    )
    sent = acts(
        at_us + rng.integers(3, hours * 60, count) * MINUTE_US, event="TXN_REQUEST",
        txn="TRANSFER_INTER", customer=who,
        payer=who, payee=payee, share=rng.uniform(*share, count), step=steps_for_shares(rng, count),
        remark=remark,
        tag=tag, flags=bits("new_payee"),
    )  # fmt: skip
    return join([broken, sent])


def new_phones(rng: np.random.Generator, bank: Bank) -> Acts:
    """A new phone's first day: bound, checked by face; perhaps a password, limit or transfer."""
    who = np.flatnonzero((bank.device_change_day >= 0) & (persons(bank) > 0) & bank.mobile)
    at_us = (
        bank.start_us
        + bank.device_change_day[who] * DAY_US
        + times_of_day(rng, len(who), "phone") // 3
    )
    pieces = [
        acts(
            at_us, event="DEVICE_BIND", customer=who, device=bank.next_device[who], tag="new_phone"
        )
    ]
    plan = (("OTP_ISSUED", -70, 1.0, "SMS"), ("OTP_VERIFIED", -50, 1.0, "SMS"),
            ("FACE_CHECK", -25, 0.8, "PASS"),
            ("PASSWORD_RESET", 200, 0.3, "APP"), ("LIMIT_CHANGE", 900, 0.1, "APP"))  # fmt: skip
    for event, seconds, chance, word in plan:
        does = rng.random(len(who)) < chance
        moment = at_us[does] + seconds * SECOND_US + rng.integers(0, 15_000, int(does.sum())) * 1000
        table = acts(
            moment,
            event=event,
            customer=who[does],
            device=bank.next_device[who[does]],
            word=word,
            tag="new_phone",
        )
        if event == "LIMIT_CHANGE":
            table["amount"][:], table["number"][:] = 2_000_000, 5_000_000
        pieces.append(table)
    pays = rng.random(len(who)) < 0.4
    pieces.append(acts(
        at_us[pays] + rng.integers(5, 200, int(pays.sum())) * MINUTE_US, event="TXN_REQUEST",
        txn="TRANSFER_INTER",
        customer=who[pays], payer=who[pays], payee=bank.contacts[who[pays], 2],
        device=bank.next_device[who[pays]],
        amount=sums(rng, 700, 1.2, int(pays.sum())), tag="new_phone",
    ))  # fmt: skip
    return join(pieces)
