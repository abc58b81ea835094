"""A service is killed under load and started again; nothing that was answered may be missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench import pack as generated
from bench import pack_folder, stream
from bench.kills import Kills, kill_test
from bench.lines import read_lines

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

EVENTS = 80_000
POLICIES = 60


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All window features and some policies over them; no trees, which take long to train."""
    names = [feature.name for feature in generated.catalogue().features]
    sample = np.abs(np.random.default_rng(1).lognormal(3, 2, (len(names), 2_000)))
    policies = generated.policies(sample, names)[:POLICIES]
    return pack_folder.write_pack(tmp_path_factory.mktemp("kills") / "pack", policies)


def test_nothing_answered_is_lost_changed_or_doubled_by_kill_9(pack: Path, tmp_path: Path) -> None:
    events = pack_folder.write_events(tmp_path / "events.jsonl", stream.table(EVENTS))
    lines = read_lines(events, 0, EVENTS)
    seen = kill_test(tmp_path, Kills(pack, lines, kills=5, probes=200))
    assert seen["answered"] > 5 * 16
    assert (seen["lost"], seen["changed"], seen["doubled"]) == (0, 0, 0)
    assert seen["journal_events"] == seen["answered"] + 200
    assert seen["differ_from_uninterrupted"] == seen["probes_that_differ"] == 0
    assert seen["journal_verified"]
