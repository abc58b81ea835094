"""Packs that include each other, as an adapter gathers them: flat, with where each was read."""

from __future__ import annotations

from haitang.decision.rules.source import PackSource
from tests.unit.decision.rules.small_packs import FEATURES, LIST, PACK, POLICY

SHARED = PACK.replace("pack: small", "pack: shared")
FAMILY = """\
pack: family
version: 2.0.0
title: {en: A family, zh: 一族}
includes: [shared]
"""
OUTERMOST = """\
pack: whole-bank
version: 3.0.0
title: {en: The whole, zh: 全部}
includes: [shared, family]
"""


def draft(name: str) -> str:
    """Return a policy that needs no lock."""
    return POLICY.replace("id: large_share", f"id: {name}").replace("status: live", "status: draft")


def joined(**changes: str | None) -> PackSource:
    """Return a pack that includes `shared`, and `family` that includes it too; `a__b` is `a/b`."""
    files: dict[str, str | None] = {
        "pack.yaml": OUTERMOST,
        "includes/shared/pack.yaml": SHARED,
        "includes/shared/features/money.yaml": FEATURES,
        "includes/shared/lists/case_accounts.csv": LIST,
        "includes/family/pack.yaml": FAMILY,
        "includes/family/policies/large_share.yaml": draft("large_share"),
        **{name.replace("__", "/"): text for name, text in changes.items()},
    }
    return PackSource(
        name="packs/whole",
        files={path: text.encode() for path, text in files.items() if text is not None},
        origins={"shared": "packs/shared", "family": "packs/family"},
    )
