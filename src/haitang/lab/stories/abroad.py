"""Stories of borders: coins, gold, quotas split, hawala, far countries."""

from __future__ import annotations

from haitang.lab.acts import DAY_US
from haitang.lab.details import COUNTRIES
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.shops import JEWELLER


def coin_dealer(cast: Cast) -> None:
    """H01: a dealer sells coins to strangers all day and buys them from others."""
    who, at = cast.mule(), cast.moment()
    rate = cast.rng.uniform(6.9, 7.4)
    for _ in range(cast.between(2, 3)):
        moment = at
        for _ in range(cast.between(5, 11)):
            coins = float(cast.rng.choice([100, 200, 500, 1000, 2000, 3000]))
            odd = cast.chance(0.6)
            amount = int(coins * rate * 100) if odd else cast.yuan(coins * rate, 0.3)
            cast.gather(moment, who, amount)
            moment += cast.wait(40, 1.0)
            if cast.chance(0.45):
                cast.pay(moment, who, cast.stranger(), "mule_out",
                         share=cast.rng.uniform(0.5, 0.98))  # fmt: skip
        cast.pay(moment, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.7, 1.0))
        at += DAY_US + cast.minutes(-120, 120)


def gold_at_once(cast: Cast) -> None:
    """H02: the money is scarcely there when it has become gold."""
    who, at = cast.mule(), cast.moment("shop")
    cast.receive(at, who, cast.yuan(85_000, 0.5))
    shop = cast.merchant(JEWELLER)
    for _ in range(cast.between(1, 3)):
        at += cast.wait(28, 0.8)
        cast.buy(at, who, shop, "mule_out", share=cast.rng.uniform(0.5, 0.99), step=cast.step())


def two_ledgers(cast: Cast) -> None:
    """H04: yuan come in here, the same worth is paid out abroad by the other end."""
    who, at = cast.mule(), cast.moment("office", weekend=0.3)
    abroad = cast.person(cast.bank.dollars >= 0, wealth_yuan=20_000)
    rate = cast.rng.uniform(7.05, 7.3)
    for _ in range(cast.between(2, 4)):
        dollars = cast.between(10, 90) * 100
        if cast.chance(0.6):
            cast.receive(at, who, int(dollars * rate * 100))
        else:
            client = cast.person(wealth_yuan=dollars * rate)
            cast.pay(at, client, who, "staging", amount=int(dollars * rate * 100))
        cast.act(at + cast.wait(90, 1.0), "TXN_REQUEST", "mule_out", txn="CROSS_BORDER",
                 customer=abroad, payer=abroad, payee=cast.outsider(), amount=dollars * 712,
                 flags="new_payee overseas", remark="货款" if cast.chance(0.4) else -1)  # fmt: skip
        cast.pay(at + cast.wait(300, 1.0), who, cast.stranger(), "mule_out",
                 share=cast.rng.uniform(0.7, 1.0))  # fmt: skip
        at += cast.wait(500, 1.1)


def split_quota(cast: Cast) -> None:
    """H05: relatives and hired people buy currency, and all of it goes to one account abroad."""
    bank, at = cast.bank, cast.moment()
    payee = cast.outsider()
    for _ in range(cast.between(5, 8)):
        who = cast.person((bank.dollars >= 0) & (bank.age >= 20))
        moment = at + cast.minutes(0, 6000)
        if cast.chance(0.7):
            cast.receive(moment - cast.minutes(20, 900), who, cast.yuan(90_000, 0.5), "staging")
        cast.act(moment, "TXN_REQUEST", "staging", txn="FX_BUY", customer=who, payer=who,
                 payee=int(bank.dollars[who]), ratio=1 / 7.12,
                 share=cast.rng.uniform(0.8, 1.0), step=cast.step())  # fmt: skip
        cast.act(moment + cast.wait(150, 1.2), "TXN_REQUEST", "mule_out", txn="CROSS_BORDER",
                 customer=who, payer=int(bank.dollars[who]), payee=payee,
                 share=cast.rng.uniform(0.85, 1.0), step=100,
                 flags="new_payee overseas",
                 remark=str(cast.rng.choice(["学费", "生活费", "医药费"])))  # fmt: skip


def risky_country(cast: Cast) -> None:
    """H06: money for a country that few have honest business with, or orders given from there."""
    who, at = cast.person(wealth_yuan=8000), cast.moment()
    country = cast.between(0, 2) if cast.chance(0.7) else cast.between(3, 4)
    assert country < len(COUNTRIES)
    for turn in range(cast.between(1, 3)):
        told = {"payee_country": country} | ({"address_country": country} if turn else {})
        cast.act(at, "TXN_REQUEST", "mule_out", txn="CROSS_BORDER", customer=who, payer=who,
                 payee=cast.outsider(), share=cast.rng.uniform(0.3, 0.95), step=cast.step(),
                 flags="new_payee overseas", told=told)  # fmt: skip
        at += cast.wait(700, 1.2)


def cards_abroad(cast: Cast) -> None:
    """H07: a lent or stolen card is worked through shops abroad within an hour or two."""
    who, at = cast.mule(), cast.moment("shop")
    place = cast.between(24, 27)
    if cast.chance(0.6):
        cast.receive(at - cast.minutes(30, 600), who, cast.yuan(30_000, 0.6))
    for _ in range(cast.between(4, 9)):
        shop = cast.merchant(place=place)
        cast.buy(at, who, shop, "cash_out", share=cast.rng.uniform(0.1, 0.4), step=cast.step(),
                 place=place)  # fmt: skip
        at += cast.wait(13, 0.9)
