"""What the bank itself does: look-ups, complaints, campaigns, openings; and the distant past."""

from __future__ import annotations

import numpy as np

from haitang.lab.acts import DAY_US, MINUTE_US, SECOND_US, Acts, Array, acts, bits, join
from haitang.lab.bank import NEVER_US, TELLERS, Bank
from haitang.lab.draws import day_weights, sums, tickets, times_of_day
from haitang.lab.rhythms import teller_at
from haitang.lab.vocabulary import SEGMENT, TAG, WORD


def banking(rng: np.random.Generator, bank: Bank) -> Acts:
    """Run every rhythm of the bank's own work."""
    return join(
        rhythm(rng, bank)
        for rhythm in (
            look_ups,
            complaints,
            campaigns,
            openings,
            distant_past,
            visits,
            list_updates,
        )
    )


def _working_moments(rng: np.random.Generator, bank: Bank, count: int) -> Array:
    day = rng.choice(bank.days, count, p=day_weights(bank, 0.3))
    return bank.start_us + day * DAY_US + times_of_day(rng, count, "counter")


REASONS = np.array(
    [WORD[word] for word in ("COUNTER_SERVICE", "COMPLAINT_HANDLING", "CAMPAIGN", "LOAN_REVIEW")]
)


def look_ups(rng: np.random.Generator, bank: Bank) -> Acts:
    """Tellers and managers look customers up: nearly always with a ticket, most of them present."""
    count = int(
        rng.poisson(
            min(6.0, bank.n / len(bank.staff_outlet) / 4) * len(bank.staff_outlet) * bank.days * 0.8
        )
    )
    staff = rng.integers(0, len(bank.staff_outlet), count)
    target = _neighbours(rng, bank, bank.staff_outlet[staff])
    reason = REASONS[rng.choice(4, count, p=[0.74, 0.06, 0.1, 0.1])]
    ticket = np.where(
        rng.random(count) < 0.88, rng.integers(0, len(bank.words["ticket"]), count), -1
    )
    flags = np.where(
        (rng.random(count) < 0.8) & (reason == REASONS[0]), bits("customer_present"), 0
    )
    flags |= np.where(rng.random(count) < 0.985, bits("on_shift"), 0)
    flags |= np.where(rng.random(count) < 0.012, bits("exported"), 0)
    flags |= np.where(rng.random(count) < 0.006, bits("screenshot"), 0)
    return acts(
        _working_moments(rng, bank, count), event="STAFF_QUERY", channel="INTERNAL", staff=staff,
        target=target,
        ticket=ticket, word=reason, flags=flags, outlet=bank.staff_outlet[staff],
    )  # fmt: skip


def _neighbours(rng: np.random.Generator, bank: Bank, outlet: Array) -> Array:
    """A customer of the outlet for most look-ups, any customer for the rest."""
    order = np.argsort(bank.outlet[: bank.n - bank.openers], kind="stable")
    home = bank.outlet[order]
    first = np.searchsorted(home, outlet, side="left")
    last = np.maximum(np.searchsorted(home, outlet, side="right"), first + 1)
    near = order[
        np.minimum(
            first + (rng.random(len(outlet)) * (last - first)).astype(np.int64), len(order) - 1
        )
    ]
    anyone = rng.integers(0, bank.n - bank.openers, len(outlet))
    return np.asarray(np.where(rng.random(len(outlet)) < 0.85, near, anyone))


def complaints(rng: np.random.Generator, bank: Bank) -> Acts:
    """A complaint makes one colleague open the same customer several times, with a ticket."""
    count = int(rng.poisson(0.0009 * bank.n * bank.days / 4 + 1))
    who = rng.integers(0, bank.n - bank.openers, count)
    at_us = _working_moments(rng, bank, count)
    outlet = bank.outlet[who]
    staff = teller_at(rng, outlet)
    raised = acts(
        at_us, event="COMPLAINT", channel="COUNTER", customer=who, outlet=outlet, staff=staff
    )
    times = rng.integers(2, 7, count)
    row = np.repeat(np.arange(count), times)
    ticket = rng.integers(0, len(bank.words["ticket"]), count)[row]
    looked = acts(
        at_us[row] + rng.integers(2, 200, len(row)) * MINUTE_US, event="STAFF_QUERY",
        channel="INTERNAL", staff=staff[row],
        target=who[row], ticket=ticket, word="COMPLAINT_HANDLING", flags=bits("on_shift"),
        outlet=outlet[row],
        tag="complaint_look_ups",
    )  # fmt: skip
    return join([raised, looked])


def campaigns(rng: np.random.Generator, bank: Bank) -> Acts:
    """A marketing or clean-up campaign: one colleague opens many customers under one ticket."""
    count = max(1, int(rng.poisson(0.00002 * bank.n * bank.days + 0.5)))
    staff = rng.integers(0, len(bank.staff_outlet), count)
    at_us = _working_moments(rng, bank, count)
    times = rng.integers(25, 90, count)
    row = np.repeat(np.arange(count), times)
    flags = np.where(rng.random(len(row)) < 0.1, bits("on_shift", "exported"), bits("on_shift"))
    return acts(
        at_us[row] + rng.integers(0, 5400, len(row)) * SECOND_US, event="STAFF_QUERY",
        channel="INTERNAL", staff=staff[row],
        target=_neighbours(rng, bank, bank.staff_outlet[staff[row]]), flags=flags, word="CAMPAIGN",
        ticket=rng.integers(0, len(bank.words["ticket"]), count)[row],
        outlet=bank.staff_outlet[staff[row]],
        tag="campaign_look_ups",
    )  # fmt: skip


