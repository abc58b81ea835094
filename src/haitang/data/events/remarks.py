"""A column of remarks: each different text once, and which of them each event has.

People write the same few words again and again, so what is asked of a remark's text is asked once a
text and not once an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_NONE = np.full(1, -1, np.int32)
_ONE = np.zeros(1, np.int32)


class Remarks(Sequence[str | None]):
    """Remarks of events in order, None where an event has none; nothing of it is to be changed.

    `texts` are shared with the slices of a column and may hold some that no event of theirs has;
    `codes` has each event's place among them, -1 where it has none.
    """

    __slots__ = ("codes", "texts")

    def __init__(self, codes: npt.NDArray[np.int32], texts: tuple[str, ...]) -> None:
        self.codes = codes
        self.texts = texts

    @classmethod
    def of(cls, column: Sequence[str | None]) -> Remarks:
        """Return remarks given one by one."""
        if len(column) == 1:
            text = column[0]
            return cls(_NONE, ()) if text is None else cls(_ONE, (text,))
        places: dict[str, int] = {}
        codes = [-1 if text is None else places.setdefault(text, len(places)) for text in column]
        return cls(np.array(codes, np.int32), tuple(places))

    @classmethod
    def of_arrow(cls, column: pa.Array) -> Remarks:
        """Return remarks that an Arrow array of strings holds."""
        encoded = column.dictionary_encode()
        texts: list[str] = encoded.dictionary.to_pylist()
        if None in texts:
            # An event may also have none because its place in the dictionary holds none.
            return cls.of(column.to_pylist())
        # Whoever encoded it may have counted in smaller numbers, or without a sign.
        codes = encoded.indices.cast(pa.int32()).fill_null(-1)
        return cls(codes.to_numpy(zero_copy_only=False), tuple(texts))

    @classmethod
    def joined(cls, columns: Iterable[Remarks]) -> Remarks:
        """Return columns one behind the other."""
        texts: list[str] = []
        codes = [np.zeros(0, np.int32)]
        for column in columns:
            codes.append(np.where(column.codes < 0, -1, column.codes + len(texts)))
            texts += column.texts
        return cls(np.concatenate(codes, dtype=np.int32), tuple(texts))

    def take(self, rows: npt.NDArray[np.int64]) -> Remarks:
        """Return the remarks of the events at these positions, in this order."""
        return Remarks(self.codes[rows], self.texts)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, place: int) -> str | None: ...
    @overload
    def __getitem__(self, place: slice) -> Remarks: ...
    def __getitem__(self, place: int | slice) -> str | Remarks | None:
        if isinstance(place, slice):
            return Remarks(self.codes[place], self.texts)
        code = self.codes[place]
        return None if code < 0 else self.texts[code]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remarks) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as a list has none

    def __repr__(self) -> str:
        # Remarks may be personal.
        return f"Remarks({len(self)} events, {len(self.texts)} texts)"
