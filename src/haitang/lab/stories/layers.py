"""Stories of money that runs through many hands: chains, rings, fans and clusters."""

from __future__ import annotations

from typing import Any

import numpy as np

from haitang.lab.acts import DAY_US, MINUTE_US
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.trade import open_account


def same_sum_again(cast: Cast) -> None:
    """D04: the same two accounts, nearly the same sum, day after day."""
    who, goal, at = cast.mule(), cast.stranger(), cast.moment()
    level = cast.rng.lognormal(np.log(900_000), 0.7)
    for turn in range(cast.between(4, 9)):
        cast.receive(at - cast.minutes(5, 200), who, cast.shaped(level * 1.02))
        amount = cast.shaped(level) if cast.chance(0.5) else int(level * cast.rng.uniform(0.97, 1))
        cast.pay(at, who, goal, "mule_out", amount=amount,
                 flags="new_payee" if turn == 0 else "")  # fmt: skip
        at += cast.wait(500, 1.0)


def only_at_night(cast: Cast) -> None:
    """D06: an account that sleeps by day and passes money on by night."""
    who = cast.mule()
    at = cast.moment("night")
    for _ in range(cast.between(1, 3)):
        moment = at
        for _ in range(cast.between(2, 4)):
            cast.receive(moment, who, cast.yuan(4200, 0.9))
            moment += cast.wait(18, 0.9)
            cast.pay(moment, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.85, 1.0))
            moment += cast.wait(25, 0.9)
        at += DAY_US + cast.minutes(-60, 60)


def just_under(cast: Cast) -> None:
    """D09: every sum stays a little under a number that people believe somebody looks at."""
    who, at = cast.mule(), cast.moment()
    top = int(cast.rng.choice([5_000_000, 5_000_000, 1_000_000, 2_000_000]))
    times = cast.between(3, 6)
    cast.receive(at - cast.minutes(30, 400), who, int(top * times * cast.rng.uniform(0.95, 1.1)))
    for _ in range(times):
        amount = int(top * cast.rng.uniform(0.9, 0.999))
        amount = amount // 10_000 * 10_000 if cast.chance(0.6) else amount
        cast.pay(at, who, cast.stranger(), "mule_out", amount=amount)
        at += cast.wait(260, 1.1)


def chain(cast: Cast) -> None:
    """D10: the money runs through account after account, minutes on each, and leaves the bank."""
    at, hops = cast.moment(), cast.between(3, 6)
    links = [cast.mule() for _ in range(hops)]
    total = cast.yuan(42_000, 0.8)
    cast.receive(at, links[0], total)
    pace = cast.rng.uniform(3, 25)
    for here, there in zip(links, [*links[1:], cast.outsider()], strict=True):
        at += cast.wait(pace, 0.6)
        total = int(total * cast.rng.uniform(0.96, 1.0))
        if cast.chance(0.15):
            cast.pay(at, here, cast.outsider(), "mule_out", amount=cast.shaped(total * 0.2))
            total = int(total * 0.8)
            at += cast.wait(4)
        cast.pay(at, here, there, "mule_out", amount=total)


def own_relay(cast: Cast) -> None:
    """D13: one person's own accounts pass the money round before it leaves."""
    bank = cast.bank
    who = cast.person((bank.term >= 0) & (bank.age < 60))
    at, term = cast.moment(), int(bank.term[who])
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(26_000, 0.8))
        at += cast.wait(9, 0.8)
        cast.act(at, "TXN_REQUEST", "mule_out", txn="TRANSFER_OWN", customer=who, payer=who,
                 payee=term, share=cast.rng.uniform(0.8, 1.0), step=cast.step())  # fmt: skip
        at += cast.wait(15, 0.9)
        cast.act(at, "TXN_REQUEST", "mule_out", txn="TRANSFER_OWN", customer=who, payer=term,
                 payee=who, share=cast.rng.uniform(0.3, 1.0), step=cast.step())  # fmt: skip
        at += cast.wait(10, 0.8)
        cast.pay(at, who, cast.outsider(), "mule_out", share=cast.rng.uniform(0.85, 1.0))
        at += cast.wait(200, 1.0)


def village(cast: Cast) -> None:
    """D15: a handful from one village open within a week; some are found out, the others work."""
    at = cast.moment("counter", weekend=0.2)
    at = min(at, cast.bank.start_us + max(cast.bank.days // 2, 1) * DAY_US)
    origin, outlet = cast.between(10, 23), cast.between(0, len(cast.bank.outlet_place) - 1)
    people = []
    for _ in range(cast.between(5, 7)):
        who = cast.newcomer(at)
        cast.bank.origin[who] = origin
        people.append(who)
        open_account(cast, who, at, channel="COUNTER", outlet=outlet,
                     word=str(cast.rng.choice(["SALARY_ACCOUNT", "OTHER", "SAVINGS"])))  # fmt: skip
        at += cast.wait(600, 1.0)
    for turn, who in enumerate(people):
        moment = at + cast.wait(2500, 0.9)
        cast.receive(moment, who, cast.yuan(15_000, 0.7))
        cast.pay(moment + cast.wait(20), who, cast.stranger(), "mule_out",
                 share=cast.rng.uniform(0.85, 1.0))  # fmt: skip
        if turn < 2:
            cast.act(moment + cast.wait(1400, 0.7), "LABEL", "listing", channel="INTERNAL",
                     customer=who, told={"label": 1})  # fmt: skip


def burnt(cast: Cast) -> None:
    """D16: a few busy days, then nothing more, or the account is closed."""
    at = cast.moment()
    who = cast.newcomer(at - cast.minutes(600, 2500)) if cast.chance(0.6) else cast.sleeper()
    for _ in range(cast.between(4, 9)):
        cast.receive(at, who, cast.yuan(12_000, 0.8))
        at += cast.wait(30, 0.9)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.85, 1.0))
        at += cast.wait(160, 1.0)
    if cast.chance(0.4):
        outlet = int(cast.bank.outlet[who])
        cast.act(at + cast.between(1, 5) * DAY_US, "ACCT_CLOSE", "opening", customer=who,
                 **cast.at_counter(outlet))  # fmt: skip


