"""What customers were asked: for every customer and reason the last challenge, kept until it may be
asked again.

Flat arrays of 64-bit words, one for each shard: written out as they are, equal for equal journals
however these were cut into calls. What is too old is dropped when a shard is full, so that neither
a clock nor a sweep is needed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from haitang.data.features.state import StateRefused
from haitang.data.lists.marks import mark_all, mark_shift, set_mark
from haitang.kernel.errors import Place

Words = NDArray[np.int64]

SHARDS = 256
"""One grows at a time: the writer stops for one 256th of the customers."""
SHARD_SHIFT = 56
LEAST_ROWS = 8
ROWS_MAX = 1 << 17
"""Of a shard; a third of it is kept at least, the newest, and who is forgotten is asked again."""

CUSTOMER, REASON, AT_US, RANK, AMOUNT, DEVICE, PASSED = range(7)
ROW_WORDS = 7

MARK_WORDS = 1 << 12
"""Customers are told apart by 64 marks a word where it only spares a look."""

FORGOTTEN_US = -(1 << 62)
"""When a challenge was asked that counts no longer."""

_NONE: Words = np.zeros((0, ROW_WORDS), np.int64)


class Asked(NamedTuple):
    """The last challenge of a customer for one reason."""

    at_us: int
    rank: int
    """Of the action, see `actions.RANK`."""
    amount_minor: int
    """What was at stake, in the base currency; 0 where the event had no amount."""
    device: int
    """Hash of the device that it was asked on; 0 where the event named none."""
    passed: bool
    """Whether it counts as passed: being shown is enough for some challenges, not for others."""


class ChallengeMemory:
    """The challenges of one engine. One writer at a time."""

    __slots__ = ("_filled", "_shards", "marks")

    def __init__(self) -> None:
        self._shards: list[Words] = [_NONE] * SHARDS
        self._filled = [0] * SHARDS
        self.marks = np.zeros(MARK_WORDS, np.uint64)
        """Of the customers of whom there may be challenges, now or before; see `lists.marks`."""

    @property
    def row_count(self) -> int:
        """Return how many challenges are held, those that are too old included."""
        return sum(self._filled)

    @property
    def is_used(self) -> bool:
        """Whether any challenge was ever noted: without one there is nothing to write out."""
        return any(map(len, self._shards))

    def find(self, customer: int, reason: int) -> Asked | None:
        """Return the last challenge, however old; customer and reason are 64-bit hashes, not 0."""
        shard = self._shards[customer >> SHARD_SHIFT]
        row = _row_of(shard, _signed(customer), _signed(reason))
        if row < 0 or shard.item(row, CUSTOMER) == 0:
            return None
        at_us = shard.item(row, AT_US)
        if at_us == FORGOTTEN_US:
            return None
        _, _, _, rank, amount, device, passed = shard[row].tolist()
        return Asked(at_us, rank, amount, device % (1 << 64), bool(passed))

    def note(self, customer: int, reason: int, asked: Asked, *, kept_us: int) -> None:
        """Remember a challenge; one of a later instant that is known already stays.

        What lies `kept_us` or more before it may be forgotten.
        """
        s = customer >> SHARD_SHIFT
        key, own = _signed(customer), _signed(reason)
        if 4 * (self._filled[s] + 1) > 3 * len(self._shards[s]):
            self._make_room(s, asked.at_us - kept_us)
        shard = self._shards[s]
        row = _row_of(shard, key, own)
        if shard.item(row, CUSTOMER) == 0:
            self._filled[s] += 1
        elif shard.item(row, AT_US) > asked.at_us:
            return
        set_mark(self.marks, mark_shift(MARK_WORDS), np.uint64(customer))
        at_us, rank, amount, device, passed = asked
        shard[row] = (key, own, at_us, rank, amount, _signed(device), passed)

    def is_known(self, customer: int) -> bool:
        """Tell at one look whether there may be challenges of a customer; most have none."""
        shard = self._shards[customer >> SHARD_SHIFT]
        place = _signed(customer) & (len(shard) - 1)
        return len(shard) > 0 and shard.item(place, CUSTOMER) != 0

    def forget(self, customer: int) -> None:
        """Let every earlier challenge of a customer count no longer."""
        shard = self._shards[customer >> SHARD_SHIFT]
        for row in _rows_of(shard, _signed(customer)):
            shard[row, AT_US] = FORGOTTEN_US

    def let_pass(
        self, customer: int, rank: int, *, device: int, since_us: int, until_us: int
    ) -> None:
        """Count challenges of one kind as passed: those asked on a device between two instants."""
        shard = self._shards[customer >> SHARD_SHIFT]
        for row in _rows_of(shard, _signed(customer)):
            if (
                shard.item(row, RANK) == rank
                and shard.item(row, DEVICE) == _signed(device)
                and since_us <= shard.item(row, AT_US) <= until_us
            ):
                shard[row, PASSED] = 1

    def let_fail(self, customer: int, least_rank: int) -> None:
        """Count challenges of a rank and above as not passed, whatever came of them before."""
        shard = self._shards[customer >> SHARD_SHIFT]
        for row in _rows_of(shard, _signed(customer)):
            if shard.item(row, RANK) >= least_rank:
                shard[row, PASSED] = 0

    def _make_room(self, s: int, oldest_us: int) -> None:
        old = self._shards[s]
        alive = old[(old[:, CUSTOMER] != 0) & (old[:, AT_US] > max(oldest_us, FORGOTTEN_US))]
        if 3 * len(alive) > ROWS_MAX:
            newest = np.argsort(alive[:, AT_US], kind="stable")[-(ROWS_MAX // 3) :]
            alive = alive[np.sort(newest)]
        size = LEAST_ROWS
        while size < 2 * (len(alive) + 1):
            size *= 2
        fresh = np.zeros((size, ROW_WORDS), np.int64)
        for row in alive:
            fresh[_row_of(fresh, row.item(CUSTOMER), row.item(REASON))] = row
        self._shards[s] = fresh
        self._filled[s] = len(alive)

    # -- written out and read back ---------------------------------------------------------------

    def buffers(self) -> list[memoryview]:
        """Return everything: the shards' sizes, then their rows, which are not copied."""
        sizes = np.array([len(shard) for shard in self._shards], np.int64)
        return [
            sizes.data.cast("B"),
            *(shard.data.toreadonly().cast("B") for shard in self._shards if len(shard)),
        ]

    def restore(self, content: bytes) -> None:
        """Take what `buffers` showed; refuses what does not fit."""
        words = np.frombuffer(content[: len(content) // 8 * 8], np.int64)
        sizes = words[:SHARDS].tolist()
        fits = len(content) == 8 * (SHARDS + ROW_WORDS * sum(sizes)) and all(
            size == 0 or (LEAST_ROWS <= size <= 2 * ROWS_MAX and size & (size - 1) == 0)
            for size in sizes
        )
        if not fits or len(sizes) != SHARDS:
            raise StateRefused(
                code="state_damaged",
                message="the challenges of the state did not fit their sizes",
                place=Place(),
                hint="use an earlier state and replay from there",
            )
        start = SHARDS
        for s, size in enumerate(sizes):
            stop = start + size * ROW_WORDS
            self._shards[s] = words[start:stop].reshape(size, ROW_WORDS).copy() if size else _NONE
            self._filled[s] = int(np.count_nonzero(self._shards[s][:, CUSTOMER]))
            start = stop
        self.marks[:] = 0
        for shard in self._shards:
            mark_all(self.marks, shard[:, CUSTOMER].astype(np.uint64))


def _row_of(shard: Words, customer: int, reason: int) -> int:
    """Return the row of a customer and reason, or the free one where it would stand; -1 if none.

    Rows of one customer follow each other by its hash alone, so that all are found at once.
    """
    size = len(shard)
    for step in range(size):
        row = (customer + step) & (size - 1)
        found = shard.item(row, CUSTOMER)
        if found == 0 or (found == customer and shard.item(row, REASON) == reason):
            return row
    return -1


def _rows_of(shard: Words, customer: int) -> list[int]:
    """Return the rows of a customer."""
    size = len(shard)
    rows = []
    for step in range(size):
        row = (customer + step) & (size - 1)
        found = shard.item(row, CUSTOMER)
        if found == 0:
            break
        if found == customer:
            rows.append(row)
    return rows


def _signed(word: int) -> int:
    return word - (1 << 64) if word >= 1 << 63 else word
