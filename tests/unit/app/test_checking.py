from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.checking import check_pack, write_lock
from haitang.app.wiring import MachineClock
from haitang.decision.rules.problems import PackRefused
from haitang.kernel.errors import HaitangError
from tests.unit.app.small_pack import LARGE_SUM, write_pack


def test_a_whole_pack_is_counted_and_tested(tmp_path: Path) -> None:
    found = check_pack(write_pack(tmp_path), run_tests=True, clock=MachineClock())
    assert found.statuses == {"live": 1, "shadow": 1}
    assert found.typologies == ("B06", "D01")
    assert {"amount_base_minor", "event_type", "device_id"} <= set(found.fields)
    assert found.lock_problems == ()
    assert found.tests is not None
    assert len(found.tests.results) == 4


def test_tests_can_be_left_out(tmp_path: Path) -> None:
    found = check_pack(write_pack(tmp_path), run_tests=False, clock=MachineClock())
    assert found.tests is None


def test_a_pack_is_tested_before_its_lock_agrees(tmp_path: Path) -> None:
    folder = write_pack(tmp_path)
    changed = LARGE_SUM.replace("score: 650", "score: 640")
    (folder / "policies/large_sum.yaml").write_text(changed, encoding="utf-8")
    found = check_pack(folder, run_tests=True, clock=MachineClock())
    assert [problem.code for problem in found.lock_problems] == ["lock_stale"]
    assert found.tests is not None
    assert found.tests.failed == ()


def test_writing_the_lock_is_no_way_around_a_new_version(tmp_path: Path) -> None:
    folder = write_pack(tmp_path)
    changed = LARGE_SUM.replace("score: 650", "score: 640")
    (folder / "policies/large_sum.yaml").write_text(changed, encoding="utf-8")
    before = (folder / "LOCK").read_bytes()
    with pytest.raises(PackRefused):
        write_lock(folder)
    assert (folder / "LOCK").read_bytes() == before
    newer = changed.replace("version: 1\n", "version: 2\n")
    (folder / "policies/large_sum.yaml").write_text(newer, encoding="utf-8")
    write_lock(folder)
    assert check_pack(folder, run_tests=False, clock=MachineClock()).lock_problems == ()


def test_a_folder_without_a_pack_names_the_one_below(tmp_path: Path) -> None:
    write_pack(tmp_path / "packs" / "small")
    with pytest.raises(HaitangError) as refused:
        check_pack(tmp_path / "packs", run_tests=False, clock=MachineClock())
    assert refused.value.code == "pack_missing"
    assert str(tmp_path / "packs" / "small") in refused.value.hint
