"""What people do every day: shopping, sending money, looking at balances, drawing cash.

Each rhythm is a function `(rng, bank) -> Acts`, vectorised over all customers and days. `everyday`
runs them all in a fixed order. Amounts and hours come from `draws`, which the fraud stories use as
well.
"""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, SECOND_US, Acts, Array, acts, bits, join
from haitang.lab.bank import MACHINES, MERCHANT_KINDS, TELLERS, Bank
from haitang.lab.draws import spread, sums, tickets
from haitang.lab.geography import HOME_PLACES
from haitang.lab.vocabulary import REMARK, SEGMENT, TAG, TXN


def everyday(rng: np.random.Generator, bank: Bank) -> Acts:
    """Run every daily rhythm of persons."""
    return join(
        rhythm(rng, bank)
        for rhythm in (
            shopping, sending, looking_at_balance, machine_cash, counter_visits, wallets,
            credits_from_outside,
            meals_at_night, screen_sharing_for_help, card_and_limit_changes, funds,
        )
    )  # fmt: skip


def persons(bank: Bank) -> Array:
    """Everyday activity of each customer, 0 for firms and dormant customers."""
    return np.where(bank.is_firm, 0.0, bank.activity)


def day_of(bank: Bank, at_us: Array) -> Array:
    """Index of the day of the run in which an instant lies, clipped to the run."""
    return np.asarray(np.clip((at_us - bank.start_us) // DAY_US, 0, bank.days - 1))


def outlet_for(rng: np.random.Generator, bank: Bank, who: Array, place: Array) -> Array:
    """The home outlet mostly; otherwise another one of the place where the customer is."""
    near = (place == bank.place[who]) & (rng.random(len(who)) < 0.82)
    spot = np.minimum(place, HOME_PLACES - 1)
    first = np.searchsorted(bank.outlet_place, spot, side="left")
    last = np.searchsorted(bank.outlet_place, spot, side="right")
    other = first + (rng.random(len(who)) * (last - first)).astype(np.int64)
    return np.asarray(np.where(near, bank.outlet[who], other))


def teller_at(rng: np.random.Generator, outlet: Array) -> Array:
    """Some member of the outlet's staff."""
    return np.asarray(outlet * TELLERS + rng.integers(0, TELLERS, len(outlet)))


def machine_at(rng: np.random.Generator, bank: Bank, outlet: Array) -> Array:
    """Some cash machine of the outlet, as a terminal index."""
    return np.asarray(
        2 * len(bank.merchant_kind) + outlet * MACHINES + rng.integers(0, MACHINES, len(outlet))
    )


def shopping(rng: np.random.Generator, bank: Bank) -> Acts:
    """Purchases at liked shops, at any shop of the place, and on trips at shops there."""
    minor = np.isin(bank.segment, [SEGMENT["MINOR"], SEGMENT["ELDER"]])
    who, at_us = spread(
        rng, bank, persons(bank) * np.where(minor, 0.24, 0.48), profile="shop", weekend=1.25
    )
    liked = bank.places_liked[who, rng.integers(0, 8, len(who))]
    place = bank.place_by_day[who, day_of(bank, at_us)].astype(np.int64)
    anywhere = _shops(rng, bank, place)
    merchant = np.where((rng.random(len(who)) < 0.78) & (place == bank.place[who]), liked, anywhere)
    at_counter = rng.random(len(who)) < 0.3
    deviation = np.array([kind[2] for kind in MERCHANT_KINDS])[bank.merchant_kind[merchant]]
    bought = acts(
        at_us, event="TXN_REQUEST", txn=np.where(at_counter, TXN["POS"], TXN["QR_PAY"]),
        customer=who, payer=who,
        channel=np.where(at_counter, 5, 6), amount=tickets(rng, bank.merchant_level[merchant],
                                                           deviation, len(who)),
        merchant=merchant, terminal=2 * merchant + rng.integers(0, 2, len(who)),
        place=bank.merchant_place[merchant],
    )  # fmt: skip
    bought["number"][:] = rng.integers(2**40, 2**62, len(who))
    back = rng.random(len(who)) < 0.006
    returned = {name: column[back].copy() for name, column in bought.items()}
    returned["at_us"] += rng.integers(1800, 3 * 86_400, int(back.sum())) * SECOND_US
    returned["event"][:] = 2
    returned["payee"][:] = returned["payer"]
    returned["payer"][:] = -1
    returned["tag"][:] = TAG["returned_purchase"]
    return join([bought, returned])


def _shops(rng: np.random.Generator, bank: Bank, place: Array) -> Array:
    order = np.argsort(bank.merchant_place, kind="stable")
    sorted_place = bank.merchant_place[order]
    first = np.searchsorted(sorted_place, place, side="left")
    last = np.searchsorted(sorted_place, place, side="right")
    last = np.maximum(last, first + 1)
    position = first + (rng.random(len(place)) ** 2 * (last - first)).astype(np.int64)
    return np.asarray(order[np.minimum(position, len(order) - 1)])


def sending(rng: np.random.Generator, bank: Bank) -> Acts:
    """Money to family and friends, to acquaintances, and now and then to somebody new."""
    rate = (
        persons(bank)
        * np.where(bank.mobile, 0.56, 0.03)
        * np.where(bank.segment == SEGMENT["MINOR"], 0.3, 1)
    )
    who, at_us = spread(rng, bank, rate, profile="phone", weekend=1.1)
    count = len(who)
    slot = np.minimum((rng.random(count) ** 1.6 * 6).astype(np.int64), 5)
    payee = bank.contacts[who, slot]
    new = rng.random(count) < 0.16
    outside = rng.integers(bank.accounts_own, len(bank.owner), count)
    inside = rng.integers(0, bank.n - bank.openers, count)
    payee = np.where(new, np.where(rng.random(count) < 0.65, outside, inside), payee)
    small = sums(rng, 160, 1.1, count)
    large = sums(rng, 2600, 1.0, count)
    return acts(
        at_us, event="TXN_REQUEST", txn="TRANSFER_INTER", channel="MOBILE", customer=who, payer=who,
        payee=payee,
        amount=np.where(rng.random(count) < 0.62, small, large),
        flags=np.where(new, bits("new_payee"), 0),
        remark=private_remarks(rng, count),
    )  # fmt: skip


def private_remarks(rng: np.random.Generator, count: int) -> Array:
    """Remarks that private people write, as codes; nearly half write none."""
    words = (
        "转账",
        "红包",
        "借款",
        "生活费",
        "聚餐",
        "家用",
        "礼金",
        "押金",
        "订金",
        "充值",
        "会员费",
        "还款",
        "服务费",
        "运费",
        "保证金",
    )
    weights = np.array([10, 5, 4, 5, 5, 4, 3, 1.2, 1.6, 1.2, 0.8, 3, 1.2, 1, 0.4])
    codes = np.array([REMARK[word] for word in words])
    chosen = codes[rng.choice(len(words), count, p=weights / weights.sum())]
    return np.where(rng.random(count) < 0.45, -1, chosen)


def looking_at_balance(rng: np.random.Generator, bank: Bank) -> Acts:
    """Log-ins to look, with the mistyped password now and then; some by browser."""
    rate = persons(bank) * np.where(bank.mobile, 0.44, 0.0)
    who, at_us = spread(rng, bank, rate, profile="phone")
    browser = rng.random(len(who)) < 0.05
    wrong = rng.random(len(who)) < 0.07
    looked = acts(
        at_us, event="LOGIN", channel=np.where(browser, 1, 0), customer=who, word="BIOMETRIC"
    )
    failed = acts(
        at_us[wrong] - rng.integers(5, 50, int(wrong.sum())) * SECOND_US, event="LOGIN_FAIL",
        customer=who[wrong],
        channel=looked["channel"][wrong], word="WRONG_PASSWORD",
    )  # fmt: skip
    away = rng.random(len(who)) < 0.15
    left = acts(
        at_us[away] + rng.integers(30, 400, int(away.sum())) * SECOND_US, event="LOGOUT",
        customer=who[away],
        channel=looked["channel"][away],
    )  # fmt: skip
    return join([looked, failed, left])


def machine_cash(rng: np.random.Generator, bank: Bank) -> Acts:
    """Cash from and into machines, in notes of a hundred; the elderly do it more often."""
    rate = persons(bank) * np.where(bank.age > 50, 0.055, 0.026)
    who, at_us = spread(rng, bank, rate, profile="machine")
    place = bank.place_by_day[who, day_of(bank, at_us)].astype(np.int64)
    outlet = outlet_for(rng, bank, who, place)
    notes = (
        np.clip(np.round(sums(rng, 1100, 0.9, len(who)) / 10_000), 1, 200).astype(np.int64) * 10_000
    )
    drawn = acts(
        at_us, event="TXN_REQUEST", txn="CASH_WITHDRAW", channel="ATM", customer=who, payer=who,
        amount=notes,
        outlet=outlet, terminal=machine_at(rng, bank, outlet), place=bank.outlet_place[outlet],
    )  # fmt: skip
    cardless = rng.random(len(who)) < 0.06
    drawn["txn"][cardless] = TXN["CARDLESS_WITHDRAW"]
    who, at_us = spread(rng, bank, persons(bank) * 0.012, profile="machine")
    outlet = outlet_for(rng, bank, who, bank.place[who])
    put = acts(
        at_us, event="TXN_REQUEST", txn="CASH_DEPOSIT", channel="CRM", customer=who, payee=who,
        outlet=outlet,
        amount=np.clip(np.round(sums(rng, 2200, 1.0, len(who)) / 10_000), 1,
                       300).astype(np.int64) * 10_000,
        terminal=machine_at(rng, bank, outlet), place=bank.outlet_place[outlet],
    )  # fmt: skip
    return join([drawn, put])


def counter_visits(rng: np.random.Generator, bank: Bank) -> Acts:
    """Cash and transfers at the counter, mostly by people who do not bank by phone."""
    rate = persons(bank) * np.where(bank.mobile, 0.026, 0.08)
    who, at_us = spread(rng, bank, rate, profile="counter", weekend=0.35)
    count = len(who)
    outlet = outlet_for(rng, bank, who, bank.place[who])
    kind = rng.choice(
        [TXN["CASH_WITHDRAW"], TXN["CASH_DEPOSIT"], TXN["TRANSFER_INTER"]],
        count,
        p=[0.45, 0.3, 0.25],
    )
    cash_in = kind == TXN["CASH_DEPOSIT"]
    sends = kind == TXN["TRANSFER_INTER"]
    amount = np.round(sums(rng, 6500, 1.1, count) / 100) * 100
    payee = np.where(
        sends, bank.contacts[who, rng.integers(0, 6, count)], np.where(cash_in, who, -1)
    )
    return acts(
        at_us, event="TXN_REQUEST", txn=kind, channel="COUNTER", customer=who,
        payer=np.where(cash_in, -1, who),
        payee=payee, amount=amount, outlet=outlet, staff=teller_at(rng, outlet),
        place=bank.outlet_place[outlet],
        flags=np.where(rng.random(count) < np.where(bank.age[who] > 70, 0.25, 0.05),
                       bits("companion_present"), 0),
    )  # fmt: skip


def wallets(rng: np.random.Generator, bank: Bank) -> Acts:
    """Top-ups of payment wallets and withdrawals from them back to the account."""
    who, at_us = spread(rng, bank, persons(bank) * 0.09, profile="evening")
    up = acts(
        at_us, event="TXN_REQUEST", txn="WALLET_IN", channel="OPEN_BANK", customer=who, payer=who,
        amount=sums(rng, 210, 1.0, len(who)), remark="充值",
    )  # fmt: skip
    who, at_us = spread(rng, bank, persons(bank) * 0.035, profile="evening")
    down = acts(
        at_us, event="TXN_IN", txn="WALLET_OUT", channel="OPEN_BANK", customer=who, payee=who,
        amount=sums(rng, 350, 1.1, len(who)),
    )  # fmt: skip
    return join([up, down])


def credits_from_outside(rng: np.random.Generator, bank: Bank) -> Acts:
    """Money from friends, buyers and relatives at other banks."""
    who, at_us = spread(rng, bank, persons(bank) * 0.27, profile="phone")
    count = len(who)
    known = bank.contacts[who, rng.integers(0, 6, count)]
    stranger = rng.integers(bank.accounts_own, len(bank.owner), count)
    payer = np.where((rng.random(count) < 0.5) & (known >= bank.accounts_own), known, stranger)
    amount = np.where(
        rng.random(count) < 0.7, sums(rng, 260, 1.1, count), sums(rng, 3200, 1.1, count)
    )
    return acts(
        at_us, event="TXN_IN", txn="TRANSFER_INTER", channel="OPEN_BANK", customer=who, payer=payer,
        payee=who,
        amount=amount, remark=private_remarks(rng, count),
    )  # fmt: skip


def meals_at_night(rng: np.random.Generator, bank: Bank) -> Acts:
    """Night workers pass money on and buy at hours when others sleep."""
    who, at_us = spread(rng, bank, np.where(bank.night, persons(bank) * 0.35, 0.0), profile="night")
    return acts(
        at_us, event="TXN_REQUEST", txn="TRANSFER_INTER", channel="MOBILE", customer=who, payer=who,
        payee=bank.contacts[who, rng.integers(0, 6, len(who))],
        amount=sums(rng, 140, 1.0, len(who)), tag="night_work",
    )  # fmt: skip


def screen_sharing_for_help(rng: np.random.Generator, bank: Bank) -> Acts:
    """A child helps a parent over a shared screen: harmless, with the same flags as a scam."""
    rate = persons(bank) * bank.mobile * np.where(bank.age > 55, 0.004, 0.0012)
    who, at_us = spread(rng, bank, rate, profile="evening")
    shared = bits("screen_share", "active")
    started = acts(
        at_us - 90 * SECOND_US,
        event="SCREEN_SHARE_STATE",
        customer=who,
        flags=shared,
        tag="screen_share_help",
    )
    pays = rng.random(len(who)) < 0.45
    paid = acts(
        at_us[pays], event="TXN_REQUEST", txn="TRANSFER_INTER", customer=who[pays], payer=who[pays],
        payee=bank.contacts[who[pays], 1], amount=sums(rng, 500, 1.0, int(pays.sum())),
        tag="screen_share_help",
        flags=bits("screen_share"),
    )  # fmt: skip
    ended = acts(
        at_us + rng.integers(120, 900, len(who)) * SECOND_US, event="SCREEN_SHARE_STATE",
        customer=who,
        tag="screen_share_help",
    )  # fmt: skip
    helped = rng.random(len(who)) < 0.3
    guided = acts(
        at_us[helped] + 200 * SECOND_US, event="REMOTE_CONTROL_STATE", customer=who[helped],
        flags=bits("active", "remote_control"), tag="screen_share_help",
    )  # fmt: skip
    return join([started, paid, guided, ended])


def card_and_limit_changes(rng: np.random.Generator, bank: Bank) -> Acts:
    """Ordinary changes: limits, passwords, wallets, agreements, lost and found cards."""
    plan = (
        ("LIMIT_CHANGE", 0.0022, "APP"), ("PASSWORD_RESET", 0.0025, "APP"),
        ("BIND_CARD", 0.0045, "APP"),
        ("NO_PASSWORD_SIGN", 0.003, "APP"), ("AGREEMENT_SIGN", 0.004, "APP"),
        ("CARD_LOST", 0.0006, "APP"),
        ("PHONE_CHANGE", 0.0007, "APP"), ("SIM_CHANGE", 0.0009, "OTHER"),
        ("CALL_FORWARD_SET", 0.0006, "OTHER"),
        ("REMOTE_COUNTER_OP", 0.0008, "PIN_RESET"), ("PAYEE_ADD", 0.004, "APP"),
        ("CALL_STATE", 0.01, "OTHER"), ("SMS_SENT", 0.05, "BALANCE_CHANGE"),
        ("OTP_FAILED", 0.004, "SMS"),
    )  # fmt: skip
    pieces: list[Acts] = []
    for event, rate, word in plan:
        who, at_us = spread(
            rng, bank, persons(bank) * np.where(bank.mobile, rate, rate / 8), profile="phone"
        )
        pieces.append(change(rng, bank, at_us, who, event=event, word=word))
    found = pieces[5]
    pieces.append(acts(found["at_us"] + rng.integers(600, 90_000, len(found["at_us"])) * SECOND_US,
                       event="CARD_UNLOST", customer=found["customer"], word="APP"))  # fmt: skip
    return join(pieces)


def change(
    rng: np.random.Generator, bank: Bank, at_us: Array, who: Array, *, event: str, word: str
) -> Acts:
    """Acts of one kind of change, with the limit, payee or merchant that it concerns."""
    count = len(who)
    table = acts(at_us, event=event, customer=who, word=word)
    if event == "LIMIT_CHANGE":
        table["amount"][:] = rng.choice([500_000, 1_000_000, 2_000_000, 5_000_000], count)
        table["number"][:] = table["amount"] * rng.choice([0.2, 0.5, 2, 4, 5, 10], count)
    if event == "PAYEE_ADD":
        table["payee"][:] = rng.integers(bank.accounts_own, len(bank.owner), count)
    if event in ("NO_PASSWORD_SIGN", "BIND_CARD", "AGREEMENT_SIGN"):
        table["merchant"][:] = rng.integers(0, len(bank.merchant_kind), count)
    if event == "CALL_STATE":
        table["flags"][:] = np.where(rng.random(count) < 0.5, bits("active", "call_active"), 0)
        table["call_seconds"][:] = rng.lognormal(4.6, 1.0, count)
    return table


def funds(rng: np.random.Generator, bank: Bank) -> Acts:
    """Money-market funds redeemed into the account."""
    who, at_us = spread(
        rng, bank, np.where(bank.age > 22, persons(bank), 0) * 0.016, profile="phone"
    )
    return acts(
        at_us, event="TXN_REQUEST", txn="FUND_REDEEM", customer=who, payer=-1, payee=who,
        amount=sums(rng, 4200, 1.3, len(who)),
    )  # fmt: skip
