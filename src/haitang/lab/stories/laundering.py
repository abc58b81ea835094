"""Stories of money that must be explained: listed names, odd habits, sham invoices, small coins."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.corporate import firm_pays


def listed_afterwards(cast: Cast) -> None:
    """I03: a customer is put on a sanctions list; what he has is moved before it is frozen."""
    who, at = cast.person(wealth_yuan=8000), cast.moment()
    named = cast.chance(0.5)
    listed = {"listed_name": who} if named else {"listed_customer": who}
    name = "special_prevention_names" if named else "special_prevention_customers"
    cast.list_entry(at, name, "SANCTIONS", **listed)
    for _ in range(cast.between(1, 4)):
        at += cast.wait(600, 1.2)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.2, 0.9))


def beyond_his_means(cast: Cast) -> None:
    """I04: a cleaner's account moves in a fortnight what she earns in years."""
    bank = cast.bank
    who = cast.person(bank.income < 450_000)
    at = max(cast.moment() - cast.between(0, 8) * DAY_US, bank.start_us + DAY_US)
    level = float(bank.income[who]) / 100 * cast.rng.uniform(3, 12)
    for _ in range(cast.between(4, 8)):
        cast.receive(at, who, cast.yuan(level, 0.6))
        at += cast.wait(900, 1.0)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.5, 0.97))
        at += cast.wait(900, 1.0)


def heavy_after_rest(cast: Cast) -> None:
    """I05: long at rest, then large sums for some days, each with a pause."""
    who, at = cast.sleeper(), cast.moment()
    for _ in range(cast.between(3, 6)):
        cast.receive(at, who, cast.yuan(75_000, 0.6))
        at += cast.wait(700, 1.1)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.5, 0.98))
        at += cast.wait(900, 1.0)


def same_two(cast: Cast) -> None:
    """I06: two accounts that send to one another many times a day, in changing sums."""
    who, other, at = cast.mule(), cast.mule(), cast.moment()
    cast.receive(at, who, cast.yuan(30_000, 0.6))
    for turn in range(cast.between(10, 18)):
        at += cast.wait(190, 1.2)
        here, there = (who, other) if turn % 2 == 0 or cast.chance(0.3) else (other, who)
        cast.pay(at, here, there, "mule_out", share=cast.rng.uniform(0.2, 0.8),
                 flags="new_payee" if turn < 2 else "")  # fmt: skip


def whole_and_bits(cast: Cast) -> None:
    """I07: small sums become one large one, or one large one is ground into small ones."""
    who, at = cast.mule(), cast.moment()
    parts = cast.between(6, 14)
    total = cast.yuan(32_000, 0.7)
    if cast.chance(0.5):
        for _ in range(parts):
            cast.receive(at, who, cast.shaped(total / parts * cast.rng.uniform(0.7, 1.3)))
            at += cast.wait(150, 1.1)
        cast.pay(at, who, cast.stranger(), "mule_out", amount=cast.shaped(total * 0.97))
        return
    cast.receive(at, who, total)
    for _ in range(parts):
        at += cast.wait(150, 1.1)
        cast.pay(at, who, cast.stranger(), "mule_out",
                 amount=cast.shaped(total / parts * cast.rng.uniform(0.7, 1.1)))  # fmt: skip


def shared_errand(cast: Cast) -> None:
    """I08: several people each bring a little less than what must be reported, for one account."""
    at, goal = cast.moment("counter", weekend=0.3), cast.stranger()
    place = cast.between(0, 9)
    for _ in range(cast.between(3, 6)):
        who = cast.mule()
        outlet = cast.outlets_of(place, 1)[0]
        amount = cast.between(300, 498) * 10_000
        if cast.chance(0.5):
            cast.put_in(at, who, outlet, "mule_credit", amount // 5)
        else:
            cast.act(at, "TXN_REQUEST", "mule_credit", txn="CASH_DEPOSIT", customer=who, payee=who,
                     amount=amount, **cast.at_counter(outlet))  # fmt: skip
        cast.pay(at + cast.wait(90, 1.1), who, goal, "mule_out", share=cast.rng.uniform(0.85, 1.0))
        at += cast.wait(150, 1.1)


def ponzi(cast: Cast) -> None:
    """I09: ever more people pay in, small returns keep them happy, the promoter takes the rest."""
    bank, promoter = cast.bank, cast.person(cast.bank.age >= 28)
    start = max(cast.moment("evening") - cast.between(3, 9) * DAY_US, bank.start_us + DAY_US)
    payers, number = [], 2.0
    for day in range(cast.between(3, 6)):
        at = start + day * DAY_US
        for _ in range(int(number)):
            if cast.chance(0.6):
                cast.gather(at + cast.minutes(0, 500), promoter, cast.yuan(5200, 0.8))
                continue
            payer = cast.person(bank.age >= 25, wealth_yuan=3000)
            payers.append(payer)
            said: dict[str, Any] = {"remark": "投资款"} if cast.chance(0.3) else {}
            cast.pay(at + cast.minutes(0, 500), payer, promoter, "victim_payment",
                     amount=cast.yuan(5200, 0.8), onward=0.0, **said)  # fmt: skip
        for payer in payers[: cast.between(0, 4)]:
            said = {"remark": "分红"} if cast.chance(0.4) else {}
            cast.pay(at + cast.minutes(500, 700), promoter, payer, "bait_credit", flags="",
                     amount=cast.yuan(180, 0.6), **said)  # fmt: skip
        cast.pay(at + cast.minutes(710, 760), promoter, cast.outsider(), "mule_out",
                 share=cast.rng.uniform(0.6, 0.95),
                 flags="new_payee" if day == 0 else "")  # fmt: skip
        number *= cast.rng.uniform(1.1, 1.7)


def sham_invoices(cast: Cast) -> None:
    """I10: a firm pays for nothing; over persons the money comes home to it or its sister."""
    who, at = cast.firm(small=True), cast.moment("office", weekend=0.05)
    sister = cast.firm(small=True) if cast.chance(0.4) else who
    for _ in range(cast.between(1, 3)):
        amount = cast.shaped(float(cast.bank.income[who]) * cast.rng.uniform(0.05, 0.4))
        person = cast.mule()
        firm_pays(
            cast, at, who, person, amount=amount, remark="咨询费" if cast.chance(0.4) else "货款"
        )
        at += cast.wait(900, 1.0)
        extra: dict[str, Any] = {"amount": int(amount * cast.rng.uniform(0.9, 1.0))}
        cast.pay(
            at, person, sister, "mule_out", remark="往来款" if cast.chance(0.5) else -1, **extra
        )
        at += cast.wait(1200, 1.0)


def small_and_late(cast: Cast) -> None:
    """I11: the same few buyers, small sums, late hours, and the takings drawn in cash."""
    who, at = cast.mule(), cast.moment("night")
    buyers = [cast.outsider() for _ in range(cast.between(3, 7))]
    for _ in range(cast.between(2, 4)):
        moment = at
        for _ in range(cast.between(3, 7)):
            amount = cast.yuan(450, 0.6)
            buyer = buyers[cast.between(0, len(buyers) - 1)]
            cast.act(moment, "TXN_IN", "mule_credit", txn="QR_COLLECT", channel="QR", customer=who,
                     payer=buyer, payee=who, amount=amount)  # fmt: skip
            moment += cast.wait(25, 1.0)
        outlet = cast.outlets(who, 1)[0]
        cast.machine(moment + cast.wait(200), who, outlet, amount=600_000,
                     share=cast.rng.uniform(0.5, 1.0), step=10_000)  # fmt: skip
        at += DAY_US + cast.minutes(-60, 60)
