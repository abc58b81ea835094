"""Identifiers that say nothing: unique, of one form, in random order.

Fraud must not be recognisable by a number, a prefix or an order of identifiers, so every
identifier is a bijective scramble of its position under a salt drawn from the run's generator.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_HEX = np.array([f"{byte:02x}" for byte in range(256)], dtype="S2")


def scramble(positions: npt.NDArray[Any], salt: int) -> npt.NDArray[np.uint64]:
    """Map positions to distinct 64-bit numbers (SplitMix64's finaliser, a bijection)."""
    with np.errstate(over="ignore"):
        mixed = positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def spell(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.bytes_]:
    """Spell 64-bit numbers as 16 hexadecimal digits."""
    raw = numbers.astype(">u8").view(np.uint8)
    return np.ascontiguousarray(_HEX[raw]).view("S16").reshape(len(numbers))


def draw_identifiers(rng: np.random.Generator, prefix: str, count: int) -> npt.NDArray[Any]:
    """Draw so many identifiers of the form prefix and 16 digits, as an array of texts."""
    salt = int(rng.integers(0, 2**63))
    texts = spell(scramble(np.arange(count), salt)).tolist()
    return np.array([prefix + text.decode() for text in texts], dtype=object)
