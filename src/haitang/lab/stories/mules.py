"""Stories of lent and bought accounts: money in, money on, cash out."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast


def rapid(cast: Cast) -> None:
    """D01: victims' money passes through within minutes, all but a few yuan."""
    who, at = cast.mule(), cast.moment()
    for _ in range(cast.between(2, 6)):
        cast.receive(at, who, cast.yuan(9000, 1.0))
        at += cast.wait(9, 0.6)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.94, 1.0))
        at += cast.wait(70, 0.9)


def many_in(cast: Cast) -> None:
    """D02: many payers over some days, one destination."""
    who, at, goal = cast.mule(), cast.moment(), cast.outsider(firm=cast.chance(0.3))
    for day in range(cast.between(1, 4)):
        moment = at + day * DAY_US
        for _ in range(cast.between(3, 8)):
            cast.receive(moment, who, cast.yuan(2600, 1.0))
            moment += cast.wait(35, 0.8)
        cast.pay(
            moment,
            who,
            goal,
            "mule_out",
            share=cast.rng.uniform(0.88, 1.0),
            flags="new_payee" if day == 0 else "",
        )


def many_out(cast: Cast) -> None:
    """D03: one or two large credits are split over many accounts."""
    who, at = cast.mule(), cast.moment()
    parts = cast.between(5, 16)
    total = cast.yuan(62_000, 0.6)
    cast.receive(at, who, total)
    for _ in range(parts):
        at += cast.wait(6, 0.7)
        cast.pay(
            at,
            who,
            cast.stranger(),
            "mule_out",
            amount=cast.shaped(total / parts * cast.rng.uniform(0.7, 1.1)),
        )


def probe(cast: Cast) -> None:
    """D05: a tiny sum tests whether the account works, then the real money comes and goes."""
    who, at, goal = cast.mule(), cast.moment(), cast.stranger()
    source = cast.outsider()
    cast.receive(at, who, int(cast.rng.choice([1, 10, 100, 188, 500, 1000])), "probe", payer=source)
    if cast.chance(0.6):
        at += cast.wait(5)
        cast.pay(at, who, goal, "probe", amount=int(cast.rng.choice([1, 10, 100, 100, 500, 1000])))
    at += cast.wait(160, 0.8)
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(16_000, 0.7), payer=source)
        at += cast.wait(12)
        cast.pay(at, who, goal, "mule_out", share=cast.rng.uniform(0.9, 1.0), flags="")
        at += cast.wait(60)


def dormant_woken(cast: Cast) -> None:
    """D07: a bought account that slept for long is reset, filled and emptied."""
    who, at, place = cast.sleeper(), cast.moment(), cast.elsewhere()
    own: dict[str, Any] = {"device": cast.device(), "place": place, "ip": cast.address(0, place)}
    if cast.chance(0.7):
        cast.act(
            at - cast.minutes(30, 900),
            "PASSWORD_RESET",
            "preparation",
            customer=who,
            word="APP",
            **own,
        )
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(58_000, 0.5))
        at += cast.wait(14)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.8, 1.0), **own)
        at += cast.wait(45)


def new_account(cast: Cast) -> None:
    """D08: an account opened for the purpose passes money through in its first weeks."""
    at = cast.moment("counter", weekend=0.3)
    who = cast.newcomer(at)
    bank = cast.bank
    outlet = int(bank.outlet[who])
    if bank.opened_us[who] == at:
        cast.act(
            at - cast.minutes(1, 6),
            "FACE_CHECK",
            "opening",
            channel="COUNTER",
            customer=who,
            outlet=outlet,
            word="PASS",
        )
        cast.act(at, "ACCT_OPEN", "opening", channel="COUNTER", customer=who, outlet=outlet,
                 word="SALARY_ACCOUNT", amount=cast.between(1, 3),
                 staff=outlet * 4 + cast.between(0, 3))  # fmt: skip
    at += cast.wait(2500, 0.8)
    for _ in range(cast.between(2, 5)):
        cast.receive(at, who, cast.yuan(24_000, 0.7))
        at += cast.wait(18)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.9, 1.0))
        at += cast.wait(120)


def one_phone(cast: Cast) -> None:
    """D11: one phone works several lent accounts on the same day."""
    device, at, place = cast.device(), cast.moment(), cast.elsewhere()
    address = cast.address(0, place)
    for who in [cast.mule() for _ in range(cast.between(3, 5))]:
        own: dict[str, Any] = {"device": device, "ip": address, "place": place}
        cast.act(at, "LOGIN", "preparation", customer=who, word="PASSWORD", **own)
        cast.receive(at + cast.minutes(2, 12), who, cast.yuan(21_000, 0.6))
        at += cast.minutes(14, 40)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.9, 1.0), **own)
        at += cast.minutes(3, 30)


