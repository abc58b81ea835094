"""Compile expression trees into programs of the column machine, sharing whatever is equal.

Two nodes that say the same become one row or one mask, however many features and policies say it.
A program has two stages: `event` reads only the event, `value` may read aggregates as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, assert_never

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.features import columns as machine
from haitang.data.features import terms
from haitang.data.features.schedule import MASK, ROW, in_runs, leading, written
from haitang.kernel.hashing import hash_text

Stage = Literal["event", "value"]

CODE_SHIFT = 12
"""A text's code is its hash without the lowest 12 bits: 52 bits, exact in a double."""

_ARITHMETIC = {"+": machine.ADD, "-": machine.SUBTRACT, "*": machine.MULTIPLY, "/": machine.DIVIDE}
_COMPARE = {
    "<": machine.LESS,
    "<=": machine.LESS_EQUAL,
    ">": machine.GREATER,
    ">=": machine.GREATER_EQUAL,
    "==": machine.EQUAL,
    "!=": machine.NOT_EQUAL,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_ROW_COMPARE = {
    "<": machine.ROW_LESS,
    "<=": machine.ROW_LESS_EQUAL,
    "==": machine.ROW_EQUAL,
    "!=": machine.ROW_NOT_EQUAL,
}
_FUNCTIONS = {
    "abs": machine.ABSOLUTE,
    "floor": machine.FLOOR,
    "log": machine.LOGARITHM,
    "sqrt": machine.SQUARE_ROOT,
    "min": machine.MINIMUM,
    "max": machine.MAXIMUM,
    "modulo": machine.MODULO,
    "coalesce": machine.COALESCE,
    "distance_km": machine.DISTANCE,
}


def text_code(text: str) -> float:
    """Return the number that stands for `text` in a value row."""
    return float(hash_text(text) >> CODE_SHIFT)


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of a policy: a comparison of the column machine, or `COPY` of a mask."""

    op: int
    a: int
    b: int = 0
    c: int = 0


class InputRows(msgspec.Struct, kw_only=True):
    """Rows that are filled from outside the program, by what fills them."""

    numbers: dict[str, int] = {}
    texts: dict[str, int] = {}
    contains: dict[tuple[str, tuple[str, ...]], int] = {}
    listed: dict[tuple[str, str], int] = {}
    calendar: dict[tuple[str, str], int] = {}
    constants: dict[float, int] = {}
    features: dict[str, int] = {}
    """Rows of aggregate features, filled by the fold."""
    columns: dict[int, int] = {}
    """Rows of graph features by column: known before the event program runs."""


class ProgramBuilder:
    """Collects instructions; each `row` or `mask` it returns is computed when the program ran."""

    def __init__(self) -> None:
        self.inputs = InputRows()
        self.derived: dict[str, terms.Expression] = {}
        self.row_count = 0
        self.mask_count = 0
        self._constants: dict[float, int] = {}
        self._sets: list[float] = []
        self._set_ranges: dict[tuple[float, ...], tuple[int, int]] = {}
        self._code: dict[Stage, list[tuple[int, ...]]] = {"event": [], "value": []}
        self._known: dict[tuple[int, ...], int] = {}
        self._row_stage: dict[int, Stage] = {}
        self._mask_stage: dict[int, Stage] = {}
        self._feature_rows: dict[str, int] = {}
        self._feature_masks: dict[str, int] = {}

    def code(self, stage: Stage) -> NDArray[np.int32]:
        """Return the instructions of one stage."""
        rows = in_runs(self._code[stage])
        return np.array(rows, dtype=np.int32).reshape(len(rows), 6)

    def put_off(self, rows: Iterable[int], masks: Iterable[int]) -> None:
        """Leave to the second stage what reads only the event and leads to none of these rows and
        masks: of that stage, only what a block needs is run.
        """
        early = leading(
            self._code["event"], [*((ROW, row) for row in rows), *((MASK, mask) for mask in masks)]
        )
        late = [one for one in self._code["event"] if written(one) not in early]
        self._code["event"] = [one for one in self._code["event"] if written(one) in early]
        self._code["value"] = late + self._code["value"]

    def constants(self) -> NDArray[np.float64]:
        """Return the constant pool."""
        return np.array(list(self._constants) or [0.0], dtype=np.float64)

    def sets(self) -> NDArray[np.float64]:
        """Return the pool of `in (…)` members."""
        return np.array(self._sets or [0.0], dtype=np.float64)

    def mask_is_event_only(self, mask: int) -> bool:
        """Tell whether a mask reads only the event."""
        return self._mask_stage[mask] == "event"

    def add_aggregate(self, name: str) -> int:
        """Reserve the row of an aggregate feature."""
        row = self._new_row("value")
        self.inputs.features[name] = row
        self._feature_rows[name] = row
        return row

    def alias_aggregate(self, name: str, row: int) -> None:
        """Let a feature that says the same as another read the other's row."""
        self.inputs.features[name] = row
        self._feature_rows[name] = row

    def add_column(self, name: str, column: int) -> None:
        """Declare a graph feature; features of one column share a row."""
        self._feature_rows[name] = self._input(self.inputs.columns, column)

    def both(self, left: int, right: int) -> int:
        """Return the mask of events for which both masks hold."""
        return self._combine(machine.AND, left, right)

    def add_derived(self, name: str, value: terms.Expression) -> None:
        """Declare a derived feature; it is compiled when first read."""
        self.derived[name] = value

    def row(self, term: terms.Expression) -> int:  # noqa: C901, PLR0911 - one case per kind of term
        """Return the row that holds a term's value."""
        match term:
            case terms.Number(value=value):
                return self._input(self.inputs.constants, value)
            case terms.Text(value=text):
                return self._input(self.inputs.constants, text_code(text))
            case terms.Flag(value=flag):
                return self._input(self.inputs.constants, float(flag))
            case terms.Field(name=name, type="text"):
                return self._input(self.inputs.texts, name)
            case terms.Field(name=name):
                return self._input(self.inputs.numbers, name)
            case terms.Feature(name=name):
                return self.feature_row(name)
            case terms.Arithmetic(op=op, left=left, right=right):
                return self._operate(_ARITHMETIC[op], self.row(left), self.row(right))
            case terms.Call(function=name) if terms.FUNCTIONS[name].calendar:
                return self._input(self.inputs.calendar, (name, term.zone or ""))
            case terms.Call(function="choose", arguments=(flag, first, second)):
                mask = self.mask(flag)
                rows = (self.row(first), self.row(second))
                stages = (self._mask_stage[mask], *(self._row_stage[row] for row in rows))
                return self._emit_row((machine.CHOOSE, mask, *rows), stages)
            case terms.Call(function=name, arguments=arguments):
                return self._operate(_FUNCTIONS[name], *(self.row(item) for item in arguments))
            case terms.Contains(field=field, needles=needles):
                return self._input(self.inputs.contains, (field, needles))
            case terms.Listed(list=name, field=field):
                return self._input(self.inputs.listed, (name, field))
            case terms.Compare() | terms.Logic() | terms.Not() | terms.OneOf() | terms.Known():
                mask = self.mask(term)
                return self._emit_row((machine.MASK_TO_COLUMN, mask), (self._mask_stage[mask],))
            case _:
                assert_never(term)

    def mask(self, term: terms.Expression) -> int:
        """Return the mask in which a flag term's truth stands, one bit an event."""
        match term:
            case terms.Logic(op=op, operands=operands):
                masks = [self.mask(operand) for operand in operands]
                code = machine.AND if op == "and" else machine.OR
                result = masks[0]
                for other in masks[1:]:
                    result = self._combine(code, result, other)
                return result
            case terms.Not(operand=operand):
                inner = self.mask(operand)
                return self._emit_mask((machine.NOT, inner), (self._mask_stage[inner],))
            case terms.Flag(value=flag):
                return self._emit_mask((machine.ALWAYS, int(flag)), ())
            case terms.Feature(name=name) if name in self.derived:
                if name not in self._feature_masks:
                    self._feature_masks[name] = self.mask(self.derived[name])
                return self._feature_masks[name]
            case _:
                test = self.test(term)
                return self.mask_of_test(test)

    def test(self, term: terms.Expression) -> Test:
        """Return a flag term as one condition; it gets no mask where a comparison will do."""
        match term:
            case terms.Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)
            case terms.OneOf(operand=operand, values=values):
                members = tuple(
                    text_code(value) if isinstance(value, str) else float(value) for value in values
                )
                if len(members) == 1:
                    return self._against(machine.EQUAL, self.row(operand), members[0])
                start, stop = self._set(members)
                return Test(op=machine.ONE_OF, a=self.row(operand), b=start, c=stop)
            case terms.Known(operand=operand):
                return Test(op=machine.KNOWN, a=self.row(operand))
            case terms.Logic() | terms.Not() | terms.Flag():
                return Test(op=machine.COPY, a=self.mask(term))
            case terms.Feature(name=name) if name in self.derived:
                return Test(op=machine.COPY, a=self.mask(term))
            case _:
                return self._against(machine.EQUAL, self.row(term), 1.0)

    def mask_of_test(self, test: Test) -> int:
        """Give a condition a mask of its own."""
        if test.op == machine.COPY:
            return test.a
        stages = [self._row_stage[test.a]]
        if machine.ROW_LESS <= test.op <= machine.ROW_NOT_EQUAL:
            stages.append(self._row_stage[test.b])
        return self._emit_mask((test.op, test.a, test.b, test.c), tuple(stages))

    def _compare(self, op: str, left: terms.Expression, right: terms.Expression) -> Test:
        if isinstance(left, terms.Number | terms.Text | terms.Flag) and not isinstance(
            right, terms.Number | terms.Text | terms.Flag
        ):
            return self._compare(_MIRRORED[op], right, left)
        if isinstance(right, terms.Number | terms.Text | terms.Flag):
            constant = (
                text_code(right.value) if isinstance(right, terms.Text) else float(right.value)
            )
            return self._against(_COMPARE[op], self.row(left), constant)
        if op in (">", ">="):
            op, left, right = _MIRRORED[op], right, left
        return Test(op=_ROW_COMPARE[op], a=self.row(left), b=self.row(right))

    def _against(self, op: int, row: int, constant: float) -> Test:
        return Test(op=op, a=row, b=self._constants.setdefault(constant, len(self._constants)))

    def _set(self, members: tuple[float, ...]) -> tuple[int, int]:
        if members not in self._set_ranges:
            start = len(self._sets)
            self._sets.extend(members)
            self._set_ranges[members] = (start, len(self._sets))
        return self._set_ranges[members]

    def feature_row(self, name: str) -> int:
        """Return the row of a feature, compiling a derived one when it is first asked for."""
        if name not in self._feature_rows:
            self._feature_rows[name] = self.row(self.derived[name])
        return self._feature_rows[name]

    def _input(self, table: dict[Any, int], key: Any) -> int:
        if key not in table:
            table[key] = self._new_row("event")
        return table[key]

    def _new_row(self, stage: Stage) -> int:
        row = self.row_count
        self.row_count += 1
        self._row_stage[row] = stage
        return row

    def _operate(self, op: int, *operands: int) -> int:
        return self._emit_row((op, *operands), tuple(self._row_stage[row] for row in operands))

    def _emit_row(self, instruction: tuple[int, ...], stages: tuple[Stage, ...]) -> int:
        stage: Stage = "value" if "value" in stages else "event"
        if instruction not in self._known:
            row = self._new_row(stage)
            self._known[instruction] = row
            self._append(stage, instruction, row)
        return self._known[instruction]

    def _combine(self, op: int, left: int, right: int) -> int:
        first, second = sorted((left, right))
        return self._emit_mask(
            (op, first, second), (self._mask_stage[first], self._mask_stage[second])
        )

    def _emit_mask(self, instruction: tuple[int, ...], stages: tuple[Stage, ...]) -> int:
        stage: Stage = "value" if "value" in stages else "event"
        if instruction not in self._known:
            mask = self.mask_count
            self.mask_count += 1
            self._mask_stage[mask] = stage
            self._known[instruction] = mask
            self._append(stage, instruction, mask)
        return self._known[instruction]

    def _append(self, stage: Stage, instruction: tuple[int, ...], destination: int) -> None:
        op, *operands = instruction
        padded = (*operands, 0, 0, 0, 0)[:4]
        self._code[stage].append((op, destination, *padded))
