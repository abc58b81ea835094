"""Events as lines of JSON, any run of them found at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def starts_path(path: Path) -> Path:
    """Return where the beginnings of the lines of an events file are kept."""
    return path.with_name(path.name + ".starts.npy")


def read_lines(path: Path, first: int, last: int) -> list[bytes]:
    """Return the lines `first ≤ n < last` of a file of `pack_folder.write_events`."""
    starts = np.load(starts_path(path), mmap_mode="r")
    assert 0 <= first <= last < len(starts), f"the file has {len(starts) - 1} events"
    with path.open("rb") as file:
        file.seek(int(starts[first]))
        return file.read(int(starts[last] - starts[first])).split(b"\n")[:-1]


def line_count(path: Path) -> int:
    """Return how many events the file has."""
    return len(np.load(starts_path(path), mmap_mode="r")) - 1
