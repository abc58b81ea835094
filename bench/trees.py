"""The tree scorer beside LightGBM's own batch prediction: same model, same rows, one thread each.

`python -m bench.trees` trains a model and measures in fresh processes; the engine's benchmark calls
`measure_trees` with a model and rows of its own, also in fresh processes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from haitang.decision.models import (
    TreeArrays,
    TreeEnsemble,
    TreeScratch,
    lay_out,
    make_scratch,
    read_model,
    score_block,
)

Float64 = npt.NDArray[np.float64]
Measured = dict[str, Any]

block_size = 64
repetitions = 11
processes = 5
seed = 20_261_121
explained_rows = 50


def draw_rows(count: int, columns: int, source: np.random.Generator) -> Float64:
    """Draw rows like features: a third counts, a third sums, a third ratios with gaps."""
    rows = np.empty((count, columns))
    rows[:, 0::3] = source.poisson(1 + np.arange(columns)[0::3] % 17, rows[:, 0::3].shape)
    rows[:, 1::3] = np.round(np.exp(source.normal(10, 2, rows[:, 1::3].shape)))
    rows[:, 2::3] = source.normal(size=rows[:, 2::3].shape)
    rows[:, 2::3][source.random(rows[:, 2::3].shape) < 0.1] = np.nan
    return rows


def train_model(rows: Float64, *, trees: int, leaves: int, source: np.random.Generator) -> str:
    """Train on a made-up target that depends on all columns; its meaning matters to no clock."""
    import lightgbm

    spread = np.nan_to_num((rows - np.nanmean(rows, 0)) / np.nanstd(rows, 0))
    score = spread @ source.normal(size=rows.shape[1])
    score += source.normal(0, score.std(), len(score))
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "learning_rate": 0.05,
        "feature_fraction": 0.5,
        "num_threads": 1,
        "seed": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows, (score > np.quantile(score, 0.9)).astype(np.int32))
    return lightgbm.train(settings, data, trees).model_to_string()


@njit(nogil=True)
def _score_blocks(
    arrays: TreeArrays,
    blocks: Float64,
    inputs: npt.NDArray[np.int64],
    count: int,
    raw: Float64,
    scratch: TreeScratch,
    values: Float64,
    fill: bool,
) -> None:
    """Score block after block out of one block of values; `fill` also copies into it."""
    for block in range(blocks.shape[0]):
        if fill:
            values[:] = blocks[block]
        score_block(arrays, 0, values, inputs, count, raw[block], scratch)


@njit(nogil=True)
def _fill_blocks(blocks: Float64, values: Float64) -> None:
    for block in range(blocks.shape[0]):
        values[:] = blocks[block]


def _aligned(rows: int) -> Float64:
    space = np.zeros(rows * block_size + 8)
    start = -space.ctypes.data % 64 // 8
    return space[start : start + rows * block_size].reshape(rows, block_size)


def measure_trees(model_text: str, rows: Float64) -> Measured:
    """Measure one model on rows of its inputs (at least 64; the remainder of 64 is left out).

    CPU microseconds per event, each the median of interleaved repetitions: LightGBM's batch; ours
    from the same matrix (`batch`, which lays it out in blocks first); ours in the engine's form
    (`block`, one block of values in cache, and `filled_block`, with the block copied in and the
    copying taken off); single events in that form; and one explanation. `mismatches` counts raw
    scores and answers whose bits differ.
    """
    import lightgbm

    rows = np.ascontiguousarray(rows[: len(rows) // block_size * block_size])
    booster = lightgbm.Booster(model_str=model_text)
    ensemble = TreeEnsemble(read_model(model_text))
    arrays = lay_out([ensemble.model])
    scratch = make_scratch(arrays)
    blocks = rows.reshape(-1, block_size, rows.shape[1]).transpose(0, 2, 1).copy()
    values, inputs = _aligned(rows.shape[1]), np.arange(rows.shape[1])
    raw = np.zeros((len(blocks), block_size))

    def blockwise(count: int, fill: bool) -> None:
        _score_blocks(arrays, blocks, inputs, count, raw, scratch, values, fill)

    peer: Callable[[], Any] = lambda: booster.predict(rows, raw_score=True, num_threads=1)  # noqa: E731
    works: dict[str, tuple[Callable[[], Any], int]] = {
        "lightgbm": (peer, len(rows)),
        "batch": (lambda: ensemble.raw_scores(rows), len(rows)),
        "block": (lambda: blockwise(block_size, fill=False), len(rows)),
        "filled": (lambda: blockwise(block_size, fill=True), len(rows)),
        "fill": (lambda: _fill_blocks(blocks, values), len(rows)),
        "single": (lambda: blockwise(1, fill=False), len(blocks)),
        "explain": (lambda: [ensemble.contributions(row) for row in rows[:explained_rows]],
                    min(explained_rows, len(rows))),
    }  # fmt: skip
    spent: dict[str, list[float]] = {name: [] for name in works}
    for repetition in range(repetitions + 1):
        for name, (work, events) in works.items():
            start = time.process_time_ns()
            work()
            elapsed = (time.process_time_ns() - start) / 1000 / events
            # The first round compiles and warms.
            if repetition:
                spent[name].append(elapsed)
    cpu = {name: statistics.median(times) for name, times in spent.items()}
    blockwise(block_size, fill=True)
    mismatches = _unequal(raw.ravel(), peer()) + _unequal(ensemble.raw_scores(rows), peer())
    mismatches += _unequal(ensemble.scores(rows), booster.predict(rows, num_threads=1))
    filled = cpu["filled"] - cpu["fill"]
    return {
        "trees": ensemble.model.tree_count,
        "leaves": len(ensemble.model.leaf_value),
        "columns": rows.shape[1],
        "events": len(rows),
        "mismatches": mismatches,
        "lightgbm_cpu_us_per_event": cpu["lightgbm"],
        "batch_cpu_us_per_event": cpu["batch"],
        "block_cpu_us_per_event": cpu["block"],
        "filled_block_cpu_us_per_event": filled,
        "single_event_cpu_us": cpu["single"],
        "explanation_cpu_us": cpu["explain"],
        "ratio_batch": cpu["lightgbm"] / cpu["batch"],
        "ratio_block": cpu["lightgbm"] / cpu["block"],
        "ratio_filled_block": cpu["lightgbm"] / filled,
    }


def _unequal(ours: Float64, theirs: Any) -> int:
    return int((ours.view(np.int64) != np.asarray(theirs).view(np.int64)).sum())


def main(arguments: list[str]) -> int:
    """Measure in fresh processes and print medians; `--one FOLDER` is one of them."""
    if arguments[:1] == ["--one"]:
        folder = Path(arguments[1])
        rows = np.load(folder / "rows.npy")
        measured = measure_trees((folder / "trees.txt").read_text(), rows)
        sys.stdout.write(json.dumps(measured) + "\n")
        return 0
    source = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = draw_rows(20_000, 192, source)
        (folder / "trees.txt").write_text(train_model(rows, trees=200, leaves=31, source=source))
        np.save(folder / "rows.npy", draw_rows(6_400, 192, source))
        command = [sys.executable, "-m", "bench.trees", "--one", str(folder)]
        runs = [
            json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            for _ in range(processes)
        ]
    shown = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    shown["ratio_batch_of_each_process"] = [round(run["ratio_batch"], 2) for run in runs]
    shown["ratio_block_of_each_process"] = [round(run["ratio_block"], 2) for run in runs]
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0 if shown["mismatches"] == 0 else 4


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
