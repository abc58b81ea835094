"""Starting a benchmark of the checkout in a process of its own.

Benchmarks are scripts in the folder `bench` of the repository. Each runs in a fresh interpreter:
what this process has loaded would be measured along.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from haitang.kernel.errors import HaitangError, Place, symbol

PARENTS_MAX = 16
"""Folders above that are looked through for the checkout."""


def run_benchmark(name: str, arguments: Sequence[str], *, repository: Path | None) -> int:
    """Run `bench/<name>.py` with the arguments and return its exit code.

    Raises `HaitangError` with code `use_benchmark_missing` where there is no checkout.
    """
    script = find_benchmark(name, repository=repository, start=Path.cwd())
    # The script is one of this checkout and the arguments are the caller's own.
    finished = subprocess.run([sys.executable, str(script), *arguments], check=False)  # noqa: S603
    return finished.returncode if finished.returncode >= 0 else 128 - finished.returncode


def find_benchmark(name: str, *, repository: Path | None, start: Path) -> Path:
    """Find `bench/<name>.py` in the named checkout, else above `start`, else above this file."""
    if repository is not None:
        places = [repository]
    else:
        here = Path(__file__).resolve()
        places = [start, *list(start.parents)[:PARENTS_MAX], *here.parents]
    for place in places:
        script = place / "bench" / f"{name}.py"
        # A folder `bench` of somebody else's project must not be run.
        if script.is_file() and (place / "src" / "haitang").is_dir():
            return script
    raise HaitangError(
        code="use_benchmark_missing",
        message=f"there was no {symbol(f'bench/{name}.py')} in this checkout or above it",
        place=Place(path=str(repository or start)),
        hint="clone the repository and run the command inside it, or name it with `--repository`",
    )
