"""Stories of loans taken with false papers, taken everywhere, or that come round again."""

from __future__ import annotations

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast


def comes_round(cast: Cast) -> None:
    """K03: the loan goes to a friend and over another friend back to the borrower."""
    who, at = cast.person(cast.bank.age > 22), cast.moment()
    amount = cast.between(20, 300) * 100_000
    cast.act(at - cast.minutes(40, 3000), "LOAN_APPLY", "preparation", customer=who, amount=amount)
    cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who, amount=amount)
    hands = [cast.mule() for _ in range(cast.between(1, 3))]
    total = float(amount)
    for here, there in zip([who, *hands], [*hands, who], strict=True):
        at += cast.wait(500, 1.2)
        cast.pay(at, here, there, "mule_out", amount=cast.shaped(total),
                 remark="货款" if cast.chance(0.5) else -1)  # fmt: skip
        total *= cast.rng.uniform(0.94, 1.0)
    cast.pay(at + cast.wait(1500), who, cast.stranger(), "mule_out",
             share=cast.rng.uniform(0.5, 0.9))  # fmt: skip


def asks_everywhere(cast: Cast) -> None:
    """K04: within days somebody asks every lender there is, and this bank as well."""
    who, at = cast.person(cast.bank.income < 900_000), cast.moment()
    queries = cast.between(5, 14)
    for turn in range(cast.between(1, 3)):
        told = {"lenders": max(queries - cast.between(2, 5), 2), "queries": queries + 2 * turn}
        cast.act(at, "LOAN_APPLY", "preparation", customer=who, told=told,
                 amount=cast.between(5, 120) * 100_000)  # fmt: skip
        at += cast.wait(900, 1.2)
    if cast.chance(0.6):
        amount = cast.between(5, 120) * 100_000
        cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who,
                 amount=amount)  # fmt: skip
        cast.pay(at + cast.wait(120), who, cast.stranger(), "mule_out",
                 amount=cast.shaped(amount * cast.rng.uniform(0.7, 1.0)))  # fmt: skip


def forged_papers(cast: Cast) -> None:
    """K05: the stated income is an invention; no tax and no employer has heard of it."""
    who, at = cast.person(cast.bank.age > 21), cast.moment()
    income = float(cast.bank.income[who]) / cast.rng.uniform(1.3, 4.5)
    amount = cast.between(30, 400) * 100_000
    for _ in range(cast.between(1, 2)):
        cast.act(at, "LOAN_APPLY", "preparation", customer=who, amount=amount,
                 told={"bureau_income": int(income)})  # fmt: skip
        at += cast.wait(1200, 1.0)
    if cast.chance(0.6):
        cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who,
                 amount=amount)  # fmt: skip
        for _ in range(cast.between(1, 3)):
            at += cast.wait(300, 1.2)
            cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.3, 0.9))


def trouble_spreads(cast: Cast) -> None:
    """K06: a court or a guarantor's fall reaches the bank; the firm draws and moves what it can."""
    who, at = cast.firm(small=cast.chance(0.6)), cast.moment("office", weekend=0.1)
    near = cast.chance(0.5)
    cast.list_entry(
        at, "enterprise_risk" if near else "related_enterprise_risk",
        str(cast.rng.choice(["LITIGATION", "TAX_ARREARS"])) if near else "GUARANTOR_DEFAULT",
        listed_customer=who,
    )  # fmt: skip
    at += cast.between(0, 5) * DAY_US + cast.minutes(30, 400)
    if cast.chance(0.7):
        amount = cast.between(20, 200) * 1_000_000
        cast.act(at, "LOAN_APPLY", "preparation", customer=who, amount=amount, channel="CORP_EBANK")
        at += cast.wait(600, 1.0)
        cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who,
                 amount=amount, channel="CORP_EBANK")  # fmt: skip
    for _ in range(cast.between(1, 4)):
        at += cast.wait(300, 1.1)
        cast.pay(at, who, cast.outsider(firm=cast.chance(0.5)), "mule_out",
                 share=cast.rng.uniform(0.2, 0.8), channel="CORP_EBANK",
                 remark=str(cast.rng.choice(["往来款", "借款", "货款"])))  # fmt: skip
