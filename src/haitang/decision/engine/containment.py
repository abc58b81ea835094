"""Which remarks contain what policies look for; what was found in a text is remembered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from haitang.data.events.remarks import Remarks

REMEMBERED_TEXTS = 65_536
"""Different texts of a remark field whose containment is remembered; beyond, the memory starts
anew.
"""
CONTAINS_PER_WORD = 64


class Containment:
    """What remarks contain of what a program asks, one bit a containment; used by one thread at a
    time.
    """

    __slots__ = ("_known", "_latest", "_sought", "_word_count")

    def __init__(
        self, contains: Sequence[tuple[str, tuple[str, ...]]], fields: Sequence[str]
    ) -> None:
        """`contains` are fields and what is looked for in each, `fields` those of the batches."""
        self._word_count = -(-len(contains) // CONTAINS_PER_WORD)
        self._sought = [
            [
                (i, tuple(needle.casefold() for needle in needles))
                for i, (of_field, needles) in enumerate(contains)
                if of_field == field
            ]
            for field in fields
        ]
        self._known: list[dict[str, tuple[int, ...]]] = [{} for _ in fields]
        """By field and text the words of what it contains, empty where that is nothing."""
        self._latest: list[tuple[tuple[str, ...], NDArray[np.uint64] | None]] = [
            ((), None) for _ in fields
        ]
        """By field the texts last asked for and what came of it: slices of a batch share texts."""

    def words(self, remarks: Sequence[Remarks], count: int) -> NDArray[np.uint64]:
        """Return the words of each event, a row a word."""
        words = np.zeros((self._word_count, count), dtype=np.uint64)
        if self._word_count:
            for row, column in enumerate(remarks):
                told = self._told(row, column.texts) if column.texts else None
                if told is not None:
                    words |= told.take(column.codes, axis=1)
        return words

    def _told(self, row: int, texts: tuple[str, ...]) -> NDArray[np.uint64] | None:
        """Return the words of each text, and behind them of none; None where all are empty."""
        latest, told = self._latest[row]
        if latest is texts:
            return told
        known = self._known[row]
        found = [known.get(text) for text in texts]
        if None in found:
            found = self._look(row, texts)
        told = None
        if any(found):
            told = np.zeros((self._word_count, len(texts) + 1), dtype=np.uint64)
            for place, words in enumerate(found):
                if words:
                    told[:, place] = words
        self._latest[row] = texts, told
        return told

    def _look(self, row: int, texts: tuple[str, ...]) -> list[tuple[int, ...] | None]:
        """Return the words of each text, and remember those that are new."""
        known = self._known[row]
        told = {text: known.get(text) for text in texts}
        new = {text: self._read(row, text) for text, words in told.items() if words is None}
        if len(known) + len(new) > REMEMBERED_TEXTS:
            known.clear()
        known.update(new)
        told.update(new)
        return [told[text] for text in texts]

    def _read(self, row: int, text: str) -> tuple[int, ...]:
        """Look for everything in a text."""
        folded = text.casefold()
        words = [0] * self._word_count
        for i, needles in self._sought[row]:
            if any(needle in folded for needle in needles):
                words[i // CONTAINS_PER_WORD] |= 1 << (i % CONTAINS_PER_WORD)
        return tuple(words) if any(words) else ()
