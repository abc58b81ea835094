"""The cast of a story: who plays, when, with which money; and the acts written down so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from haitang.lab.acts import (
    DAY_US,
    HOUR_US,
    LOCAL_OFFSET_US,
    MINUTE_US,
    SCHEMA,
    SECOND_US,
    Acts,
    Array,
    acts,
)
from haitang.lab.bank import MACHINES, MERCHANT_KINDS, NEVER_US, TELLERS, Bank, found_firm
from haitang.lab.details import Details
from haitang.lab.draws import HOURS, day_weights, shape, steps_for_shares, sums, times_of_day
from haitang.lab.geography import DOMESTIC_PLACES, HOME_PLACES
from haitang.lab.rhythms import private_remarks
from haitang.lab.surroundings import addresses
from haitang.lab.vocabulary import CHANNEL, EVENT, REMARK, ROLE, SEGMENT, TXN, WORD, bits_of

_CODES = {
    "event": EVENT,
    "txn": TXN,
    "channel": CHANNEL,
    "word": WORD,
    "remark": REMARK,
    "role": ROLE,
}
_TRIES_MAX = 400
_DAWN_US = 13 * HOUR_US // 2
_SLEEP = 0.9
"""Share of the nights that the people of a story sleep through."""
INSIDE = 0.3
"""Share of the crime's accounts that are held at this bank."""
WAYS = (0.45, 0.8)
"""Up to where strangers pay by code, and then by transfer; the rest comes out of wallets."""


