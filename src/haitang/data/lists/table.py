"""Listed values by list, exact at any instant, as a hash table that a kernel can read.

Of a value, a list holds *statements* in the order of their beginnings: "listed from here until
there", or "not listed from here on". A statement that begins at t replaces what was said for
instants from t on, and leaves what was said before. So the statements of a value are a stack: a new
one drops those that begin at t or later, and lies on top of the rest.

Nearly all values have one statement. It stands in the value's slot (32 bytes); only the statements
of values with a history take rows of their own. The hash table is filled to thirteen sixteenths and
grows by an eighth, in the order of its slots, which is that of the hashes: a walk through memory.

Nearly all values that events bring are on no list. Beside the slots stand marks (`marks`), which
tell of these at one look that nothing was said. They follow from the keys, so none is written out.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from haitang.data.lists.errors import damaged
from haitang.data.lists.marks import are_few, is_marked, mark_shift, marks_of, set_mark
from haitang.kernel.hashing import hash_text, hash_texts
from haitang.kernel.pointers import Int, pointer_to, table_of

FIRST_CAPACITY = 64
FIRST_STATEMENTS = 64
DOUBLING_TO = 4_096
"""Slots up to which the table doubles; beyond, it grows by an eighth."""
OPEN_END_US = 2**63 - 1
FROM_PACK = -1
"""Position of what no event said."""

USED, STATEMENTS, FREE, WANTED = 0, 1, 2, 3
"""Counts: slots taken, statement rows ever taken, first freed row plus 1, what a kernel lacks."""
BEGIN, END, POSITION, OLDER = 0, 1, 2, 3
"""Columns of a statement; the older one's row, −1 where there is none."""
SPAN_COLUMNS, STATEMENT_COLUMNS = 2, 4
_SLOTS_WANTED, _STATEMENTS_WANTED = 1, 2

_MAGIC = b"HTLISTS4"
_HEADER = struct.Struct("<8s5q")

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and its bits are those of the golden ratio: so that a value which is called as its list is
does not meet its own hash.
"""

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def list_view(lists: Any) -> Any:
    """Return what kernels look up in, as pointers: an array passed on is counted each time."""
    keys, spans, said, statements, marks = lists
    return (
        pointer_to(keys), keys.shape[0], table_of(spans, SPAN_COLUMNS), pointer_to(said),
        table_of(statements, STATEMENT_COLUMNS), pointer_to(marks), mark_shift(marks.shape[0]),
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def list_salt(list_hash: Any) -> Any:
    """Return what a list's keys are told apart by from those of other lists."""
    return np.uint64(list_hash) * _SPREAD


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def salted_key(salt: Any, value_hash: Any) -> Any:
    """Return the key of a value on the list of a salt; 0 where the value is missing.

    Both are hashes of text already, so the bits of their difference are as evenly spread: another
    list and value meet it as seldom as they would another hash. It takes a kernel no time.
    """
    key = value_hash ^ salt
    key = key if key != np.uint64(0) else np.uint64(1)
    return key if value_hash != np.uint64(0) else np.uint64(0)


@njit(cache=True, nogil=True, error_model="numpy")
def list_key(list_hash: Any, value_hash: Any) -> Any:
    """Return the key of a list (by hash) and a value (by hash), 0 where one is missing."""
    if list_hash == np.uint64(0):
        return np.uint64(0)
    return salted_key(list_salt(list_hash), np.uint64(value_hash))


@njit(cache=True, nogil=True, error_model="numpy")
def _slot(keys: Any, capacity: Int, key: Any) -> Int:
    """Return the slot that holds a key, or the free one where it belongs.

    The upper half of the hash says how far along the table to begin, so slots are in the order of
    the hashes and any capacity will do.
    """
    share = (np.uint64(key) >> np.uint64(32)) * np.uint64(capacity)
    i: Int = np.int64(share >> np.uint64(32))
    while keys[i] != np.uint64(0) and keys[i] != np.uint64(key):
        i += 1
        if i == capacity:
            i = 0
    return i


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def is_strange(view: Any, key: Any) -> Any:
    """Tell at one look, for most, that the list of a key has never said anything of its value;
    whether it has is told by `lookup`.
    """
    marks, shift = view[5:]
    return (not is_marked(marks, shift, key)) | (key == np.uint64(0))


