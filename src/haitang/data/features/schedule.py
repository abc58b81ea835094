"""The order of a program's instructions: each behind those that it needs, and those of one kind
together, so that the processor guesses what comes next.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from haitang.data.features import columns as machine

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


def operands(instruction: Sequence[int]) -> list[tuple[int, int]]:
    """Return the rows and masks that an instruction reads."""
    reads = _READS.get(instruction[0], _ONE_ROW)
    return [(kind, instruction[column]) for kind, column in reads]


def written(instruction: Sequence[int]) -> tuple[int, int]:
    """Return the row or mask that an instruction writes."""
    return (ROW if instruction[0] < machine.LESS else MASK, instruction[1])


def leading(
    code: Sequence[tuple[int, ...]], places: Iterable[tuple[int, int]]
) -> set[tuple[int, int]]:
    """Return the rows and masks that instructions write and that lead to some, those included."""
    writers = {written(instruction): instruction for instruction in code}
    found: set[tuple[int, int]] = set()
    open_places = [place for place in places if place in writers]
    while open_places:
        place = open_places.pop()
        if place not in found:
            found.add(place)
            open_places += [read for read in operands(writers[place]) if read in writers]
    return found


def in_runs(code: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return instructions in runs of one operation, each behind those whose results it reads.

    No row or mask may be written twice.
    """
    writers = {written(instruction): i for i, instruction in enumerate(code)}
    waiting = [0] * len(code)
    readers: list[list[int]] = [[] for _ in code]
    ready: dict[int, list[tuple[int, int]]] = {}
    for i, instruction in enumerate(code):
        behind = {writers[place] for place in operands(instruction) if place in writers}
        waiting[i] = len(behind)
        for writer in behind:
            readers[writer].append(i)
        if not behind:
            # Those that read one row stand together.
            heapq.heappush(ready.setdefault(instruction[0], []), (instruction[2], i))
    ordered: list[tuple[int, ...]] = []
    while ready:
        op = max(ready, key=lambda one: (len(ready[one]), -one))
        run = ready[op]
        while run:
            _, i = heapq.heappop(run)
            ordered.append(code[i])
            for reader in readers[i]:
                waiting[reader] -= 1
                if waiting[reader] == 0:
                    entry = (code[reader][2], reader)
                    heapq.heappush(ready.setdefault(code[reader][0], []), entry)
        del ready[op]
    return ordered
