"""Stories of talked-over people: they send the money themselves."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US, HOUR_US, MINUTE_US
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.takeover import start_sharing


def task_rebate(cast: Cast) -> None:
    """C01: small paid tasks come back with a bonus, then the stakes rise and nothing returns."""
    bank = cast.bank
    who = cast.person((bank.age >= 17) & (bank.age <= 42), wealth_yuan=3000)
    at = cast.moment()
    for _ in range(cast.between(1, 3)):
        cast.pay(
            at,
            who,
            cast.stranger(),
            amount=cast.yuan(90, 0.6),
            remark="任务款" if cast.chance(0.2) else -1,
        )
        at += cast.wait(40)
        cast.receive(at, who, cast.yuan(120, 0.6), "bait_credit")
        at += cast.wait(120)
    stake = cast.rng.uniform(40_000, 250_000)
    for _ in range(cast.between(2, 5)):
        cast.pay(
            at,
            who,
            cast.stranger(),
            amount=cast.shaped(stake),
            remark="充值" if cast.chance(0.2) else -1,
        )
        stake *= cast.rng.uniform(1.6, 4)
        at += cast.wait(25)


def fake_investment(cast: Cast) -> None:
    """C02: a platform shows profits; over days ever more is paid in to ever other accounts."""
    who, at = cast.person(cast.bank.age >= 28, wealth_yuan=15_000), cast.moment()
    for turn in range(cast.between(3, 7)):
        remark = (
            cast.rng.choice(["充值", "开户", "数字服务", "投资款"]) if cast.chance(0.35) else None
        )
        extra: dict[str, Any] = {"remark": str(remark)} if remark else {}
        payee = cast.outsider(firm=cast.chance(0.3))
        if turn < 2:
            cast.pay(at, who, payee, amount=cast.yuan(6000 * (1 + turn), 0.6), **extra)
        else:
            cast.pay(at, who, payee, share=cast.rng.uniform(0.3, 0.85), **extra)
        if turn == 0 and cast.chance(0.6):
            cast.receive(at + cast.wait(900), who, cast.yuan(1300, 0.6), "bait_credit")
        at += cast.between(0, 2) * DAY_US + cast.minutes(-200, 300)
        at = max(at, cast.bank.start_us + DAY_US)


def fake_purchase(cast: Cast) -> None:
    """C03: a cheap offer off the platform; several buyers pay the same seller in a day."""
    seller, at = cast.mule() if cast.chance(0.5) else cast.stranger(), cast.moment()
    for _ in range(cast.between(4, 11)):
        cast.pay(
            at + cast.minutes(0, 600),
            cast.person(),
            seller,
            amount=cast.yuan(700, 0.9),
            remark="订金" if cast.chance(0.3) else -1,
        )


def fake_service(cast: Cast) -> None:
    """C04: "customer service" takes all the victim has through a shared screen in an hour."""
    who, at = cast.person(wealth_yuan=3000), cast.moment()
    start_sharing(cast, who, at)
    flags = "screen_share call_active"
    talked = cast.between(300, 1500)
    at += cast.minutes(3, 10)
    cast.act(
        at,
        "TXN_REQUEST",
        "staging",
        txn="FUND_REDEEM",
        customer=who,
        payee=who,
        amount=cast.yuan(8000, 1.0),
        flags=flags,
        call_seconds=talked,
    )
    if cast.chance(0.45):
        at += cast.minutes(3, 10)
        amount = cast.between(8, 60) * 100_000
        cast.act(
            at - 3 * MINUTE_US,
            "LOAN_APPLY",
            "staging",
            customer=who,
            amount=amount,
            flags=flags,
            call_seconds=talked,
        )
        cast.act(
            at,
            "TXN_REQUEST",
            "staging",
            txn="LOAN_DRAW",
            customer=who,
            payee=who,
            amount=amount,
            flags=flags,
            call_seconds=talked + 300,
        )
    for _ in range(cast.between(2, 4)):
        at += cast.minutes(3, 11)
        talked += 500
        cast.pay(
            at,
            who,
            cast.stranger(),
            share=cast.rng.uniform(0.45, 0.98),
            flags=flags + " new_payee",
            call_seconds=talked,
        )


def fake_loan(cast: Cast) -> None:
    """C05: before the loan is paid out, fees: a guarantee, an unfreezing, another guarantee."""
    who, at = cast.person(cast.bank.income < 700_000, wealth_yuan=2000), cast.moment()
    for _ in range(cast.between(2, 5)):
        said = cast.chance(0.5)
        word = str(cast.rng.choice(["保证金", "解冻费", "押金", "服务费"]))
        extra: dict[str, Any] = {"remark": word} if said else {}
        cast.pay(at, who, cast.stranger(), amount=cast.yuan(3200, 0.8), **extra)
        at += cast.wait(90, 1.0)


def fake_friend(cast: Cast) -> None:
    """C07: a boss or friend on a messenger needs a favour, now."""
    who, at = cast.person(cast.bank.age >= 24, wealth_yuan=8000), cast.moment("office")
    payee = cast.stranger()
    for turn in range(cast.between(1, 3)):
        extra: dict[str, Any] = {"remark": "急用 速转"} if cast.chance(0.3) else {}
        flags = "new_payee" if turn == 0 else ""
        cast.pay(at, who, payee, share=cast.rng.uniform(0.25, 0.8), flags=flags, **extra)
        at += cast.wait(18)


def fake_police(cast: Cast) -> None:
    """C08: an investigation demands all savings on a safe account while the line stays open."""
    bank = cast.bank
    who = cast.person((bank.term >= 0) & ((bank.age >= 52) | (bank.age <= 34)))
    at = cast.moment("office")
    cast.act(
        at,
        "CALL_STATE",
        "preparation",
        customer=who,
        flags="active call_active",
        call_seconds=cast.between(10, 100),
    )
    talked = cast.between(1500, 5500)
    at += talked * 1_000_000
    if bank.term[who] >= 0:
        cast.act(at, "TXN_REQUEST", "staging", txn="TERM_BREAK", customer=who,
                 payer=int(bank.term[who]), payee=who,
                 share=cast.rng.uniform(0.6, 1.0), step=100_000, flags="call_active",
                 call_seconds=talked)  # fmt: skip
    for _ in range(cast.between(1, 3)):
        at += cast.minutes(5, 40)
        talked += 1200
        cast.pay(
            at,
            who,
            cast.stranger(),
            share=cast.rng.uniform(0.5, 0.99),
            flags="new_payee call_active",
            call_seconds=talked,
        )


def game_trade(cast: Cast) -> None:
    """C10: a young player sells an account; the deal freezes and must be freed with money."""
    bank = cast.bank
    who, at = cast.person(bank.age < 25), cast.moment("evening")
    for _ in range(cast.between(2, 6)):
        cast.pay(
            at,
            who,
            cast.stranger(),
            amount=cast.yuan(420, 0.8),
            remark="解冻费" if cast.chance(0.25) else -1,
        )
        at += cast.wait(14)


def currency_staging(cast: Cast) -> None:
    """C13: savings become dollars under guidance; the remittance abroad may follow."""
    bank = cast.bank
    who = cast.person((bank.dollars >= 0) & (bank.age >= 50), wealth_yuan=6000)
    at = cast.moment()
    shared = cast.chance(0.7)
    if shared:
        start_sharing(cast, who, at)
    flags = "screen_share call_active" if shared else "call_active"
    talked = cast.between(300, 2500)
    at += cast.minutes(5, 25)
    cast.act(at, "TXN_REQUEST", "staging", txn="FX_BUY", customer=who, payer=who,
             payee=int(bank.dollars[who]), ratio=1 / 7.12,
             share=cast.rng.uniform(0.88, 1.0), step=cast.step(), flags=flags,
             call_seconds=talked)  # fmt: skip
    if cast.chance(0.5):
        at += cast.minutes(8, 90)
        cast.act(
            at, "TXN_REQUEST", "victim_payment", txn="CROSS_BORDER", customer=who,
            payer=int(bank.dollars[who]), payee=cast.outsider(firm=True),
            share=cast.rng.uniform(0.85, 1.0), step=100, flags="new_payee overseas", remark="学费",
        )  # fmt: skip


def break_and_send(cast: Cast) -> None:
    """C14: a term deposit is broken and sent on within the hour."""
    bank = cast.bank
    who, at = cast.person(bank.term >= 0), cast.moment()
    cast.act(at, "TXN_REQUEST", "staging", txn="TERM_BREAK", customer=who,
             payer=int(bank.term[who]), payee=who,
             share=cast.rng.uniform(0.6, 1), step=100_000)  # fmt: skip
    for _ in range(cast.between(1, 3)):
        at += cast.minutes(6, 55)
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.5, 0.98))


def cash_handover(cast: Cast) -> None:
    """C16: the victim books and fetches cash that a courier collects."""
    bank = cast.bank
    who, at = cast.person(bank.age >= 40, wealth_yuan=15_000), cast.moment("counter", weekend=0.3)
    outlet = int(bank.outlet[who]) if cast.chance(0.6) else cast.outlets(who, 1)[0]
    cast.act(at - DAY_US - cast.minutes(0, 200), "CASH_BOOKING", "preparation", channel="PHONE",
             customer=who, outlet=outlet,
             amount=cast.between(3, 30) * 1_000_000)  # fmt: skip
    if bank.term[who] >= 0 and cast.chance(0.6):
        cast.act(at - cast.minutes(20, 200), "TXN_REQUEST", "staging", txn="TERM_BREAK",
                 customer=who, payer=int(bank.term[who]),
                 payee=who, share=cast.rng.uniform(0.4, 1), step=100_000)  # fmt: skip
    # Told to say nothing, and to wait for the next call.
    signs = ["evasive_answers"] * cast.chance(0.6) + ["phone_on_speaker"] * cast.chance(0.4)
    for _ in range(cast.between(1, 2)):
        cast.cash(at, who, outlet, "victim_payment", share=cast.rng.uniform(0.6, 0.99),
                  step=100_000, flags=" ".join(signs))  # fmt: skip
        at += cast.between(1, 3) * DAY_US


def gold_by_post(cast: Cast) -> None:
    """C17: the victim buys gold and mails it."""
    bank = cast.bank
    jewellers = [index for index, kind in enumerate(bank.merchant_kind.tolist()) if kind == 11]
    merchant = int(jewellers[cast.between(0, len(jewellers) - 1)])
    who, at = cast.person(bank.age >= 35, wealth_yuan=20_000), cast.moment("shop")
    for _ in range(cast.between(1, 3)):
        cast.act(at, "TXN_REQUEST", "victim_payment", txn="POS", channel="POS", customer=who,
                 payer=who, merchant=merchant,
                 terminal=2 * merchant, share=cast.rng.uniform(0.3, 0.9),
                 place=int(bank.merchant_place[merchant]))  # fmt: skip
        at += cast.wait(70) if cast.chance(0.5) else 20 * HOUR_US


def listed_payee(cast: Cast) -> None:
    """D12: an account is put on the case list while people still pay it and it still pays."""
    bad, at = cast.outsider(), cast.moment()
    cast.act(at, "LIST_UPSERT", "listing", channel="INTERNAL", payee=bad, word="POLICE_PLATFORM")
    for _ in range(cast.between(1, 4)):
        at += cast.wait(500, 1.0)
        if cast.chance(0.7):
            cast.pay(at, cast.person(), bad, amount=cast.yuan(3000, 1.0))
        else:
            cast.receive(at, cast.mule(), cast.yuan(5000, 1.0), payer=bad)
