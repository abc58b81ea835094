"""Stories of employees: money from customers, doors opened, warnings waved through."""

from __future__ import annotations

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast
from haitang.lab.vocabulary import WORD
from haitang.lab.workforce import staff_customers


def _colleague(cast: Cast) -> int:
    return cast.between(0, len(cast.bank.staff_outlet) - 1)


def money_from_customers(cast: Cast) -> None:
    """J04: an employee borrows from customers, or takes a share for a favour."""
    staff, at = _colleague(cast), cast.moment()
    own = int(staff_customers(cast.bank)[staff])
    for _ in range(cast.between(2, 5)):
        customer = cast.person(wealth_yuan=5000)
        if cast.chance(0.5):
            cast.act(at - cast.minutes(60, 4000), "STAFF_QUERY", "look_up", channel="INTERNAL",
                     staff=staff, target=customer, word="COUNTER_SERVICE", flags="on_shift",
                     outlet=int(cast.bank.staff_outlet[staff]),
                     ticket=cast.between(0, 4000) if cast.chance(0.5) else -1)  # fmt: skip
        cast.pay(at, customer, own, "staging", amount=cast.yuan(9000, 0.9),
                 remark="借款" if cast.chance(0.4) else -1)  # fmt: skip
        if cast.chance(0.4):
            cast.pay(at + cast.between(2, 6) * DAY_US, own, customer, "bait_credit",
                     amount=cast.yuan(600, 0.7), remark="利息", flags="")  # fmt: skip
        at += cast.between(0, 4) * DAY_US + cast.minutes(10, 200)


def gambling_employee(cast: Cast) -> None:
    """J05: an employee gambles: loans, stakes by night, ever more."""
    who, at = int(staff_customers(cast.bank)[_colleague(cast)]), cast.moment("evening")
    for _ in range(cast.between(1, 3)):
        if cast.chance(0.6):
            cast.receive(at - cast.minutes(30, 500), who, cast.yuan(15_000, 0.6), "staging",
                         payer=cast.outsider(firm=True))  # fmt: skip
        moment = at
        for _ in range(cast.between(3, 8)):
            amount = int(cast.rng.choice([50_000, 100_000, 200_000, 500_000]))
            amount = amount if cast.chance(0.5) else cast.yuan(1800, 0.9)
            if cast.chance(0.4):
                cast.act(moment, "TXN_REQUEST", "mule_out", txn="WALLET_IN", channel="OPEN_BANK",
                         customer=who, payer=who, amount=amount, remark="充值")  # fmt: skip
            else:
                cast.pay(moment, who, cast.stranger(), "mule_out", amount=amount)
            moment += cast.wait(14, 1.0)
        at += cast.between(1, 2) * DAY_US + cast.minutes(-90, 90)


def doors_opened(cast: Cast) -> None:
    """J06: a teller lifts the controls of accounts whose holders never came with papers."""
    staff, at = _colleague(cast), cast.moment("counter", weekend=0.2)
    outlet = int(cast.bank.staff_outlet[staff])
    for _ in range(cast.between(3, 6)):
        who = cast.mule()
        careful = cast.chance(0.2)
        told = {"operation": WORD["RELEASE"], "reason": WORD["CUSTOMER_DOCUMENTS"],
                "control": WORD[str(cast.rng.choice(["NC", "RO", "LIM"]))]}  # fmt: skip
        cast.act(at, "CONTROL_CHANGE", "look_up", channel="INTERNAL", staff=staff, target=who,
                 outlet=outlet, flags="on_shift documents_seen" if careful else "on_shift",
                 ticket=cast.between(0, 4000) if cast.chance(0.4) else -1, told=told)  # fmt: skip
        if cast.chance(0.6):
            moment = at + cast.wait(400, 1.2)
            cast.receive(moment, who, cast.yuan(18_000, 0.8))
            cast.pay(moment + cast.wait(20), who, cast.stranger(), "mule_out",
                     share=cast.rng.uniform(0.85, 1.0))  # fmt: skip
        at += cast.wait(600, 1.2)


def waved_through(cast: Cast) -> None:
    """J07: one person at the desk lets through what everybody else would stop."""
    staff, at = _colleague(cast), cast.moment("counter", weekend=0.3)
    for _ in range(cast.between(5, 12)):
        who = cast.mule()
        cast.act(at, "OVERRIDE", "look_up", channel="INTERNAL", staff=staff, target=who,
                 outlet=int(cast.bank.staff_outlet[staff]), flags="on_shift",
                 told={"reason": WORD[
                     "CUSTOMER_INSISTED" if cast.chance(0.7) else "OTHER"]})  # fmt: skip
        if cast.chance(0.5):
            cast.pay(at + cast.minutes(2, 20), who, cast.stranger(), "mule_out",
                     share=cast.rng.uniform(0.5, 1.0))  # fmt: skip
        at += cast.wait(150, 1.2)


def balance_for_a_friend(cast: Cast) -> None:
    """J08: an acquaintance wants to know what somebody has; a colleague looks."""
    staff, at = _colleague(cast), cast.moment("counter", weekend=0.2)
    for _ in range(cast.between(1, 3)):
        cast.act(at, "STAFF_QUERY", "look_up", channel="INTERNAL", staff=staff,
                 target=cast.person(), word="NONE" if cast.chance(0.6) else "COUNTER_SERVICE",
                 flags="on_shift" if cast.chance(0.85) else "",
                 outlet=int(cast.bank.staff_outlet[staff]))  # fmt: skip
        at += cast.wait(900, 1.2)
