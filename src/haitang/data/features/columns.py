"""The column machine: a program of flat instructions over a block of up to 64 events.

A block is a matrix `values` (one row per column, 64 lanes and a gap, float64, NaN missing) and a
vector `masks` (one 64-bit word per flag, one bit per event). Programs are data: publishing a pack
compiles no machine code. Comparisons of a full block use one vector comparison of the row (64 lanes
to 64 bits); the general code serves short blocks, where scalar work is cheaper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from haitang.kernel.pointers import Int, address_of, pointer_to, table_of

LANES = 64
"""Events in one block: the width of a mask word."""
LANE_SHIFT = 6
"""Bits of a lane's number."""
ROW_STRIDE = 72
"""Words from one row to the next. Eight more than the lanes, so that the same lane of different
rows does not fall into the same few sets of the cache: with 64, a hundred features written for one
event evict each other.
"""

OCTET = 8
"""Lanes compared at once: as doubles they fill one AVX-512 register, or two of AVX2."""

# Operations on columns: destination row, operand rows.
ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM, MODULO, COALESCE = 1, 2, 3, 4, 5, 6, 7, 8
ABSOLUTE, FLOOR, LOGARITHM, SQUARE_ROOT = 10, 11, 12, 13
CHOOSE, DISTANCE, MASK_TO_COLUMN = 14, 15, 16
# Operations that give a mask: a row against a constant, or against a row.
LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL = 20, 21, 22, 23, 24, 25
ROW_LESS, ROW_LESS_EQUAL, ROW_EQUAL, ROW_NOT_EQUAL = 30, 31, 32, 33
KNOWN, ONE_OF = 40, 41
# Operations on masks.
AND, OR, NOT, ALWAYS, COPY = 50, 51, 52, 53, 54

CODE_COLUMNS = 6
"""Of an instruction: op, destination, and up to four operands."""

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the IUGG, 1980."""


def _octets_to_mask(builder: Any, holds: Callable[[Any], Any]) -> Any:
    """Return the 64-bit mask of a row's lanes; `holds` compares the eight lanes from octet `k` on.

    Each octet's comparisons become a byte. What LLVM makes of 64 comparisons seen as a word instead
    shuffles bytes, which was measured half as fast on AVX2.
    """
    word = ir.IntType(64)
    mask = ir.Constant(word, 0)
    for k in range(LANES // OCTET):
        told = builder.bitcast(holds(ir.Constant(ir.IntType(32), k)), ir.IntType(OCTET))
        byte = builder.shl(builder.zext(told, word), ir.Constant(word, k * OCTET))
        mask = builder.or_(mask, byte)
    return mask


def _octets_at(builder: Any, address: Any) -> Any:
    """Return a row at an address, to be loaded eight lanes at a time."""
    return builder.inttoptr(address, ir.VectorType(ir.DoubleType(), OCTET).as_pointer())


def _comparison(symbol: str) -> Any:
    """Return an intrinsic that compares 64 doubles at an address with a constant to a mask."""

    @intrinsic
    def compare(typing_context: Any, address: Any, constant: Any) -> Any:
        signature = types.uint64(types.intp, types.float64)

        def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
            pointer, scalar = arguments
            row = _octets_at(builder, pointer)
            undefined = ir.Constant(row.type.pointee, ir.Undefined)
            first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), OCTET), [0] * OCTET)
            spread = builder.shuffle_vector(first, undefined, lanes)

            def holds(k: Any) -> Any:
                return builder.fcmp_ordered(
                    symbol, builder.load(builder.gep(row, [k]), align=8), spread
                )

            return _octets_to_mask(builder, holds)

        return signature, generate

    return compare


def _row_comparison(symbol: str) -> Any:
    """Return an intrinsic that compares 64 doubles at one address with 64 at another, as a 64-bit
    mask.
    """

    @intrinsic
    def compare(typing_context: Any, left: Any, right: Any) -> Any:
        signature = types.uint64(types.intp, types.intp)

        def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
            rows = [_octets_at(builder, pointer) for pointer in arguments]

            def holds(k: Any) -> Any:
                octets = [builder.load(builder.gep(row, [k]), align=8) for row in rows]
                return builder.fcmp_ordered(symbol, *octets)

            return _octets_to_mask(builder, holds)

        return signature, generate

    return compare


@intrinsic
def _nonzero_words(typing_context: Any, address: Any) -> Any:
    """Return which of 64 integers at an address are not 0, as a 64-bit mask."""
    signature = types.uint64(types.intp)

    def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(ir.IntType(64), OCTET)
        row = builder.inttoptr(arguments[0], kind.as_pointer())
        nothing = ir.Constant(kind, [0] * OCTET)
        return _octets_to_mask(
            builder,
            lambda k: builder.icmp_unsigned(
                "!=", builder.load(builder.gep(row, [k]), align=8), nothing
            ),
        )

    return signature, generate


_nonzero: Any = _nonzero_words
_less = _comparison("<")
_less_equal = _comparison("<=")
_greater = _comparison(">")
_greater_equal = _comparison(">=")
_equal = _comparison("==")
# LLVM's ordered "not equal" is false for NaN, which is the language's rule for missing values.
_not_equal = _comparison("!=")
_row_less = _row_comparison("<")
_row_less_equal = _row_comparison("<=")
_row_equal = _row_comparison("==")
_row_not_equal = _row_comparison("!=")


@intrinsic
def _lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the index of the lowest set bit of a non-zero word."""
    signature = types.int64(types.uint64)

    def generate(context: Any, builder: Any, call_signature: Any, arguments: Any) -> Any:
        i64 = ir.IntType(64)
        count = builder.module.declare_intrinsic(
            "llvm.cttz", [i64], ir.FunctionType(i64, [i64, ir.IntType(1)])
        )
        return builder.call(count, [arguments[0], ir.Constant(ir.IntType(1), 1)])

    return signature, generate


