"""One compiled pack for all tests of the HTTP edge, a new node for each."""

from __future__ import annotations

import pytest

from haitang.decision.engine import EngineProgram
from haitang.edges.api.requests import AsgiApp
from tests.unit.edges.api.calls import make
from tests.unit.edges.api.memory_node import MemoryNode, small_program


@pytest.fixture(scope="session")
def program() -> EngineProgram:
    return small_program()


@pytest.fixture
def node(program: EngineProgram) -> MemoryNode:
    return MemoryNode(program)


@pytest.fixture
def app(node: MemoryNode) -> AsgiApp:
    return make(node)
