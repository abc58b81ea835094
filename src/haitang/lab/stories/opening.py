"""Stories of accounts opened to be used by somebody else."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US
from haitang.lab.stories.cast import Cast
from haitang.lab.stories.trade import open_account

REASONS = ("SALARY_ACCOUNT", "SAVINGS", "STUDY", "OTHER", "BUSINESS", "NONE")


def _reason(cast: Cast) -> str:
    return str(cast.rng.choice(REASONS, p=[0.35, 0.2, 0.08, 0.17, 0.08, 0.12]))


def _used(cast: Cast, who: int, at: int, **own: Any) -> None:
    """The account is put to its use: somebody's money comes and goes on."""
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(11_000, 0.9))
        at += cast.wait(40, 1.0)
        cast.pay(at, who, cast.stranger(), "mule_out", share=cast.rng.uniform(0.85, 1.0), **own)
        at += cast.wait(300, 1.0)


def opens_again_and_again(cast: Cast) -> None:
    """A01: somebody opens, closes and opens again, here and there, and sells what he opened."""
    who, at = cast.mule(), cast.moment("counter", weekend=0.3)
    for turn in range(cast.between(3, 6)):
        outlet = cast.outlets(who, 1)[0]
        phone = cast.chance(0.4)
        open_account(cast, who, at, channel="MOBILE" if phone else "COUNTER",
                     outlet=-1 if phone else outlet, word=_reason(cast),
                     amount=2 + turn)  # fmt: skip
        if cast.chance(0.5):
            at += cast.between(1, 4) * DAY_US
            cast.act(at, "ACCT_CLOSE", "opening", customer=who, **cast.at_counter(outlet))
        at += cast.between(0, 5) * DAY_US + cast.minutes(5, 90)
    if cast.chance(0.6):
        _used(cast, who, at)


def one_account_too_many(cast: Cast) -> None:
    """A02: a person who has many accounts already asks for yet another."""
    who, at = cast.mule(), cast.moment("counter", weekend=0.3)
    held = cast.between(4, 9)
    for turn in range(cast.between(1, 2)):
        phone = cast.chance(0.5)
        outlet = -1 if phone else cast.outlets(who, 1)[0]
        open_account(cast, who, at, channel="MOBILE" if phone else "COUNTER", outlet=outlet,
                     word=_reason(cast), amount=held + turn)  # fmt: skip
        at += cast.wait(900, 1.0)
    _used(cast, who, at + cast.between(1, 6) * DAY_US)


