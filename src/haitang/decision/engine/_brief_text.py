"""The walk that writes brief answers, compiled; `brief` says what stands in them."""

# Numba's decorators carry no types.
# mypy: allow-untyped-decorators
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.kernel.identity import ID_LENGTH
from haitang.kernel.pointers import Int, copy_bytes, pointer_to

NUMBER_BYTES_MAX = 20
"""Of a whole number in decimal digits, its sign included."""
LINE_END = ord("\n")
COMMA = ord(",")
MINUS = ord("-")
ZERO = ord("0")


WORDS, CODES, TIERS, ENDINGS, TYPOLOGIES, HITS, KINDS = range(7)
"""Kinds of texts; those of one kind stand one behind the other."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _put(out: Any, at: Int, texts: Any, spans: Any, number: Int) -> Int:
    """Write one of several texts; return where the next one goes."""
    start = spans[number]
    size = spans[number + 1] - start
    copy_bytes(out, at, texts, start, size)
    return at + size


@njit(cache=True, nogil=True, error_model="numpy")
def _put_number(out: Any, at: Int, number: Int) -> Int:
    """Write a number in decimal digits."""
    if number < 0:
        out[at] = MINUS
        at += 1
        number = -number
    digits = 1
    rest = number // 10
    while rest > 0:
        digits += 1
        rest //= 10
    for i in range(digits - 1, -1, -1):
        out[at + i] = ZERO + number % 10
        number //= 10
    return at + digits


@njit(cache=True, nogil=True, error_model="numpy")
def write_answers(
    names: Any, quoted: Any, positions: Any, actions: Any, further: Any, tiers: Any, scores: Any,
    hit_starts: Any, hit_policies: Any, spared_block: Any, spared_spans: Any, mode: Int,
    text_block: Any, spans: Any, kinds: Any, typology_of: Any, written: Any, starts: Any,
) -> None:  # fmt: skip
    """Write the answers one behind the other, and where each begins into `starts`.

    `quoted` holds the events' ids as JSON, a line each; the first text of a kind is number
    `kinds[kind]`; `typology_of` is -1 for a policy that nobody is told of.
    """
    at, reading = 0, 0
    out, texts, spared = pointer_to(written), pointer_to(text_block), pointer_to(spared_block)
    id_texts = pointer_to(names)
    found = np.empty(kinds[HITS] - kinds[TYPOLOGIES] + 1, np.int64)
    for j in range(actions.shape[0]):
        starts[j] = at
        at = _put(out, at, texts, spans, 0)
        copy_bytes(out, at, id_texts, j * ID_LENGTH, ID_LENGTH)
        at = _put(out, at + ID_LENGTH, texts, spans, 1)
        while quoted[reading] != LINE_END:
            out[at] = quoted[reading]
            at += 1
            reading += 1
        reading += 1
        at = _put(out, at, texts, spans, 2)
        at = _put_number(out, at, positions[j])
        at = _put(out, at, texts, spans, 3)
        action = np.int64(actions[j])
        at = _put(out, at, texts, spans, kinds[CODES] + action)
        at = _put(out, at, texts, spans, 4)
        at = _put(out, at, texts, spans, kinds[CODES] + action)
        for rank in range(kinds[CODES + 1] - kinds[CODES]):
            if further[j] >> rank & 1 and rank != action:
                out[at] = COMMA
                at = _put(out, at + 1, texts, spans, kinds[CODES] + rank)
        at = _put(out, at, texts, spans, 5)
        at = _put(out, at, texts, spans, kinds[TIERS] + np.int64(tiers[j]))
        at = _put(out, at, texts, spans, 6)
        at = _put_number(out, at, np.int64(scores[0, j]))
        at = _put(out, at, texts, spans, 7)
        at = _put_number(out, at, np.int64(scores[1, j]))
        at = _put(out, at, texts, spans, 8)
        count = 0
        for h in range(hit_starts[j], hit_starts[j + 1]):
            count = _enter(found, count, typology_of[hit_policies[h]])
        for i in range(count):
            if i > 0:
                out[at] = COMMA
                at += 1
            at = _put(out, at, texts, spans, kinds[TYPOLOGIES] + found[i])
        at = _put(out, at, texts, spans, 9)
        told = False
        for h in range(hit_starts[j], hit_starts[j + 1]):
            number = kinds[HITS] + np.int64(hit_policies[h])
            if spans[number + 1] > spans[number]:
                if told:
                    out[at] = COMMA
                    at += 1
                at = _put(out, at, texts, spans, number)
                told = True
        at = _put(out, at, texts, spans, 10)
        if spared_spans.shape[0] > 1:
            at = _put(out, at, spared, spared_spans, j)
        at = _put(out, at, texts, spans, kinds[ENDINGS] + mode)
    starts[actions.shape[0]] = at


@njit(cache=True, nogil=True, error_model="numpy")
def _enter(found: Any, count: Int, number: Int) -> Int:
    """Enter a number into the first `count`, which rise; return how many they are then."""
    place = count
    while place > 0 and found[place - 1] > number:
        place -= 1
    if number < 0 or (place > 0 and found[place - 1] == number):
        return count
    for i in range(count, place, -1):
        found[i] = found[i - 1]
    found[place] = number
    return count + 1
