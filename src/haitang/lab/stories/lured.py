"""Stories of people who are led on for days or weeks before they lose what they have."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US, HOUR_US
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.takeover import start_sharing


def _loan(cast: Cast, who: int, at: int, amount: int, *, flags: str = "", **more: Any) -> None:
    cast.act(at - cast.minutes(3, 90), "LOAN_APPLY", "staging", customer=who, amount=amount,
             flags=flags, **more)  # fmt: skip
    cast.act(at, "TXN_REQUEST", "staging", txn="LOAN_DRAW", customer=who, payee=who, amount=amount,
             flags=flags)  # fmt: skip


def credit_repair(cast: Cast) -> None:
    """C06: "your credit record must be mended": loans of several lenders, all to one account."""
    who, at = cast.person((cast.bank.age >= 20) & (cast.bank.age <= 48)), cast.moment()
    payee = cast.stranger()
    talked = cast.chance(0.5)
    flags = "call_active" if talked else ""
    if talked:
        start_sharing(cast, who, at - cast.minutes(5, 30))
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.between(5, 80) * 100_000, "staging",
                     payer=cast.outsider(firm=True))  # fmt: skip
        at += cast.wait(35, 1.0)
    if cast.chance(0.8):
        _loan(cast, who, at, cast.between(8, 100) * 100_000, flags=flags)
    for turn in range(cast.between(1, 4)):
        at += cast.wait(40, 1.1)
        cast.pay(at, who, payee, share=cast.rng.uniform(0.4, 0.97),
                 flags=f"{'new_payee ' if turn == 0 else ''}{flags}".strip(),
                 call_seconds=cast.between(200, 3000) if talked else 0)  # fmt: skip


def beloved(cast: Cast) -> None:
    """C09: a love met on the net has a sure investment; it ends with the savings and a loan."""
    bank = cast.bank
    who = cast.person((bank.age >= 28) & (bank.age <= 68), wealth_yuan=10_000)
    at = max(cast.moment("evening") - cast.between(6, 16) * DAY_US, bank.start_us + DAY_US)
    payee = cast.stranger()
    stake = cast.rng.uniform(50_000, 400_000)
    for turn in range(cast.between(3, 7)):
        goal = payee if cast.chance(0.65) else cast.stranger()
        cast.pay(at, who, goal, amount=cast.shaped(stake),
                 flags="new_payee" if turn == 0 or goal != payee else "")  # fmt: skip
        if turn == 1 and cast.chance(0.4):
            cast.receive(at + cast.wait(700), who, cast.shaped(stake * 0.4), "bait_credit")
        stake *= cast.rng.uniform(1.2, 2.6)
        at += cast.between(1, 4) * DAY_US + cast.minutes(-150, 150)
    if bank.term[who] >= 0 and cast.chance(0.7):
        cast.act(at, "TXN_REQUEST", "staging", txn="TERM_BREAK", customer=who,
                 payer=int(bank.term[who]), payee=who, share=cast.rng.uniform(0.5, 1.0),
                 step=100_000)  # fmt: skip
    elif cast.chance(0.6):
        _loan(cast, who, at, cast.between(20, 200) * 100_000)
    cast.pay(at + cast.wait(90, 1.2), who, payee, share=cast.rng.uniform(0.6, 0.99), flags="")


def promised_pension(cast: Cast) -> None:
    """C11: pensioners buy "health shares" of a firm that pays interest until it does not."""
    bank = cast.bank
    firm = cast.outsider(firm=cast.chance(0.7))
    start = cast.moment("counter", weekend=0.4)
    for _ in range(cast.between(4, 9)):
        who = cast.person(bank.age >= 58, wealth_yuan=4000)
        at = start + cast.minutes(-2000, 6000)
        counter = cast.chance(0.45)
        way: dict[str, Any] = cast.at_counter(int(bank.outlet[who])) if counter else {}
        word = str(cast.rng.choice(["保健品", "认购款", "会员费", "投资款"]))
        for turn in range(cast.between(1, 3)):
            said: dict[str, Any] = {"remark": word} if cast.chance(0.5) else {}
            cast.pay(at, who, firm, amount=cast.yuan(9000, 0.8),
                     flags="new_payee" if turn == 0 else "", **way, **said)  # fmt: skip
            at += cast.between(2, 6) * DAY_US + cast.minutes(-90, 90)
            if cast.chance(0.6):
                cast.receive(at - cast.minutes(200, 1500), who, cast.yuan(260, 0.6), "bait_credit",
                             payer=firm)  # fmt: skip


def kidnapped_abroad(cast: Cast) -> None:
    """C12: "your child is in our hands": parents send what they can abroad, at night, in haste."""
    bank = cast.bank
    who = cast.person((bank.dollars >= 0) & (bank.age >= 40) & (bank.age <= 62), wealth_yuan=15_000)
    at = cast.moment("evening" if cast.chance(0.6) else "night")
    payee = cast.outsider()
    way = cast.rng.random()
    for turn in range(cast.between(1, 4)):
        flags = "new_payee" if turn == 0 else ""
        if way < 0.55:
            cast.act(at, "TXN_REQUEST", "staging", txn="FX_BUY", customer=who, payer=who,
                     payee=int(bank.dollars[who]), ratio=1 / 7.12,
                     share=cast.rng.uniform(0.5, 0.98), step=cast.step())  # fmt: skip
            cast.act(at + cast.minutes(4, 40), "TXN_REQUEST", "victim_payment", txn="CROSS_BORDER",
                     customer=who, payer=int(bank.dollars[who]), payee=payee,
                     share=cast.rng.uniform(0.8, 1.0), step=100, flags=f"{flags} overseas",
                     remark="学费" if cast.chance(0.4) else "生活费")  # fmt: skip
        else:
            cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.9))
        at += cast.wait(70, 1.0)


def borrowed_for_strangers(cast: Cast) -> None:
    """C15: a stranger talks somebody into a loan and has it sent on within the day."""
    who, at = cast.person((cast.bank.age >= 20) & (cast.bank.age <= 58)), cast.moment()
    amount = cast.between(6, 180) * 100_000
    _loan(cast, who, at, amount)
    parts = cast.between(1, 4)
    for _ in range(parts):
        at += cast.wait(70, 1.2)
        cast.pay(at, who, cast.stranger(),
                 amount=cast.shaped(amount / parts * cast.rng.uniform(0.85, 1.02)))  # fmt: skip


def insurance_cancelled(cast: Cast) -> None:
    """C19: "your million-yuan cover costs 800 a month": to cancel it, the screen is shared."""
    who, at = cast.person(wealth_yuan=3000), cast.moment()
    start_sharing(cast, who, at)
    flags = "screen_share call_active" if cast.chance(0.85) else "call_active"
    talked = cast.between(300, 2000)
    merchant = cast.merchant()
    at += cast.minutes(2, 12)
    cast.act(at, "NO_PASSWORD_SIGN", "preparation", customer=who, merchant=merchant, word="APP",
             flags=flags, call_seconds=talked)  # fmt: skip
    if cast.chance(0.4):
        cast.act(at + cast.minutes(1, 5), "LIMIT_CHANGE", "preparation", customer=who, word="APP",
                 amount=500_000, number=5_000_000, flags=flags, call_seconds=talked)  # fmt: skip
    for _ in range(cast.between(1, 4)):
        at += cast.minutes(3, 14)
        talked += 400
        if cast.chance(0.3):
            cast.act(at, "TXN_REQUEST", "victim_payment", txn="WALLET_IN", channel="OPEN_BANK",
                     customer=who, payer=who, amount=cast.yuan(1800, 0.8))  # fmt: skip
        else:
            cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.95),
                     flags=f"{flags} new_payee", call_seconds=talked)  # fmt: skip


def second_robbery(cast: Cast) -> None:
    """C20: who was robbed once is found by a "lawyer" who can bring the money back for a fee."""
    who, at = cast.person(wealth_yuan=4000), cast.moment("office")
    judged = at - cast.between(6, 150) * DAY_US - cast.minutes(0, 600)
    judged = max(judged, int(cast.bank.opened_us[who]) + HOUR_US)
    cast.act(judged, "LABEL", "listing", channel="INTERNAL", customer=who, told={"label": 0})
    for _ in range(cast.between(1, 4)):
        word = str(cast.rng.choice(["律师费", "手续费", "保证金", "解冻费", "服务费"]))
        said: dict[str, Any] = {"remark": word} if cast.chance(0.5) else {}
        cast.pay(at, who, cast.stranger(), amount=cast.yuan(4200, 0.9), **said)
        at += cast.wait(800, 1.2)
