from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq

from haitang.adapters.files import features
from haitang.adapters.files.features import FeatureTable


def test_small_blocks_make_few_row_groups() -> None:
    stream = io.BytesIO()
    table = FeatureTable(stream, names=("paid", "device"), text_names=frozenset({"device"}))
    words = {1.0: "phone"}
    for number in range(100):
        table.write(
            event_ids=[f"E-{number}"],
            occurred_at_us=np.array([number], np.int64),
            values=np.array([[np.nan if number % 2 else 5.0], [1.0 if number else np.nan]]),
            word_of=words.get,
        )
    table.close()
    table.abandon()
    file = pq.ParquetFile(io.BytesIO(stream.getvalue()))
    assert file.num_row_groups == 1
    assert features.ROWS_PER_GROUP > 100
    rows = file.read().to_pylist()
    assert rows[0] == {"event_id": "E-0", "occurred_at_us": 0, "paid": 5.0, "device": None}
    assert rows[1] == {"event_id": "E-1", "occurred_at_us": 1, "paid": None, "device": "phone"}


def test_the_scratch_of_the_engine_may_be_used_again() -> None:
    stream = io.BytesIO()
    table = FeatureTable(stream, names=("paid",), text_names=frozenset())
    scratch = np.array([[1.0]])
    for number in range(2):
        scratch[:] = number
        table.write(
            event_ids=[str(number)],
            occurred_at_us=np.array([number], np.int64),
            values=scratch,
            word_of=lambda _: None,
        )
    table.close()
    assert pq.read_table(io.BytesIO(stream.getvalue()))["paid"].to_pylist() == [0.0, 1.0]
