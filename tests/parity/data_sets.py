"""Run a data set through the engine as a replay does: its pack, its events in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from haitang.app.programs import open_pack
from haitang.data.events.batch import batch_table
from haitang.data.events.table import check_table
from haitang.decision.engine import DecisionBatch, EngineState, evaluate

PACKS = Path(__file__).resolve().parents[2] / "packs" / "datasets"


def decided(
    name: str, tables: Iterable[pa.Table], *, keep_features: bool = False
) -> Iterator[DecisionBatch]:
    """Decide a set's events with its pack, a table at a time in one state, refusing none."""
    opened = open_pack(PACKS / name)
    state = EngineState.create(opened.program)
    for table in tables:
        checked = check_table(table, base_currency=opened.pack.base_currency)
        refused = [str(refusal) for _, refusal in checked.refusals()]
        assert not refused, f"rows of {name} were refused: {refused[:3]}"
        yield evaluate(
            batch_table(checked, opened.program.fields), state, keep_features=keep_features
        )


def first_events(tables: Iterable[pa.Table], events_max: int) -> Iterator[pa.Table]:
    """Yield tables until `events_max` events were given; 0 means all."""
    left = events_max or 1 << 62
    for table in tables:
        yield table.slice(0, left)
        left -= table.num_rows
        if left <= 0:
            return
