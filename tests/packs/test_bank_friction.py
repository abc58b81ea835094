"""What the bank asks of its customers: seldom, of the right people, and never without a way out."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from haitang.adapters.files.packs import read_pack_folder
from haitang.decision.engine import ACTIONS, DecisionBatch, compile_pack
from haitang.decision.rules.friction import CHALLENGES
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked
from tests.packs.bank import BANK, listed
from tests.unit.decision.engine.engine_packs import payment, policy, read_pack, run

PEOPLE = ("ELDER", "MINOR", "VULNERABLE")
HALF_DAY_MINUTES = 720


@cache
def bank() -> LoadedPack:
    """The bank, whether or not its locks were written already."""
    return load_pack_unlocked(read_pack_folder(BANK)).loaded


def decided(score: int, action: str, *segments: str, minutes: int = 1) -> DecisionBatch:
    """What the bank's table and budget make of the same signal again and again."""
    pack = bank().pack
    own = msgspec.structs.replace(
        read_pack([policy("signal", "amount_base_minor > 0", score=score, action=action)]),
        tiers=pack.tiers,
        table=pack.table,
        segment_source=pack.segment_source,
        friction=pack.friction,
    )
    rows = [
        payment(number * minutes, customer_segment=segment)
        for number, segment in enumerate(segments)
    ]
    return run(compile_pack(own), rows)


def actions(batch: DecisionBatch) -> list[tuple[str, ...]]:
    return [batch.decision(index).actions for index in range(batch.count)]


def test_a_tip_is_given_once_in_half_a_day() -> None:
    ordinary = ("ORDINARY",) * 3
    assert actions(decided(400, "TIP", *ordinary)) == [("TIP",), ("WATCH",), ("WATCH",)]
    later = decided(400, "TIP", *ordinary, minutes=HALF_DAY_MINUTES)
    assert actions(later) == [("TIP",)] * 3


def test_a_high_score_waits_for_a_person_every_time() -> None:
    assert actions(decided(700, "PASS", "ORDINARY", "ORDINARY")) == [("HOLD",)] * 2
    assert actions(decided(900, "TIP", "ORDINARY", "ORDINARY")) == [("HOLD", "CALL")] * 2


@pytest.mark.parametrize("segment", PEOPLE)
def test_people_who_are_easily_frightened_are_called_every_time_they_are_asked(
    segment: str,
) -> None:
    assert actions(decided(400, "PASS", segment, segment)) == [("WATCH",)] * 2
    assert actions(decided(100, "EDU", segment, segment)) == [("TIP", "CALL")] * 2
    assert actions(decided(700, "EDU", segment, segment)) == [("HOLD", "CALL")] * 2


def test_a_lesson_is_for_others_and_is_given_once() -> None:
    assert actions(decided(100, "EDU", "STUDENT", "STUDENT")) == [("EDU",), ("WATCH",)]


def test_the_bank_spares_whatever_asks_and_takes_nothing_away() -> None:
    friction = bank().pack.friction
    assert friction is not None
    assert friction.challenges == CHALLENGES
    assert set(friction.people_for) == set(PEOPLE)
    assert "EDU" not in {row.action for row in bank().pack.table if row.segments}


def test_no_live_policy_asks_only_such_people_for_a_lesson() -> None:
    wrong = [
        one.id
        for one in bank().pack.policies
        if "EDU" in (one.action, *one.also)
        and one.scope
        and {segment for _, segment in one.scope} <= set(PEOPLE)
    ]
    assert not wrong, listed(wrong)


def test_every_action_of_every_live_policy_has_notice_appeal_and_end() -> None:
    standards = bank().standards
    assert standards is not None
    asked = {
        (action, one.id)
        for one in bank().pack.policies
        if one.status == "live"
        for action in (one.action, *one.also)
    }
    asked |= {(action, "table") for row in bank().pack.table for action in (row.action, *row.also)}
    assert len({action for action, _ in asked}) > len(ACTIONS) // 2
    wrong = []
    for action, name in sorted(asked):
        measure = standards.measures[action]
        if measure.seen and not (measure.notice and measure.appeal):
            wrong.append(f"{name}: {action} is seen and has no notice or no appeal")
        # What is over with the one request, or ends with an order, has its end in that.
        if measure.ending not in ("once", "order") and not measure.longest_us:
            wrong.append(f"{name}: {action} has an open end")
    assert not wrong, listed(wrong)


def test_every_restriction_names_its_basis_and_a_text_for_the_customer() -> None:
    standards = bank().standards
    assert standards is not None
    wrong = [
        one.id
        for one in bank().pack.policies
        if one.status == "live"
        and any(standards.measures[action].restricts for action in (one.action, *one.also))
        and not (one.basis and one.customer_text)
    ]
    assert not wrong, listed(wrong)


def test_nobody_is_refused_for_good_without_a_person() -> None:
    wrong = [
        one.id
        for one in bank().pack.policies
        if one.status == "live"
        and "REJ" in (one.action, *one.also)
        and not {"CV", "CALL"} & {one.action, *one.also}
    ]
    wrong += [str(row) for row in bank().pack.table if "REJ" in (row.action, *row.also)]
    assert not wrong, listed(wrong)
