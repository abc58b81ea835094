"""A program's instructions in runs of one operation, each behind those that it reads."""

from __future__ import annotations

import itertools
import random

import numpy as np

from haitang.data.features import columns as machine
from haitang.data.features.schedule import MASK, ROW, in_runs, leading, operands, written

INPUTS = 6


def program(seed: int, instructions: int = 200) -> list[tuple[int, ...]]:
    """Instructions that each write a row or mask of their own and read earlier ones."""
    source = random.Random(seed)
    rows, masks = list(range(INPUTS)), [0]
    code: list[tuple[int, ...]] = [(machine.ALWAYS, 0, 1, 0, 0, 0)]
    for _ in range(instructions):
        op = source.choice(
            (machine.ADD, machine.MULTIPLY, machine.CHOOSE, machine.LESS, machine.ROW_LESS,
             machine.AND, machine.OR, machine.NOT, machine.MASK_TO_COLUMN, machine.ABSOLUTE)
        )  # fmt: skip
        row, other = source.choice(rows), source.choice(rows)
        mask = source.choice(masks)
        read = {
            machine.CHOOSE: (mask, row, other),
            machine.LESS: (row, 0, 0),
            machine.AND: (mask, source.choice(masks), 0),
            machine.OR: (mask, source.choice(masks), 0),
            machine.NOT: (mask, 0, 0),
            machine.MASK_TO_COLUMN: (mask, 0, 0),
            machine.ABSOLUTE: (row, 0, 0),
        }.get(op, (row, other, 0))
        made = rows if op < machine.LESS else masks
        made.append(len(made))
        code.append((op, made[-1], *read, 0))
    return code


def run(code: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    values = np.zeros((300, machine.ROW_STRIDE))
    values[:INPUTS, : machine.LANES] = np.random.default_rng(1).normal(size=(INPUTS, machine.LANES))
    masks = np.zeros(300, dtype=np.uint64)
    table = np.array(code, dtype=np.int32)
    machine.run_program(table, np.array([0.25]), np.array([0.0]), values, masks, machine.LANES)
    return values, masks


def test_every_instruction_stands_once_and_behind_what_it_reads() -> None:
    for seed in range(20):
        code = program(seed)
        ordered = in_runs(code)
        assert sorted(ordered) == sorted(code)
        writers = {written(one): one for one in code}
        done = set()
        for one in ordered:
            assert all(place in done for place in operands(one) if place in writers)
            done.add(written(one))


def test_the_values_and_masks_are_those_of_the_order_before() -> None:
    for seed in range(20):
        code = program(seed)
        for before, after in zip(run(code), run(in_runs(code)), strict=True):
            assert np.array_equal(before, after, equal_nan=True)


def test_instructions_of_one_operation_stand_together() -> None:
    def changes(code: list[tuple[int, ...]]) -> int:
        return sum(one[0] != other[0] for one, other in itertools.pairwise(code))

    code = program(1)
    assert changes(in_runs(code)) < changes(code) / 2
    # Without anything to wait for, each operation has one run, and one row is read in one go.
    free = [(op, n, n % 3, 0, 0, 0) for n, op in enumerate([machine.LESS, machine.EQUAL] * 6)]
    ordered = in_runs(free)
    assert changes(ordered) == 1
    assert [one[2] for one in ordered[:6]] == sorted(one[2] for one in ordered[:6])


def test_what_leads_to_a_place_is_all_that_its_value_hangs_on() -> None:
    for seed in range(8):
        code = program(seed)
        writers = {written(instruction): instruction for instruction in code}
        for instruction in code[::17]:
            place = written(instruction)
            found = leading(code, [place, (ROW, 0), (MASK, 10_000)])
            assert place in found
            assert found <= writers.keys()
            read = {one for own in found for one in operands(writers[own])}
            # Nothing that is read is left out, and nothing is found that is not read by another.
            assert read & writers.keys() <= found
            assert found - read == {place}
