"""Law 1: one engine, one fold, one caller of its kernels."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.tidy.source import modules, shown

ENGINE = "src/haitang/decision/engine/evaluate.py"
KERNEL = "src/haitang/decision/engine/kernel.py"
CALLERS = {
    "run_blocks": ENGINE,
    "fold_stage": KERNEL,
    "decide_stage": KERNEL,
    "keep_values": KERNEL,
}
"""Each kernel that decides, and the one place that calls it: `evaluate` runs blocks of stages."""

MODES = {"is_live", "replaying", "is_replay", "backtesting", "simulated"}


def definitions(name: str) -> list[str]:
    return [
        shown(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]


def callers(names: set[str]) -> Iterator[tuple[str, str]]:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")[2]
                if called in names:
                    yield called, shown(path)


def test_there_is_one_evaluate() -> None:
    assert definitions("evaluate") == [ENGINE]


def test_the_kernels_that_decide_have_one_caller() -> None:
    assert sorted(callers(set(CALLERS))) == sorted(CALLERS.items())


def test_nothing_asks_whether_it_is_live() -> None:
    """A second `if live` would be a second engine; clock and transport belong to adapters."""
    asked = [
        f"{shown(path)}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.IfExp)
        for name in ast.walk(node.test)
        if isinstance(name, ast.Name | ast.Attribute)
        and ast.unparse(name).rpartition(".")[2] in MODES
    ]
    assert not asked, "\n".join(asked)


def test_no_policy_is_written_in_another_language() -> None:
    """Not even in SQL; peers in a benchmark live outside of the rooms that decide."""
    spoken = [
        shown(path)
        for path, tree in modules()
        if "/decision/" in shown(path) or "/data/" in shown(path)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().upper().startswith(("SELECT ", "WITH RECURSIVE"))
    ]
    assert not spoken, "\n".join(spoken)