@njit(cache=True, nogil=True, error_model="numpy")
def lookup(view: Any, key: Any, instant: Int) -> bool:
    """Tell whether the value of a key is on the key's list at an instant; `view` is what
    `list_view` returns, `key` what `list_key` does.
    """
    keys, capacity, spans, said, statements = view[:5]
    if key == np.uint64(0):
        return False
    i = _slot(keys, capacity, key)
    if keys[i] != key:
        return False
    if instant >= spans[i, BEGIN]:
        return bool(instant < spans[i, END])
    if said[i] >= FROM_PACK:
        return False
    row = _older(statements, -2 - said[i], instant)
    return bool(row >= 0 and instant < statements[row, END])


@njit(cache=True, nogil=True, error_model="numpy")
def has_spoken(view: Any, key: Any) -> bool:
    """Tell whether the list of a key has ever said anything of its value."""
    keys, capacity = view[:2]
    return bool(not is_strange(view, key) and keys[_slot(keys, capacity, key)] == key)


@njit(cache=True, nogil=True, error_model="numpy")
def _older(statements: Any, row: Int, instant: Int) -> Int:
    """Return the newest statement from `row` down that begins at an instant or before, or −1."""
    while row >= 0 and statements[row, BEGIN] > instant:
        row = statements[row, OLDER]
    return row


@njit(cache=True, error_model="numpy")
def _push(statements: Any, counts: Any, begin: Int, end: Int, position: Int, older: Int) -> Int:
    """Write a statement into a freed row, or the next one; there must be room."""
    if counts[FREE] > 0:
        row = counts[FREE] - 1
        counts[FREE] = statements[row, OLDER] + 1
    else:
        row = counts[STATEMENTS]
        counts[STATEMENTS] += 1
    statements[row, BEGIN] = begin
    statements[row, END] = end
    statements[row, POSITION] = position
    statements[row, OLDER] = older
    return row


@njit(cache=True, error_model="numpy")
def _say_again(lists: Any, counts: Any, i: Int, begin: Int, end: Int, position: Int) -> None:
    """Put a statement on top of those of a value that the table knows."""
    _, spans, said, statements, _ = lists
    ends_nothing = end <= begin
    if said[i] >= FROM_PACK:
        if spans[i, BEGIN] >= begin:
            said[i] = position
        elif ends_nothing and spans[i, END] <= begin:
            return
        else:
            older = _push(statements, counts, spans[i, BEGIN], spans[i, END], said[i], -1)
            said[i] = -2 - _push(statements, counts, begin, end, position, older)
    else:
        row = -2 - said[i]
        kept = row
        while kept >= 0 and statements[kept, BEGIN] >= begin:
            dropped = kept
            kept = statements[kept, OLDER]
            statements[dropped, OLDER] = counts[FREE] - 1
            counts[FREE] = dropped + 1
        if kept < 0:
            said[i] = position
        elif kept == row and ends_nothing and statements[kept, END] <= begin:
            return
        else:
            said[i] = -2 - _push(statements, counts, begin, end, position, kept)
    spans[i, BEGIN] = begin
    spans[i, END] = end


@njit(cache=True, error_model="numpy")
def _say(
    lists: Any, counts: Any, list_hashes: Any, value_hashes: Any, rows: Any, first: Int
) -> Int:
    """Put statements (begin, end, position) into the table from `first` on; return how far it got
    before room was wanting.
    """
    keys, spans, said, statements, marks = lists
    shift = mark_shift(marks.shape[0])
    limit = keys.shape[0] // 16 * 13
    counts[WANTED] = 0
    for k in range(first, rows.shape[0]):
        key = list_key(list_hashes[k], value_hashes[k])
        begin = rows[k, BEGIN]
        end = max(rows[k, END], begin)
        if key == np.uint64(0):
            continue
        i = _slot(keys, keys.shape[0], key)
        if keys[i] == key:
            if counts[STATEMENTS] + 2 > statements.shape[0]:
                counts[WANTED] = _STATEMENTS_WANTED
                return k
            _say_again(lists, counts, i, begin, end, rows[k, POSITION])
        elif end > begin:
            if counts[USED] >= limit:
                counts[WANTED] = _SLOTS_WANTED
                return k
            keys[i] = key
            set_mark(marks, shift, key)
            spans[i, BEGIN] = begin
            spans[i, END] = end
            said[i] = rows[k, POSITION]
            counts[USED] += 1
    return rows.shape[0]


@njit(cache=True, error_model="numpy")
def _move(keys: Any, spans: Any, said: Any, larger: Any) -> None:
    """Bring every slot into a larger table."""
    new_keys, new_spans, new_said = larger
    for i in range(keys.shape[0]):
        if keys[i] != np.uint64(0):
            place = _slot(new_keys, new_keys.shape[0], keys[i])
            new_keys[place] = keys[i]
            new_spans[place, BEGIN] = spans[i, BEGIN]
            new_spans[place, END] = spans[i, END]
            new_said[place] = said[i]


