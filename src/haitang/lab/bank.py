"""The invented bank: who its customers are, what they own, where they live and whom they know.

Everything is held as numpy columns indexed by customer, account, outlet, merchant and so on. The
main account of customer *i* is account *i*; further own accounts follow, then the accounts at
other banks.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.lab.acts import DAY_US, LOCAL_OFFSET_US, Array
from haitang.lab.geography import DOMESTIC_PLACES, HOME_PLACES, PLACES, home_shares, positions
from haitang.lab.identifiers import draw_identifiers
from haitang.lab.vocabulary import SEGMENT

OWN_BANK = "HTYH"
OTHER_BANKS = (
    "ICBK", "ABOC", "BKCH", "PCBC", "PSBC", "COMM", "CMBC", "SPDB", "CIBK", "MSBC", "HXBK", "RCCU",
    "NETS", "UPAY",
)  # fmt: skip
"""Other banks; the last two stand for the clearing houses of wallets and cards."""
MERCHANT_KINDS: tuple[tuple[str, float, float, float], ...] = (
    ("5411", 58, 0.9, 0.24), ("5812", 42, 0.8, 0.26), ("5814", 18, 0.5, 0.16),
    ("4111", 6, 0.5, 0.08),
    ("5541", 260, 0.3, 0.03), ("5912", 65, 0.7, 0.04), ("5651", 210, 0.8, 0.05),
    ("5732", 1400, 1.0, 0.02),
    ("7832", 75, 0.4, 0.02), ("8062", 320, 1.1, 0.02), ("4814", 60, 0.5, 0.02),
    ("5944", 3800, 0.9, 0.006),
    ("7994", 68, 1.1, 0.02), ("5816", 30, 1.0, 0.02), ("7011", 330, 0.6, 0.014),
)  # fmt: skip
"""Merchant category, median ticket in yuan, log deviation of tickets, share of merchants."""


class Bank(msgspec.Struct, frozen=True, kw_only=True):
    """One bank as columns. `n` customers, of which the last `openers` join during the run."""

    start_us: int
    days: int
    n: int
    openers: int
    # per customer
    segment: Array
    is_firm: Array
    age: Array
    place: Array
    origin: Array
    """Place of the family's home: where migrant workers send money."""
    outlet: Array
    employer: Array
    income: Array
    """Minor units per month; turnover for firms."""
    pay_day: Array
    opened_us: Array
    """When the customer joined; after the start for openers, `NEVER_US` if kept for stories."""
    opening_group: Array
    """Number of the honest batch in which an opener joined, or -1."""
    disabled: Array
    occupation: Array
    device: Array
    next_device: Array
    device_change_day: Array
    household: Array
    activity: Array
    """Multiplies the rate of everyday acts; 0 is dormant."""
    mobile: Array
    """Whether the customer banks by phone."""
    night: Array
    latitude: Array
    longitude: Array
    term: Array
    dollars: Array
    contacts: Array
    """(n, 6) account indices: family, friends, landlord first."""
    places_liked: Array
    """(n, 8) merchant indices."""
    place_by_day: Array
    """(n, days): where the customer is."""
    # per account
    owner: Array
    account_bank: Array
    account_place: Array
    account_class: Array
    account_opened_us: Array
    account_firm: Array
    opening_balance: Array
    accounts_own: int
    # per outlet, staff, merchant
    outlet_place: Array
    outlet_latitude: Array
    outlet_longitude: Array
    staff_outlet: Array
    merchant_kind: Array
    merchant_place: Array
    merchant_level: Array
    merchant_weight: Array
    merchant_owner: Array
    devices: int
    ips_mobile: Array
    """(places,) first mobile-pool address per place; each pool has `POOL` addresses."""
    words: dict[str, npt.NDArray[Any]]
    """Identifier texts per domain: customer, account, device, outlet, staff, merchant …"""


POOL = 40
TELLERS = 4
MACHINES = 3