def openings(rng: np.random.Generator, bank: Bank) -> Acts:
    """New customers open accounts, alone or in honest batches, and pay something in."""
    first = bank.n - bank.openers
    who = first + np.flatnonzero(bank.opened_us[first:] < NEVER_US)
    group = bank.opening_group[who]
    leader = np.where(group >= 0, first + group * 6, who)
    outlet = bank.outlet[leader]
    bank.outlet[who] = outlet
    counter = (group >= 0) | (rng.random(len(who)) < 0.6)
    reasons = np.array([WORD[word] for word in ("SALARY_ACCOUNT", "SAVINGS", "STUDY", "OTHER")])
    opened = opening_acts(
        rng, who, bank.opened_us[who], outlet=outlet, counter=counter,
        referrer=np.where(group >= 0, leader % 6, -1),
        address=np.where(group >= 0, bank.household[leader], -1),
        reason=np.where(group >= 0, reasons[group % 2 * 2], reasons[rng.integers(0, 4, len(who))]),
    )  # fmt: skip
    batch = np.isin(opened["customer"], who[group >= 0])
    opened["tag"][batch] = TAG["batch_opening"]
    paid = acts(
        bank.opened_us[who] + rng.integers(3, 600, len(who)) * MINUTE_US, event="TXN_IN",
        txn="TRANSFER_INTER",
        channel="OPEN_BANK", customer=who, payee=who,
        payer=bank.contacts[who, 0] % 97 + bank.accounts_own,
        amount=sums(rng, 1500, 1.0, len(who)), remark="生活费",
    )  # fmt: skip
    return join([opened, paid])


def opening_acts(
    rng: np.random.Generator, who: Array, at_us: Array, *, outlet: Array,
    counter: Array,
    referrer: Array, address: Array, reason: Array,
) -> Acts:  # fmt: skip
    """The opening of accounts and the face check before it.

    `number` of an opening carries the address (-1: the household's own), `target` the referrer.
    """
    channel = np.where(counter, 2, 0)
    spot = np.where(counter, outlet, -1)
    opened = acts(
        at_us, event="ACCT_OPEN", channel=channel, customer=who, word=reason, outlet=spot,
        target=referrer,
        number=address, staff=np.where(counter, outlet * TELLERS + who % TELLERS, -1),
        amount=1 + rng.integers(0, 3, len(who)),
    )  # fmt: skip
    checked = acts(
        at_us - rng.integers(20, 400, len(who)) * SECOND_US, event="FACE_CHECK", channel=channel,
        customer=who,
        word="PASS", outlet=spot,
    )  # fmt: skip
    return join([opened, checked])


def distant_past(rng: np.random.Generator, bank: Bank) -> Acts:
    """What sleeping accounts did before they fell asleep, half a year to a year before the run."""
    who = np.flatnonzero((bank.activity == 0) & ~bank.is_firm)
    who = np.repeat(who, rng.integers(1, 4, len(who)))
    shop = bank.places_liked[who, 0]
    at_us = (
        bank.start_us
        - rng.integers(185, 392, len(who)) * DAY_US
        + times_of_day(rng, len(who), "shop")
    )
    table = acts(
        at_us, event="TXN_REQUEST", txn="QR_PAY", channel="QR", customer=who, payer=who,
        merchant=shop, terminal=2 * shop,
        amount=tickets(rng, np.log(2000), 0.6, len(who)), place=bank.merchant_place[shop],
    )  # fmt: skip
    return {name: column[bank.opened_us[who] < at_us] for name, column in table.items()}


def visits(rng: np.random.Generator, bank: Bank) -> Acts:
    """Lobby managers look into a customer's question at the branch."""
    count = int(rng.poisson(0.001 * bank.n * bank.days + 1))
    who = rng.integers(0, bank.n - bank.openers, count)
    at_us = _working_moments(rng, bank, count)
    outlet = bank.outlet[who]
    asked = acts(
        at_us,
        event="BRANCH_INQUIRY",
        channel="COUNTER",
        customer=who,
        outlet=outlet,
        staff=teller_at(rng, outlet),
    )
    upgraded = who[bank.segment[who] != SEGMENT["FIRM"]][::4]
    more = acts(
        _working_moments(rng, bank, len(upgraded)), event="ACCT_UPGRADE", channel="COUNTER",
        customer=upgraded,
        outlet=bank.outlet[upgraded],
    )  # fmt: skip
    return join([asked, more])


def list_updates(rng: np.random.Generator, bank: Bank) -> Acts:
    """The police platform adds case accounts of other banks; most are never met again."""
    count = int(rng.poisson(0.2 * bank.days + 0.00004 * bank.n * bank.days))
    payee = rng.integers(bank.accounts_own, len(bank.owner), count)
    return acts(
        bank.start_us + rng.integers(0, bank.days,
                                     count) * DAY_US + times_of_day(rng, count, "phone"),
                                     event="LIST_UPSERT",
        channel="INTERNAL", payee=payee, word="POLICE_PLATFORM",
    )  # fmt: skip
