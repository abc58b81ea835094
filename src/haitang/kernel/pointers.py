"""Bare pointers for kernels: `pointer[i]` and `table[row, column]` without the weight of an array.

An array is seven words wherever Numba passes it, checks for negative indices at every access, and
counts references. The kernels pass a dozen of them through functions too large to be inlined, some
hundred times an event. A pointer is one word. Nothing is checked: an index must be right. The
arrays that pointers come from are held by the caller.
"""

# Numba's extension interface carries no types.
# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import operator
from typing import Any, TypeAlias

from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    register_model,
)

Int: TypeAlias = Any
"""A machine integer. Numba knows one kind; to mypy, Python's and NumPy's are strangers to each
other.
"""


class Pointer(types.Type):
    """The type of a pointer to numbers; `columns` is 0 for a vector, else the fixed width of a
    table's rows.
    """

    def __init__(self, dtype: Any, columns: int) -> None:
        self.dtype = dtype
        self.columns = columns
        super().__init__(name=f"Pointer({dtype}, {columns})")


@register_model(Pointer)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        element = manager.lookup(kind.dtype).get_data_type()
        super().__init__(manager, kind, element.as_pointer())


def _index_type(pointer: Any, index: Any) -> Any:
    if not isinstance(pointer, Pointer):
        return None
    if pointer.columns == 0 and isinstance(index, types.Integer):
        return types.intp
    if pointer.columns and isinstance(index, types.BaseTuple) and len(index) == 2:
        return types.UniTuple(types.intp, 2)
    return None


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    prefer_literal = False

    def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
        pointer, index = arguments
        index_type = _index_type(pointer, index)
        return signature(pointer.dtype, pointer, index_type) if index_type else None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    prefer_literal = False

    def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
        pointer, index, _ = arguments
        index_type = _index_type(pointer, index)
        return signature(types.none, pointer, index_type, pointer.dtype) if index_type else None


def _place(context: Any, builder: Any, kind: Any, pointer: Any, index: Any) -> Any:
    if kind.columns:
        row, column = (builder.extract_value(index, i) for i in range(2))
        width = context.get_constant(types.intp, kind.columns)
        index = builder.add(builder.mul(row, width), column)
    return builder.gep(pointer, [index])


@lower_builtin(operator.getitem, Pointer, types.Integer)
@lower_builtin(operator.getitem, Pointer, types.BaseTuple)
def _load(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
    kind = call.args[0]
    return builder.load(_place(context, builder, kind, *arguments))


@lower_builtin(operator.setitem, Pointer, types.Integer, types.Any)
@lower_builtin(operator.setitem, Pointer, types.BaseTuple, types.Any)
def _store(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
    pointer, index, value = arguments
    builder.store(value, _place(context, builder, call.args[0], pointer, index))
    return context.get_dummy_value()


def _from_array(array: Any, columns: int) -> Any:
    kind = Pointer(array.dtype, columns)

    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        source = context.make_array(call.args[0])(context, builder, arguments[0])
        return builder.bitcast(source.data, context.get_value_type(kind))

    return kind, generate


@intrinsic
def _pointer_to(typing_context: Any, array: Any) -> Any:
    """Return a pointer to the first element of a C-contiguous array, whatever its shape."""
    kind, generate = _from_array(array, 0)
    return kind(array), generate


@intrinsic(prefer_literal=True)
def _table_of(typing_context: Any, array: Any, columns: Any) -> Any:
    """Return a pointer to a C-contiguous array seen as rows of `columns` (a constant) elements."""
    if not isinstance(columns, types.IntegerLiteral):
        return None
    kind, generate = _from_array(array, columns.literal_value)

    def with_columns(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        return generate(context, builder, call, arguments[:1])

    return kind(array, columns), with_columns


def _reinterpreting(target: Any) -> Any:
    @intrinsic
    def reinterpret(typing_context: Any, pointer: Any) -> Any:
        kind = Pointer(target, 0)

        def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(kind))

        return kind(pointer), generate

    return reinterpret


pointer_to: Any = _pointer_to
table_of: Any = _table_of
as_halves: Any = _reinterpreting(types.uint32)
"""See 64-bit words as twice as many 32-bit halves, low half first."""
as_floats: Any = _reinterpreting(types.float64)
"""See 64-bit words as doubles."""
as_words: Any = _reinterpreting(types.uint64)
"""See doubles as 64-bit words."""


@intrinsic
def _address_of(typing_context: Any, pointer: Any) -> Any:
    """Return the address that a pointer holds."""

    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], context.get_value_type(types.intp))

    return types.intp(pointer), generate


address_of: Any = _address_of


@intrinsic
def _copy_bytes(
    typing_context: Any, target: Any, at: Any, source: Any, start: Any, size: Any
) -> Any:
    """Copy `size` bytes from `source[start]` on to `target[at]`; the two may not overlap.

    A loop in Python's words goes byte by byte, because each index might be negative.
    """

    def generate(context: Any, builder: Any, call: Any, arguments: Any) -> Any:
        target, at, source, start, size = arguments
        there, here = builder.gep(target, [at]), builder.gep(source, [start])
        cgutils.raw_memcpy(builder, there, here, size, 1)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), generate


copy_bytes: Any = _copy_bytes
