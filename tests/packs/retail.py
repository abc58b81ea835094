"""The shipped retail pack as its tests see it: read once, with what only people read beside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import yaml

from haitang.adapters.files.packs import read_pack_folder
from haitang.decision.rules.pack import LoadedPack, load_pack_with_tests

ROOT = Path(__file__).resolve().parent.parent.parent
RETAIL = ROOT / "packs" / "retail"


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a policy file that are no part of the decision."""

    runbook: list[str] = []
    false_positives: str = ""
    blind_spots: str = ""


@cache
def retail_pack() -> LoadedPack:
    """Return the pack with its tests; reading it also checks its `LOCK`."""
    return load_pack_with_tests(read_pack_folder(RETAIL))


@cache
def policy_notes() -> dict[str, Notes]:
    """Return what every policy tells its analysts, by policy id."""
    return {
        path.stem: msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Notes)
        for path in sorted((RETAIL / "policies").glob("*.yaml"))
    }


def listed(failures: list[str]) -> str:
    """Return all failures as one text, one a line, for an assertion's message."""
    return "\n" + "\n".join(failures)
