"""What a pack covers: typologies, instances by status, and what is untested or said twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

import msgspec

from haitang.data.features.terms import Expression
from haitang.decision.rules.pack import LoadedPack
from haitang.decision.rules.policytests import PolicyTest
from haitang.decision.rules.specs import PolicySpec
from haitang.decision.rules.standards import TypologySpec

TESTS_EACH_WAY = 2
"""Tests that fire, and tests that do not, which a live instance needs."""


class FamilyCount(msgspec.Struct, frozen=True, kw_only=True):
    """One family of the catalogue, A to K."""

    family: str
    typologies: int
    covered: int
    policies: int
    live: int
    shadow: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack covers; the keys of the JSON that the command writes."""

    pack: str
    pack_version: str
    pack_digest: str
    typologies_total: int
    typologies_covered: int
    typologies_missing: tuple[str, ...]
    policies: int
    instances_live: int
    instances_shadow: int
    instances_dead: int | None
    """Live and without a hit on the stream that was given; None without a stream."""
    untested: int
    duplicates: int
    untested_instances: tuple[str, ...]
    duplicate_instances: tuple[tuple[str, ...], ...]
    dead_instances: tuple[str, ...] = ()
    families: tuple[FamilyCount, ...] = ()


def cover(loaded: LoadedPack, *, dead: Collection[str] | None = None) -> Coverage:
    """Count; `dead` are the live instances that a stream never hit, where one was given."""
    pack = loaded.pack
    typologies = () if loaded.standards is None else tuple(loaded.standards.typologies.values())
    live = [policy for policy in pack.policies if policy.status == "live"]
    covered = {policy.typology for policy in live}
    known = {one.id for one in typologies} or covered
    untested = untested_instances(live, loaded.tests)
    twice = said_twice(live)
    return Coverage(
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        typologies_total=len(known),
        typologies_covered=len(covered & known),
        typologies_missing=tuple(sorted(known - covered)),
        policies=len({policy.policy_id for policy in live}),
        instances_live=len(live),
        instances_shadow=sum(policy.status == "shadow" for policy in pack.policies),
        instances_dead=None if dead is None else len(dead),
        untested=len(untested),
        duplicates=sum(len(names) - 1 for names in twice),
        untested_instances=untested,
        duplicate_instances=twice,
        dead_instances=tuple(sorted(dead or ())),
        families=_families(pack.policies, typologies),
    )


def untested_instances(
    policies: Iterable[PolicySpec], tests: Sequence[PolicyTest]
) -> tuple[str, ...]:
    """Return the instances that too few tests fire, or too few leave alone."""
    ways = Counter((test.policy, test.fires) for test in tests)
    return tuple(
        policy.id
        for policy in policies
        if min(ways[policy.id, True], ways[policy.id, False]) < TESTS_EACH_WAY
    )


def said_twice(policies: Iterable[PolicySpec]) -> tuple[tuple[str, ...], ...]:
    """Return groups of instances that have the same condition for the same party."""
    groups: dict[tuple[str, Expression], list[str]] = defaultdict(list)
    for policy in policies:
        groups[policy.party, policy.when].append(policy.id)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _families(
    policies: Sequence[PolicySpec], typologies: Sequence[TypologySpec]
) -> tuple[FamilyCount, ...]:
    known: dict[str, set[str]] = defaultdict(set)
    for name in (*(one.id for one in typologies), *(one.typology for one in policies)):
        known[name[0]].add(name)
    counts = []
    for family, names in sorted(known.items()):
        own = [one for one in policies if one.typology[0] == family]
        live = [one for one in own if one.status == "live"]
        counts.append(
            FamilyCount(
                family=family,
                typologies=len(names),
                covered=len({one.typology for one in live}),
                policies=len({one.policy_id for one in live}),
                live=len(live),
                shadow=sum(one.status == "shadow" for one in own),
            )
        )
    return tuple(counts)