def score_running(cast: Cast) -> None:
    """D14: a deposit is paid, then strangers' odd sums arrive by code and go on in batches."""
    who, at = cast.mule(), cast.moment()
    boss = cast.stranger()
    cast.pay(
        at,
        who,
        boss,
        "preparation",
        amount=cast.yuan(2500, 0.5),
        remark="押金" if cast.chance(0.3) else -1,
    )
    at += cast.wait(60)
    for _ in range(cast.between(2, 5)):
        for _ in range(cast.between(2, 7)):
            at += cast.wait(5, 0.8)
            amount = int(cast.rng.lognormal(11.4, 0.7))
            cast.gather(at, who, amount)
        at += cast.wait(4, 0.5)
        cast.pay(
            at,
            who,
            boss if cast.chance(0.5) else cast.stranger(),
            "mule_out",
            share=cast.rng.uniform(0.93, 0.99),
        )


def counter_runner(cast: Cast) -> None:
    """E01: the mule fetches a fresh credit in cash at an outlet that does not know him."""
    who, at = cast.sleeper(), cast.moment("counter", weekend=0.3)
    cast.receive(at - cast.minutes(15, 120), who, cast.yuan(78_000, 0.4))
    for outlet in cast.outlets(who, cast.between(1, 2)):
        cast.cash(at, who, outlet, share=cast.rng.uniform(0.9, 1.0), step=10_000)
        at += cast.minutes(15, 60)


def outlet_relay(cast: Cast) -> None:
    """E02: one credit is fetched in parts at several outlets within hours."""
    who, at = cast.mule(), cast.moment("counter", weekend=0.3)
    total = cast.yuan(110_000, 0.4)
    cast.receive(at - cast.minutes(10, 70), who, total)
    outlets = cast.outlets(who, cast.between(2, 4))
    for outlet in outlets:
        cast.cash(
            at,
            who,
            outlet,
            amount=round(total / len(outlets) * cast.rng.uniform(0.7, 1) / 100_000) * 100_000,
        )
        at += cast.minutes(20, 70)


def machine_runner(cast: Cast) -> None:
    """E03: one machine after another gives what it can."""
    who, at = cast.mule(), cast.moment("machine")
    cast.receive(at - cast.minutes(5, 60), who, cast.yuan(60_000, 0.4))
    most = int(cast.rng.choice([300_000, 500_000, 2_000_000]))
    for outlet in cast.outlets(who, 2):
        for _ in range(cast.between(2, 4)):
            cast.machine(at, who, outlet, amount=most, share=1.0, step=10_000)
            at += cast.minutes(0.8, 3)
        at += cast.minutes(4, 15)


def cash_to_stranger(cast: Cast) -> None:
    """E06: couriers pay cash into lent accounts; elsewhere it is sent on at once."""
    at = cast.moment("machine")
    for who in [cast.mule() for _ in range(cast.between(2, 4))]:
        outlet = cast.outlets(who, 1)[0]
        terminal = 2 * len(cast.bank.merchant_kind) + outlet * 3
        cast.act(at, "TXN_REQUEST", "mule_credit", txn="CASH_DEPOSIT", channel="CRM", customer=who,
                 payee=who, outlet=outlet, terminal=terminal,
                 amount=cast.between(40, 400) * 10_000,
                 place=int(cast.bank.outlet_place[outlet]))  # fmt: skip
        cast.pay(
            at + cast.wait(15), who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.9, 1.0)
        )
        at += cast.minutes(5, 60)


def gambling_collector(cast: Cast) -> None:
    """H03: stakes in face values from many players; the take leaves in one or two sums."""
    who, at = cast.mule(), cast.moment("evening")
    values = [10_000, 20_000, 30_000, 50_000, 100_000]
    for _ in range(cast.between(14, 30)):
        amount = int(cast.rng.choice(values)) if cast.chance(0.6) else cast.yuan(240, 0.9)
        cast.gather(at + cast.minutes(-150, 150), who, amount)
    for turn in range(cast.between(1, 2)):
        cast.pay(
            at + cast.minutes(150 + turn * 60, 220 + turn * 60),
            who,
            cast.stranger(),
            "mule_out",
            share=cast.rng.uniform(0.7, 1.0),
        )
