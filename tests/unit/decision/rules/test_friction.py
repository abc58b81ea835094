"""`friction` of `pack.yaml`: what may be said, and what is refused."""

from __future__ import annotations

import pytest

from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import FrictionSpec
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import DAY_US
from tests.conftest import CheckOutput
from tests.unit.decision.rules.small_packs import PACK, POLICY, pack_of, small_files

FRICTION = """\
friction:
  challenges: [OTP, TIP, EDU]
  again_after: 12h
  instead: WATCH
  people_for: [ELDER, MINOR]
"""


def with_friction(old: str = "", new: str = "", *, policy: str = POLICY) -> PackSource:
    """Return the small pack with a budget in which one piece was replaced."""
    head = PACK + FRICTION
    assert old in head
    files = {**small_files(), "policies/large_share.yaml": policy.encode()}
    return pack_of(files, {"pack.yaml": head.replace(old, new, 1)})


def problems(source: PackSource) -> tuple[HaitangError, ...]:
    with pytest.raises(PackRefused) as refused:
        load_pack(source)
    return refused.value.problems


def test_the_budget_is_read_with_its_challenges_in_order() -> None:
    assert load_pack(with_friction()).friction == FrictionSpec(
        challenges=("TIP", "EDU", "OTP"), again_after_us=DAY_US // 2, instead="WATCH",
        people_for=("ELDER", "MINOR"),
    )  # fmt: skip


def test_a_pack_need_not_have_a_budget() -> None:
    assert load_pack(pack_of(small_files(), {})).friction is None


def test_people_may_be_left_out() -> None:
    friction = load_pack(with_friction("  people_for: [ELDER, MINOR]\n")).friction
    assert friction is not None
    assert friction.people_for == ()


FAULTS = (
    ("challenges: [OTP, TIP, EDU]", "challenges: [OTP, HOLD]"),
    ("challenges: [OTP, TIP, EDU]", "challenges: []"),
    ("challenges: [OTP, TIP, EDU]", "challenges: [TIP, TIP]"),
    ("  challenges: [OTP, TIP, EDU]\n", ""),
    ("again_after: 12h", "again_after: 31d"),
    ("again_after: 12h", "again_after: 1s"),
    ("again_after: 12h", "again_after: soon"),
    ("instead: WATCH", "instead: TIP"),
    ("instead: WATCH", "instead: HOLD"),
    ("instead: WATCH", "instead: CALL"),
    ("people_for: [ELDER, MINOR]", "people_for: [ELDERLY]"),
    ("instead: WATCH", "instead: WATCH\n  but: not"),
    ("segment: customer_segment", "segment: last_channel"),
    ("{tier: [medium, high], action: TIP}", "{tier: high, segment: [ELDER], action: EDU}"),
)


def test_what_is_wrong_with_a_budget_is_said_at_its_place(check_output: CheckOutput) -> None:
    told = []
    for old, new in FAULTS:
        told.append(f"# {new or '(left out) ' + old.strip()}")
        told += [problem.render() for problem in problems(with_friction(old, new))]
    check_output("\n".join(told) + "\n")


def lessons(action: str, scope: str) -> PackSource:
    policy = POLICY.replace("action: TIP\nalso: [CALL]", f"action: {action}")
    return with_friction(policy=f"{policy}instances:\n  - {{id: only, segment: {scope}}}\n")


@pytest.mark.parametrize("action", ["EDU", "WATCH\nalso: [EDU]"])
def test_a_lesson_for_nobody_but_people_who_get_a_person_is_refused(action: str) -> None:
    (problem,) = problems(lessons(action, "[ELDER, MINOR]"))
    assert problem.code == "lesson_for_people"
    assert "large_share.only" in problem.message
    assert str(problem.place).startswith("packs/small/policies/large_share.yaml:")


@pytest.mark.parametrize("scope", ["[ELDER, STUDENT]", "[STUDENT]", "rest"])
def test_a_lesson_for_others_too_is_not(scope: str) -> None:
    assert load_pack(lessons("EDU", scope)).policies[0].action == "EDU"


def test_another_action_for_them_is_not() -> None:
    assert load_pack(lessons("TIP", "[ELDER]")).policies[0].action == "TIP"


def test_a_lesson_for_everybody_is_not() -> None:
    policy = POLICY.replace("action: TIP\nalso: [CALL]", "action: EDU")
    assert load_pack(with_friction(policy=policy)).policies[0].action == "EDU"
