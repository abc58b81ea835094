"""Stories of firms, cards, staff, openings and loans."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from haitang.lab.acts import DAY_US, MINUTE_US, SECOND_US
from haitang.lab.bank import NEVER_US
from haitang.lab.details import NAME_CHECKS
from haitang.lab.firms import supplier_of
from haitang.lab.stories.cast import Cast

_ANSWERS_TO_A_FALSE_NAME: Final = ("CMTC", "NMTC", "NOAP")
"""What the bank of an account says to the name of somebody else; the last is nothing."""


def batch_opening(cast: Cast) -> None:
    """A03: a recruiter walks a group into one outlet; the accounts are used weeks later."""
    bank, at = cast.bank, cast.moment("counter", weekend=0.2)
    outlet = cast.between(0, len(bank.outlet_place) - 1)
    referrer, address = cast.mule(), cast.between(0, 200)
    for _ in range(cast.between(5, 8)):
        if not (bank.opened_us[bank.n - bank.openers :] == NEVER_US).any():
            break
        at += cast.minutes(4, 16)
        who = cast.newcomer(at)
        open_account(
            cast, who, at, outlet=outlet, channel="COUNTER", number=address, target=referrer
        )
        if cast.chance(0.5):
            later = at + cast.between(2, 5) * DAY_US
            cast.receive(later, who, cast.yuan(12_000, 0.6))
            cast.pay(
                later + cast.wait(20),
                who,
                cast.stranger(),
                "mule_out",
                share=cast.rng.uniform(0.9, 1.0),
            )


def open_account(
    cast: Cast, who: int, at: int, *, channel: str, outlet: int = -1, **columns: Any
) -> None:
    """The face check and the opening; `columns` go before what most openings say."""
    staff = outlet * 4 + cast.between(0, 3) if outlet >= 0 else -1
    face: dict[str, Any] = {
        name: value for name, value in columns.items() if name in ("device", "ip")
    }
    cast.act(
        at - cast.minutes(0.5, 5),
        "FACE_CHECK",
        "opening",
        channel=channel,
        customer=who,
        outlet=outlet,
        word="PASS",
        **face,
    )
    columns = dict[str, Any](word="SALARY_ACCOUNT", amount=cast.between(1, 3)) | columns
    cast.act(
        at,
        "ACCT_OPEN",
        "opening",
        channel=channel,
        customer=who,
        outlet=outlet,
        staff=staff,
        **columns,
    )


def one_phone_openings(cast: Cast) -> None:
    """A04: bought identities open accounts from one phone."""
    bank, at, device = cast.bank, cast.moment(), cast.device()
    address = cast.address(0, cast.elsewhere())
    for _ in range(cast.between(3, 6)):
        if not (bank.opened_us[bank.n - bank.openers :] == NEVER_US).any():
            break
        at += cast.minutes(5, 40)
        open_account(cast, cast.newcomer(at), at, channel="MOBILE", device=device, ip=address)


def card_testing(cast: Cast) -> None:
    """F02: stolen cards are tried for a few yuan at one shop, the good ones used at another."""
    bank, at = cast.bank, cast.moment("shop")
    shop, store = (cast.between(0, len(bank.merchant_kind) - 1) for _ in range(2))
    for _ in range(cast.between(8, 22)):
        who = cast.person()
        at += cast.minutes(0.4, 4)
        _buy(
            cast,
            at,
            who,
            shop,
            "probe",
            amount=int(cast.rng.choice([100, 200, 500, 880, 990, 1000])),
        )
        if cast.chance(0.25):
            _buy(
                cast,
                at + cast.wait(30),
                who,
                store,
                "victim_payment",
                amount=int(cast.rng.lognormal(12.9, 0.5)),
            )


def _buy(cast: Cast, at: int, who: int, merchant: int, role: str, *, amount: int) -> None:
    cast.act(at, "TXN_REQUEST", role, txn="POS", channel="POS", customer=who, payer=who,
             merchant=merchant, terminal=2 * merchant,
             amount=amount, place=int(cast.bank.merchant_place[merchant]))  # fmt: skip


def fake_boss(cast: Cast) -> None:
    """G01: a "director" on a messenger has the clerk pay a stranger far away, today."""
    who, at = cast.firm(), cast.moment("office", weekend=0.05)
    channel = "COUNTER" if cast.chance(0.3) else "CORP_EBANK"
    for _ in range(cast.between(1, 2)):
        extra: dict[str, Any] = {
            "remark": str(cast.rng.choice(["往来款", "项目保证金", "合同款", "急用 速转"]))
        }
        if channel == "COUNTER":
            outlet = int(cast.bank.outlet[who])
            extra |= {"outlet": outlet, "staff": outlet * 4 + cast.between(0, 3)}
        cast.pay(at, who, cast.outsider(firm=cast.chance(0.5)), share=cast.rng.uniform(0.08, 0.6),
                 channel=channel,
                 flags="new_payee urgent" if cast.chance(0.8) else "new_payee",
                 **extra)  # fmt: skip
        at += cast.wait(35)


def redirected_invoice(cast: Cast) -> None:
    """G02: a supplier's mail announces a new account; the next invoices are paid to it.

    Three of four firms write the name that they always wrote. The account is held by a firm of a
    like name or of another, and its bank says so, if it says anything; one in four is told that
    another firm now collects for the supplier.
    """
    who, at, payee = (
        cast.firm(small=cast.chance(0.5)),
        cast.moment("office", weekend=0.05),
        cast.outsider(firm=True),
    )
    told: dict[str, int] = {}
    if cast.chance(0.75):
        favour = np.array([cast.rng.random() ** 2])
        supplier = int(supplier_of(cast.bank, np.array([who]), favour)[0])
        while payee == supplier:
            payee = cast.outsider(firm=True)
        answer = str(cast.rng.choice(_ANSWERS_TO_A_FALSE_NAME, p=(0.35, 0.15, 0.5)))
        told = {"payee_name": supplier, "name_check": NAME_CHECKS.index(answer)}
    for turn in range(cast.between(1, 3)):
        cast.pay(at, who, payee,
                 amount=cast.shaped(float(cast.bank.income[who]) * cast.rng.uniform(0.01, 0.12)),
                 channel="CORP_EBANK",
                 flags="new_payee contract_known" if turn == 0 else "contract_known",
                 remark="货款", told=told)  # fmt: skip
        at += cast.between(1, 3) * DAY_US


def firm_to_persons(cast: Cast) -> None:
    """G12: a shell firm's money is split to private people, each just below what needs a reason."""
    who, at = cast.firm(small=True), cast.moment("office", weekend=0.05)
    persons = [cast.stranger() for _ in range(cast.between(3, 6))]
    for day in range(cast.between(1, 3)):
        moment = at + day * DAY_US
        cast.receive(moment, who, cast.yuan(210_000, 0.4), payer=cast.outsider(firm=True))
        for person in persons:
            moment += cast.wait(7)
            amount = cast.between(44, 49) * 100_000 if cast.chance(0.7) else cast.yuan(46_000, 0.05)
            cast.pay(
                moment,
                who,
                person,
                "mule_out",
                amount=amount,
                channel="CORP_EBANK",
                flags="new_payee",
                remark="备用金",
            )