def wallet_relay(cast: Cast) -> None:
    """D17: sums out of wallets land here one after another and leave as cash or on again."""
    who, at = cast.mule(), cast.moment("machine")
    for _ in range(cast.between(1, 3)):
        for _ in range(cast.between(3, 7)):
            cast.act(at, "TXN_IN", "mule_credit", txn="WALLET_OUT", channel="OPEN_BANK",
                     customer=who, payee=who, amount=cast.yuan(2100, 0.8))  # fmt: skip
            at += cast.wait(9, 0.9)
        if cast.chance(0.5):
            outlet = cast.outlets(who, 1)[0]
            cast.machine(at, who, outlet, amount=2_000_000, share=1.0, step=10_000)
        else:
            cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.85, 1.0))
        at += cast.wait(300, 1.0)


def ring(cast: Cast) -> None:
    """D18: what leaves the first account comes back to it over two to four others."""
    at, size = cast.moment(), cast.between(3, 5)
    circle = [cast.mule() for _ in range(size)]
    total = float(cast.yuan(24_000, 0.9))
    cast.receive(at, circle[0], int(total * 1.05))
    for _ in range(cast.between(1, 2)):
        for here, there in zip(circle, circle[1:] + circle[:1], strict=True):
            at += cast.wait(190, 1.2)
            cast.pay(at, here, there, "mule_out", amount=int(total), remark="借款")
            total *= cast.rng.uniform(0.93, 1.0)
    cast.pay(at + cast.wait(400, 1.0), circle[0], cast.outsider(), "mule_out",
             share=cast.rng.uniform(0.7, 1.0))  # fmt: skip


def fan(cast: Cast) -> None:
    """D19: one account scatters to several, and one other gathers it all again."""
    at, arms = cast.moment(), [cast.mule() for _ in range(cast.between(3, 6))]
    source, goal = cast.mule(), cast.mule()
    total = cast.yuan(60_000, 0.7)
    cast.receive(at, source, total)
    late = at
    for arm in arms:
        at += cast.wait(12, 0.9)
        part = int(total / len(arms) * cast.rng.uniform(0.8, 1.0))
        cast.pay(at, source, arm, "mule_out", amount=cast.shaped(part))
        back = at + cast.wait(150, 1.1)
        cast.pay(back, arm, goal, "mule_out", amount=int(part * cast.rng.uniform(0.9, 0.99)))
        late = max(late, back)
    cast.pay(late + cast.wait(30, 1.0), goal, cast.outsider(firm=cast.chance(0.3)), "mule_out",
             share=cast.rng.uniform(0.85, 1.0))  # fmt: skip


def digital_wallets(cast: Cast) -> None:
    """D20: small sums go out of the digital wallets of several people into one account."""
    at = cast.moment()
    who, place = cast.mule(), cast.elsewhere()
    device = cast.device()
    for _ in range(cast.between(3, 7)):
        helper = cast.mule()
        own: dict[str, Any] = {"device": device, "place": place} if cast.chance(0.5) else {}
        cast.act(at, "BIND_CARD", "preparation", customer=helper, word="APP", **own)
        cast.act(at + cast.minutes(1, 9), "TXN_REQUEST", "mule_out", txn="WALLET_IN",
                 channel="OPEN_BANK", customer=helper, payer=helper,
                 amount=cast.yuan(1500, 0.6))  # fmt: skip
        cast.act(at + cast.minutes(9, 25), "TXN_IN", "mule_credit", txn="WALLET_OUT",
                 channel="OPEN_BANK", customer=who, payee=who,
                 amount=cast.yuan(1450, 0.6))  # fmt: skip
        at += cast.wait(7, 0.8)
    cast.pay(at + 26 * MINUTE_US, who, cast.stranger(), "mule_out",
             share=cast.rng.uniform(0.85, 1.0))  # fmt: skip


def commission(cast: Cast) -> None:
    """D21: of everything that comes, a few in a hundred stay: the price of the account."""
    who, at = cast.mule(), cast.moment()
    rate, boss = cast.rng.uniform(0.01, 0.06), cast.stranger()
    for turn in range(cast.between(3, 7)):
        amount = cast.yuan(7000, 0.9)
        cast.receive(at, who, amount)
        at += cast.wait(50, 1.1)
        goal = boss if cast.chance(0.6) else cast.stranger()
        kept = rate * cast.rng.uniform(0.9, 1.1)
        cast.pay(at, who, goal, "mule_out", amount=int(amount * (1 - kept)),
                 flags="new_payee" if turn == 0 or goal != boss else "")  # fmt: skip
        at += cast.wait(700, 1.1)


def student_job(cast: Cast) -> None:
    """D22: "easy money for students": a quiet account suddenly serves half the country."""
    bank = cast.bank
    who = cast.person((bank.age >= 18) & (bank.age <= 26) & (bank.occupation >= 8))
    at = cast.moment("evening")
    for _ in range(cast.between(2, 5)):
        moment = at
        for _ in range(cast.between(3, 7)):
            cast.gather(moment, who, cast.yuan(1900, 1.0))
            moment += cast.wait(22, 0.9)
        cast.pay(moment, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.85, 0.99))
        at += DAY_US + cast.minutes(-200, 200)
