"""What changed between two versions of a pack, in the words of its policies."""

from __future__ import annotations

from typing import Literal

import msgspec

from haitang.decision.rules.specs import Pack, PolicySpec

_UNTOLD = frozenset({"line", "path", "policy", "instance"})


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One instance that is new, gone or other."""

    instance: str
    what: Literal["added", "removed", "changed"]
    fields: tuple[str, ...] = ()
    """What changed of it; `parameter` names with their values are spelled out."""
    unversioned: bool = False
    """It changed and its version did not."""


def differ(old: Pack, new: Pack) -> tuple[Difference, ...]:
    """Return the differences in the order of the names."""
    before = {policy.id: policy for policy in old.policies}
    after = {policy.id: policy for policy in new.policies}
    found = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            found.append(Difference(instance=name, what="added"))
        elif name not in after:
            found.append(Difference(instance=name, what="removed"))
        else:
            fields = _changed(before[name], after[name])
            if fields:
                same_version = before[name].version == after[name].version
                found.append(
                    Difference(
                        instance=name,
                        what="changed",
                        fields=fields,
                        unversioned=same_version and before[name].status in ("shadow", "live"),
                    )
                )
    return tuple(found)


def _changed(old: PolicySpec, new: PolicySpec) -> tuple[str, ...]:
    fields = []
    for name in PolicySpec.__struct_fields__:
        if name in _UNTOLD or name == "parameters":
            continue
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            plain = isinstance(before, str | int) and isinstance(after, str | int)
            fields.append(f"{name}: {before} → {after}" if plain else name)
    values = {one.name: one.value for one in old.parameters}
    fields += [
        f"{one.name}: {values[one.name]} → {one.value}"
        for one in new.parameters
        if one.name in values and values[one.name] != one.value
    ]
    names = {one.name for one in new.parameters}
    fields += [f"parameter +{name}" for name in sorted(names - values.keys())]
    fields += [f"parameter -{name}" for name in sorted(values.keys() - names)]
    return tuple(fields)
