"""Which instructions on feature values a block needs: those that lead to what some policy looks at
whose gate is open for some event.

An instruction that only policies on card payments ask is left out of a block of sign-ins. Decisions
are the same with and without, as with reading (`demand`): what nobody looks at is not computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import columns as machine
from haitang.data.features.schedule import MASK, ROW, operands, written

WORD_BITS = 64


class Needs:
    """What leads to each row and mask of a program's second stage."""

    def __init__(self, code: NDArray[np.int32], homes: Mapping[int, int]) -> None:
        """`homes` has the stream or cell behind each row that one fills."""
        self.words = max(1, -(-len(code) // WORD_BITS))
        self._leading: dict[tuple[int, int], int] = {}
        """The instructions behind a row or mask, as bits of one large number."""
        self._homes = {(ROW, row): frozenset((home,)) for row, home in homes.items()}
        """The streams and cells behind a row or mask."""
        for i, instruction in enumerate(code.tolist()):
            read = operands(instruction)
            behind = 1 << i
            for place in read:
                behind |= self._leading.get(place, 0)
            self._leading[written(instruction)] = behind
            self._homes[written(instruction)] = self._homes_of(read)

    def of(self, rows: Iterable[int], masks: Iterable[int]) -> int:
        """Return the instructions that lead to rows and masks, as bits."""
        found = 0
        for row in rows:
            found |= self._leading.get((ROW, row), 0)
        for mask in masks:
            found |= self._leading.get((MASK, mask), 0)
        return found

    def of_test(self, test: Sequence[int]) -> int:
        """Return the instructions that lead to what a condition (op, a, b, c) looks at."""
        found = 0
        for place in _places_of(test):
            found |= self._leading.get(place, 0)
        return found

    def homes_of_test(self, test: Sequence[int]) -> frozenset[int]:
        """Return the streams and cells behind what a condition looks at."""
        return self._homes_of(_places_of(test))

    def _homes_of(self, places: Iterable[tuple[int, int]]) -> frozenset[int]:
        empty: frozenset[int] = frozenset()
        return empty.union(*(self._homes.get(place, empty) for place in places))

    def table(self, found: Iterable[int]) -> NDArray[np.uint64]:
        """Return such bits as rows of words."""
        rows = [number.to_bytes(8 * self.words, "little") for number in found]
        return np.frombuffer(b"".join(rows), dtype="<u8").reshape(-1, self.words).copy()


def _places_of(test: Sequence[int]) -> tuple[tuple[int, int], ...]:
    op, a, b = test[:3]
    if op == machine.COPY:
        return ((MASK, a),)
    if machine.ROW_LESS <= op <= machine.ROW_NOT_EQUAL:
        return ((ROW, a), (ROW, b))
    return ((ROW, a),)


def need_tables(
    needs: Needs,
    policies: tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    models: tuple[NDArray[np.int64], NDArray[np.int64]],
    always: Iterable[int],
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return, as bits, the instructions that every block needs, and those of each policy and model.

    `policies` are conditions, their ranges by policy, and the ranges and rows of what is kept with
    a hit, by policy and model; `models` the ranges and rows of their inputs; `always` the masks
    that the table and the models ask of every event.
    """
    tests, ranges, read_ranges, read_rows = policies
    input_ranges, input_rows = models
    found = []
    for p, (start, stop) in enumerate(read_ranges.tolist()):
        own = needs.of(read_rows[start:stop].tolist(), ())
        if p < len(ranges):
            first, behind = ranges[p].tolist()
            for test in tests[first:behind].tolist():
                own |= needs.of_test(test)
        elif p - len(ranges) < len(input_ranges):
            first, behind = input_ranges[p - len(ranges)].tolist()
            own |= needs.of(input_rows[first:behind].tolist(), ())
        found.append(own)
    return needs.table([needs.of((), (mask for mask in always if mask >= 0))]), needs.table(found)
