"""Law 2: below `adapters/` nothing touches the world; and who may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import CORE, PACKAGE, ROOT, core_modules, shown

# And of the standard library all but `WORLDLY`.
LIBRARIES = {"haitang", "msgspec", "numpy", "numba"}
ELSEWHERE = {
    # Numba's own code generator, for intrinsics that numba has no function for.
    "llvmlite": ("data/features", "decision/models"),
    # Memory without a file behind it, which the system hands out page by page.
    "mmap": ("data/features",),
    "pyarrow": ("data/events",),
    "yaml": ("decision/rules", "data/events/_yaml.py"),
    "cryptography": ("kernel",),
    # Packaged tables of the library itself, read once: zone rules by `kernel/instants.py`.
    "importlib": ("kernel",),
    "zoneinfo": ("kernel",),
}
# What reads a clock, a file, the environment, a random source or a socket.
WORLDLY = set(
    """
    asyncio concurrent fcntl getpass glob http locale logging mmap multiprocessing os
    pathlib platform random resource secrets select shelve shutil signal socket sqlite3
    ssl subprocess sys tempfile threading time urllib uuid
    """.split()
)
WORLDLY_CALLS = {"open", "print", "input", "breakpoint", "exec", "eval", "hash", "id"}


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module.split(".")[0]


def may_import(path: Path, library: str) -> bool:
    if library in LIBRARIES:
        return True
    if library in ELSEWHERE:
        return any(path.is_relative_to(PACKAGE / room) for room in ELSEWHERE[library])
    return library in sys.stdlib_module_names and library not in WORLDLY


def test_the_core_imports_only_what_it_may() -> None:
    strayed = [
        f"{shown(path)}:{line} imports {library}"
        for path, tree in core_modules()
        for line, library in imported(tree)
        if not may_import(path, library)
    ]
    assert not strayed, "\n".join(strayed)


def test_the_core_calls_nothing_that_reads_or_writes_the_world() -> None:
    """Also no `hash` and `id`, which differ from run to run, except inside `__hash__`."""
    strayed = [
        f"{shown(path)}:{node.lineno} calls {node.func.id}"
        for path, tree in core_modules()
        for node in _calls_outside_of_hash(tree)
        if isinstance(node.func, ast.Name) and node.func.id in WORLDLY_CALLS
    ]
    assert not strayed, "\n".join(strayed)


def test_the_core_draws_no_random_numbers() -> None:
    drawn = [
        f"{shown(path)}:{node.lineno}"
        for path, tree in core_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node).startswith(("np.random", "numpy.random"))
    ]
    assert not drawn, "\n".join(drawn)


def test_the_import_contracts_hold() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_room_of_the_core_is_known() -> None:
    rooms = {folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists()}
    assert rooms == {*CORE, "adapters", "lab", "app", "edges"}


def _calls_outside_of_hash(tree: ast.Module) -> Iterator[ast.Call]:
    inside = {
        call
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__hash__"
        for call in ast.walk(node)
    }
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node not in inside)
