"""Run rows through the engine and give back its feature values, by feature name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.data.features.specs import Catalogue, TextPair
from haitang.decision.engine import EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack
from tests.property.windows_oracle import Row


def bare_pack(catalogue: Catalogue) -> Pack:
    """A pack that has features and decides nothing."""
    return Pack(
        id="windows",
        version="1.0.0",
        digest="0" * 64,
        title=TextPair(en="Windows", zh="窗口"),
        zone="Asia/Shanghai",
        base_currency="CNY",
        catalogue=catalogue,
        policies=(),
        tiers=(),
        table=(),
    )


def engine_values(
    catalogue: Catalogue, rows: Sequence[Row], *, block: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Values of every feature for every row, evaluated in calls of `block` events."""
    program = compile_pack(bare_pack(catalogue))
    state = EngineState(program)
    parts: list[npt.NDArray[np.float64]] = []
    events = [decode_row(row) for row in rows]
    for start in range(0, len(events), block):
        batch = batch_events(events[start : start + block], program.fields)
        out = evaluate(batch, state, keep_features=True)
        assert out.features is not None
        parts.append(np.array(out.features))
    values = np.concatenate(parts, axis=1)
    return dict(zip(program.feature_names, values, strict=True))
