"""Load a file of list entries into a running service, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

import msgspec

from haitang.app.replay import ReplayProgress
from haitang.app.service.listing import entry_rows
from haitang.app.wiring import EventRows, RefusedLine, open_entries
from haitang.data.lists.entries import EntryRules
from haitang.kernel.errors import HaitangError, Place


class RefusedRow(Protocol):
    """What the service says of one row that it refused."""

    @property
    def index(self) -> int:
        """Place of the row in what was sent."""
        ...

    @property
    def code(self) -> str:
        """What was wrong."""
        ...

    @property
    def message(self) -> str:
        """The same for a person."""
        ...

    @property
    def hint(self) -> str:
        """What to do next; may be empty."""
        ...


class Receipt(Protocol):
    """What the service did with a request; all that it accepted is durable."""

    @property
    def accepted(self) -> int:
        """Rows that changed the list."""
        ...

    @property
    def repeated(self) -> int:
        """Rows that it knew."""
        ...

    @property
    def refused(self) -> Sequence[RefusedRow]:
        """Rows that it refused."""
        ...

    @property
    def position(self) -> int:
        """Of the last change in the journal; -1 for none."""
        ...


class Sender(Protocol):
    """Brings rows to the service: to one list, in their order."""

    def __call__(self, list_name: str, rows: Sequence[bytes], *, removal: bool) -> Receipt:
        """Return what became of the rows, once that is durable."""
        ...


class LoadSummary(msgspec.Struct, kw_only=True):
    """What a load did."""

    accepted: int = 0
    repeated: int = 0
    """Rows that an earlier load of the same file had brought already."""
    refused: int = 0
    position: int = -1
    """Of the last change in the journal."""


def load_entries(
    path: Path,
    *,
    rules: EntryRules,
    send: Sender,
    progressed: Callable[[ReplayProgress], None],
    refused: Callable[[RefusedLine], None],
) -> LoadSummary:
    """Send every row of a file; refused rows are reported one by one and the others are taken.

    Raises `HaitangError` for a file or a service that cannot be used; what was sent before stays,
    and the same load again goes on where this one ended.
    """
    source = open_entries(path, rules=rules)
    summary = LoadSummary()
    rows = 0
    for chunk in source.chunks:
        assert isinstance(chunk.events, EventRows)
        lines = list(chunk.refused)
        for list_name, sent, places in _requests(chunk.events):
            receipt = send(list_name, sent, removal=rules.removal)
            summary.accepted += receipt.accepted
            summary.repeated += receipt.repeated
            summary.position = max(summary.position, receipt.position)
            lines += [_refused_line(row, places) for row in receipt.refused]
        for line in sorted(lines, key=lambda line: line.error.place.line):
            refused(line)
        summary.refused += len(lines)
        rows += chunk.events.count + len(chunk.refused)
        progressed(ReplayProgress(events=rows, done=chunk.done, total=source.total))
    return summary


def _requests(held: EventRows) -> Iterator[tuple[str, list[bytes], list[Place]]]:
    """Split a piece into runs of one list."""
    rows = zip(entry_rows(held.events), held.places, strict=True)
    for list_name, run in groupby(rows, key=lambda row: row[0][0]):
        pairs = list(run)
        yield list_name, [row for (_, row), _ in pairs], [place for _, place in pairs]


def _refused_line(row: RefusedRow, places: Sequence[Place]) -> RefusedLine:
    error = HaitangError(code=row.code, message=row.message, place=places[row.index], hint=row.hint)
    return RefusedLine(error=error)
