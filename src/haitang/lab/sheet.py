"""A sheet of event columns: Arrow arrays under the catalogue's field names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS
from haitang.lab.acts import Array
from haitang.lab.vocabulary import EVENTS

_CARRIES: dict[str, Array] = {
    name: np.array([name in EVENT_TYPES[event].fields for event in EVENTS]) for name in FIELDS
}
_NULLABLE_INT = pa.int64()


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a field: texts, flags, whole numbers, other numbers."""
    spec = FIELDS[name]
    if spec.type == "flag":
        return pa.bool_()
    if spec.type == "text":
        return pa.string()
    return pa.int64() if spec.integer or spec.kind == "instant" else pa.float64()


class Sheet:
    """Columns under construction for a block of events of mixed types.

    Every `put` takes a mask of rows that have the value; rows whose event type does not carry the
    field are left out by themselves, so writers need not know which type carries what.
    """

    def __init__(self, events: Array) -> None:
        """Start a sheet for rows of these event codes."""
        self.events = events
        self.columns: dict[str, pa.Array] = {}

    def _mask(self, name: str, where: npt.NDArray[Any] | bool) -> npt.NDArray[np.bool_]:
        return np.asarray(_CARRIES[name][self.events] & where)

    def texts(
        self, name: str, codes: Array, words: Sequence[str] | Array, where: Array | bool = True
    ) -> None:
        """Put words by code; a negative code is missing."""
        mask = self._mask(name, where) & (codes >= 0)
        if not mask.any():
            return
        indices = pa.array(np.where(mask, codes, 0).astype(np.int32), mask=~mask)
        dictionary = (
            words if isinstance(words, pa.Array) else pa.array(list(words), type=pa.string())
        )
        self._merge(name, dictionary.take(indices), mask)

    def numbers(self, name: str, values: Array, where: Array | bool = True) -> None:
        """Put numbers in the unit of the field."""
        mask = self._mask(name, where)
        if not mask.any():
            return
        kind = arrow_type(name)
        plain = values.astype(np.int64 if kind == pa.int64() else np.float64)
        self._merge(name, pa.array(plain, mask=~mask), mask)

    def flags(self, name: str, values: Array, where: Array | bool = True) -> None:
        """Put true or false."""
        mask = self._mask(name, where)
        if mask.any():
            self._merge(name, pa.array(values.astype(bool), mask=~mask), mask)

    def _merge(self, name: str, column: pa.Array, mask: npt.NDArray[np.bool_]) -> None:
        if name in self.columns:
            column = pc.if_else(pa.array(mask), column, self.columns[name])
        self.columns[name] = column

    def table(self) -> pa.Table:
        """All fields of the catalogue in its order; columns nobody wrote are null."""
        count = len(self.events)
        return pa.table({
            name: self.columns.get(name, pa.nulls(count, arrow_type(name))) for name in FIELDS
        })  # fmt: skip