@njit(cache=True, error_model="numpy")
def _read(lists: Any, list_hash: Any, value_hash: Any, instant: Int, found: Any) -> bool:
    """Copy out the statement that holds at an instant; tell whether there is one.

    Neither this nor `_say` lets other threads run, so what is read is never half written.
    """
    keys, spans, said, statements, _ = lists
    key = list_key(list_hash, value_hash)
    if key == np.uint64(0):
        return False
    i = _slot(keys, keys.shape[0], key)
    if keys[i] != key:
        return False
    if said[i] >= FROM_PACK:
        found[BEGIN], found[END], found[POSITION] = spans[i, BEGIN], spans[i, END], said[i]
        return bool(instant >= spans[i, BEGIN])
    row = _older(statements, -2 - said[i], instant)
    if row >= 0:
        found[:] = statements[row, :OLDER]
    return bool(row >= 0)


class Entry(NamedTuple):
    """What a list says of a value at an instant, and who said it."""

    listed: bool
    position: int
    """Of the event that said it; −1 where a pack did, or nobody."""
    effective_at_us: int
    expires_at_us: int
    """First instant at which it is no longer listed: 0 when there is none, and not after the
    beginning where the value was taken off.
    """


UNKNOWN = Entry(listed=False, position=FROM_PACK, effective_at_us=0, expires_at_us=0)
"""What is said of a value of which nothing was said."""


