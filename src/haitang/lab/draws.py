"""Draws that every rhythm and every story shares: when people act and which amounts they choose.

Honest customers and fraud victims draw from the same functions, so that an hour, a decimal or a
round sum tells nothing by itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from haitang.lab.acts import DAY_US, HOUR_US, Array
from haitang.lab.bank import Bank

HOURS: Final[dict[str, tuple[float, ...]]] = {
    "shop": (1, .5, .3, .2, .2, .5, 2, 6, 7, 6, 6, 9, 11, 8, 6, 6, 6, 9, 12, 11, 9, 7, 5, 2.5),
    "phone": (2, 1, .5, .3, .3, .6, 1.6, 4, 7, 9, 9.5, 8, 8, 7, 8, 8.5, 8.5, 7.5, 7, 7, 8, 8, 6.5,
              4),
    "evening": (3, 1.5, .6, .3, .3, .4, 1, 2, 3, 3, 3, 4, 6, 4, 3, 3, 4, 6, 9, 12, 13, 12, 9, 5),
    "office": (.02, .02, .02, .02, .02, .05, .1, .6, 6, 13, 14, 9, 3, 8, 12, 13, 11, 6, 2, .8, .4,
               .2, .1, .05),
    "counter": (0, 0, 0, 0, 0, 0, 0, 0, 7, 16, 17, 11, 6, 11, 15, 13, 4, 0, 0, 0, 0, 0, 0, 0),
    "machine": (1.5, .7, .4, .3, .3, .5, 1.5, 4, 7, 9, 9, 8, 7, 7, 8, 8, 8, 8, 8, 7, 6, 5, 4, 2.5),
    "night": (9, 9, 8, 7, 6, 5, 5, 6, 4, 2, 1, 1, 1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8),
    "batch": (0, 0, 0, 0, 0, 0, 1, 3, 10, 18, 14, 6, 3, 6, 12, 12, 8, 4, 2, 1, 0, 0, 0, 0),
}  # fmt: skip
"""Relative weight of each local hour."""


def times_of_day(rng: np.random.Generator, count: int, profile: str) -> Array:
    """Draw times of day in microseconds after local midnight, to the millisecond."""
    weights = np.array(HOURS[profile])
    hour = rng.choice(24, count, p=weights / weights.sum())
    return np.asarray(hour * HOUR_US + rng.integers(0, 3_600_000, count) * 1000)


def day_weights(bank: Bank, weekend: float) -> Array:
    """Probability of each day when weekends are so many times as busy as working days."""
    weights = np.where(weekends(bank), weekend, 1.0)
    total = weights.sum()
    return np.asarray(weights / total if total > 0 else np.full(bank.days, 1 / bank.days))


def weekends(bank: Bank) -> Array:
    """Tell which days of the run are Saturdays and Sundays."""
    return np.asarray((local_days(bank) + 3) % 7 >= 5)


def local_days(bank: Bank) -> Array:
    """Local days since 1970-01-01 of the run."""
    return np.asarray((bank.start_us + DAY_US // 2) // DAY_US + np.arange(bank.days))


def days_of_month(bank: Bank) -> Array:
    """Day of the month, from 1, of each day of the run."""
    dates = local_days(bank).astype("datetime64[D]")
    return np.asarray(
        (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    )


def months_of_year(bank: Bank) -> Array:
    """Month, from 1, of each day of the run."""
    return np.asarray(
        local_days(bank).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    )


def spread(
    rng: np.random.Generator, bank: Bank, rates: Array, *, profile: str, weekend: float = 1.0
) -> tuple[Array, Array]:
    """Draw who acts and when, for Poisson rates per customer and day.

    Night workers keep their own hours in the profiles that leave people free to choose.
    """
    total = float(rates.sum()) * bank.days
    count = int(rng.poisson(total)) if total > 0 else 0
    if not count:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    ladder = np.cumsum(rates)
    who = np.searchsorted(ladder, rng.random(count) * ladder[-1], side="right")
    who = np.minimum(who, len(rates) - 1)
    day = rng.choice(bank.days, count, p=day_weights(bank, weekend))
    time = times_of_day(rng, count, profile)
    if profile in ("shop", "phone", "evening", "machine"):
        time = np.where(bank.night[who], times_of_day(rng, count, "night"), time)
    return who, np.asarray(bank.start_us + day * DAY_US + time)


def tickets(
    rng: np.random.Generator, level: Array | float, deviation: Array | float, count: int
) -> Array:
    """Draw shop prices: log-normal, half whole yuan, a quarter to the jiao, the rest to the fen."""
    amount = rng.lognormal(level, deviation, count)
    style = rng.random(count)
    step = np.where(style < 0.5, 100, np.where(style < 0.75, 10, 1))
    return np.maximum(np.round(amount / step) * step, 100).astype(np.int64)


def sums(
    rng: np.random.Generator, median_yuan: Array | float, deviation: float, count: int
) -> Array:
    """Draw sums that people send: mostly round, some whole yuan, some to the fen."""
    return shape(rng, rng.lognormal(np.log(np.asarray(median_yuan) * 100.0), deviation, count))


def shape(rng: np.random.Generator, amount: Array) -> Array:
    """Give amounts (minor units) the endings that people's transfers have; at least one yuan."""
    style = rng.random(len(amount))
    size = 10.0 ** np.floor(np.log10(np.maximum(amount, 100.0)))
    step = np.where(
        style < 0.34,
        size / 2,
        np.where(style < 0.54, size / 10, np.where(style < 0.70, 100.0, 1.0)),
    )
    return np.maximum(np.round(amount / np.maximum(step, 1)) * np.maximum(step, 1), 100).astype(
        np.int64
    )


def steps_for_shares(rng: np.random.Generator, count: int) -> Array:
    """Draw how a share of a balance is rounded: to the fen, one, a hundred or a thousand yuan."""
    return rng.choice([1, 100, 10_000, 100_000], count, p=[0.34, 0.26, 0.25, 0.15])
