"""Which seeds a pack is measured on: those that follow from its digest, and none that was seen.

Whoever writes policies looks at streams, and what was looked at proves nothing any more. The seeds
of a measurement are therefore not chosen: they are the beginning of SHA-256 over the pack's digest
and a number, and the digest covers every file of the pack. A change of one threshold draws other
streams.
"""

from __future__ import annotations

import hashlib

SPENT_SEEDS: frozenset[int] = frozenset(
    {
        *(1, 2, 3, 4, 5, 7, 9, 11, 12, 21, 4101, 5207),
        *range(31_001, 31_007),
        *range(32_001, 32_013),
        *range(33_001, 33_005),
        *range(33_011, 33_015),
        *range(34_001, 34_009),
        *range(34_013, 34_017),
        *range(35_001, 35_059),
        *range(36_001, 36_013),
        *range(36_041, 36_095),
    }
)
"""Seeds that writing used (4101, 5207, those from 31001 on), the demo (7) and tests."""
SEEDS_MAX = 64
RULE = "haitang-detection"
"""Stands before what is hashed, so that no other use of the digest gives the same numbers."""


def measuring_seeds(pack_digest: str, count: int) -> tuple[int, ...]:
    """Return the seeds that a pack is measured on, always the same ones for the same pack."""
    assert 0 < count <= SEEDS_MAX, "a measurement has a bounded number of seeds"
    seeds: list[int] = []
    number = 0
    while len(seeds) < count:
        text = f"{RULE}:{pack_digest}:{number}".encode()
        seed = int.from_bytes(hashlib.sha256(text).digest()[:4], "big")
        if seed not in SPENT_SEEDS and seed not in seeds:
            seeds.append(seed)
        number += 1
    return tuple(seeds)
