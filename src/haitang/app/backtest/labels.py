"""Labels of a stream: which events belonged to a fraud."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from haitang.app.wiring import naming
from haitang.decision.batch.measures import StoryLabel
from haitang.kernel.errors import HaitangError, Place


def read_labels(path: Path) -> list[StoryLabel]:
    """Read labels (Parquet or CSV) in the order of the stream, as `haitang lab generate` writes
    them: `event_id`, `story_id`, `typology`, `amount_at_risk_minor`.
    """
    try:
        with naming(path):
            table = pq.read_table(path) if path.suffix == ".parquet" else pa.csv.read_csv(path)
        rows = table.select(list(StoryLabel.__struct_fields__)).to_pylist()
        return msgspec.convert(rows, list[StoryLabel], strict=False)
    except (pa.ArrowException, KeyError, msgspec.ValidationError) as error:
        raise HaitangError(
            code="backtest_labels",
            message="the labels were not understood",
            place=Place(path=str(path)),
            hint="columns `event_id`, `story_id`, `typology`, `amount_at_risk_minor`, in the order "
            "of the stream",
        ) from error
