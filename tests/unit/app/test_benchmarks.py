from __future__ import annotations

from pathlib import Path

import pytest

from haitang.app.benchmarks import find_benchmark, run_benchmark
from haitang.kernel.errors import HaitangError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "bench").mkdir()
    (tmp_path / "src" / "haitang").mkdir(parents=True)
    script = "import sys\nsys.exit(len(sys.argv) - 1)\n"
    (tmp_path / "bench" / "counted.py").write_text(script, encoding="utf-8")
    return tmp_path


def test_a_benchmark_is_found_from_anywhere_inside_a_checkout(checkout: Path) -> None:
    inside = checkout / "src" / "haitang"
    found = find_benchmark("counted", repository=None, start=inside)
    assert found == checkout / "bench" / "counted.py"


def test_its_arguments_and_its_exit_code_are_passed_on(checkout: Path) -> None:
    assert run_benchmark("counted", ["--json", "file", "x"], repository=checkout) == 3


def test_the_bench_of_another_project_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "engine.py").write_text("", encoding="utf-8")
    with pytest.raises(HaitangError) as refused:
        find_benchmark("engine", repository=tmp_path, start=tmp_path)
    assert refused.value.code == "use_benchmark_missing"
