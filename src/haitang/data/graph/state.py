"""The graph of one engine: one arena beside that of the features, written out whole.

It cannot be moved key by key: an account's past lies with the accounts that paid it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import arena as words_of
from haitang.data.features.pages import Ahead
from haitang.data.features.state import SectionReader, StateRefused, reserve
from haitang.data.graph.components import confirm_again
from haitang.data.graph.nodes import note_spoken_of, sweep_stores
from haitang.data.graph.plan import GraphPlan
from haitang.kernel.hashing import hash_text, hash_texts

STORES, FAMILIES = 0, 4
"""Places among the plan's tables."""


class GraphState:
    """The arena of one engine's graph. One writer at a time."""

    def __init__(self, plan: GraphPlan, *, limit_bytes: int) -> None:
        self.plan = plan
        self.limit_words = limit_bytes // 8
        self.arena = reserve(limit_bytes)
        self.ahead = Ahead(self.arena)
        self.arena[words_of.HIGH_WATER] = plan.header_words
        self.arena[words_of.WATERMARK_US] = np.iinfo(np.int64).min // 2

    @property
    def key_count(self) -> int:
        """Return how many accounts and shared values are held, over all stores."""
        return int(self.arena[words_of.KEY_COUNT])

    @property
    def size_bytes(self) -> int:
        """Return the bytes in use, released records included."""
        return int(self.arena[words_of.HIGH_WATER]) * 8

    def check_room(self) -> None:
        """Refuse to go on when the bound is reached; called before a run of events."""
        if self.arena[words_of.HIGH_WATER] > self.limit_words:
            raise _full(self.size_bytes, self.limit_words * 8)

    def sweep(self) -> None:
        """Release the accounts of one 256th of each store that no window can see any more."""
        sweep_stores(self.arena, self.plan.tables[STORES])

    def asks(self, lists: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell of lists, by hash, whether what they say of an account matters here."""
        return np.isin(lists, self.plan.list_hashes.view(np.uint64))

    def look_again(
        self,
        lists: tuple[Any, ...],
        list_hashes: NDArray[np.uint64],
        values: NDArray[np.uint64],
        instants: NDArray[np.int64],
    ) -> None:
        """Note that lists have said something new of some values, each at an instant.

        Components remember what a list said; searches only whom to ask it about.
        """
        # Batches hand out other kinds of arrays, for which Numba would compile.
        changed, keys = (np.array(column, dtype=np.uint64) for column in (list_hashes, values))
        note_spoken_of(self.arena, self.plan.tables[STORES], self.plan.list_hashes, changed, keys)
        at_us = np.array(instants, dtype=np.int64)
        families = self.plan.tables[FAMILIES]
        confirm_again(self.arena, families, lists, self.plan.list_hashes, changed, keys, at_us)

    def lists_entered(self, lists: tuple[Any, ...], name: str, values: list[str]) -> None:
        """Note that a pack has brought list entries, as of the latest instant seen."""
        if self.key_count == 0 or not values:
            return
        hashes = hash_texts(values)
        watermark_us = int(self.arena[words_of.WATERMARK_US])
        changed = np.full(len(hashes), hash_text(name), dtype=np.uint64)
        self.look_again(lists, changed, hashes, np.full(len(hashes), watermark_us))

    # -- written out and read back ---------------------------------------------------------------

    def words(self) -> memoryview:
        """Return the bytes of all words in use, not copied: they change with the next event."""
        used = self.arena[: int(self.arena[words_of.HIGH_WATER])]
        return used.data.cast("B").toreadonly()

    def restore(self, content: bytes) -> None:
        """Take over the bytes of `words`, for the same plan."""
        words = np.frombuffer(content, dtype=np.int64)
        self._check_size(words.size)
        self.arena[: words.size] = words
        self._check_length(words.size)

    def restore_from(self, reader: SectionReader, name: str) -> None:
        """Take over a section that holds `words`, read straight into the arena."""
        size = reader.size(name) // 8
        self._check_size(size)
        reader.read_into(name, self.arena[:size].data.cast("B"))
        self._check_length(size)

    def _check_size(self, words: int) -> None:
        if words > self.limit_words:
            raise _full(words * 8, self.limit_words * 8)
        if words < self.plan.header_words:
            raise _other_length(words)

    def _check_length(self, words: int) -> None:
        if int(self.arena[words_of.HIGH_WATER]) != words:
            raise _other_length(words)


def _full(size_bytes: int, limit_bytes: int) -> StateRefused:
    return StateRefused(
        code="state_full",
        message=f"the graph state was {size_bytes} bytes; expected at most {limit_bytes}",
        hint="raise the limit, or shorten the windows of the graph features",
    )


def _other_length(words: int) -> StateRefused:
    return StateRefused(
        code="state_damaged",
        message=f"the graph state was {words} words; expected what its header says",
        hint="use the state of an earlier backup and replay from there",
    )