def one_number_for_many(cast: Cast) -> None:
    """A05: bought identities all leave the same telephone number: that of the recruiter."""
    at, place = cast.moment(), cast.elsewhere()
    number = cast.bank.n + cast.between(0, cast.bank.n // 8)
    for _ in range(cast.between(2, 5)):
        at += cast.wait(500, 1.1)
        who = cast.newcomer(at)
        outlet = cast.outlets(who, 1)[0]
        counter = cast.chance(0.5)
        way: dict[str, Any] = {"outlet": outlet}
        if not counter:
            way = {"ip": cast.address(who, place)}
        open_account(cast, who, at, channel="COUNTER" if counter else "MOBILE",
                     told={"phone": number}, word=_reason(cast), **way)  # fmt: skip
        if cast.chance(0.5):
            _used(cast, who, at + cast.between(2, 7) * DAY_US)


def from_far_away(cast: Cast) -> None:
    """A06: hired far off, somebody opens where he neither lives nor works and leaves at once."""
    at = cast.moment("counter", weekend=0.2)
    who = cast.newcomer(at)
    cast.bank.origin[who] = cast.between(10, 23)
    outlet = int(cast.bank.outlet[who])
    told = {"virtual_phone": 1} if cast.chance(0.25) else None
    open_account(cast, who, at, channel="COUNTER", outlet=outlet, told=told,
                 word="NONE" if cast.chance(0.6) else "OTHER",
                 amount=cast.between(1, 4))  # fmt: skip
    if cast.chance(0.4):
        cast.act(at + cast.minutes(2, 20), "LIMIT_CHANGE", "preparation", customer=who, word="APP",
                 amount=1_000_000, number=20_000_000)  # fmt: skip
    place = int(cast.bank.origin[who])
    own: dict[str, Any] = {"place": place, "ip": cast.address(who, place)}
    _used(cast, who, at + cast.between(1, 5) * DAY_US, **own)


def sham_agent(cast: Cast) -> None:
    """A07: an "uncle" opens for people who never come, with their papers and a letter."""
    at, agent = cast.moment("counter", weekend=0.2), cast.mule()
    for _ in range(cast.between(3, 5)):
        who = cast.newcomer(at)
        outlet = cast.outlets(agent, 1)[0]
        told = {"agent": agent} | (
            {"face_per_mille": cast.between(420, 700)} if cast.chance(0.6) else {}
        )
        open_account(cast, who, at, channel="COUNTER", outlet=outlet, told=told,
                     word=_reason(cast))  # fmt: skip
        if cast.chance(0.5):
            _used(cast, who, at + cast.between(2, 6) * DAY_US)
        at += cast.wait(700, 1.2)


def injected_face(cast: Cast) -> None:
    """A08: a made-up face is fed to the camera, more than once the same, under other names."""
    at, device = cast.moment(), cast.device()
    place, face = cast.elsewhere(), cast.between(0, cast.bank.n // 8) + cast.bank.n
    careful = cast.chance(0.4)
    for _ in range(cast.between(2, 4)):
        who = cast.newcomer(at)
        own: dict[str, Any] = {
            "device": cast.device() if careful else device, "ip": cast.address(who, place),
        }  # fmt: skip
        flags = "" if careful else ("emulator virtual_camera" if cast.chance(0.6) else "rooted")
        for _ in range(cast.between(0, 3)):
            cast.act(at - cast.minutes(2, 9), "FACE_CHECK", "opening", customer=who, word="FAIL",
                     flags=flags, told={"face": face}, **own)  # fmt: skip
        cast.act(at - cast.minutes(0.4, 1.8), "FACE_CHECK", "opening", customer=who, word="PASS",
                 flags=flags, told={"face": face, "liveness_per_mille": cast.between(300, 930)},
                 **own)  # fmt: skip
        cast.act(at, "ACCT_OPEN", "opening", customer=who, word=_reason(cast),
                 amount=cast.between(1, 2), flags=flags, **own)  # fmt: skip
        if cast.chance(0.5):
            _used(cast, who, at + cast.between(1, 3) * DAY_US)
        at += cast.wait(40, 1.0)


def limits_raised_at_once(cast: Cast) -> None:
    """A09: the account is days old, its limits go up manifold, and then comes the money."""
    at = cast.moment("counter", weekend=0.3)
    who = cast.newcomer(at)
    open_account(cast, who, at, channel="COUNTER", outlet=int(cast.bank.outlet[who]),
                 word=_reason(cast))  # fmt: skip
    at += cast.wait(1500, 1.0)
    low = int(cast.rng.choice([500_000, 1_000_000, 2_000_000]))
    cast.act(at, "LIMIT_CHANGE", "preparation", customer=who, word="APP", amount=low,
             number=low * cast.between(5, 40))  # fmt: skip
    if cast.chance(0.3):
        cast.act(at + cast.minutes(2, 60), "AGREEMENT_SIGN", "preparation", customer=who,
                 word="UKEY", merchant=cast.merchant())  # fmt: skip
    at += cast.wait(600, 1.2)
    for _ in range(cast.between(1, 3)):
        cast.receive(at, who, cast.yuan(45_000, 0.8))
        cast.pay(at + cast.wait(30, 1.0), who, cast.stranger(), "mule_out",
                 share=cast.rng.uniform(0.6, 1.0))  # fmt: skip
        at += cast.wait(240, 1.0)


def punished_person(cast: Cast) -> None:
    """A10: somebody under punishment for lending his accounts tries once more."""
    at = cast.moment("counter", weekend=0.3)
    fresh = cast.chance(0.5)
    who = cast.newcomer(at) if fresh else cast.mule()
    listed = {"listed_name": who} if cast.chance(0.5) else {"listed_customer": who}
    cast.list_entry(at - cast.between(2, 60) * DAY_US, "punished_persons", "CASE_ACCOUNT", **listed)
    if not fresh:
        at = max(at, cast.bank.start_us + DAY_US)
    phone = cast.chance(0.5)
    outlet = -1 if phone else cast.outlets(who, 1)[0]
    open_account(cast, who, at, channel="MOBILE" if phone else "COUNTER", outlet=outlet,
                 word=_reason(cast))  # fmt: skip


def odd_contact(cast: Cast) -> None:
    """A12: a throw-away number, the address of a parcel shop, and an account soon lent."""
    at = cast.moment()
    shop = cast.between(0, 200)
    for _ in range(cast.between(1, 3)):
        who = cast.newcomer(at)
        open_account(cast, who, at, channel="MOBILE", ip=cast.address(who, cast.elsewhere()),
                     word=_reason(cast), number=shop, told={"virtual_phone": 1})  # fmt: skip
        _used(cast, who, at + cast.between(1, 5) * DAY_US)
        at += cast.wait(2500, 1.0)
