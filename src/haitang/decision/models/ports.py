"""What the engine asks of a model, whatever kind it is."""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Contributions(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What moved one raw score away from the model's average answer.

    `expected + weights.sum()` is the raw score up to rounding.
    """

    weights: FloatArray
    """One per column of the model, in units of the raw score (log-odds for a binary objective)."""
    expected: float
    """The raw score averaged over the training rows."""


class Scorer(Protocol):
    """A model that turns rows of inputs into scores, and says why.

    A row has one float64 per name of `columns`, NaN where missing. The same row gives the same bits
    in whatever batch it comes.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the inputs in the model's order."""

    def raw_scores(self, rows: FloatArray) -> FloatArray:
        """Return the raw score (before the link function) of each row of `float64[n, columns]`."""

    def scores(self, rows: FloatArray) -> FloatArray:
        """Return the model's answer per row: a probability for a binary objective."""

    def contributions(self, row: FloatArray) -> Contributions:
        """Return what each input added to the raw score of one row."""
