"""Policies that say twice what another says: counted, they would be padding."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from haitang.data.features.terms import Expression, Logic
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import PolicySpec
from haitang.kernel.errors import Place, symbol


def refuse_duplicates(
    read: Iterable[tuple[PackSource, Iterable[PolicySpec]]], problems: Problems
) -> None:
    """Refuse live instances of any policies with the same condition: one of them is padding."""
    first: dict[bytes, PolicySpec] = {}
    for source, policies in read:
        for policy in policies:
            if policy.status != "live":
                continue
            same = first.setdefault(condition_key(policy.when), policy)
            if same is not policy:
                problems.add(
                    "instance_duplicate",
                    f"{symbol(policy.id)} has the same condition as {symbol(same.id)}",
                    place=Place(source.shown(policy.path), policy.line),
                    hint="remove one of them, or let their conditions differ",
                )


def condition_key(when: Expression) -> bytes:
    """Return what two conditions have in common that hold for the same events as they are written;
    the order of what must hold together does not count.
    """
    parts = when.operands if isinstance(when, Logic) and when.op == "and" else (when,)
    return b"\n".join(sorted({msgspec.json.encode(part) for part in parts}))
