"""Shares with what chance leaves open: Wilson's interval for counts, resampling for sums."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

NORMAL_95 = 1.959963984540054
RESAMPLES = 2_000
RESAMPLED_MIN = 5
"""Cases below which resampling shows less spread than there is."""
RESAMPLE_SEED = 95
"""Resampling is drawn from one seed, so that the same decisions give the same interval."""

Float64 = npt.NDArray[np.float64]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a whole and its 95 % confidence interval; without a whole nothing is known."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None


def wilson(part: int, whole: int) -> Share:
    """Return a share of independent cases with Wilson's score interval."""
    assert 0 <= part <= whole, "a part is no larger than its whole"
    if not whole:
        return Share(part=part, whole=whole, value=None, low=None, high=None)
    share, square = part / whole, NORMAL_95**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    spread = math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    half = NORMAL_95 * spread / (1 + square / whole)
    return Share(
        part=part,
        whole=whole,
        value=share,
        # At the ends the formula misses 0 and 1 by the last bit.
        low=0.0 if part == 0 else max(0.0, middle - half),
        high=1.0 if part == whole else min(1.0, middle + half),
    )


def share_of_sums(parts: Float64, wholes: Float64) -> Share:
    """Return the sum of parts over the sum of wholes, one entry a case, by resampling the cases.

    Money is spread so unevenly over cases that no formula for counts fits. Where nothing or
    everything is there, resampling sees no spread: the interval is Wilson's over the cases. Fewer
    than `RESAMPLED_MIN` cases have none.
    """
    total = float(wholes.sum())
    part = float(parts.sum())
    if total <= 0:
        return Share(part=0, whole=0, value=None, low=None, high=None)
    cases = int((wholes > 0).sum())
    if part in (0.0, total):
        bound = wilson(cases if part else 0, cases)
        return Share(
            part=round(part), whole=round(total), value=bound.value, low=bound.low, high=bound.high
        )
    if cases < RESAMPLED_MIN:
        return Share(part=round(part), whole=round(total), value=part / total, low=None, high=None)
    rng = np.random.default_rng(RESAMPLE_SEED)
    drawn = rng.multinomial(len(wholes), np.full(len(wholes), 1 / len(wholes)), RESAMPLES)
    sums = drawn @ wholes
    shares = np.divide(drawn @ parts, sums, out=np.full(RESAMPLES, np.nan), where=sums > 0)
    low, high = np.nanpercentile(shares, (2.5, 97.5))
    return Share(
        part=round(part), whole=round(total), value=part / total, low=float(low), high=float(high)
    )