def curious_colleague(cast: Cast) -> None:
    """J01: somebody of the staff opens the same customer again and again without being asked."""
    bank, at = cast.bank, cast.moment("counter", weekend=0.2)
    staff, target = cast.between(0, len(bank.staff_outlet) - 1), cast.person()
    for _ in range(cast.between(4, 9)):
        ticket = cast.between(0, 4000) if cast.chance(0.4) else -1
        cast.act(at, "STAFF_QUERY", "look_up", channel="INTERNAL", staff=staff, target=target,
                 ticket=ticket, flags="on_shift",
                 word="COUNTER_SERVICE", outlet=int(bank.staff_outlet[staff]))  # fmt: skip
        at += cast.wait(50, 1.0)


def bulk_look_ups(cast: Cast) -> None:
    """J03: a list of rich customers is harvested and carried off."""
    bank, at = cast.bank, cast.moment("evening" if cast.chance(0.4) else "counter")
    staff = cast.between(0, len(bank.staff_outlet) - 1)
    shift = "" if cast.chance(0.5) else "on_shift "
    ticket = cast.between(0, 4000) if cast.chance(0.4) else -1
    for _ in range(cast.between(30, 70)):
        at += cast.between(4, 70) * SECOND_US
        flags = (
            shift
            + (" exported" if cast.chance(0.3) else "")
            + (" screenshot" if cast.chance(0.2) else "")
        )
        cast.act(at, "STAFF_QUERY", "look_up", channel="INTERNAL", staff=staff,
                 target=cast.between(0, bank.n - bank.openers - 1),
                 word="CAMPAIGN", flags=flags, ticket=ticket,
                 outlet=int(bank.staff_outlet[staff]))  # fmt: skip


def loan_ring(cast: Cast) -> None:
    """K01: one phone applies for loans in several names."""
    at, device = cast.moment(), cast.device()
    address = cast.address(0, cast.elsewhere())
    for _ in range(cast.between(3, 6)):
        at += cast.minutes(6, 40)
        cast.act(
            at,
            "LOAN_APPLY",
            "preparation",
            customer=cast.mule(),
            amount=cast.between(10, 80) * 100_000,
            device=device,
            ip=address,
        )


def drawn_and_moved(cast: Cast) -> None:
    """K02: a loan is drawn and nearly all of it goes to somebody else."""
    who, at = cast.person(cast.bank.age > 22), cast.moment()
    amount = cast.between(10, 120) * 100_000
    cast.act(at - 90 * MINUTE_US, "LOAN_APPLY", "preparation", customer=who, amount=amount)
    cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who, amount=amount)
    cast.pay(
        at + cast.wait(60, 1.0),
        who,
        cast.stranger(),
        amount=cast.shaped(amount * cast.rng.uniform(0.9, 1.0)),
    )