lowest_bit: Any = _lowest_bit


@njit(nogil=True, error_model="numpy", inline="always")
def first_lanes(count: Int) -> Any:
    """Return the mask of a block's first lanes, of which there are 1 to 64."""
    return ~np.uint64(0) if count == LANES else (np.uint64(1) << np.uint64(count)) - np.uint64(1)


@njit(nogil=True, error_model="numpy", inline="always")
def nonzero_lanes(words: Any, at: Int, count: Int) -> Any:
    """Return the mask of lanes whose word is not 0; there are 1 to 64 from `at` on."""
    found = np.uint64(0)
    if count == LANES:
        found = _nonzero(address_of(words) + 8 * at)
    else:
        for j in range(count):
            found |= np.uint64(words[at + j] != 0) << np.uint64(j)
    return found


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _holds(op: Int, left: float, right: float) -> bool:
    if op == LESS or op == ROW_LESS:
        return left < right
    if op == LESS_EQUAL or op == ROW_LESS_EQUAL:
        return left <= right
    if op == GREATER:
        return left > right
    if op == GREATER_EQUAL:
        return left >= right
    if op == EQUAL or op == ROW_EQUAL:
        return left == right
    return left < right or left > right


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def test_row(
    op: Int, a: Int, b: Int, c: Int, constants: Any, sets: Any, values: Any, count: Int
) -> Any:
    """Return the mask of a comparison of row `a` with constant or row `b`; lanes from `count` on
    are undefined.
    """
    base = address_of(values)
    address = base + a * 8 * ROW_STRIDE
    if op == ONE_OF:
        found = np.uint64(0)
        if count > 4:
            for i in range(b, c):
                found |= _equal(address, sets[i])
            return found
        for j in range(count):
            value = values[a, j]
            for i in range(b, c):
                if value == sets[i]:
                    found |= np.uint64(1) << np.uint64(j)
                    break
        return found
    if count > 4:
        if op == GREATER_EQUAL:
            return _greater_equal(address, constants[b])
        if op == GREATER:
            return _greater(address, constants[b])
        if op == EQUAL:
            return _equal(address, constants[b])
        if op == LESS:
            return _less(address, constants[b])
        if op == LESS_EQUAL:
            return _less_equal(address, constants[b])
        if op == NOT_EQUAL:
            return _not_equal(address, constants[b])
        if op == KNOWN:
            return _row_equal(address, address)
        other = base + b * 8 * ROW_STRIDE
        if op == ROW_LESS:
            return _row_less(address, other)
        if op == ROW_LESS_EQUAL:
            return _row_less_equal(address, other)
        if op == ROW_EQUAL:
            return _row_equal(address, other)
        return _row_not_equal(address, other)
    found = np.uint64(0)
    for j in range(count):
        left = values[a, j]
        if op == KNOWN:
            holds = left == left
        elif op >= ROW_LESS:
            holds = _holds(op, left, values[b, j])
        else:
            holds = _holds(op, left, constants[b])
        if holds:
            found |= np.uint64(1) << np.uint64(j)
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _distance_km(latitude: float, longitude: float, latitude_2: float, longitude_2: float) -> float:
    if latitude + longitude + latitude_2 + longitude_2 != (
        latitude + longitude + latitude_2 + longitude_2
    ):
        # Most events tell no place. `min` would take 1 for it below, and it would be the antipode.
        return math.nan
    if latitude == latitude_2 and longitude == longitude_2:
        return 0.0  # what comes of the rest, without its sines
    phi = math.radians(latitude)
    phi_2 = math.radians(latitude_2)
    half_phi = math.sin((phi_2 - phi) / 2.0)
    half_lambda = math.sin(math.radians(longitude_2 - longitude) / 2.0)
    chord = half_phi * half_phi + math.cos(phi) * math.cos(phi_2) * half_lambda * half_lambda
    return 2.0 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


