"""Stories of firms: founded in rows for their accounts, hollow, seized, or far too busy."""

from __future__ import annotations

from typing import Any

from haitang.lab.acts import DAY_US, HOUR_US
from haitang.lab.stories.cast import Cast

REMARKS = ("货款", "往来款", "服务费", "材料款", "合同款", "备用金", "咨询费")


def firm_pays(cast: Cast, at: int, who: int, payee: int, **columns: Any) -> None:
    """A payment of a firm by corporate e-banking."""
    remark = str(cast.rng.choice(REMARKS))
    columns = dict[str, Any](channel="CORP_EBANK", remark=remark, role="mule_out") | columns
    cast.pay(at, who, payee, **columns)


def _sale(cast: Cast, at: int, who: int, amount: int) -> None:
    cast.receive(at, who, amount, payer=cast.outsider(firm=cast.chance(0.7)), remark="货款")


def _opens(cast: Cast, who: int, at: int, outlet: int, **told: int) -> None:
    """A firm asks for an account at the counter."""
    boss = cast.any_person()
    clerk = boss if cast.chance(0.3) else cast.any_person()
    columns: dict[str, Any] = {"number": told.pop("address")} if "address" in told else {}
    full = {"legal_person": boss, "legal_phone": boss, "finance_phone": clerk, "agent": clerk,
            "operating_place": int(cast.bank.place[who])} | told  # fmt: skip
    cast.act(at, "ACCT_OPEN", "opening", customer=who, word="BUSINESS", amount=cast.between(1, 2),
             told=full, **columns, **cast.at_counter(outlet))  # fmt: skip


def _passes_through(cast: Cast, who: int, at: int, *, days: int = 1) -> None:
    """Sales that are none come in and go on, by the hour."""
    for _ in range(days):
        moment = at
        for _ in range(cast.between(1, 4)):
            _sale(cast, moment, who, cast.yuan(90_000, 0.9))
            moment += cast.wait(35, 0.9)
            firm_pays(cast, moment, who, cast.stranger(), share=cast.rng.uniform(0.9, 1.0))
            moment += cast.wait(50, 0.9)
        at += DAY_US + cast.minutes(-120, 120)


def shell(cast: Cast) -> None:
    """G03: a firm without wages, taxes or rent; what comes goes."""
    who = cast.new_firm(cast.moment("counter", weekend=0.1))
    opened = max(int(cast.bank.opened_us[who]), cast.bank.start_us)
    _passes_through(cast, who, opened + cast.wait(1500, 0.8), days=cast.between(1, 4))


def _row_of_firms(cast: Cast, count: int, **shared: int) -> None:
    """Firms that have one thing in common open here and there; some are put to use."""
    at = cast.moment("counter", weekend=0.1)
    for _ in range(count):
        who = cast.firm(small=True)
        outlet = cast.outlets(who, 1)[0] if cast.chance(0.5) else int(cast.bank.outlet[who])
        _opens(cast, who, at, outlet, **shared)
        if cast.chance(0.35):
            _passes_through(cast, who, at + cast.between(1, 5) * DAY_US)
        at += cast.wait(900, 1.2)


def one_address(cast: Cast) -> None:
    """G04: firm after firm gives the same room of the same building."""
    _row_of_firms(cast, cast.between(3, 6), address=cast.between(0, 200))


def one_owner(cast: Cast) -> None:
    """G05: one man, who sweeps the streets, is the head of them all."""
    owner = cast.mule()
    _row_of_firms(cast, cast.between(3, 6), legal_person=owner, legal_phone=owner)


def one_agent(cast: Cast) -> None:
    """G06: the same runner opens for firms that have nothing to do with one another."""
    _row_of_firms(cast, cast.between(3, 6), agent=cast.mule())


def neither_here_nor_there(cast: Cast) -> None:
    """G07: registered in one province, working in another, and the account is opened in ours."""
    who, at = cast.new_firm(cast.moment("counter", weekend=0.1)), 0
    at = max(int(cast.bank.opened_us[who]), cast.bank.start_us + HOUR_US)
    outlet = int(cast.bank.outlet[who])
    cast.bank.place[who] = cast.between(10, 23)
    _opens(cast, who, at, outlet, operating_place=cast.between(10, 23))
    _passes_through(cast, who, at + cast.between(1, 6) * DAY_US)


