"""Which decided events friction looks at: few ask something, or tell what came of a challenge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from haitang.data.lists.marks import is_marked, mark_shift, set_mark
from haitang.kernel.pointers import Int

HEARD, ASKS = 1, 2
"""What an event is looked at for: an outcome that may meet a challenge, and what it asks itself."""


@njit(nogil=True, error_model="numpy", inline="always")
def _is_among(word: Any, words: Any) -> Any:
    found = False
    for i in range(words.shape[0]):
        found |= word == words[i]
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def find_asking(
    actions: Any,
    further: Any,
    hit_starts: Any,
    hit_policies: Any,
    lessons: Any,
    hashes: Any,
    rows: Any,
    proofs: Any,
    others: Any,
    people: Any,
    asking_bits: Int,
    is_deciding: bool,
    marks: Any,
    places: Any,
    reasons: Any,
) -> Int:
    """Write the events to be looked at and for what; return how many there are.

    `lessons` tells of each policy whether a lesson may hide behind it. `rows` are those of the
    texts `hashes` with the kind, the customer, the payer and the segment (-1: none matters);
    `proofs` and `others` the kinds of events that tell what came of a challenge; `asking_bits` the
    actions that ask something. Who is asked is marked, and a proof is heard only of customers who
    are: most were asked nothing, and it changes nothing. Other outcomes name several customers and
    are all heard.
    """
    kind_row, own_row, payer_row, segment_row = rows[0], rows[1], rows[2], rows[3]
    shift = mark_shift(marks.shape[0])
    found = 0
    for j in range(actions.shape[0]):
        kind = hashes[kind_row, j]
        is_proof = _is_among(kind, proofs)
        is_outcome = is_proof or _is_among(kind, others)
        asks = False
        if is_deciding:
            asks = (further[j] | np.int64(1) << np.int64(actions[j])) & asking_bits != 0
            if hit_starts[j + 1] > hit_starts[j]:
                # An outcome is looked at with whatever fired; with nothing there is nothing to
                # spare.
                asks = asks or is_outcome
                if not asks and segment_row >= 0 and _is_among(hashes[segment_row, j], people):
                    # A lesson may hide behind what is stricter; a call takes its place there too.
                    for h in range(hit_starts[j], hit_starts[j + 1]):
                        if hit_policies[h] < lessons.shape[0]:
                            asks |= lessons[hit_policies[h]]
        if asks:
            set_mark(marks, shift, hashes[own_row, j])
            set_mark(marks, shift, hashes[payer_row, j])
        heard = is_outcome and (not is_proof or is_marked(marks, shift, hashes[own_row, j]))
        if asks or heard:
            places[found] = j
            reasons[found] = HEARD * heard + ASKS * asks
            found += 1
    return found
