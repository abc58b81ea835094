"""What the events of a batch say of lists, and when it takes effect."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import EventBatch
from haitang.data.lists.table import FROM_PACK, OPEN_END_US
from haitang.decision.engine.program import EngineProgram
from haitang.decision.engine.state import EngineState
from haitang.kernel.hashing import hash_text

_UPSERT = np.uint64(hash_text("LIST_UPSERT"))
_REMOVE = np.uint64(hash_text("LIST_REMOVE"))


class ListChanges(NamedTuple):
    """Entries that events say, in the order of the events, as columns."""

    starts: NDArray[np.int64]
    """Before which event of the batch each takes effect. Entries of list events that follow each
    other take effect as a whole, before the first of them is evaluated, which is the same as one by
    one where list events do not ask the lists themselves.
    """
    list_hashes: NDArray[np.uint64]
    value_hashes: NDArray[np.uint64]
    begins_us: NDArray[np.int64]
    ends_us: NDArray[np.int64]
    positions: NDArray[np.int64]
    occurred_us: NDArray[np.int64]

    def only(self, chosen: NDArray[np.bool_] | slice) -> ListChanges:
        """Return some of them."""
        columns: Iterable[Any] = (column[chosen] for column in self)
        return ListChanges(*columns)

    def in_turn(self) -> list[ListChanges]:
        """Return those that take effect together, the last first."""
        cuts = [0, *(np.flatnonzero(np.diff(self.starts)) + 1).tolist(), len(self.starts)]
        return [
            self.only(slice(low, high)) for low, high in itertools.pairwise(cuts) if low < high
        ][::-1]

    def may_be_ahead(self, events: EventBatch) -> bool:
        """Tell whether lists may be changed before the first event: whatever is said holds from an
        instant on that no event before it has reached, so that none of them can tell.

        A block is then not cut where a list changes.
        """
        latest = np.maximum.accumulate(events.occurred_at_us)
        behind = self.starts > 0
        return bool((latest[self.starts[behind] - 1] < self.begins_us[behind]).all())

    def change(self, state: EngineState) -> None:
        """Change the lists."""
        state.lists.change(
            self.list_hashes,
            self.value_hashes,
            begins_us=self.begins_us,
            ends_us=self.ends_us,
            positions=self.positions,
        )

    def look_again(self, state: EngineState) -> None:
        """Let the graph look at whom they speak of."""
        if state.graph is not None:
            state.graph.look_again(
                state.lists.arrays, self.list_hashes, self.value_hashes, self.occurred_us
            )


def begin_changes(
    events: EventBatch, state: EngineState, first_position: int
) -> tuple[list[ListChanges], list[ListChanges]]:
    """Change the lists ahead of a batch where no event can tell; return what remains to be changed
    where it stands, and what is changed and the graph is to look at there, the last first.

    Lists that the graph does not ask are no reason to cut its blocks.
    """
    said = list_changes(events, state.prepared.program, first_position)
    if said is None:
        return [], []
    if len(events) == 1 or not said.may_be_ahead(events):
        return said.in_turn(), []
    state.features.check_room()
    said.change(state)
    if state.graph is None:
        return [], []
    return [], said.only(state.graph.asks(said.list_hashes)).in_turn()


def list_changes(
    events: EventBatch, program: EngineProgram, first_position: int
) -> ListChanges | None:
    """Return what the events say of lists, None where they say nothing; `first_position` is that of
    the first event in the journal, or -1.
    """
    kinds = events.hashes[events.fields.texts.index("event_type")]
    if len(kinds) == 1:
        if kinds[0] != _UPSERT and kinds[0] != _REMOVE:
            return None
        changing = np.zeros(1, dtype=np.int64)
    else:
        changing = np.flatnonzero((kinds == _UPSERT) | (kinds == _REMOVE))
        if changing.size == 0:
            return None
    texts, numbers = events.fields.texts, events.fields.numbers
    names, values = (
        events.hashes[texts.index(name)][changing] for name in ("list_name", "list_value")
    )
    effective, expires = (
        events.numbers[numbers.index(name)][changing]
        for name in ("effective_at_us", "expires_at_us")
    )
    occurred = events.occurred_at_us[changing]
    begins = _instants(effective, occurred)
    ends = _instants(expires, OPEN_END_US)
    ends = np.where(kinds[changing] == _REMOVE, begins, ends)
    positions = np.full(len(changing), FROM_PACK, dtype=np.int64)
    if first_position >= 0:
        positions = first_position + changing
    is_first = np.ones(len(changing), dtype=np.bool_)
    is_first[1:] = np.diff(changing) > (1 if program.list_runs else 0)
    starts = changing[is_first][np.cumsum(is_first) - 1]
    return ListChanges(starts, names, values, begins, ends, positions, occurred)


def _instants(given: NDArray[np.float64], otherwise: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return instants as whole numbers, and others where none is given."""
    missing = np.isnan(given)
    return np.where(missing, otherwise, np.where(missing, 0.0, given).astype(np.int64))
