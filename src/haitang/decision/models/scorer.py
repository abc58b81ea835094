"""A tree model as the engine's port `Scorer` wants it, for callers outside of the block kernel."""

from __future__ import annotations

import numpy as np

from haitang.decision.models._lanes import LANES
from haitang.decision.models.layout import TreeArrays, TreeScratch, lay_out, make_scratch
from haitang.decision.models.ports import Contributions, FloatArray
from haitang.decision.models.reasons import explain_row
from haitang.decision.models.tree_model import TreeModel
from haitang.decision.models.trees import answer_block, score_block


class TreeEnsemble:
    """One tree model, ready to score.

    Holds working memory: use one per thread.

    >>> from haitang.decision.models import TreeEnsemble, read_model  # doctest: +SKIP
    >>> TreeEnsemble(read_model(text)).scores(rows)  # doctest: +SKIP
    """

    def __init__(self, model: TreeModel) -> None:
        self.model = model
        self.arrays: TreeArrays = lay_out([model])
        self._scratch: TreeScratch = make_scratch(self.arrays)
        self._inputs = np.arange(len(model.columns), dtype=np.int64)

    @property
    def columns(self) -> tuple[str, ...]:
        """Name the inputs in the model's order."""
        return self.model.columns

    def raw_scores(self, rows: FloatArray) -> FloatArray:
        """Return the raw score of each row of `float64[n, columns]`, NaN where an input is
        missing.
        """
        assert rows.ndim == 2, "rows of a model are a matrix"
        assert rows.shape[1] == len(self.columns), "a row has one value per column of the model"
        raw = np.empty(len(rows), np.float64)
        block = np.zeros((rows.shape[1], LANES), np.float64)
        for start in range(0, len(rows), LANES):
            part = rows[start : start + LANES]
            block[:, : len(part)] = part.T
            end = start + len(part)
            score_block(
                self.arrays, 0, block, self._inputs, len(part), raw[start:end], self._scratch
            )
        return raw

    def scores(self, rows: FloatArray) -> FloatArray:
        """Return the model's answer per row: a probability for a binary objective."""
        raw = self.raw_scores(rows)
        answer_block(self.arrays, 0, raw, len(raw), raw)
        return raw

    def contributions(self, row: FloatArray) -> Contributions:
        """Return what each input added to the raw score of one row; takes about a millisecond."""
        return explain_row(self.model, row)
