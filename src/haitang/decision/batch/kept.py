"""What is kept of a run over a stream: names of tables and columns, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.data.features.specs import FeatureSpec
from haitang.decision.engine import DecisionBatch
from haitang.decision.rules.specs import Pack

Columns = dict[str, npt.NDArray[Any]]

EVENTS, HITS, VALUES, ALERTS = "events", "hits", "values", "alerts"
"""Tables: one row an event, a hit, a value that a hit recorded, an event that a customer hears of.
"""
SPAN_PIECES = 8
"""Pieces that are read and decided together: each reading costs something besides its rows."""
OUT_COLUMNS = ("out action", "out further", "out tier", "out payer", "out payee", "out hits")


class KeptAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept: of which stream, decided by which pack."""

    version: int
    sources: str
    """Digest of the sources that decided: other ones may decide otherwise."""
    stream: str
    """SHA-256 of the file of events."""
    events: int
    refused: int
    """Rows of the file that are no events, or none that the catalogue admits."""
    duplicates: int
    """Events whose id stood earlier in the file; the first one counts."""
    pack: Pack
    """The pack that decided; a draft or an edited policy need not have been in its `LOCK`."""
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    remarks: tuple[str, ...]
    leaves: tuple[str, ...]
    policies: tuple[str, ...]
    customers: int
    """Different customers who acted."""
    days: int
    """Days with at least a hundredth of the events of the busiest one: what follows on a case
    months later makes the stream no longer.
    """


class KeptColumns(Protocol):
    """Whoever holds what was kept, piece by piece in the order of the stream."""

    def piece_count(self, table: str) -> int:
        """Return how many pieces a table has."""
        ...

    def read(self, table: str, pieces: range, names: Sequence[str]) -> Columns:
        """Return columns of numbers of some pieces, joined."""
        ...

    def expect(self, table: str, pieces: range, names: Sequence[str]) -> None:
        """Say what will be read next; it may be read meanwhile."""
        ...

    def read_texts(
        self, table: str, pieces: range, name: str, rows: npt.NDArray[np.int64] | None = None
    ) -> list[str | None]:
        """Return a column of texts of some pieces, joined; of these rows only, if given."""
        ...


class Kept(NamedTuple):
    """A run that was kept."""

    about: KeptAbout
    reader: KeptColumns

    def whole(self, table: str) -> range:
        """Return all pieces of a table."""
        return range(self.reader.piece_count(table))

    def spans(self) -> Iterator[range]:
        """Yield the pieces in the order of the stream, as many at once as are read together."""
        pieces = self.whole(EVENTS)
        for start in range(0, len(pieces), SPAN_PIECES):
            yield pieces[start : start + SPAN_PIECES]


def leaf_features(pack: Pack) -> list[FeatureSpec]:
    """Return the features that are not derived from others: those are kept."""
    return [feature for feature in pack.catalogue.features if feature.value is None]


def values_in_order(out: DecisionBatch, widths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the recorded values hit by hit; the kernel writes them policy by policy within a
    block, so that where they lie depends on how a stream was cut. `widths` are by policy.
    """
    own = widths[out.hit_policies]
    behind = np.arange(int(own.sum())) - np.repeat(np.cumsum(own) - own, own)
    values: npt.NDArray[np.float64] = out.hit_values[np.repeat(out.value_starts, own) + behind]
    return values


def columns_of(out: DecisionBatch) -> dict[str, npt.NDArray[Any]]:
    """Return the decisions as columns with one row an event."""
    return {
        "out action": out.actions,
        "out further": out.further,
        "out tier": out.tiers,
        "out payer": out.scores[0],
        "out payee": out.scores[1],
        "out hits": np.diff(out.hit_starts),
    }
