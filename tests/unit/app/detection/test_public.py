from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from haitang.app.detection import public
from haitang.app.detection.public import public_figures
from haitang.app.detection.published import PUBLISHED
from haitang.lab.datasets import DATA_SETS, DataSetMissing


def test_every_set_has_its_protocol_and_what_others_reached() -> None:
    assert set(PUBLISHED) == set(DATA_SETS)


def test_a_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataSetMissing):
        public_figures("sffsd", tmp_path)


@pytest.mark.data
@pytest.mark.slow
def test_the_handbooks_first_split_has_the_published_rows(data_folder: Path) -> None:
    tables = [
        piece.select([name for name in public._COLUMNS if name in piece.column_names])
        for piece in public._pieces("handbook_cards", data_folder)
    ]
    table = pa.concat_tables(tables, promote_options="default").combine_chunks()
    count = table.num_rows
    rows = public._Rows(table=table, scores=np.zeros(count, np.int32), fired=np.zeros(count, bool))
    folds, _ = public._handbook(rows, data_folder)
    assert len(folds) == 4
    assert (len(folds[0].positive), int(folds[0].positive.sum())) == (58_264, 385)


@pytest.mark.data
def test_a_set_is_judged_on_its_protocols_rows(data_folder: Path) -> None:
    found = public_figures("sffsd", data_folder)
    assert found.subjects == 8_893  # 30 % of 29,643 labelled rows
    assert 0 < found.precision.part <= found.precision.whole < found.subjects
    assert 0.5 < found.area < 1
    assert found.card_precision is None
