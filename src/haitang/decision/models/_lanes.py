"""Two vector loops over the lanes of a block, written as LLVM vectors. Private to `trees`.

A block holds 64 events side by side, one per lane. Numba's own loops would keep these states in
memory between iterations; as vectors they stay in registers, which is worth a factor of three. The
code is ordinary LLVM vector code: any processor runs it, AVX2 and wider run it well. No alignment
is needed for correctness; 64-byte alignment of the rank rows is needed for speed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from haitang.decision.models.tree_model import MISSING_NAN, MISSING_ZERO, ZERO_BOUND

LANES = 64
"""Events in a block."""
CHUNK = 16
"""Lanes whose ranks are counted together; as doubles they fill four AVX2 registers."""

_byte = ir.IntType(8)
_int = ir.IntType(32)
_long = ir.IntType(64)
_double = ir.DoubleType()


def _long_constant(value: int) -> Any:
    return ir.Constant(_long, value)


def _splat(builder: Any, value: Any, count: int) -> Any:
    """Return a vector that holds one value in every lane."""
    kind = ir.VectorType(value.type, count)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(_int, 0))
    zeros = ir.Constant(ir.VectorType(_int, count), [0] * count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


def _filled(kind: Any, value: float, count: int) -> Any:
    return ir.Constant(ir.VectorType(kind, count), [value] * count)


def _vector_at(builder: Any, data: Any, offset: Any, kind: Any) -> Any:
    """Return the address of a vector inside an array's data."""
    return builder.bitcast(builder.gep(data, [offset]), ir.PointerType(kind))


def _call(builder: Any, name: str, kind: Any, arguments: list[Any]) -> Any:
    """Call an LLVM intrinsic whose arguments and result are of one vector type."""
    suffix = f"v{kind.count}{'f64' if kind.element is _double else 'i32'}"
    insert: Any = cgutils.get_or_insert_function
    function = insert(
        builder.module, ir.FunctionType(kind, [kind] * len(arguments)), f"llvm.{name}.{suffix}"
    )
    return builder.call(function, arguments)


def _data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.make_array(kind)(context, builder, value).data


