"""How long, how named and how documented our source is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import PACKAGE, ROOT, modules, shown

MODULE_LINES = 500
FUNCTION_LINES = 70
BANNED_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "base",
    "stuff",
    "tools",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_no_module_is_longer_than_the_wall() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    long = {
        shown(path): lines
        for path in [*(path for path, _ in modules()), *tests]
        if (lines := len(path.read_text("utf-8").splitlines())) > MODULE_LINES
    }
    assert not long, "\n".join(f"{lines} lines: {place}" for place, lines in long.items())


def test_no_function_is_longer_than_the_wall() -> None:
    long = {
        f"{shown(path)}:{function.lineno} {function.name}": length
        for path, tree in modules()
        for function in functions(tree)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }
    assert not long, "\n".join(f"{lines} lines: {place}" for place, lines in long.items())


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [shown(path) for path, _ in modules() if path.stem.strip("_") in BANNED_NAMES]
    rooms = [
        shown(path) for path in PACKAGE.rglob("*") if path.is_dir() and path.name in BANNED_NAMES
    ]
    assert named + rooms == []


def test_every_room_has_a_charter() -> None:
    """A charter says what the room owns and what it never does; no logic stands below it."""
    bare = []
    for path, tree in modules():
        if path.name != "__init__.py":
            continue
        # The package itself makes one call: machine code is kept apart before Numba is imported.
        allowed = 2 if path.parent == PACKAGE else 1
        statements = [node for node in tree.body if not _is_import_or_export(node)]
        if ast.get_docstring(tree) is None or len(statements) > allowed:
            bare.append(shown(path))
    folders = {path.parent for path, _ in modules()}
    bare += [shown(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert not bare, "\n".join(bare)


def test_everything_public_has_a_docstring() -> None:
    silent = [
        f"{shown(path)}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'module')}"
        for path, tree in modules()
        for node in (tree, *_public(tree))
        if ast.get_docstring(node) is None
    ]
    assert not silent, "\n".join(silent)


def test_private_modules_stay_in_their_room() -> None:
    strayed = [
        f"{shown(path)} imports {node.module}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and _is_private_elsewhere(node.module, path)
    ]
    assert not strayed, "\n".join(strayed)


def _is_private_elsewhere(module: str, path: Path) -> bool:
    parts = module.split(".")
    private = next((at for at, part in enumerate(parts) if part.startswith("_")), None)
    if private is None or parts[0] != "haitang":
        return False
    home = PACKAGE.joinpath(*parts[1:private])
    return home not in path.parents


def _public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                methods = (part for part in node.body if isinstance(part, Function))
                yield from (part for part in methods if not part.name.startswith("_"))


def _is_import_or_export(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    return isinstance(node, ast.Assign) and [ast.unparse(name) for name in node.targets] == [
        "__all__"
    ]
