from __future__ import annotations

import pytest

from haitang.decision.engine.actions import ACTIONS, FURTHER, PRIMARY, RANK, action_bits

MILDEST_FIRST = (
    "PASS WATCH TIP ACK EDU OTP FACE SIGN VID DELAY LIM CV HOLD NC RO PROT BLOCK REJ STOP48 FRZ "
    "PUN ALLSUSP"
)


def test_primary_actions_stand_in_their_order_of_strictness() -> None:
    assert tuple(MILDEST_FIRST.split()) == PRIMARY
    assert FURTHER == ("CALL", "REP", "STR", "LEAD")
    assert [action.code for action in ACTIONS] == [*PRIMARY, *FURTHER]


def test_a_rank_is_a_place_in_the_vocabulary() -> None:
    assert [RANK[action.code] for action in ACTIONS] == list(range(len(ACTIONS)))


def test_every_action_but_a_pass_stands_on_a_measure_in_both_languages() -> None:
    for action in ACTIONS:
        assert action.title.en
        assert action.title.zh
        assert bool(action.basis) == (action.code != "PASS")


def test_a_set_of_actions_counts_each_once() -> None:
    assert action_bits(("CALL", "WATCH", "CALL")) == 1 << RANK["CALL"] | 1 << RANK["WATCH"]
    assert action_bits(()) == 0


def test_an_action_beyond_the_vocabulary_is_a_programmer_error() -> None:
    with pytest.raises(KeyError):
        action_bits(("SHRUG",))
