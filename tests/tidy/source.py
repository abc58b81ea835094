"""The work tree as the tidy tests see it: its files, and the parsed modules of `src/`."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "haitang"
CORE = ("kernel", "data", "decision", "response")
"""The rooms below `adapters/`."""


@functools.cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Return every module of the package with its syntax tree, sorted by path."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in paths)


def core_modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Return the modules of the rooms that may not touch the world."""
    return tuple((path, tree) for path, tree in modules() if room(path) in CORE)


def room(path: Path) -> str:
    """Return the top-level room of a module, e.g. `data`."""
    return path.relative_to(PACKAGE).parts[0]


def shown(path: Path) -> str:
    """Return a path as a person writes it: relative to the root."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def kept_files() -> tuple[Path, ...]:
    """Return the files that git tracks or would track; outside of a clone, those of the package."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        return tuple(path for path, _ in modules())
    names = sorted(set(listing.stdout.decode().split("\0")) - {""})
    return tuple(path for path in (ROOT / name for name in names) if path.is_file())