class ListTable:
    """All lists of one engine. One writer at a time.

    The same changes in the same order give the same bytes, however they are cut into calls.
    """

    def __init__(self) -> None:
        slots, statements = _empty_slots(FIRST_CAPACITY), _empty_statements(FIRST_STATEMENTS)
        self.arrays: Arrays = (*slots, statements, marks_of(slots[0]))
        """What `lookup` reads: keys, (begin, end), position or −2 − row of statements, statements;
        and marks.

        Replaced when the table grows, always with arrays of the same kinds.
        """
        self._counts = np.zeros(4, dtype=np.int64)

    @property
    def used(self) -> int:
        """Return how many pairs of list and value were ever listed."""
        return int(self._counts[USED])

    @property
    def size_bytes(self) -> int:
        """Return the bytes that the table takes."""
        return sum(array.nbytes for array in self.arrays)

    # -- changes ---------------------------------------------------------------------------------

    def upsert(
        self,
        list_hash: int,
        value_hash: int,
        *,
        effective_at_us: int = 0,
        expires_at_us: int = 0,
        position: int = FROM_PACK,
    ) -> None:
        """List a value from an instant on (0: always) until another (0: open-ended)."""
        row = (effective_at_us, expires_at_us or OPEN_END_US, position)
        self._say([list_hash], [value_hash], np.array([row], dtype=np.int64))

    def remove(
        self,
        list_hash: int,
        value_hash: int,
        *,
        effective_at_us: int = 0,
        position: int = FROM_PACK,
    ) -> None:
        """Take a value off a list from an instant on; nothing happens when it was not on it."""
        row = (effective_at_us, effective_at_us, position)
        self._say([list_hash], [value_hash], np.array([row], dtype=np.int64))

    def change(
        self,
        list_hashes: NDArray[np.uint64],
        value_hashes: NDArray[np.uint64],
        *,
        begins_us: NDArray[np.int64],
        ends_us: NDArray[np.int64],
        positions: NDArray[np.int64],
    ) -> None:
        """Make many changes in their order, as `upsert` and `remove` would one by one.

        An end is `OPEN_END_US` for an entry without one; an end not after the beginning removes.
        """
        rows = np.empty((len(begins_us), 3), dtype=np.int64)
        rows[:, BEGIN], rows[:, END], rows[:, POSITION] = begins_us, ends_us, positions
        self._say(list_hashes, value_hashes, rows)

    def upsert_texts(
        self,
        list_name: str,
        values: Sequence[tuple[str, int, int]],
        *,
        position: int = FROM_PACK,
        only_unknown: bool = False,
    ) -> None:
        """List many values given as (value, effective from, expires at).

        With `only_unknown`, values of which the list has ever said anything stay as they are: what
        a newly published pack brings does not undo what events have said.
        """
        list_hash = np.uint64(hash_text(list_name))
        hashes = hash_texts([value for value, _, _ in values])
        rows = np.array(
            [(begin, end or OPEN_END_US, position) for _, begin, end in values], dtype=np.int64
        ).reshape(len(values), 3)
        if only_unknown:
            unknown = [not self._knows(list_hash, word) for word in hashes]
            hashes, rows = hashes[unknown], rows[unknown]
        self._say(np.full(len(hashes), list_hash), hashes, rows)

    # -- questions -------------------------------------------------------------------------------

    def entry(self, list_name: str, list_value: str, *, at_us: int) -> Entry:
        """Return what a list says of a value at an instant; any thread may ask."""
        found = np.zeros(3, dtype=np.int64)
        name, value = np.uint64(hash_text(list_name)), np.uint64(hash_text(list_value))
        if not _read(self.arrays, name, value, at_us, found):
            return UNKNOWN
        begin, end, position = found.tolist()
        expires = 0 if end == OPEN_END_US else end
        return Entry(begin <= at_us < end, position, begin, expires)

    def _knows(self, list_hash: Any, value_hash: Any) -> bool:
        keys = self.arrays[0]
        key = list_key(np.uint64(list_hash), np.uint64(value_hash))
        return bool(key != 0 and keys[int(_slot(keys, len(keys), np.uint64(key)))] == key)

    # -- written out and read back ---------------------------------------------------------------

    def buffers(self) -> list[memoryview]:
        """Return what is to be written, piece after piece; the large ones are the table itself."""
        keys, spans, said, statements, _ = self.arrays
        counts = self._counts
        used = int(counts[STATEMENTS])
        header = _HEADER.pack(
            _MAGIC, len(keys), len(statements), *(int(counts[k]) for k in (USED, STATEMENTS, FREE))
        )
        # Flat, because an empty array of two dimensions is no buffer to some writers.
        flat = (keys, spans.reshape(-1), said, statements[:used].reshape(-1))
        return [memoryview(header), *(part.data for part in flat if part.size)]

    def content(self) -> bytes:
        """Return the table as bytes."""
        return b"".join(self.buffers())

    def restore(self, content: bytes | memoryview) -> None:
        """Take over what `content` returned, or `buffers` one after the other."""
        whole = memoryview(content).cast("B")
        if len(whole) < _HEADER.size:
            raise damaged(len(whole))
        magic, capacity, room, used, rows, free = _HEADER.unpack(whole[: _HEADER.size])
        expected = _HEADER.size + capacity * 32 + rows * 32
        if magic != _MAGIC or len(whole) != expected or used > capacity or not rows <= room:
            raise damaged(len(whole))
        slots = _empty_slots(capacity)
        statements = _empty_statements(room)
        place = _HEADER.size
        for array in (*slots, statements[:rows]):
            flat = array.reshape(-1)
            flat[:] = np.frombuffer(whole, dtype=array.dtype, count=array.size, offset=place)
            place += array.nbytes
        self.arrays = (*slots, statements, marks_of(slots[0]))
        self._counts = np.array([used, rows, free, 0], dtype=np.int64)

    # -- room ------------------------------------------------------------------------------------

    def _say(self, list_hashes: Any, value_hashes: Any, rows: NDArray[np.int64]) -> None:
        # Arrow and frozen batches hand out other kinds of arrays, for which Numba would compile.
        lists = np.array(list_hashes, dtype=np.uint64)
        values = np.array(value_hashes, dtype=np.uint64)
        done = 0
        while done < len(rows):
            done = int(_say(self.arrays, self._counts, lists, values, rows, done))
            if self._counts[WANTED] == _SLOTS_WANTED:
                self._grow_slots()
            elif self._counts[WANTED] == _STATEMENTS_WANTED:
                self._grow_statements()

    def _grow_slots(self) -> None:
        keys, spans, said, statements, marks = self.arrays
        size = len(keys)
        larger = _empty_slots(size * 2 if size < DOUBLING_TO else size + size // 8)
        _move(keys, spans, said, larger)
        if are_few(marks, len(larger[0])):
            marks = marks_of(larger[0])
        self.arrays = (*larger, statements, marks)

    def _grow_statements(self) -> None:
        keys, spans, said, statements, marks = self.arrays
        size = len(statements)
        larger = _empty_statements(size * 2 if size < DOUBLING_TO else size + size // 8)
        larger[:size] = statements
        self.arrays = (keys, spans, said, larger, marks)


def _empty_slots(
    capacity: int,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    return (
        np.zeros(capacity, dtype=np.uint64),
        np.zeros((capacity, 2), dtype=np.int64),
        np.zeros(capacity, dtype=np.int64),
    )


def _empty_statements(capacity: int) -> NDArray[np.int64]:
    return np.zeros((capacity, 4), dtype=np.int64)
