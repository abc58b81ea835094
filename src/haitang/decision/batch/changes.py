"""How one pack differs from another, as far as decisions go."""

from __future__ import annotations

import msgspec

from haitang.decision.batch.kept import leaf_features
from haitang.decision.engine.given import compile_given, leaves_read
from haitang.decision.rules.specs import Pack, PolicySpec

SPEAKING = ("live", "shadow")
_DECIDING = (
    "when", "party", "score", "action", "also", "status", "reads", "shows", "parameters",
)  # fmt: skip
"""What of a policy makes a difference to a decision."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How one pack differs from another, as far as decisions go."""

    policies: tuple[str, ...]
    """Instances that are new, gone or decide otherwise."""
    reason: str = ""
    """Why everything must be decided again; empty where only those policies are."""


def change_between(old: Pack, new: Pack, kept_fields: frozenset[str]) -> Change:
    """Tell what a kept run of `old` lacks for `new`; texts and owners make no difference."""
    before = {one.id: one for one in old.policies if one.status in SPEAKING}
    after = {one.id: one for one in new.policies if one.status in SPEAKING}
    changed = tuple(
        name
        for name in sorted(before.keys() | after.keys())
        if name not in before or name not in after or _differs(before[name], after[name])
    )
    return Change(policies=changed, reason=_whole_reason(old, new, changed, kept_fields))


def _differs(old: PolicySpec, new: PolicySpec) -> bool:
    return any(getattr(old, name) != getattr(new, name) for name in _DECIDING)


def _whole_reason(
    old: Pack, new: Pack, changed: tuple[str, ...], kept_fields: frozenset[str]
) -> str:
    policies = [one for one in new.policies if one.id in changed and one.status in SPEAKING]
    names = set(leaves_read(new, policies))
    leaves = {one.name: one for one in leaf_features(old)}
    other = {one.name for one in leaf_features(new) if leaves.get(one.name) != one}
    if names & other:
        return "features"
    if _surroundings(old) != _surroundings(new):
        return "surroundings"
    if old.models or new.models:
        return "models"
    fields = compile_given(new, policies).fields
    if not {*fields.numbers, *fields.texts, *fields.remarks} <= kept_fields:
        return "fields"
    return ""


def _surroundings(pack: Pack) -> tuple[object, ...]:
    """Return what decides besides policies and features."""
    return (
        pack.table, pack.tiers, pack.segment_source, pack.lists, pack.zone, pack.base_currency,
        pack.catalogue.entities, pack.catalogue.keys, pack.catalogue.holidays,
        pack.catalogue.working_days,
        # Derived features are computed again where a changed policy reads them, and only there.
        tuple(one for one in pack.catalogue.features if one.value is not None),
    )  # fmt: skip
