"""Stories of cash: fetched with others' cards, cut into pieces, given away under escort."""

from __future__ import annotations

from haitang.lab.acts import DAY_US
from haitang.lab.bank import MACHINES
from haitang.lab.stories.cast import Cast


def code_passed_on(cast: Cast) -> None:
    """E04: the account's holder orders cash without card; somebody else fetches it elsewhere."""
    who, at = cast.mule(), cast.moment("machine")
    place = cast.between(0, 9)
    cast.receive(at - cast.minutes(10, 200), who, cast.yuan(16_000, 0.6))
    face = cast.mule()
    for outlet in cast.outlets_of(place, cast.between(1, 2)):
        for _ in range(cast.between(1, 2)):
            cast.machine(at, who, outlet, txn="CARDLESS_WITHDRAW",
                         amount=cast.between(5, 50) * 20_000, told={"face": face})  # fmt: skip
            at += cast.minutes(1, 9)
        at += cast.minutes(5, 30)


def one_man_many_cards(cast: Cast) -> None:
    """E05: a courier stands at the machine with a pack of cards, hood up or not."""
    at = cast.moment("machine")
    face, place = cast.mule(), cast.between(0, 9)
    outlets = cast.outlets_of(place, cast.between(1, 3))
    for _ in range(cast.between(3, 7)):
        who = cast.mule()
        if cast.chance(0.8):
            cast.receive(at - cast.minutes(20, 400), who, cast.yuan(13_000, 0.7))
        outlet = outlets[cast.between(0, len(outlets) - 1)]
        terminal = 2 * len(cast.bank.merchant_kind) + outlet * MACHINES + cast.between(0, 1)
        told = {"face": face} if cast.chance(0.85) else None
        for _ in range(cast.between(1, 2)):
            cast.machine(at, who, outlet, terminal=terminal, step=10_000,
                         amount=cast.between(10, 100) * 20_000, share=1.0, told=told)  # fmt: skip
            at += cast.minutes(0.7, 5)
        at += cast.wait(6, 0.9)


def cut_in_pieces(cast: Cast) -> None:
    """E07: cash that nobody shall ask about is brought or fetched in parts, here and there."""
    who, at = cast.person(wealth_yuan=5000), cast.moment("counter", weekend=0.3)
    brings = cast.chance(0.5)
    parts = cast.between(2, 4)
    if not brings:
        cast.receive(at - cast.minutes(60, 1500), who, cast.yuan(48_000 * parts, 0.2))
    for turn, outlet in enumerate(cast.outlets(who, parts)):
        amount = cast.between(280, 498) * 10_000
        if brings:
            way = cast.at_counter(outlet)
            cast.act(at, "TXN_REQUEST", "mule_credit", txn="CASH_DEPOSIT", customer=who, payee=who,
                     amount=amount, **way)  # fmt: skip
        else:
            cast.cash(at, who, outlet, amount=amount)
        at += cast.minutes(20, 110) if turn % 3 < 2 else DAY_US
    if brings:
        cast.pay(at + cast.wait(90, 1.0), who, cast.stranger(), "mule_out",
                 share=cast.rng.uniform(0.7, 1.0))  # fmt: skip


def escorted(cast: Cast) -> None:
    """E08: a friendly young man walks grandmother to the counter and speaks for her."""
    bank = cast.bank
    who = cast.person(bank.age >= 63, wealth_yuan=3000)
    at = cast.moment("counter", weekend=0.3)
    outlet = int(bank.outlet[who]) if cast.chance(0.7) else cast.outlets(who, 1)[0]
    escort = cast.chance(0.85)
    # Whoever does not stand beside her is on the telephone.
    guided = cast.chance(0.4 if escort else 0.8)
    flags = " ".join(["companion_present"] * escort + ["phone_on_speaker"] * guided)
    way = cast.at_counter(outlet)
    if bank.term[who] >= 0 and cast.chance(0.6):
        cast.act(at - cast.minutes(3, 12), "TXN_REQUEST", "staging", txn="TERM_BREAK", customer=who,
                 payer=int(bank.term[who]), payee=who, share=cast.rng.uniform(0.5, 1.0),
                 step=100_000, flags=flags, **way)  # fmt: skip
    if cast.chance(0.25):
        cast.cash(at, who, outlet, "victim_payment", share=cast.rng.uniform(0.5, 0.98),
                  step=10_000, flags=flags)  # fmt: skip
    else:
        cast.pay(at, who, cast.stranger(), share=cast.rng.uniform(0.4, 0.98),
                 flags=f"new_payee {flags}".strip(), **way)  # fmt: skip
