"""Stories of sessions that are not the customer's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from haitang.lab.acts import DAY_US, HOUR_US, SECOND_US
from haitang.lab.stories.cast import Cast


def _own(cast: Cast, who: int, place: int) -> dict[str, Any]:
    return {"device": cast.device(), "place": place, "ip": cast.address(who, place)}


def _empty(
    cast: Cast, who: int, at: int, *, times: tuple[int, int] = (1, 3), flags: str = "new_payee",
    **own: Any,
) -> None:  # fmt: skip
    for _ in range(cast.between(*times)):
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.97), flags=flags, **own)
        at += cast.wait(9, 0.8)


def stolen_codes(cast: Cast) -> None:
    """B07: calls and messages are sent on to the thief, who enters the code in no time."""
    who, at = cast.person(wealth_yuan=6000), cast.moment()
    place = cast.elsewhere()
    if cast.chance(0.7):
        cast.act(at, "CALL_FORWARD_SET", "preparation", customer=who, word="OTHER")
    else:
        cast.act(at, "LOGIN", "preparation", customer=who, word="PASSWORD", flags="cloned_app")
    at += cast.wait(60, 1.2)
    own: dict[str, Any] = _own(cast, who, place) if cast.chance(0.6) else {}
    for _ in range(cast.between(1, 3)):
        cast.act(at - 25 * SECOND_US, "OTP_ISSUED", "preparation", customer=who, word="SMS", **own)
        cast.act(at - cast.between(8, 23) * SECOND_US, "OTP_VERIFIED", "preparation", customer=who,
                 word="SMS", told={"elapsed_ms": cast.between(400, 2600)}, **own)  # fmt: skip
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.95), **own)
        at += cast.wait(7, 0.8)


def changing_addresses(cast: Cast) -> None:
    """B08: bought log-ins are used through a pool of addresses that turns every few minutes."""
    who, at = cast.person(wealth_yuan=5000), cast.moment()
    device = cast.device()
    flags = "proxy" if cast.chance(0.75) else ""
    for _ in range(cast.between(3, 8)):
        place = cast.elsewhere()
        cast.act(at, "LOGIN", "preparation", customer=who, word="PASSWORD", device=device,
                 place=place, ip=cast.address(who, place), flags=flags)  # fmt: skip
        at += cast.minutes(0.6, 4)
    place = cast.elsewhere()
    _empty(cast, who, at, device=device, place=place, ip=cast.address(who, place),
           flags=f"new_payee {flags}".strip())  # fmt: skip


def two_places(cast: Cast) -> None:
    """B09: the customer pays at home; minutes later the account is used a thousand miles away."""
    bank = cast.bank
    who, at = cast.person(wealth_yuan=5000), cast.moment()
    cast.act(at, "LOGIN", "session", customer=who, word="BIOMETRIC", place=int(bank.place[who]))
    at += cast.wait(45, 0.8)
    far = cast.between(24, 27) if cast.chance(0.35) else cast.elsewhere()
    own = _own(cast, who, far)
    cast.act(at, "LOGIN", "preparation", customer=who, word="PASSWORD", **own)
    _empty(cast, who, at + cast.minutes(1, 12), **own)


def device_farm(cast: Cast) -> None:
    """B10: a rack of altered phones works through a row of lent accounts."""
    at, place = cast.moment(), cast.elsewhere()
    phones = [cast.device() for _ in range(cast.between(1, 3))]
    careful = cast.chance(0.35)
    flags = "" if careful else str(cast.rng.choice(["emulator", "cloned_app", "emulator rooted"]))
    for turn in range(cast.between(5, 9)):
        who = cast.mule()
        own: dict[str, Any] = {
            "device": phones[turn % len(phones)], "place": place, "ip": cast.address(who, place),
            "flags": flags,
        }  # fmt: skip
        cast.act(at, "LOGIN", "preparation", customer=who, word="GESTURE", **own)
        if cast.chance(0.7):
            cast.receive(at + cast.minutes(1, 20), who, cast.yuan(3500, 1.0))
            own["flags"] = f"new_payee {flags}".strip()
            cast.pay(at + cast.minutes(21, 70), who, cast.stranger(), "mule_out",
                     share=cast.rng.uniform(0.8, 1.0), **own)  # fmt: skip
        at += cast.wait(22, 1.0)


def face_on_another_phone(cast: Cast) -> None:
    """B11: the face is refused again and again, and passes on another phone."""
    who, at, place = cast.person(wealth_yuan=8000), cast.moment(), cast.elsewhere()
    first, second = _own(cast, who, place), _own(cast, who, place)
    for _ in range(cast.between(2, 6)):
        cast.act(at, "FACE_CHECK", "preparation", customer=who, word="FAIL", **first)
        at += cast.minutes(0.3, 2.5)
    at += cast.wait(4, 0.8)
    cast.act(at, "FACE_CHECK", "preparation", customer=who, word="PASS",
             flags="virtual_camera" if cast.chance(0.5) else "", **second)  # fmt: skip
    _empty(cast, who, at + cast.minutes(0.5, 9), **second)


def stolen_session(cast: Cast) -> None:
    """B12: while the customer looks at the balance, the session is used from elsewhere."""
    bank = cast.bank
    who, at = cast.person(wealth_yuan=5000), cast.moment()
    session = cast.between(2**50, 2**51)
    cast.act(at, "LOGIN", "session", customer=who, word="BIOMETRIC", session=session,
             place=int(bank.place[who]))  # fmt: skip
    own = _own(cast, who, cast.elsewhere())
    at += cast.minutes(1, 9)
    for _ in range(cast.between(1, 3)):
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.3, 0.95), session=session,
                 steps=2, **own)  # fmt: skip
        at += cast.minutes(1, 5)


def reset_at_distance(cast: Cast) -> None:
    """B14: somebody poses as the customer before the video counter; the reset opens the door."""
    who, at, place = cast.person(wealth_yuan=10_000), cast.moment("office"), cast.elsewhere()
    own = _own(cast, who, place)
    cast.act(at, "REMOTE_COUNTER_OP", "preparation", customer=who,
             word="PIN_RESET" if cast.chance(0.6) else "UNFREEZE", **own)  # fmt: skip
    at += cast.wait(150, 1.2)
    cast.act(at, "DEVICE_BIND", "preparation", customer=who, **own)
    _empty(cast, who, at + cast.wait(20, 1.0), times=(1, 4), **own)


def sleeper_robbed(cast: Cast) -> None:
    """B15: an account untouched for years, with savings on it, is reset and emptied."""
    bank = cast.bank
    asleep = (bank.activity == 0) & ~bank.is_firm & (bank.opened_us < bank.start_us - 400 * DAY_US)
    rich = np.flatnonzero(asleep & (bank.opening_balance[: bank.n] > 500_000))
    who = cast.one_of(rich) if len(rich) else cast.person(wealth_yuan=10_000)
    at, place = cast.moment(), cast.elsewhere()
    own = _own(cast, who, place)
    cast.act(at, "PASSWORD_RESET", "preparation", customer=who, word="APP", **own)
    if cast.chance(0.4):
        cast.act(at + cast.minutes(1, 9), "PHONE_CHANGE", "preparation", customer=who, word="APP",
                 **own)  # fmt: skip
    at += cast.wait(60, 1.3)
    for _ in range(cast.between(1, 3)):
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.6, 1.0), **own)
        at += cast.wait(20, 1.0)


def payout_altered(cast: Cast) -> None:
    """B16: where the money is paid out to is altered quietly, and the next sum goes there."""
    firm = cast.chance(0.4)
    who = cast.firm(small=True) if firm else cast.person(wealth_yuan=6000)
    at, goal = cast.moment("office"), cast.stranger()
    own: dict[str, Any] = _own(cast, who, cast.elsewhere()) if cast.chance(0.7) else {}
    own["channel"] = "CORP_EBANK" if firm else "MOBILE"
    cast.act(at, "AGREEMENT_SIGN" if firm else "BIND_CARD", "preparation", customer=who,
             word="APP", merchant=cast.merchant(), **own)  # fmt: skip
    cast.act(at + cast.minutes(0.5, 8), "PAYEE_ADD", "preparation", customer=who, payee=goal,
             word="APP", **own)  # fmt: skip
    at += cast.wait(900, 1.2)
    for turn in range(cast.between(1, 2)):
        cast.pay(at, who, goal, share=cast.rng.uniform(0.2, 0.9),
                 flags="new_payee" if turn == 0 else "", steps=3, **own)  # fmt: skip
        at += cast.between(3, 30) * HOUR_US
