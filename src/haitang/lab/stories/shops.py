"""Stories of cards and shops: copied cards, sham sales, codes, terminals, goods as a bridge."""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast

GROCER, TELEPHONE, JEWELLER, ARCADE, GAMES = 0, 10, 11, 12, 13
"""Positions of merchant kinds in `MERCHANT_KINDS`."""


def copied_card(cast: Cast) -> None:
    """F01: the phone is at home, a copy of the card is used in another province."""
    bank = cast.bank
    who, at = cast.person(wealth_yuan=4000), cast.moment("shop")
    cast.act(at, "LOGIN", "session", customer=who, word="BIOMETRIC", place=int(bank.place[who]))
    at += cast.wait(30, 0.9)
    far = int(cast.rng.choice([place for place in range(28) if place != bank.place[who]]))
    for _ in range(cast.between(1, 4)):
        if far < 10 and cast.chance(0.35):
            outlet = cast.outlets_of(far, 1)[0]
            cast.machine(at, who, outlet, amount=2_000_000, share=cast.rng.uniform(0.4, 1.0),
                         step=10_000)  # fmt: skip
        else:
            shop = cast.merchant(place=far)
            cast.buy(at, who, shop, "victim_payment", share=cast.rng.uniform(0.1, 0.7),
                     place=far)  # fmt: skip
        at += cast.wait(14, 1.0)


def card_as_cash(cast: Cast) -> None:
    """F03: sham purchases at a friend's shop bring cash, less a fee; repaid, it begins again."""
    who, at = cast.person(wealth_yuan=4000), cast.moment("shop")
    shop = cast.merchant()
    for _ in range(cast.between(4, 9)):
        level = cast.rng.uniform(0.5, 0.97)
        cast.buy(at, who, shop, "cash_out", share=level, step=cast.step())
        if cast.chance(0.75):
            cast.receive(at + cast.wait(200, 1.1), who, cast.yuan(6000, 0.7), "bait_credit")
        at += cast.between(0, 3) * DAY_US + cast.minutes(20, 300)


def sham_shop(cast: Cast) -> None:
    """F04: a shop without goods: takings that fit no trade, out again as soon as they are in."""
    who, at = cast.new_firm(cast.moment("shop")), cast.moment("shop")
    at = max(at, int(cast.bank.opened_us[who]) + cast.minutes(60, 2000))
    for _ in range(cast.between(1, 4)):
        moment = at
        for _ in range(cast.between(3, 8)):
            cast.act(moment, "TXN_IN", "mule_credit", txn="QR_COLLECT", channel="QR", customer=who,
                     payer=cast.outsider(), payee=who, amount=cast.yuan(2600, 0.9))  # fmt: skip
            moment += cast.wait(16, 1.0)
        cast.pay(moment, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.9, 1.0),
                 channel="MOBILE" if cast.chance(0.5) else "CORP_EBANK", remark="货款")  # fmt: skip
        at += DAY_US + cast.minutes(-180, 180)


def code_for_hire(cast: Cast) -> None:
    """F05: a private code is shown to a crowd of players far away, for an hour or a night."""
    who, at = cast.mule(), cast.moment("evening" if cast.chance(0.7) else "night")
    for _ in range(cast.between(22, 45)):
        cast.act(at, "TXN_IN", "mule_credit", txn="QR_COLLECT", channel="QR", customer=who,
                 payer=cast.outsider(), payee=who,
                 amount=cast.yuan(260, 0.9))  # fmt: skip
        at += cast.wait(1.6, 0.9)
        if cast.chance(0.07):
            cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.8, 1.0))
    cast.pay(at + cast.wait(12), who, cast.stranger(), "mule_out",
             share=cast.rng.uniform(0.85, 1.0))  # fmt: skip


def top_ups(cast: Cast) -> None:
    """F06: dirty money buys credit for the phones of people who bought it cheap elsewhere."""
    who, at = cast.mule(), cast.moment()
    cast.receive(at - cast.minutes(5, 90), who, cast.yuan(9000, 0.5))
    shop = cast.merchant(TELEPHONE)
    values = [5_000, 10_000, 10_000, 20_000, 30_000, 50_000]
    for _ in range(cast.between(14, 30)):
        cast.buy(at, who, shop, "mule_out", txn="QR_PAY", amount=int(cast.rng.choice(values)),
                 remark="话费")  # fmt: skip
        at += cast.wait(2.4, 1.0)
    for _ in range(cast.between(1, 4)):
        at += cast.wait(80, 1.0)
        cast.receive(at, who, cast.yuan(1900, 0.7), "mule_credit")


