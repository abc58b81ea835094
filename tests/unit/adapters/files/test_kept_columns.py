"""Columns that are kept in pieces, read joined, ahead and again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from haitang.adapters.files.kept_columns import KeptReader, KeptWriter
from haitang.kernel.errors import HaitangError

NAMES = ["number", "other"]


@pytest.fixture
def kept(tmp_path: Path) -> KeptReader:
    with KeptWriter(tmp_path / "kept") as writer:
        for piece in range(4):
            numbers = np.arange(5.0) + 10 * piece
            numbers[2] = np.nan
            writer.put(
                "events",
                {
                    "number": numbers,
                    "other": np.arange(5, dtype=np.uint64) + piece,
                    "name": [f"p{piece}", None, "a", "b", "c"],
                },
            )
        writer.about(b"what it is")
    return KeptReader(tmp_path / "kept")


def _equal(found: dict[str, npt.NDArray[Any]], pieces: range) -> bool:
    expected = np.concatenate([np.arange(5.0) + 10 * piece for piece in pieces])
    expected[2::5] = np.nan
    other = np.concatenate([np.arange(5) + piece for piece in pieces])
    return bool(
        np.array_equal(found["number"], expected, equal_nan=True)
        and np.array_equal(found["other"], other)
    )


def test_pieces_are_read_joined(kept: KeptReader) -> None:
    assert kept.piece_count("events") == 4
    assert kept.about == b"what it is"
    assert _equal(kept.read("events", range(1, 4), NAMES), range(1, 4))
    assert _equal(kept.read("events", range(1), NAMES), range(1))


def test_what_is_read_ahead_is_what_is_read(kept: KeptReader) -> None:
    kept.read("events", range(2), NAMES)
    kept.expect("events", range(2, 4), NAMES)
    # Another question in between takes nothing away.
    assert _equal(kept.read("events", range(1, 3), NAMES), range(1, 3))
    assert _equal(kept.read("events", range(2, 4), NAMES), range(2, 4))
    kept.expect("events", range(2), NAMES)
    assert _equal(kept.read("events", range(2), [*NAMES]), range(2))
    kept.close()


def test_texts_are_read_by_row(kept: KeptReader) -> None:
    rows = np.array([0, 1, 5], np.int64)
    assert kept.read_texts("events", range(2), "name", rows) == ["p0", None, "p1"]
    assert kept.read_texts("events", range(1), "name") == ["p0", None, "a", "b", "c"]


def test_a_damaged_file_is_refused_ahead_and_now(tmp_path: Path, kept: KeptReader) -> None:
    path = tmp_path / "kept" / "events.parquet"
    kept.read("events", range(1), NAMES)
    content = bytearray(path.read_bytes())
    # The footer stays whole: the damage is found when the first piece is read.
    content[4:120] = b"\xff" * 116
    path.write_bytes(content)
    damaged = KeptReader(tmp_path / "kept")
    with pytest.raises(HaitangError, match="could not be read"):
        damaged.read("events", range(1), NAMES)
    damaged.expect("events", range(1), NAMES)
    with pytest.raises(HaitangError, match="could not be read"):
        damaged.read("events", range(1), NAMES)
