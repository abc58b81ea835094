"""Stories of opened doors: stolen passwords, strange phones, shared screens, drained wallets."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US, HOUR_US, SECOND_US
from haitang.lab.draws import tickets
from haitang.lab.stories.cast import Cast


def credential_stuffing(cast: Cast) -> None:
    """B01: leaked passwords are tried on many customers from one address; a few fit."""
    at = cast.moment()
    place = cast.elsewhere()
    address = cast.address(cast.person(), place)
    tried = [cast.person() for _ in range(cast.between(9, 26))]
    device = cast.device()
    for who in tried:
        for _ in range(cast.between(1, 3)):
            at += cast.minutes(0.1, 1.1)
            cast.act(
                at,
                "LOGIN_FAIL",
                "preparation",
                customer=who,
                ip=address,
                place=place,
                word="WRONG_PASSWORD",
                device=device,
            )
    for who in tried[-cast.between(1, 2) :]:
        at += cast.minutes(1, 20)
        cast.act(
            at,
            "LOGIN",
            "preparation",
            customer=who,
            ip=address,
            place=place,
            word="PASSWORD",
            device=device,
        )
        cast.pay(
            at + cast.minutes(2, 15),
            who,
            cast.stranger(),
            share=cast.rng.uniform(0.4, 0.97),
            ip=address,
            device=device,
            place=place,
        )


def new_device(cast: Cast) -> None:
    """B02: with talked-out codes a strange phone is bound, limits raised, the account emptied."""
    who, at, place = cast.person(wealth_yuan=8000), cast.moment(), cast.elsewhere()
    own: dict[str, Any] = {"device": cast.device(), "place": place, "ip": cast.address(0, place)}
    cast.act(at - 60 * SECOND_US, "OTP_ISSUED", "preparation", customer=who, word="SMS", **own)
    cast.act(at - 20 * SECOND_US, "OTP_VERIFIED", "preparation", customer=who, word="SMS", **own)
    cast.act(at, "DEVICE_BIND", "preparation", customer=who, **own)
    at += cast.minutes(1, 8)
    cast.act(at, "PASSWORD_RESET", "preparation", customer=who, word="APP", **own)
    if cast.chance(0.6):
        at += cast.minutes(1, 10)
        cast.act(
            at,
            "LIMIT_CHANGE",
            "preparation",
            customer=who,
            word="APP",
            amount=2_000_000,
            number=20_000_000,
            **own,
        )
    for _ in range(cast.between(1, 4)):
        at += cast.minutes(1.5, 14)
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.95), **own)


def card_swap(cast: Cast) -> None:
    """B03: a re-issued phone card takes over the codes; a day later the money goes."""
    who, at, place = cast.person(wealth_yuan=10_000), cast.moment(), cast.elsewhere()
    cast.act(at, "SIM_CHANGE", "preparation", customer=who, word="OTHER")
    at += cast.wait(300, 0.9)
    own: dict[str, Any] = {"device": cast.device(), "place": place, "ip": cast.address(0, place)}
    cast.act(at, "DEVICE_BIND", "preparation", customer=who, **own)
    cast.act(
        at + cast.minutes(1, 6), "PASSWORD_RESET", "preparation", customer=who, word="APP", **own
    )
    at += cast.minutes(8, 40)
    for _ in range(cast.between(1, 3)):
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.5, 0.98), **own)
        at += cast.minutes(2, 20)


def start_sharing(cast: Cast, who: int, at: int, *, talk: bool = True) -> None:
    """A caller has the victim share the screen."""
    if talk:
        cast.act(
            at - cast.minutes(6, 30),
            "CALL_STATE",
            "preparation",
            customer=who,
            flags="active call_active",
            call_seconds=cast.between(5, 60),
        )
    cast.act(at, "SCREEN_SHARE_STATE", "preparation", customer=who, flags="active screen_share")


def screen_share(cast: Cast) -> None:
    """B04: codes and payee are read off the shared screen while the caller talks."""
    who, at = cast.person(wealth_yuan=5000), cast.moment()
    start_sharing(cast, who, at)
    session = cast.between(2**50, 2**51)
    talked = cast.between(400, 2400)
    for _ in range(cast.between(1, 4)):
        at += cast.minutes(3, 14)
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.97),
                 flags="new_payee screen_share call_active",
                 call_seconds=talked, session=session, steps=7)  # fmt: skip
        talked += cast.between(200, 900)


def remote_control(cast: Cast) -> None:
    """B05: a rogue app controls the phone, redeems what there is and sends it."""
    who, at = cast.person(wealth_yuan=8000), cast.moment("evening" if cast.chance(0.6) else "phone")
    flags = "remote_control accessibility_service"
    cast.act(at, "REMOTE_CONTROL_STATE", "preparation", customer=who, flags=flags + " active")
    at += cast.minutes(2, 20)
    if cast.chance(0.5):
        cast.act(
            at,
            "TXN_REQUEST",
            "staging",
            txn="FUND_REDEEM",
            customer=who,
            payee=who,
            amount=cast.yuan(9000, 0.9),
            flags=flags,
        )
    for _ in range(cast.between(1, 4)):
        at += cast.minutes(1, 7)
        cast.pay(
            at, who, cast.stranger(), share=cast.rng.uniform(0.4, 0.99), flags=flags + " new_payee"
        )


def during_call(cast: Cast) -> None:
    """B06: a stranger on the line dictates the transfer."""
    who, at = cast.person(wealth_yuan=3000), cast.moment()
    cast.act(
        at,
        "CALL_STATE",
        "preparation",
        customer=who,
        flags="active call_active",
        call_seconds=cast.between(10, 90),
    )
    seconds = int(cast.rng.lognormal(7.2, 0.6))
    at += seconds * SECOND_US
    for _ in range(cast.between(1, 2)):
        cast.pay(
            at,
            who,
            cast.stranger(),
            share=cast.rng.uniform(0.25, 0.95),
            flags="new_payee call_active",
            call_seconds=seconds,
        )
        at += cast.minutes(4, 15)
        seconds += 500


def password_free(cast: Cast) -> None:
    """B13: a service without password is signed under a pretext and charged near its cap."""
    who, at = cast.person(wealth_yuan=4000), cast.moment("evening")
    merchant = cast.between(0, len(cast.bank.merchant_kind) - 1)
    own: dict[str, Any] = {
        "merchant": merchant,
        "terminal": 2 * merchant,
        "place": int(cast.bank.merchant_place[merchant]),
    }
    cast.act(at, "NO_PASSWORD_SIGN", "preparation", customer=who, merchant=merchant, word="APP")
    at += cast.minutes(2, 25)
    cap = cast.rng.choice([50_000, 100_000, 200_000])
    for _ in range(cast.between(4, 12)):
        at += cast.minutes(0.3, 3)
        amount = int(cap * cast.rng.uniform(0.9, 1.0)) if cast.chance(0.7) else int(cap)
        cast.act(
            at,
            "TXN_REQUEST",
            "victim_payment",
            txn="QR_PAY",
            channel="QR",
            customer=who,
            payer=who,
            amount=amount,
            **own,
        )


def phishing_binding(cast: Cast) -> None:
    """C18: a link takes the card's data; bound to a strange wallet, it is charged at once."""
    who, at = cast.person(wealth_yuan=2000), cast.moment()
    device, place = cast.device(), cast.elsewhere()
    merchant = cast.between(0, len(cast.bank.merchant_kind) - 1)
    cast.act(
        at,
        "BIND_CARD",
        "preparation",
        customer=who,
        merchant=merchant,
        word="APP",
        device=device,
        place=place,
    )
    at += cast.wait(12)
    for _ in range(cast.between(3, 9)):
        shop = merchant if cast.chance(0.6) else cast.between(0, len(cast.bank.merchant_kind) - 1)
        amount = int(tickets(cast.rng, 10.6, 0.8, 1)[0])
        if cast.chance(0.3):
            cast.act(
                at,
                "TXN_REQUEST",
                "victim_payment",
                txn="WALLET_IN",
                channel="OPEN_BANK",
                customer=who,
                payer=who,
                amount=amount,
                remark="充值",
            )
            at += cast.wait(9, 0.9)
            continue
        cast.act(at, "TXN_REQUEST", "victim_payment", txn="QR_PAY", channel="QR", customer=who,
                 payer=who, amount=amount, merchant=shop,
                 terminal=2 * shop, place=place, device=device)  # fmt: skip
        at += cast.wait(9, 0.9)


def look_up_then_drain(cast: Cast) -> None:
    """J02: an insider finds an idle account with money; days later somebody else empties it."""
    bank = cast.bank
    rich = (bank.opening_balance[: bank.n] > 3_000_000) & (bank.activity < 0.5)
    who = cast.person(rich)
    at = cast.moment("counter", weekend=0.2)
    staff = int(bank.outlet[who]) * 4 + cast.between(0, 3)
    for _ in range(cast.between(1, 3)):
        cast.act(at, "STAFF_QUERY", "look_up", channel="INTERNAL", staff=staff, target=who,
                 word="COUNTER_SERVICE", flags="on_shift",
                 outlet=int(bank.staff_outlet[staff]))  # fmt: skip
        at += cast.minutes(1, 30)
    at += cast.between(1, 4) * DAY_US + cast.between(-3, 3) * HOUR_US
    own: dict[str, Any] = {"device": cast.device(), "place": cast.elsewhere()}
    cast.act(at, "DEVICE_BIND", "preparation", customer=who, **own)
    for _ in range(cast.between(1, 3)):
        at += cast.minutes(4, 50)
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.4, 0.95), **own)