def build_bank(rng: np.random.Generator, *, customers: int, days: int, start_us: int) -> Bank:
    """Draw a bank of so many customers that exists for so many days from a local midnight on."""
    openers = max(60, customers // 25)
    n = customers + openers
    people = _people(rng, n=n, openers=openers, start_us=start_us, days=days)
    outlets = _outlets(rng, customers)
    people["outlet"] = _near_outlet(rng, people["place"], outlets["outlet_place"])
    merchants = _merchants(rng, n, people)
    accounts = _accounts(rng, people, n=n, start_us=start_us)
    people["contacts"] = _contacts(rng, people, accounts, n)
    people["places_liked"] = _liked(rng, people["place"], merchants)
    devices = int(people.pop("devices")[0])
    words = _words(
        rng, n=n, accounts=len(accounts["owner"]), devices=devices,
        merchants=len(merchants["merchant_kind"]),
        outlets=len(outlets["outlet_place"]), households=int(people["household"].max()) + 1,
    )  # fmt: skip
    return Bank(
        start_us=start_us, days=days, n=n, openers=openers, devices=devices, words=words,
        ips_mobile=np.arange(len(PLACES)) * POOL, accounts_own=int(accounts.pop("own")[0]),
        staff_outlet=np.repeat(np.arange(len(outlets["outlet_place"])), TELLERS),
        **people, **accounts, **outlets, **merchants,
    )  # fmt: skip


def _people(
    rng: np.random.Generator, *, n: int, openers: int, start_us: int, days: int
) -> dict[str, Array]:
    segment = rng.choice(8, n, p=[0.615, 0.17, 0.01, 0.08, 0.04, 0.02, 0.045, 0.02])
    segment[:6] = SEGMENT["FIRM"]
    segment[n - openers :] = SEGMENT["NEW"]
    firm = segment >= SEGMENT["SMALL_FIRM"]
    bounds = {"ORDINARY": (23, 59), "ELDER": (60, 88), "MINOR": (12, 17), "STUDENT": (18, 24),
              "NEW": (19, 45), "VULNERABLE": (30, 78), "SMALL_FIRM": (2, 15),
              "FIRM": (3, 25)}  # fmt: skip
    low = np.array([bounds[name][0] for name in SEGMENT])[segment]
    high = np.array([bounds[name][1] for name in SEGMENT])[segment]
    age = (low + rng.random(n) * (high - low + 1)).astype(np.int64)
    place = rng.choice(HOME_PLACES, n, p=home_shares())
    elsewhere = rng.random(n) < 0.28
    origin = np.where(elsewhere, rng.integers(0, DOMESTIC_PLACES, n), place)
    income = rng.lognormal(np.log(650_000), 0.5, n)
    income *= np.array([1, 0.55, 0.05, 0.2, 0.8, 0.6, 9, 160])[segment]
    tenure_days = np.where(
        segment == SEGMENT["NEW"], rng.integers(5, 90, n), rng.integers(200, 5200, n)
    )
    opened_us = start_us - tenure_days * DAY_US - rng.integers(0, DAY_US, n)
    opened_us[n - openers :], group = _openings(rng, openers=openers, start_us=start_us, days=days)
    dormant = (rng.random(n) < 0.05) & ~firm & (segment != SEGMENT["NEW"])
    lat, lon = positions()
    columns: dict[str, Array] = {
        "segment": segment, "is_firm": firm, "age": age, "place": place, "origin": origin,
        "employer": _employers(rng, segment, place), "income": income.astype(np.int64),
        "pay_day": rng.choice([5, 8, 10, 15, 20, 25, 28], n,
                              p=[0.15, 0.1, 0.25, 0.25, 0.1, 0.1, 0.05]),
        "opened_us": opened_us, "disabled": (rng.random(n) < 0.012) & ~firm,
        "occupation": _occupations(rng, segment),
        "activity": np.where(dormant, 0.0, rng.gamma(3.0, 1 / 3.0, n)),
        "mobile": rng.random(n) < np.where(segment == SEGMENT["ELDER"], 0.55, 0.96),
        "night": (rng.random(n) < 0.05) & ~firm,
        "latitude": lat[place] + rng.normal(0, 0.05, n),
        "longitude": lon[place] + rng.normal(0, 0.05, n),
        "place_by_day": _whereabouts(rng, place, firm, days),
        "opening_group": np.concatenate([np.full(n - openers, -1), group]),
    }  # fmt: skip
    columns |= _devices(rng, firm, days, n)
    return columns


NEVER_US = 2**62
"""Opening instant of the openers that only a story brings in."""


def _openings(
    rng: np.random.Generator, *, openers: int, start_us: int, days: int
) -> tuple[Array, Array]:
    """When newcomers join: a quarter in batches of six, half only if a story needs them."""
    batches = openers // 24
    reserved = openers // 2
    group = np.full(openers, -1)
    group[: 6 * batches] = np.repeat(np.arange(batches), 6)
    at_us = (
        start_us
        + rng.integers(0, max(days - 4, 1), openers) * DAY_US
        + rng.integers(9 * 3600, 17 * 3600, openers) * 10**6
    )
    for batch in range(batches):
        rows = slice(6 * batch, 6 * batch + 6)
        at_us[rows] = at_us[6 * batch] + np.sort(rng.integers(0, 5400, 6)) * 10**6
    at_us[openers - reserved :] = NEVER_US
    return at_us, group


def _employers(rng: np.random.Generator, segment: Array, place: Array) -> Array:
    """Give ordinary people an employer among the bank's firms of their place, or none."""
    employer = np.full(len(segment), -1)
    works = np.isin(segment, [SEGMENT["ORDINARY"], SEGMENT["NEW"]]) & (
        rng.random(len(segment)) < 0.6
    )
    for home in range(HOME_PLACES):
        firms = np.flatnonzero((segment == SEGMENT["FIRM"]) & (place == home))
        staff = np.flatnonzero(works & (place == home))
        if len(firms):
            employer[staff] = rng.choice(firms, len(staff))
    return employer


OCCUPATIONS = (
    "CLERK", "WORKER", "TEACHER", "DRIVER", "NURSE", "ENGINEER", "SHOPKEEPER", "RETIRED", "STUDENT",
    "FREELANCE", "NONE",
)  # fmt: skip


def _occupations(rng: np.random.Generator, segment: Array) -> Array:
    work = rng.choice(
        [0, 1, 2, 3, 4, 5, 6, 9, 10],
        len(segment),
        p=[0.25, 0.27, 0.06, 0.1, 0.05, 0.1, 0.06, 0.07, 0.04],
    )
    work = np.where(segment == SEGMENT["ELDER"], 7, work)
    return np.where(np.isin(segment, [SEGMENT["STUDENT"], SEGMENT["MINOR"]]), 8, work)


def _whereabouts(rng: np.random.Generator, place: Array, firm: Array, days: int) -> Array:
    """Place of each customer on each day: home, but for one trip that about one in six makes."""
    table = np.repeat(place[:, None].astype(np.int16), days, axis=1)
    travellers = np.flatnonzero((rng.random(len(place)) < min(0.16, 0.006 * days)) & ~firm)
    first = rng.integers(0, days, len(travellers))
    last = first + rng.integers(1, 8, len(travellers))
    goal = np.where(rng.random(len(travellers)) < 0.12,
                    rng.integers(DOMESTIC_PLACES, len(PLACES), len(travellers)),
                    rng.integers(0, DOMESTIC_PLACES, len(travellers)))  # fmt: skip
    day = np.arange(days)[None, :]
    away = (day >= first[:, None]) & (day < last[:, None])
    table[travellers] = np.where(away, goal[:, None], table[travellers])
    return table


def _devices(rng: np.random.Generator, firm: Array, days: int, n: int) -> dict[str, Array]:
    """Households share an address; one in fifteen customers shares a phone with the household."""
    household = np.sort(rng.integers(0, max(n * 5 // 12, 1), n))
    household = household[rng.permutation(n)]
    device = np.arange(n)
    _, first = np.unique(household, return_index=True)
    head = first[np.searchsorted(np.unique(household), household)]
    shares = (rng.random(n) < 0.07) & ~firm & ~firm[head]
    device = np.where(shares, head, device)
    changes = (rng.random(n) < min(0.004 * days, 0.5)) & ~shares
    change_day = np.where(changes, rng.integers(0, days, n), -1)
    return {
        "device": device, "next_device": np.where(changes, n + np.arange(n), device),
        "device_change_day": change_day, "household": household,
        "devices": np.array([2 * n + n // 4 + 64]),
    }  # fmt: skip


def _outlets(rng: np.random.Generator, customers: int) -> dict[str, Array]:
    counts = np.maximum(3, np.round(home_shares() * min(120, 24 + customers / 400)).astype(int))
    place = np.repeat(np.arange(HOME_PLACES), counts)
    lat, lon = positions()
    return {
        "outlet_place": place, "outlet_latitude": lat[place] + rng.normal(0, 0.06, len(place)),
        "outlet_longitude": lon[place] + rng.normal(0, 0.06, len(place)),
    }  # fmt: skip


def _near_outlet(rng: np.random.Generator, place: Array, outlet_place: Array) -> Array:
    first = np.searchsorted(outlet_place, place, side="left")
    last = np.searchsorted(outlet_place, place, side="right")
    return np.asarray(first + (rng.random(len(place)) * (last - first)).astype(np.int64))


def _merchants(rng: np.random.Generator, n: int, people: dict[str, Array]) -> dict[str, Array]:
    count = max(240, n // 5)
    shares = np.array([kind[3] for kind in MERCHANT_KINDS])
    kind = rng.choice(len(MERCHANT_KINDS), count, p=shares / shares.sum())
    kind[: 2 * len(MERCHANT_KINDS)] = np.tile(np.arange(len(MERCHANT_KINDS)), 2)
    median = np.array([row[1] for row in MERCHANT_KINDS])[kind]
    weight = 1.0 / (1.0 + rng.permutation(count)) ** 0.8
    owner = np.full(count, -1)
    shops = np.flatnonzero(people["segment"] == SEGMENT["SMALL_FIRM"])
    own = rng.permutation(count)[: min(len(shops), count)]
    owner[own] = shops[: len(own)]
    place = rng.choice(len(PLACES), count, p=_merchant_shares())
    place[own] = people["place"][owner[own]]
    return {
        "merchant_kind": kind, "merchant_place": place, "merchant_weight": weight,
        "merchant_owner": owner,
        "merchant_level": np.log(median * 100) + rng.normal(0, 0.35, count),
    }  # fmt: skip


def _merchant_shares() -> Array:
    shares = np.full(len(PLACES), 0.012)
    shares[:HOME_PLACES] = home_shares() * (1 - shares[HOME_PLACES:].sum())
    return np.asarray(shares / shares.sum())


def _liked(rng: np.random.Generator, place: Array, merchants: dict[str, Array]) -> Array:
    """Choose eight merchants of the customer's place, the popular ones more often."""
    liked = np.zeros((len(place), 8), dtype=np.int64)
    for home in range(HOME_PLACES):
        there = np.flatnonzero(place == home)
        shops = np.flatnonzero(merchants["merchant_place"] == home)
        if not len(shops):
            # Chance gave a small place none: its people go to town.
            shops = np.arange(len(merchants["merchant_place"]))
        weight = merchants["merchant_weight"][shops]
        liked[there] = rng.choice(shops, (len(there), 8), p=weight / weight.sum())
    return liked


def _accounts(
    rng: np.random.Generator, people: dict[str, Array], *, n: int, start_us: int
) -> dict[str, Array]:
    person = ~people["is_firm"]
    savers = np.flatnonzero(
        person & (people["age"] > 27) & (rng.random(n) < 0.4) & (people["opened_us"] < start_us)
    )
    abroad = np.flatnonzero(person & (people["age"] > 20) & (rng.random(n) < 0.4))
    term, dollars = np.full(n, -1), np.full(n, -1)
    term[savers] = n + np.arange(len(savers))
    dollars[abroad] = n + len(savers) + np.arange(len(abroad))
    own = n + len(savers) + len(abroad)
    outside = max(600, 2 * n)
    people["term"], people["dollars"] = term, dollars
    outside_firm = rng.random(outside) < 0.3
    balance = people["income"] * rng.lognormal(0.75, 0.9, n)
    balance = np.where(people["is_firm"], people["income"] * rng.uniform(1.5, 4, n), balance)
    balance = np.where(people["opened_us"] >= start_us, 0, balance)
    dormant = (people["activity"] == 0) & (rng.random(n) < 0.7)
    balance = np.where(dormant, rng.integers(0, 60_000, n), balance)
    deposits = (
        np.round(people["income"][savers] * rng.lognormal(2.6, 0.7, len(savers)) / 1_000_000)
        * 1_000_000
    )
    opened = people["opened_us"]
    later = rng.random(len(savers) + len(abroad))
    extra = np.concatenate([savers, abroad])
    extra_opened = np.minimum(opened[extra], start_us - DAY_US)
    extra_opened = extra_opened + ((start_us - extra_opened) * later * 0.9).astype(np.int64)
    classes = np.where(people["is_firm"], 3, 0)
    return {
        "owner": np.concatenate([np.arange(n), savers, abroad, np.full(outside, -1)]),
        "account_bank": np.concatenate([np.full(own, -1),
                                        rng.integers(0, len(OTHER_BANKS) - 2, outside)]),
        "account_place": np.concatenate([people["place"], people["place"][extra],
                                         rng.choice(DOMESTIC_PLACES, outside,
                                                    p=_outside_shares())]),
        "account_class": np.concatenate([classes, np.zeros(own - n, dtype=np.int64),
                                         np.full(outside, -1)]),
        "account_opened_us": np.concatenate([opened, extra_opened,
                                             np.zeros(outside, dtype=np.int64)]),
        "account_firm": np.concatenate([people["is_firm"], np.zeros(own - n, dtype=bool),
                                        outside_firm]),
        "opening_balance": np.concatenate([
            balance.astype(np.int64), np.maximum(deposits, 1_000_000).astype(np.int64),
            (rng.lognormal(8.5, 1.2,
                           len(abroad)) * (rng.random(len(abroad)) < 0.3)).astype(np.int64),
            np.zeros(outside, dtype=np.int64)]),
        "own": np.array([own]),
    }  # fmt: skip


def _outside_shares() -> Array:
    shares = np.full(DOMESTIC_PLACES, 0.018)
    shares[:HOME_PLACES] = home_shares() * (1 - shares[HOME_PLACES:].sum())
    return np.asarray(shares / shares.sum())


def _contacts(
    rng: np.random.Generator, people: dict[str, Array], accounts: dict[str, Array], n: int
) -> Array:
    """Give everybody six people to pay: of the household, of the bank, or outside it."""
    outside = np.flatnonzero((accounts["owner"] < 0) & ~accounts["account_firm"])
    persons = np.flatnonzero(~people["is_firm"][: n - len(outside) // 80])
    contacts = rng.choice(outside, (n, 6))
    inside = rng.random((n, 6)) < 0.4
    contacts = np.where(inside, rng.choice(persons, (n, 6)), contacts)
    family = np.argsort(people["household"], kind="stable")
    neighbour = np.empty(n, dtype=np.int64)
    neighbour[family] = np.roll(family, 1)
    near = people["household"][neighbour] == people["household"]
    contacts[:, 1] = np.where(near & ~people["is_firm"][neighbour], neighbour, contacts[:, 1])
    own = contacts == np.arange(n)[:, None]
    return np.where(own, rng.choice(outside, (n, 6)), contacts)


def _words(rng: np.random.Generator, **counts: int) -> dict[str, npt.NDArray[Any]]:
    """Draw identifier texts; they are random so that neither number nor order betrays a role."""

    def draw(prefix: str, count: int) -> npt.NDArray[Any]:
        return draw_identifiers(rng, prefix, count)

    outlets = counts["outlets"]
    addresses = len(PLACES) * POOL + counts["households"] + counts["n"]
    octets = rng.permutation(200 * 250 * 250)[:addresses]
    ips = [f"10.{20 + o // 62500}.{1 + o // 250 % 250}.{1 + o % 250}" for o in octets.tolist()]
    return {
        "customer": draw("C", counts["n"]), "account": draw("A", counts["accounts"]),
        "card": draw("K", counts["n"]), "device": draw("D", counts["devices"]),
        "outlet": draw("B", outlets),
        "staff": draw("T", outlets * TELLERS), "merchant": draw("M", counts["merchants"]),
        "terminal": draw("P", counts["merchants"] * 2 + outlets * MACHINES),
        "ip": np.array(ips, dtype=object),
        "phone": draw("H", counts["n"] + counts["n"] // 8 + 64),
        "sim": draw("S", counts["devices"]),
        "name": draw("N", counts["accounts"]), "address": draw("L", counts["households"] + 512),
        "ticket": draw("W", 4 * counts["n"] + 4096),
    }  # fmt: skip


def found_firm(bank: Bank, who: int, turnover_minor: float) -> None:
    """Turn a newcomer who has not joined yet into a small firm."""
    bank.segment[who] = SEGMENT["SMALL_FIRM"]
    bank.is_firm[who] = bank.account_firm[who] = True
    bank.account_class[who] = 3
    bank.income[who] = int(turnover_minor)
    bank.age[who] = 0
    bank.disabled[who] = bank.night[who] = False


def local_midnight_us(year: int, month: int, day: int) -> int:
    """The instant of local midnight (Asia/Shanghai) in microseconds UTC."""
    days = int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(np.int64))
    return days * DAY_US - LOCAL_OFFSET_US
