"""The shipped packs as their tests see them: the whole bank, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from haitang.adapters.files.packs import read_pack_folder
from haitang.decision.rules.pack import LoadedPack, load_pack_with_tests

PACKS = Path(__file__).resolve().parent.parent.parent / "packs"
BANK = PACKS / "bank"


@cache
def bank_pack() -> LoadedPack:
    """Return the pack with its tests; reading it also checks the `LOCK` of every part."""
    return load_pack_with_tests(read_pack_folder(BANK))


def listed(failures: list[str]) -> str:
    """Return all failures as one text, one a line, for an assertion's message."""
    return "\n" + "\n".join(failures)
