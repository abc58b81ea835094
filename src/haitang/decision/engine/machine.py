"""The machine: every array that a program's kernel needs, handed over as one word."""

# Numba's struct references carry no types.
# mypy: allow-untyped-calls
from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.experimental import structref


@structref.register
class _MachineType(types.StructRef):
    def preprocess_fields(self, fields: Any) -> Any:
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class Machine(structref.StructRefProxy):
    """All arrays that stay the same from call to call, handed to the kernel as one word.

    Taking ninety arrays over from Python one by one costs more than deciding a single event.
    """

    def __new__(  # noqa: D102
        cls, arena: Any, plan: Any, tables: Any, models: Any, scratch: Any, hits: Any
    ) -> Machine:
        machine: Machine = structref.StructRefProxy.__new__(
            cls, arena, plan, tables, models, scratch, hits
        )
        return machine


structref.define_proxy(
    Machine, _MachineType, ["arena", "plan", "tables", "models", "scratch", "hits"]
)


@njit(cache=True)
def make_machine(
    arena: Any, plan: Any, tables: Any, models: Any, scratch: Any, hits: Any
) -> Machine:
    """Return a machine; the class itself would compile its constructor in every process."""
    return Machine(arena, plan, tables, models, scratch, hits)