class Cast:
    """Draws people and moments for one story at a time and collects what they do.

    All draws come from the run's generator in the order of the calls, so a story's choices are
    reproducible.
    """

    def __init__(
        self, rng: np.random.Generator, bank: Bank, details: Details, days: tuple[int, int]
    ) -> None:
        """Prepare for stories that begin on a day from the first up to, not including, the last."""
        self.rng = rng
        self.bank = bank
        self.details = details
        self.first_day = days[0]
        self.last_day = max(min(days[1], bank.days), days[0] + 1)
        self.story = -1
        self._rows: list[dict[str, Any]] = []
        self._devices_used = 0
        self._newcomers_used = 0
        self._taken: set[int] = set()
        self._told = 0
        self._nocturnal = False
        self._weights: dict[float, Array] = {}
        self._outside = {
            firm: np.flatnonzero((bank.owner < 0) & (bank.account_firm == firm))
            for firm in (False, True)
        }
        self._members = np.flatnonzero(
            (bank.activity > 0.15) & ~bank.is_firm & (bank.opened_us < bank.start_us) & bank.mobile
        )
        needy = (
            (bank.segment == SEGMENT["STUDENT"]) | (bank.occupation >= 9) | (bank.income < 500_000)
        )
        needy &= (bank.age >= 18) & (bank.age < 62)
        self._needy = self._members[needy[self._members]]

    # people -------------------------------------------------------------------------------------

    def person(self, among: Array | None = None, *, wealth_yuan: float = 0) -> int:
        """Draw an active private customer, each at most once in a run while others are left."""
        pool = self._members
        pool = pool[self.bank.opening_balance[pool] >= wealth_yuan * 100]
        if among is not None and among[pool].any():
            pool = pool[among[pool]]
        return self._draw(pool)

    def _draw(self, pool: Array) -> int:
        who = int(pool[self.rng.integers(0, len(pool))])
        for _ in range(_TRIES_MAX):
            if who not in self._taken:
                break
            who = int(pool[self.rng.integers(0, len(pool))])
        self._taken.add(who)
        return who

    def one_of(self, pool: Array) -> int:
        """Draw one of these customers, somebody of no other story while any is left."""
        return self._draw(pool)

    def mule(self) -> int:
        """Draw somebody who lends an account: often young, out of work or short of money."""
        return self._draw(self._needy if len(self._needy) else self._members)

    def sleeper(self) -> int:
        """Draw the holder of an account that has long been idle."""
        bank = self.bank
        sleeping = (bank.activity == 0) & ~bank.is_firm & (bank.opening_balance[: bank.n] < 100_000)
        pool = np.flatnonzero(sleeping & (bank.opened_us < bank.start_us - 200 * DAY_US))
        return self._draw(pool) if len(pool) else self.mule()

    def firm(self, *, small: bool = False) -> int:
        """Draw a firm that banks here."""
        bank = self.bank
        wanted = bank.segment == SEGMENT["SMALL_FIRM" if small else "FIRM"]
        return self._draw(np.flatnonzero(wanted & (bank.opened_us < bank.start_us)))

    def any_person(self) -> int:
        """Some customer who lends nothing but a name."""
        return int(self._members[self.rng.integers(0, len(self._members))])

    def new_firm(self, at_us: int) -> int:
        """Bring in a small firm that opens at this instant; some firm when nobody waits."""
        bank, waiting = self.bank, self.newcomer(at_us)
        if bank.opened_us[waiting] != at_us:
            return self.firm(small=True)
        found_firm(bank, waiting, float(self.rng.lognormal(np.log(4_000_000), 0.6)))
        return waiting

    def newcomer(self, at_us: int) -> int:
        """Bring in somebody who joins at this instant; the opening itself is not yet told."""
        bank = self.bank
        waiting = np.flatnonzero(bank.opened_us[bank.n - bank.openers :] == NEVER_US)
        if not len(waiting):
            return self.mule()
        who = bank.n - bank.openers + int(waiting[0])
        bank.opened_us[who] = at_us
        bank.account_opened_us[who] = at_us
        bank.activity[who] = 0.0
        return who

    def stranger(self) -> int:
        """Draw an account of the crime: at another bank, or a lent one of this bank."""
        return self.mule() if self.chance(INSIDE) else self.outsider()

    def outsider(self, *, firm: bool = False) -> int:
        """Draw an account at another bank, from the pool that honest counterparties come from."""
        pool = self._outside[firm]
        return int(pool[self.rng.integers(0, len(pool))])

    def device(self) -> int:
        """A phone that no customer of the bank has used before."""
        self._devices_used += 1
        return 2 * self.bank.n + self._devices_used % (self.bank.devices - 2 * self.bank.n)

    def address(self, who: int, place: int | None = None) -> int:
        """An internet address for somebody at a place (default: where the customer lives)."""
        spot = int(self.bank.place[who]) if place is None else place
        return int(addresses(self.rng, self.bank, np.array([who]), np.array([spot]))[0])

    def elsewhere(self) -> int:
        """Some domestic place."""
        return int(self.rng.integers(0, DOMESTIC_PLACES))

    # moments and money --------------------------------------------------------------------------

    def moment(self, profile: str = "phone", *, weekend: float = 1.0) -> int:
        """An instant within the story days, at an hour of the profile of `draws.HOURS`."""
        if weekend not in self._weights:
            weights = day_weights(self.bank, weekend)[self.first_day : self.last_day]
            weights = weights if weights.sum() > 0 else np.ones_like(weights)
            self._weights[weekend] = weights / weights.sum()
        weights = self._weights[weekend]
        day = self.first_day + int(self.rng.choice(len(weights), p=weights))
        assert profile in HOURS
        self._nocturnal |= profile == "night"
        return int(self.bank.start_us + day * DAY_US + times_of_day(self.rng, 1, profile)[0])

    def minutes(self, low: float, high: float) -> int:
        """A span between two numbers of minutes, to the millisecond, in microseconds."""
        return int(self.rng.uniform(low, high) * MINUTE_US) // 1000 * 1000

    def wait(self, median_minutes: float, deviation: float = 0.7) -> int:
        """A log-normal span around a median number of minutes, in microseconds."""
        return (
            int(self.rng.lognormal(np.log(median_minutes), deviation) * MINUTE_US) // 1000 * 1000
            + SECOND_US
        )

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return bool(self.rng.random() < probability)

    def yuan(self, median: float, deviation: float = 0.6) -> int:
        """A sum such as people send, in minor units, around a median in yuan."""
        return int(sums(self.rng, median, deviation, 1)[0])

    def shaped(self, amount_minor: float) -> int:
        """An amount with the ending that people's transfers have."""
        return int(shape(self.rng, np.array([float(amount_minor)]))[0])

    def step(self) -> int:
        """How a share of a balance is rounded."""
        return int(steps_for_shares(self.rng, 1)[0])

    # acts ---------------------------------------------------------------------------------------

    def act(
        self, at_us: int, event: str, role: str, *, flags: str = "",
        told: Mapping[str, int] | None = None, **columns: Any,
    ) -> None:  # fmt: skip
        """Write down one act; `flags` are names separated by spaces, `told` are its details."""
        if told:
            columns["detail"] = self.details.add(told)
        row = {"at_us": at_us, "event": event, "role": role, "flags": bits_of(flags), **columns}
        self._rows.append(
            {
                name: _CODES[name][value] if isinstance(value, str) else value
                for name, value in row.items()
            }
            | {"story": self.story}
        )

    def pay(
        self, at_us: int, who: int, payee: int, role: str = "victim_payment", *, amount: int = 0,
        share: float = 0, onward: float = 0.8,
        flags: str = "new_payee", **columns: Any,
    ) -> None:  # fmt: skip
        """A transfer by phone; `share` moves that part of what the account then holds.

        A victim's payment to an account of this bank goes on from there with odds of `onward`.
        """
        step = self.step() if share else 1
        columns = dict[str, Any](txn="TRANSFER_INTER", step=step) | columns
        if columns.get("remark", -1) == -1:
            columns["remark"] = int(private_remarks(self.rng, 1)[0])
        self.act(
            at_us,
            "TXN_REQUEST",
            role,
            flags=flags,
            customer=who,
            payer=who,
            payee=payee,
            amount=amount,
            share=share,
            **columns,
        )
        if role == "victim_payment" and payee < self.bank.n and self.chance(onward):
            part = self.rng.uniform(0.85, 1.0)
            self.pay(at_us + self.wait(25), payee, self.outsider(), "mule_out", share=part)

    def receive(
        self, at_us: int, who: int, amount: int, role: str = "mule_credit", **columns: Any
    ) -> None:
        """Money from another bank."""
        remark = int(private_remarks(self.rng, 1)[0])
        columns = (
            dict[str, Any](payer=self.outsider(), txn="TRANSFER_INTER", remark=remark) | columns
        )
        self.act(
            at_us,
            "TXN_IN",
            role,
            channel="OPEN_BANK",
            customer=who,
            payee=who,
            amount=amount,
            **columns,
        )

    def gather(self, at_us: int, who: int, amount: int) -> None:
        """A stranger's money: by code, by transfer or out of a wallet."""
        way = self.rng.random()
        if way < WAYS[0]:
            self.act(at_us, "TXN_IN", "mule_credit", txn="QR_COLLECT", channel="QR", customer=who,
                     payer=self.outsider(), payee=who, amount=amount)  # fmt: skip
        elif way < WAYS[1]:
            self.receive(at_us, who, amount)
        else:
            self.act(at_us, "TXN_IN", "mule_credit", txn="WALLET_OUT", channel="OPEN_BANK",
                     customer=who, payee=who, amount=amount)  # fmt: skip

    def cash(
        self, at_us: int, who: int, outlet: int, role: str = "cash_out", **columns: Any
    ) -> None:
        """Cash over the counter of an outlet."""
        staff = outlet * TELLERS + self.between(0, TELLERS - 1)
        self.act(at_us, "TXN_REQUEST", role, txn="CASH_WITHDRAW", channel="COUNTER", customer=who,
                 payer=who, outlet=outlet,
                 staff=staff, place=int(self.bank.outlet_place[outlet]), **columns)  # fmt: skip

    def machine(
        self, at_us: int, who: int, outlet: int, role: str = "cash_out", **columns: Any
    ) -> None:
        """Cash from one of an outlet's machines."""
        terminal = (
            2 * len(self.bank.merchant_kind) + outlet * MACHINES + self.between(0, MACHINES - 1)
        )
        columns = dict[str, Any](terminal=terminal, txn="CASH_WITHDRAW") | columns
        self.act(at_us, "TXN_REQUEST", role, channel="ATM", customer=who, payer=who, outlet=outlet,
                 place=int(self.bank.outlet_place[outlet]), **columns)  # fmt: skip

    def put_in(
        self, at_us: int, who: int, outlet: int, role: str, amount: int, **more: Any
    ) -> None:
        """Cash into a machine of an outlet, for the account of `who`."""
        terminal = (
            2 * len(self.bank.merchant_kind) + outlet * MACHINES + self.between(0, MACHINES - 1)
        )
        self.act(at_us, "TXN_REQUEST", role, txn="CASH_DEPOSIT", channel="CRM", customer=who,
                 payee=who, outlet=outlet, terminal=terminal, amount=amount // 10_000 * 10_000,
                 place=int(self.bank.outlet_place[outlet]), **more)  # fmt: skip

    def at_counter(self, outlet: int) -> dict[str, Any]:
        """What an act over the counter of an outlet brings along."""
        return {
            "channel": "COUNTER",
            "outlet": outlet,
            "place": int(self.bank.outlet_place[outlet]),
            "staff": outlet * TELLERS + self.between(0, TELLERS - 1),
        }

    def buy(self, at_us: int, who: int, merchant: int, role: str, **columns: Any) -> None:
        """A purchase by card, or with `txn="QR_PAY"` by code."""
        columns = (
            dict[str, Any](
                txn="POS", terminal=2 * merchant, place=int(self.bank.merchant_place[merchant])
            )
            | columns
        )
        channel = "QR" if columns["txn"] == "QR_PAY" else "POS"
        self.act(at_us, "TXN_REQUEST", role, channel=channel, customer=who, payer=who,
                 merchant=merchant, **columns)  # fmt: skip

    def merchant(self, *kinds: int, place: int | None = None) -> int:
        """Some shop of one of these kinds (any without), at a place where there is one."""
        bank = self.bank
        fits = np.isin(bank.merchant_kind, kinds or np.arange(len(MERCHANT_KINDS)))
        near = fits & (bank.merchant_place == (-1 if place is None else place))
        pool = np.flatnonzero(near if near.any() else fits)
        return int(pool[self.rng.integers(0, len(pool))])

    def list_entry(self, at_us: int, name: str, category: str, **listed: int) -> None:
        """An authority or the bank puts a name on a list."""
        told = {"list": WORD[name], "category": WORD[category], **listed}
        self.act(at_us, "LIST_UPSERT", "listing", channel="INTERNAL", word="OFFICE", told=told)

    def outlets(self, who: int, count: int) -> list[int]:
        """Different outlets of the customer's place, not the home one while others are left."""
        place = min(int(self.bank.place[who]), HOME_PLACES - 1)
        pool = np.flatnonzero(self.bank.outlet_place == place)
        pool = self.rng.permutation(pool[pool != self.bank.outlet[who]])
        return [int(outlet) for outlet in np.resize(pool, count)]

    def outlets_of(self, place: int, count: int) -> list[int]:
        """Different outlets of a place, in any order; the same ones again when there are few."""
        pool = np.flatnonzero(self.bank.outlet_place == min(place, HOME_PLACES - 1))
        return [int(outlet) for outlet in np.resize(self.rng.permutation(pool), count)]

    def rest(self) -> None:
        """Let the people of the story told last sleep, unless it is one of the night.

        What would have happened between half past midnight and one o'clock at noon happens from
        seven to one, in the same order: criminals have working hours, and victims are asleep.
        """
        rows, self._told = self._rows[self._told :], len(self._rows)
        nocturnal, self._nocturnal = self._nocturnal, False
        if nocturnal:
            return
        nights = {
            (row["at_us"] + LOCAL_OFFSET_US) // DAY_US
            for row in rows
            if HOUR_US // 2 <= (row["at_us"] + LOCAL_OFFSET_US) % DAY_US < _DAWN_US
        }
        slept = {night for night in sorted(nights) if self.chance(_SLEEP)}
        for row in rows:
            night, time_us = divmod(row["at_us"] + LOCAL_OFFSET_US, DAY_US)
            if night in slept and HOUR_US // 2 <= time_us < 13 * HOUR_US:
                time_us = 7 * HOUR_US + (time_us - HOUR_US // 2) * 12 // 25
                row["at_us"] = (night * DAY_US + time_us - LOCAL_OFFSET_US) // 1000 * 1000

    def collect(self) -> Acts:
        """All acts written since the last call, as one table."""
        columns: dict[str, Array | float | str] = {}
        for name, (_, default) in SCHEMA.items():
            columns[name] = np.array([row.get(name, default) for row in self._rows])
        self._rows, self._told = [], 0
        at_us = columns.pop("at_us")
        assert isinstance(at_us, np.ndarray)
        return acts(at_us.astype(np.int64), **columns)
