"""Sorted tables of (u64, u64) on disk that are searched without reading them whole.

Entries stand in blocks of `BLOCK_ENTRIES`: first the keys, then the values. The first key and the
CRC-32 of every block are kept in memory, so that a search reads, and checks, one block.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.adapters.journal.frames import read_at
from haitang.adapters.journal.layout import at_once

BLOCK_ENTRIES = 512
PAUSE_BLOCKS = 64
_ENTRY_BYTES = 16

Column = npt.NDArray[np.uint64]


class TableDamaged(Exception):
    """A block that does not check; caught inside of this room, where the table is built again."""


class TableHead(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What is kept in memory of a table."""

    entries: int
    fences: bytes
    """The first key of every block."""
    checksums: bytes


def build_table(
    keys: Column, values: Column, *, pause: Callable[[], object] = at_once
) -> tuple[TableHead, list[bytes]]:
    """Lay a table out; `keys` is sorted, `pause` is called between short pieces of the work."""
    blocks: list[bytes] = []
    checksums: list[int] = []
    for start in range(0, len(keys), BLOCK_ENTRIES):
        stop = start + BLOCK_ENTRIES
        blocks.append(keys[start:stop].tobytes() + values[start:stop].tobytes())
        checksums.append(zlib.crc32(blocks[-1]))
        if len(blocks) % PAUSE_BLOCKS == 0:
            pause()
    head = TableHead(
        entries=len(keys),
        fences=keys[::BLOCK_ENTRIES].tobytes(),
        checksums=np.array(checksums, np.uint32).tobytes(),
    )
    return head, blocks


class StoredTable:
    """One table inside a file."""

    def __init__(self, path: Path, head: TableHead, *, offset: int) -> None:
        self._path = path
        self._offset = offset
        self._entries = head.entries
        self._fences: Column = np.frombuffer(head.fences, np.uint64)
        self._checksums = np.frombuffer(head.checksums, np.uint32)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all blocks in the file."""
        return self._entries * _ENTRY_BYTES

    def last_below(self, key: int) -> int | None:
        """Return the value of the last entry whose key is smaller; None where there is none."""
        block = int(np.searchsorted(self._fences, np.uint64(key), "left")) - 1
        if block < 0:
            return None
        keys, values = self._blocks(block, block)
        return int(values[np.searchsorted(keys, np.uint64(key), "left") - 1])

    def equal(self, key: int) -> list[int]:
        """Return the values of all entries with this key."""
        wanted = np.uint64(key)
        last = int(np.searchsorted(self._fences, wanted, "right")) - 1
        if last < 0:
            return []
        first = max(int(np.searchsorted(self._fences, wanted, "left")) - 1, 0)
        keys, values = self._blocks(first, last)
        start, end = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
        return [int(value) for value in values[start:end]]

    def check(self) -> None:
        """Read and check every block."""
        for block in range(len(self._fences)):
            self._blocks(block, block)

    def _blocks(self, first: int, last: int) -> tuple[Column, Column]:
        """Read some neighbouring blocks, keys and values apart."""
        start = first * BLOCK_ENTRIES
        end = min((last + 1) * BLOCK_ENTRIES, self._entries)
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise TableDamaged from error
        try:
            where = self._offset + start * _ENTRY_BYTES
            data = read_at(file, where, (end - start) * _ENTRY_BYTES)
        finally:
            os.close(file)
        keys, values = [], []
        for block in range(first, last + 1):
            at = (block - first) * BLOCK_ENTRIES * _ENTRY_BYTES
            part = data[at : at + BLOCK_ENTRIES * _ENTRY_BYTES]
            if zlib.crc32(part) != self._checksums[block]:
                raise TableDamaged
            column = np.frombuffer(part, np.uint64)
            keys.append(column[: len(column) // 2])
            values.append(column[len(column) // 2 :])
        return np.concatenate(keys), np.concatenate(values)