def _loop(builder: Any, start: Any, end: Any, initial: Any, step: Callable[[Any, Any], Any]) -> Any:
    """Run `state = step(index, state)` for each index; return the last state, kept in a
    register.
    """
    before = builder.block
    head = builder.append_basic_block("head")
    body = builder.append_basic_block("body")
    after = builder.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(start.type)
    state = builder.phi(initial.type)
    index.add_incoming(start, before)
    state.add_incoming(initial, before)
    builder.cbranch(builder.icmp_signed("<", index, end), body, after)
    builder.position_at_end(body)
    following = step(index, state)
    state.add_incoming(following, builder.block)
    index.add_incoming(builder.add(index, _long_constant(1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    return state


def _count_ranks(
    typing: Any,
    values: Any,
    value_offset: Any,
    thresholds: Any,
    first: Any,
    end: Any,
    missing: Any,
    ranks: Any,
    rank_offset: Any,
) -> Any:
    doubles = ir.VectorType(_double, CHUNK)
    signature = types.void(
        values, value_offset, thresholds, first, end, missing, ranks, rank_offset
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        value_data = _data(context, builder, kinds[0], arguments[0])
        threshold_data = _data(context, builder, kinds[2], arguments[2])
        rank_data = _data(context, builder, kinds[6], arguments[6])
        kind = arguments[5]
        value = builder.load(_vector_at(builder, value_data, arguments[1], doubles), align=8)
        is_nan = builder.fcmp_unordered("uno", value, value)
        zero = _filled(_double, 0.0, CHUNK)
        value = builder.select(is_nan, zero, value)
        bound = _filled(_double, ZERO_BOUND, CHUNK)
        is_zero = builder.fcmp_ordered("<=", _call(builder, "fabs", doubles, [value]), bound)
        nan_missing = builder.icmp_signed("==", kind, _long_constant(MISSING_NAN))
        zero_missing = builder.icmp_signed("==", kind, _long_constant(MISSING_ZERO))
        is_missing = builder.or_(
            builder.and_(is_nan, _splat(builder, nan_missing, CHUNK)),
            builder.and_(is_zero, _splat(builder, zero_missing, CHUNK)),
        )

        def count(index: Any, counted: Any) -> Any:
            threshold = builder.load(builder.gep(threshold_data, [index]))
            above = builder.fcmp_ordered(">", value, _splat(builder, threshold, CHUNK))
            return builder.sub(counted, builder.sext(above, ir.VectorType(_long, CHUNK)))

        counted = _loop(builder, arguments[3], arguments[4], _filled(_long, 0, CHUNK), count)
        rank = _narrow(builder, counted)
        for offset, stand_in in ((0, -128), (LANES, 127)):
            shown = builder.select(is_missing, _filled(_byte, stand_in, CHUNK), rank)
            place = builder.add(arguments[7], _long_constant(offset))
            builder.store(shown, _vector_at(builder, rank_data, place, shown.type), align=1)
        return context.get_dummy_value()

    return signature, generate


count_ranks: Any = intrinsic(_count_ranks)
"""Rank the `CHUNK` values at an offset among sorted thresholds (at most 254):
`(values, value_offset, thresholds, first, end, missing, ranks, rank_offset)`.

Writes the number of thresholds below each value, less 128, as signed bytes: once with missing
values at -128 (they go left everywhere) and, `LANES` bytes on, once with missing values at 127
(right). `missing` is a `MISSING_*` kind.
"""


def _narrow(builder: Any, counted: Any) -> Any:
    """Turn 64-bit counts into bytes less 128.

    The sum of both halves (the upper is zero) keeps LLVM from narrowing the counters inside of the
    loop, where the narrowing costs more than the counting.
    """
    halves = builder.bitcast(counted, ir.VectorType(_int, 2 * CHUNK))
    ints = ir.VectorType(_int, CHUNK)

    def half(offset: int) -> Any:
        mask = ir.Constant(ints, [2 * lane + offset for lane in range(CHUNK)])
        return builder.shuffle_vector(halves, ir.Constant(halves.type, ir.Undefined), mask)

    total = builder.sub(builder.add(half(0), half(1)), _filled(_int, 128, CHUNK))
    total = _call(builder, "smin", ints, [total, _filled(_int, 127, CHUNK)])
    total = _call(builder, "smax", ints, [total, _filled(_int, -128, CHUNK)])
    return builder.trunc(total, ir.VectorType(_byte, CHUNK))


def _walk(lanes: int) -> Any:
    """Make the loop over the nodes of a tree for a number of lanes (a multiple of 16)."""
    vector = ir.VectorType(_byte, lanes)

    def typed(
        typing: Any, ranks: Any, lane: Any, nodes: Any, first: Any, end: Any, leaves: Any, at: Any
    ) -> Any:
        signature = types.void(ranks, lane, nodes, first, end, leaves, at)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = signature.args
            rank_data = _data(context, builder, kinds[0], arguments[0])
            node_data = _data(context, builder, kinds[2], arguments[2])
            leaf_data = _data(context, builder, kinds[5], arguments[5])

            def step(index: Any, current: Any) -> Any:
                start = builder.mul(index, _long_constant(4))

                def part(number: int) -> Any:
                    place = builder.add(start, _long_constant(number))
                    return builder.load(builder.gep(node_data, [place]))

                def four_bytes(number: int) -> Any:
                    return builder.bitcast(_splat(builder, part(number), lanes // 4), vector)

                row = builder.add(builder.zext(part(0), _long), arguments[1])
                rank = builder.load(_vector_at(builder, rank_data, row, vector), align=1)
                goes_left = builder.sext(builder.icmp_signed(">", four_bytes(1), rank), vector)
                # 255 is no leaf: whoever goes left equals nothing and stays where it is.
                sought = builder.or_(goes_left, four_bytes(2))
                moves = builder.icmp_signed("==", current, sought)
                return builder.select(moves, four_bytes(3), current)

            last = _loop(builder, arguments[3], arguments[4], _filled(_byte, 0, lanes), step)
            builder.store(last, _vector_at(builder, leaf_data, arguments[6], vector), align=1)
            return context.get_dummy_value()

        return signature, generate

    typed.__name__ = f"walk_{lanes}"
    return intrinsic(typed)


walk_block = _walk(LANES)
"""Send 64 lanes through one tree: `(ranks, lane, nodes, first, end, leaves, at)`.

A node is four 32-bit words: the offset of its rank row, then one byte repeated four times each: the
rank (plus 1) up to which an event goes left, the leaf an event stands at that may pass the node,
and the leaf it moves to when it goes right. Every subtree is named by its leftmost leaf, so that
going left needs no move, and nodes come parents first. Writes the leaf (counted from the left) of
each lane, one byte each, at `at`.
"""

walk_chunk = _walk(CHUNK)
"""The same for the 16 lanes from `lane` on."""
