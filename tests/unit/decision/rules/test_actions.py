from __future__ import annotations

from haitang.decision.engine import actions as known
from haitang.decision.rules.actions import ACCOMPANYING_ACTIONS, FURTHER_ACTIONS, PRIMARY_ACTIONS


def test_packs_may_ask_for_exactly_what_the_engine_knows_in_its_order() -> None:
    assert PRIMARY_ACTIONS == known.PRIMARY
    assert FURTHER_ACTIONS == known.FURTHER


def test_passing_accompanies_nothing() -> None:
    assert set(ACCOMPANYING_ACTIONS) == {*PRIMARY_ACTIONS, *FURTHER_ACTIONS} - {"PASS"}
