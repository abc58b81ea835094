"""Coverage counts what is live, and names what is missing, untested or said twice."""

from __future__ import annotations

from pathlib import Path

import msgspec

from haitang.app.authoring.counting import cover
from tests.unit.app.authoring.authored import edit, loaded, own_pack, speaking


def test_only_what_is_live_covers_a_typology(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan", "d05_probe")
    before = cover(loaded(own))
    assert (before.typologies_covered, before.instances_live, before.policies) == (0, 0, 0)
    speaking(own, status="shadow")
    speaking(own, name="d05_probe")
    found = cover(loaded(own))
    assert found.typologies_covered == 1
    assert found.typologies_total == 139
    assert "D05" not in found.typologies_missing
    assert "C14" in found.typologies_missing
    assert (found.instances_live, found.instances_shadow) == (2, 2)
    by_family = {one.family: one for one in found.families}
    assert (by_family["D"].covered, by_family["D"].live) == (1, 2)
    assert (by_family["C"].covered, by_family["C"].shadow) == (0, 2)


def test_an_instance_with_too_few_tests_either_way_is_untested(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    speaking(own)
    whole = loaded(own)
    assert cover(whole).untested == 0
    elder = "c14_gold_loan.elder"
    fewer = [
        test
        for test in whole.tests
        if not (test.policy == elder and test.fires and "far above" in test.name)
    ]
    found = cover(msgspec.structs.replace(whole, tests=tuple(fewer)))
    assert found.untested_instances == (elder,)


def test_instances_that_say_the_same_are_counted_once(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    speaking(own)
    whole = loaded(own)
    first = whole.pack.policies[0]
    twin = msgspec.structs.replace(first, id="c14_twin", policy="c14_twin", instance="")
    pack = msgspec.structs.replace(whole.pack, policies=(*whole.pack.policies, twin))
    found = cover(msgspec.structs.replace(whole, pack=pack))
    assert found.duplicates == 1
    assert found.duplicate_instances == ((first.id, "c14_twin"),)


def test_dead_instances_are_counted_where_a_stream_was_given(tmp_path: Path) -> None:
    own = own_pack(tmp_path, "c14_gold_loan")
    speaking(own)
    assert cover(loaded(own)).instances_dead is None
    assert cover(loaded(own), dead=["c14_gold_loan.elder"]).instances_dead == 1
    edit(own, "status: live", "status: retired")
    assert cover(loaded(own)).instances_live == 0