def refund_elsewhere(cast: Cast) -> None:
    """F07: a lent account buys, the shop takes it back and refunds to another account."""
    shop, at = cast.merchant(), cast.moment("shop")
    goal = cast.mule()
    way = "POS" if cast.chance(0.4) else "QR_PAY"
    for _ in range(cast.between(2, 5)):
        who, number = cast.mule(), int(cast.rng.integers(2**40, 2**62))
        amount = cast.yuan(3800, 0.8)
        cast.receive(at - cast.minutes(5, 120), who, int(amount * cast.rng.uniform(1.0, 1.1)))
        cast.buy(at, who, shop, "mule_out", txn=way, amount=amount, number=number)
        back = at + cast.wait(240, 1.1)
        cast.act(back, "TXN_REVERSED", "mule_credit", txn=way,
                 channel="POS" if way == "POS" else "QR", customer=goal, payee=goal,
                 amount=amount, number=number, merchant=shop, terminal=2 * shop,
                 place=int(cast.bank.merchant_place[shop]))  # fmt: skip
        at += cast.wait(200, 1.2)
    cast.pay(at + cast.wait(400), goal, cast.stranger(), "mule_out",
             share=cast.rng.uniform(0.8, 1.0))  # fmt: skip


def carried_away(cast: Cast) -> None:
    """F08: a shop's card terminal works in a rented room two provinces away."""
    shop, at = cast.merchant(place=cast.between(0, 9)), cast.moment("shop")
    far = cast.elsewhere()
    if far == cast.bank.merchant_place[shop]:
        far = (far + 7) % 24
    for _ in range(cast.between(5, 12)):
        cast.buy(at, cast.mule(), shop, "cash_out", share=cast.rng.uniform(0.4, 0.97),
                 step=cast.step(), place=far)  # fmt: skip
        at += cast.wait(70, 1.2)


def tips_and_coins(cast: Cast) -> None:
    """F09: large tips to a streamer who is in on it; most comes back by another way."""
    who, at = cast.mule(), cast.moment("evening")
    shop = cast.merchant(GAMES, ARCADE)
    cast.receive(at - cast.minutes(10, 300), who, cast.yuan(22_000, 0.7))
    for _ in range(cast.between(4, 12)):
        if cast.chance(0.4):
            cast.act(at, "TXN_REQUEST", "mule_out", txn="WALLET_IN", channel="OPEN_BANK",
                     customer=who, payer=who, amount=cast.yuan(2600, 0.7),
                     remark="充值")  # fmt: skip
        else:
            cast.buy(at, who, shop, "mule_out", txn="QR_PAY", amount=cast.yuan(2400, 0.8),
                     remark="打赏")  # fmt: skip
        at += cast.wait(11, 1.0)
    for _ in range(cast.between(1, 3)):
        at += cast.wait(600, 1.0)
        cast.receive(at, who, cast.yuan(5200, 0.7), "mule_credit")


def goods_as_bridge(cast: Cast) -> None:
    """F10: a victim's money becomes liquor, phones or gold, which become money the same day."""
    who, at = cast.mule(), cast.moment("shop")
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(24_000, 0.7))
        shop = cast.merchant(GROCER, JEWELLER, 7)
        for _ in range(cast.between(1, 3)):
            at += cast.wait(40, 0.9)
            cast.buy(at, who, shop, "mule_out", share=cast.rng.uniform(0.5, 0.98),
                     step=cast.step())  # fmt: skip
        at += cast.wait(220, 0.9)
        cast.receive(at, who, cast.yuan(17_000, 0.6), "mule_credit")
        if cast.chance(0.7):
            cast.pay(at + cast.wait(30), who, cast.stranger(), "mule_out",
                     share=cast.rng.uniform(0.8, 1.0))  # fmt: skip
        at += cast.wait(600, 1.0)


def _digits(cast: Cast, level: float) -> int:
    """A sum with odd fen, as a machine makes them up to tell orders apart."""
    return int(np.round(level * 100)) + cast.between(1, 99)


def fingerprinted(cast: Cast) -> None:
    """H08: the collector tells orders apart by their fen: every sum ends differently."""
    who, at = cast.mule(), cast.moment("evening")
    values = [100, 200, 300, 500, 800, 1000, 2000]
    for _ in range(cast.between(10, 24)):
        cast.gather(at, who, _digits(cast, float(cast.rng.choice(values))))
        at += cast.wait(9, 1.0)
    cast.pay(at + cast.wait(40), who, cast.stranger(), "mule_out",
             share=cast.rng.uniform(0.85, 1.0))  # fmt: skip