def one_telephone(cast: Cast) -> None:
    """G08: different heads, different bookkeepers, one telephone."""
    number = cast.bank.n + cast.between(0, cast.bank.n // 8)
    which = "finance_phone" if cast.chance(0.5) else "legal_phone"
    _row_of_firms(cast, cast.between(3, 5), **{which: number})


def one_for_all_posts(cast: Cast) -> None:
    """G15: head, bookkeeper and agent answer the same telephone: somebody's, not theirs."""
    number = cast.bank.n + cast.between(0, cast.bank.n // 8)
    _row_of_firms(cast, cast.between(1, 2), legal_phone=number, finance_phone=number, phone=number)


def new_seal(cast: Cast) -> None:
    """G09: with a false seal on file, the account is emptied in large sums."""
    who, at = cast.firm(), cast.moment("counter", weekend=0.05)
    cast.act(
        at, "SEAL_CHANGE", "preparation", customer=who, **cast.at_counter(cast.outlets(who, 1)[0])
    )
    if cast.chance(0.4):
        cast.act(at + cast.minutes(5, 60), "LEGAL_PERSON_CHANGE", "preparation", customer=who,
                 **cast.at_counter(int(cast.bank.outlet[who])))  # fmt: skip
    at += cast.between(0, 9) * DAY_US + cast.minutes(20, 300)
    for _ in range(cast.between(1, 3)):
        way = cast.at_counter(cast.outlets(who, 1)[0]) if cast.chance(0.3) else {}
        firm_pays(cast, at, who, cast.outsider(firm=cast.chance(0.6)), role="victim_payment",
                  share=cast.rng.uniform(0.15, 0.8), **way)  # fmt: skip
        at += cast.wait(200, 1.1)


def founded_and_busy(cast: Cast) -> None:
    """G10: the account is days old and moves millions."""
    who = cast.new_firm(cast.moment("counter", weekend=0.1))
    at = max(int(cast.bank.opened_us[who]), cast.bank.start_us)
    _opens(cast, who, at, int(cast.bank.outlet[who]))
    at += cast.between(0, 8) * DAY_US + cast.wait(200)
    for _ in range(cast.between(1, 4)):
        _sale(cast, at, who, cast.yuan(900_000, 0.8))
        at += cast.wait(120, 1.1)
        firm_pays(cast, at, who, cast.outsider(firm=cast.chance(0.5)),
                  share=cast.rng.uniform(0.6, 1.0))  # fmt: skip
        at += cast.wait(500, 1.1)


def no_longer_there(cast: Cast) -> None:
    """G11: the firm is struck off or its licence has run out; the account works on."""
    who, at = cast.firm(small=True), cast.moment("office", weekend=0.1)
    gone = cast.chance(0.6)
    cast.list_entry(at - cast.between(0, 30) * DAY_US, "deregistered_firms" if gone else
                    "expired_licences", "DEREGISTERED" if gone else "LICENCE_EXPIRED",
                    listed_customer=who)  # fmt: skip
    _passes_through(cast, who, at + cast.wait(900), days=cast.between(1, 3))


def beyond_its_size(cast: Cast) -> None:
    """G13: a noodle shop turns over what a factory does."""
    who, at = cast.firm(small=True), cast.moment("office", weekend=0.2)
    level = float(cast.bank.income[who]) * cast.rng.uniform(1.5, 6)
    for _ in range(cast.between(4, 9)):
        _sale(cast, at, who, cast.shaped(level * cast.rng.uniform(0.4, 1.5)))
        at += cast.wait(150, 1.1)
        firm_pays(cast, at, who, cast.stranger(), share=cast.rng.uniform(0.7, 0.98))
        at += cast.wait(900, 1.0)


def flare(cast: Cast) -> None:
    """G14: silent for months, wild for days, closed."""
    who, at = cast.new_firm(cast.moment("office", weekend=0.1)), 0
    at = max(int(cast.bank.opened_us[who]), cast.bank.start_us) + cast.wait(600)
    _passes_through(cast, who, at, days=cast.between(2, 5))
    at += cast.between(6, 10) * DAY_US
    if cast.chance(0.7):
        cast.act(at, "ACCT_CLOSE", "opening", customer=who,
                 **cast.at_counter(int(cast.bank.outlet[who])))  # fmt: skip


def token_travels(cast: Cast) -> None:
    """G16: the firm's token works on strange machines in strange cities, after hours."""
    who, at = cast.firm(small=cast.chance(0.6)), cast.moment("evening")
    for _ in range(cast.between(3, 5)):
        place = cast.elsewhere()
        own: dict[str, Any] = {"device": cast.device(), "place": place,
                               "ip": cast.address(who, place)}  # fmt: skip
        cast.act(at, "LOGIN", "preparation", channel="CORP_EBANK", customer=who, word="UKEY", **own)
        if cast.chance(0.7):
            firm_pays(cast, at + cast.minutes(2, 25), who, cast.stranger(), role="victim_payment",
                      share=cast.rng.uniform(0.1, 0.7), **own)  # fmt: skip
        at += cast.wait(240, 1.2)


def ever_changing(cast: Cast) -> None:
    """G17: opened, closed, another head, another seal, opened again."""
    who, at = cast.firm(small=True), cast.moment("counter", weekend=0.05)
    at = max(at - cast.between(5, 40) * DAY_US, int(cast.bank.opened_us[who]) + DAY_US)
    outlet = int(cast.bank.outlet[who])
    for _ in range(cast.between(3, 6)):
        event = str(cast.rng.choice(["ACCT_OPEN", "ACCT_CLOSE", "LEGAL_PERSON_CHANGE",
                                     "SEAL_CHANGE"], p=[0.3, 0.2, 0.3, 0.2]))  # fmt: skip
        if event == "ACCT_OPEN":
            _opens(cast, who, at, outlet)
        else:
            cast.act(at, event, "opening", customer=who, **cast.at_counter(outlet))
        at += cast.between(1, 8) * DAY_US + cast.minutes(-200, 200)
    if cast.chance(0.6):
        _passes_through(cast, who, max(at, cast.bank.start_us + DAY_US))