@njit(cache=True, nogil=True, error_model="numpy")
def _run_unary(op: Int, dst: Int, a: Int, values: Any, count: Int) -> None:
    for j in range(count):
        x = values[a, j]
        if op == ABSOLUTE:
            values[dst, j] = abs(x)
        elif op == FLOOR:
            values[dst, j] = math.floor(x) if x == x else x
        elif op == LOGARITHM:
            values[dst, j] = math.log(x) if x > 0.0 else math.nan
        else:
            values[dst, j] = math.sqrt(x) if x >= 0.0 else math.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _run_column(
    op: Int, dst: Int, a: Int, b: Int, c: Int, d: Int, values: Any, masks: Any, count: Int
) -> None:
    if op == ADD:
        for j in range(count):
            values[dst, j] = values[a, j] + values[b, j]
    elif op == SUBTRACT:
        for j in range(count):
            values[dst, j] = values[a, j] - values[b, j]
    elif op == MULTIPLY:
        for j in range(count):
            values[dst, j] = values[a, j] * values[b, j]
    elif op == DIVIDE:
        for j in range(count):
            y = values[b, j]
            divisor = y if y != 0.0 else math.nan
            values[dst, j] = values[a, j] / divisor
    elif op == MINIMUM or op == MAXIMUM:
        for j in range(count):
            x = values[a, j]
            y = values[b, j]
            smaller = x < y
            picked = x if smaller == (op == MINIMUM) else y
            values[dst, j] = picked if x == x and y == y else math.nan
    elif op == MODULO:
        for j in range(count):
            y = values[b, j]
            x = values[a, j]
            values[dst, j] = (
                x - y * math.floor(x / y) if y != 0.0 and x == x and y == y else math.nan
            )
    elif op == COALESCE:
        for j in range(count):
            x = values[a, j]
            values[dst, j] = x if x == x else values[b, j]
    elif op == CHOOSE:
        mask = masks[a]
        for j in range(count):
            chosen = (mask >> np.uint64(j)) & np.uint64(1)
            values[dst, j] = values[b, j] if chosen else values[c, j]
    elif op == DISTANCE:
        for j in range(count):
            values[dst, j] = _distance_km(values[a, j], values[b, j], values[c, j], values[d, j])
    elif op == MASK_TO_COLUMN:
        mask = masks[a]
        for j in range(count):
            values[dst, j] = np.float64((mask >> np.uint64(j)) & np.uint64(1))
    else:
        _run_unary(op, dst, a, values, count)


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def _run_one(
    code: Any, i: Int, constants: Any, sets: Any, values: Any, masks: Any, count: Int
) -> None:
    op = code[i, 0]
    dst = code[i, 1]
    a = code[i, 2]
    b = code[i, 3]
    if op < LESS:
        _run_column(op, dst, a, b, code[i, 4], code[i, 5], values, masks, count)
    elif op < AND:
        masks[dst] = test_row(op, a, b, code[i, 4], constants, sets, values, count)
    elif op == AND:
        masks[dst] = masks[a] & masks[b]
    elif op == OR:
        masks[dst] = masks[a] | masks[b]
    elif op == NOT:
        masks[dst] = ~masks[a]
    elif op == ALWAYS:
        masks[dst] = ~np.uint64(0) if a else np.uint64(0)


@njit(cache=True, nogil=True, error_model="numpy")
def run_program(
    code: Any, constant_pool: Any, set_pool: Any, block_values: Any, block_masks: Any, count: Int
) -> None:
    """Run instructions `code` (int32 rows of op, destination, a, b, c, d) over the first `count`
    lanes.

    `block_values` must be C-contiguous with rows of `ROW_STRIDE` words. Bits of lanes from `count`
    on are undefined in every mask.
    """
    instructions = table_of(code, CODE_COLUMNS)
    constants = pointer_to(constant_pool)
    sets = pointer_to(set_pool)
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    for i in range(code.shape[0]):
        _run_one(instructions, i, constants, sets, values, masks, count)


@njit(cache=True, nogil=True, error_model="numpy")
def run_needed(
    code: Any, needed_words: Any, constant_pool: Any, set_pool: Any, block_values: Any,
    block_masks: Any, count: Int,
) -> None:  # fmt: skip
    """Do as `run_program` with those instructions only whose bits are set in `needed_words`."""
    instructions = table_of(code, CODE_COLUMNS)
    needed = pointer_to(needed_words)
    constants = pointer_to(constant_pool)
    sets = pointer_to(set_pool)
    values = table_of(block_values, ROW_STRIDE)
    masks = pointer_to(block_masks)
    for word in range(needed_words.shape[0]):
        left = needed[word]
        while left != np.uint64(0):
            i = word * 64 + lowest_bit(left)
            left &= left - np.uint64(1)
            _run_one(instructions, i, constants, sets, values, masks, count)
