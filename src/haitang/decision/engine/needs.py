"""Which instructions on feature values a block needs: those that lead to what some policy looks at
whose gate is open for some event.

An instruction that only policies on card payments ask is left out of a block of sign-ins. Decisions
are the same with and without, as with reading (`demand`): what nobody looks at is not computed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from haitang.data.features import columns as machine

WORD_BITS = 64

ROW, MASK = 0, 1
_READS: dict[int, tuple[tuple[int, int], ...]] = {
    # Operand columns (2 is the first) that name rows or masks.
    machine.CHOOSE: ((MASK, 2), (ROW, 3), (ROW, 4)),
    machine.DISTANCE: ((ROW, 2), (ROW, 3), (ROW, 4), (ROW, 5)),
    machine.MASK_TO_COLUMN: ((MASK, 2),),
    machine.AND: ((MASK, 2), (MASK, 3)),
    machine.OR: ((MASK, 2), (MASK, 3)),
    machine.NOT: ((MASK, 2),),
    machine.ALWAYS: (),
    machine.COPY: ((MASK, 2),),
}
_TWO_ROWS = (
    machine.ADD, machine.SUBTRACT, machine.MULTIPLY, machine.DIVIDE, machine.MINIMUM,
    machine.MAXIMUM, machine.MODULO, machine.COALESCE, machine.ROW_LESS, machine.ROW_LESS_EQUAL,
    machine.ROW_EQUAL, machine.ROW_NOT_EQUAL,
)  # fmt: skip
_READS.update(dict.fromkeys(_TWO_ROWS, ((ROW, 2), (ROW, 3))))
_ONE_ROW = ((ROW, 2),)


class Needs:
    """What leads to each row and mask of a program's second stage."""

    def __init__(self, code: NDArray[np.int32]) -> None:
        self.words = max(1, -(-len(code) // WORD_BITS))
        self._leading: dict[tuple[int, int], int] = {}
        """The instructions behind a row or mask, as bits of one large number."""
        for i, instruction in enumerate(code.tolist()):
            op, written = instruction[:2]
            behind = 1 << i
            for kind, column in _READS.get(op, _ONE_ROW):
                behind |= self._leading.get((kind, instruction[column]), 0)
            self._leading[ROW if op < machine.LESS else MASK, written] = behind

    def of(self, rows: Iterable[int], masks: Iterable[int]) -> int:
        """Return the instructions that lead to rows and masks, as bits."""
        found = 0
        for row in rows:
            found |= self._leading.get((ROW, row), 0)
        for mask in masks:
            found |= self._leading.get((MASK, mask), 0)
        return found

    def of_test(self, test: tuple[int, int, int, int]) -> int:
        """Return the instructions that lead to what a condition (op, a, b, c) looks at."""
        op, a, b, _ = test
        if op == machine.COPY:
            return self.of((), (a,))
        return self.of((a, b) if machine.ROW_LESS <= op <= machine.ROW_NOT_EQUAL else (a,), ())

    def table(self, found: Iterable[int]) -> NDArray[np.uint64]:
        """Return such bits as rows of words."""
        rows = [number.to_bytes(8 * self.words, "little") for number in found]
        return np.frombuffer(b"".join(rows), dtype="<u8").reshape(-1, self.words).copy()


def need_tables(
    code: NDArray[np.int32],
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
    needs = Needs(code)
    found = []
    for p, (start, stop) in enumerate(read_ranges.tolist()):
        own = needs.of(read_rows[start:stop].tolist(), ())
        if p < len(ranges):
            first, behind = ranges[p].tolist()
            for test in tests[first:behind].tolist():
                own |= needs.of_test(tuple(test))
        elif p - len(ranges) < len(input_ranges):
            first, behind = input_ranges[p - len(ranges)].tolist()
            own |= needs.of(input_rows[first:behind].tolist(), ())
        found.append(own)
    return needs.table([needs.of((), (mask for mask in always if mask >= 0))]), needs.table(found)
