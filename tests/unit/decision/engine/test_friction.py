"""Friction budgets: who was asked is not asked again, unless there is a reason to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    FAIL_POLICY,
    FULL,
    LISTS_ONLY,
    RULES_ONLY,
    DecisionBatch,
    EngineProgram,
    EngineState,
    brief_answers,
    compile_pack,
    decision_digest,
    evaluate,
    pack_decisions,
    unpack_decisions,
)
from haitang.decision.engine.columns import DecisionsRefused
from haitang.decision.engine.decisions import Spared
from tests.unit.decision.engine.engine_packs import (
    START_US,
    columns,
    login,
    payment,
    policy,
    read_pack,
    run,
)

FRICTION = {
    "challenges": ["TIP", "ACK", "EDU", "OTP", "FACE"],
    "again_after": "12h",
    "instead": "WATCH",
    "people_for": ["ELDER"],
}
HOURS_12 = 720
"""Payments are numbered in minutes."""

Row = Mapping[str, Any]


def asking(*policies: dict[str, Any], **more: Any) -> EngineProgram:
    parts = {"friction": FRICTION, "segment": "customer_segment", **more}
    return compile_pack(read_pack(policies, **parts))


def tips(name: str = "tips", bound: int = 1, **fields: Any) -> dict[str, Any]:
    return policy(name, f"amount_base_minor >= {bound}", **{"action": "TIP", **fields})


def actions(program: EngineProgram, *rows: Row) -> list[str]:
    return run(program, rows).action_names


def named(batch: DecisionBatch, index: int) -> tuple[str, ...]:
    return batch.decision(index).actions


def outcome(number: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "event_type": kind, "event_id": f"E-{number}", "customer_id": "C1",
        "occurred_at_us": START_US + number * 60_000_000, **fields,
    }  # fmt: skip


# -- asked once ----------------------------------------------------------------------------------


def test_the_same_challenge_is_asked_once_in_the_time() -> None:
    rows = [payment(0), payment(1), payment(HOURS_12 - 1), payment(HOURS_12), payment(HOURS_12 + 1)]
    assert actions(asking(tips()), *rows) == ["TIP", "WATCH", "WATCH", "TIP", "WATCH"]


def test_what_was_spared_does_not_prolong_the_time() -> None:
    rows = [payment(0), payment(HOURS_12 - 1), payment(HOURS_12)]
    assert actions(asking(tips()), *rows) == ["TIP", "WATCH", "TIP"]


def test_without_a_budget_everything_is_asked_and_no_byte_is_another() -> None:
    bare = compile_pack(read_pack([tips()], segment="customer_segment"))
    state = EngineState.create(bare, limit_bytes=64 << 20)
    out = run(bare, [payment(0), payment(1)], state)
    assert out.action_names == ["TIP", "TIP"]
    assert out.softened is None
    assert pack_decisions(out)[0] == 1
    assert b"spared" not in b"".join(brief_answers(out, positions=[0, 1]))
    assert b"spared" not in msgspec.json.encode(out.decision(1))
    assert "challenges" not in state.sections()
    assert bare.friction is None


def test_another_customer_is_asked() -> None:
    rows = [payment(0), payment(1, payer_customer_id="C2")]
    assert actions(asking(tips()), *rows) == ["TIP", "TIP"]


def test_nobody_in_particular_is_asked_every_time() -> None:
    rows = [payment(number, payer_customer_id=None) for number in (0, 1)]
    assert actions(asking(tips()), *rows) == ["TIP", "TIP"]


def test_another_reason_is_asked_and_the_same_typology_of_another_policy_is_not() -> None:
    program = asking(
        tips("a", 1, typology="C01"), tips("b", 150_000, typology="C01"),
        tips("c", 180_000, typology="C02"),
    )  # fmt: skip
    rows = [payment(0), payment(1, amount_minor=160_000), payment(2, amount_minor=190_000)]
    out = run(program, rows)
    assert out.action_names == ["TIP", "WATCH", "TIP"]
    assert out.hit_count.tolist() == [1, 2, 3]


def test_a_larger_amount_is_asked_about_again() -> None:
    amounts = (100_000, 200_000, 200_001, 400_002, 400_003)
    rows = [payment(number, amount_minor=amount) for number, amount in enumerate(amounts)]
    assert actions(asking(tips()), *rows) == ["TIP", "WATCH", "TIP", "WATCH", "TIP"]


def test_a_stricter_challenge_is_asked_and_covers_the_milder_one() -> None:
    program = asking(tips("a"), tips("b", 150_000, action="EDU"))
    rows = [payment(0), payment(1, amount_minor=160_000), payment(2), payment(3)]
    assert actions(program, *rows) == ["TIP", "EDU", "WATCH", "WATCH"]


def test_what_stays_is_the_challenge_of_the_new_reason() -> None:
    program = asking(tips("a", 1, typology="C01", action="EDU"), tips("b", 150_000, typology="C02"))
    out = run(program, [payment(0), payment(1, amount_minor=160_000)])
    assert out.action_names == ["EDU", "TIP"]
    spared = out.decision(1).spared
    assert isinstance(spared, Spared)
    assert spared.action == "EDU"


def test_an_event_that_happened_before_the_challenge_is_asked_about() -> None:
    assert actions(asking(tips()), payment(10), payment(9)) == ["TIP", "TIP"]


def test_shadow_policies_ask_nothing() -> None:
    program = asking(tips("a"), tips("b", typology="C09", status="shadow"))
    assert actions(program, payment(0), payment(1)) == ["TIP", "WATCH"]


def test_a_pass_never_lifts_what_watches() -> None:
    mild = {**FRICTION, "instead": "PASS"}
    program = asking(tips("a"), tips("b", typology="C02", action="WATCH"), friction=mild)
    assert actions(program, payment(0), payment(1)) == ["TIP", "WATCH"]


def test_a_challenge_beside_a_milder_action_is_spared_as_well() -> None:
    program = asking(tips("a", action="WATCH", also=["TIP", "LEAD"]))
    out = run(program, [payment(0), payment(1)])
    assert named(out, 0) == ("WATCH", "TIP", "LEAD")
    assert named(out, 1) == ("WATCH", "LEAD")


# -- the policy table ----------------------------------------------------------------------------

TABLE = (
    {"tier": "medium", "channel": ["MOBILE"], "action": "TIP"},
    {"tier": "medium", "segment": ["FIRM"], "action": "TIP"},
    {"tier": "medium", "action": "ACK"},
)


def scoring() -> EngineProgram:
    return asking(tips(action="PASS", score=400), table=TABLE)


def test_a_row_of_the_table_asks_once() -> None:
    assert actions(scoring(), payment(0), payment(1)) == ["TIP", "WATCH"]


def test_another_row_of_the_table_is_another_reason() -> None:
    rows = [
        payment(0),
        payment(1, channel="WEB", customer_segment="FIRM"),
        payment(2, channel="WEB"),
        payment(3, channel="WEB", customer_segment="FIRM"),
        payment(4, channel="WEB"),
        payment(5, channel=None),
    ]
    assert actions(scoring(), *rows) == ["TIP", "TIP", "ACK", "WATCH", "WATCH", "WATCH"]


def test_table_and_policy_must_both_have_asked_before() -> None:
    program = asking(tips("a", score=10), tips("b", 150_000, action="PASS", score=400), table=TABLE)
    rows = [payment(0), payment(1, amount_minor=160_000), payment(2, amount_minor=160_000)]
    assert actions(program, *rows) == ["TIP", "TIP", "WATCH"]


# -- what is never dropped -----------------------------------------------------------------------


@pytest.mark.parametrize("action", ["VID", "DELAY", "LIM", "HOLD", "BLOCK", "STOP48"])
def test_what_is_no_challenge_of_the_pack_is_never_dropped(action: str) -> None:
    program = asking(tips("a"), tips("b", 150_000, typology="C02", action=action))
    rows = [payment(0)] + [payment(number, amount_minor=160_000) for number in (1, 2)]
    out = run(program, [*rows, payment(3)])
    assert out.action_names == ["TIP", action, action, "WATCH"]


def test_a_challenge_beside_a_call_is_never_dropped() -> None:
    program = asking(tips("a", 150_000, also=["CALL"]), tips("b"))
    rows = [payment(0), payment(1, amount_minor=160_000), payment(2, amount_minor=160_000)]
    assert actions(program, *rows) == ["TIP", "TIP", "TIP"]


@pytest.mark.parametrize(
    ("kind", "fields", "again"),
    [
        ("LABEL", {"label": "FRAUD_VICTIM"}, True),
        ("LABEL", {"label": "FRAUD"}, True),
        ("LABEL", {"label": "LEGIT"}, False),
        ("LABEL", {"label": "FRAUD", "customer_id": "C2"}, False),
        ("LABEL", {"label": "FRAUD", "customer_id": None, "payer_customer_id": "C1"}, True),
        ("CONTACT_RESULT", {"result": "DENIED"}, True),
        ("CONTACT_RESULT", {"label": "ATO"}, True),
        ("CONTACT_RESULT", {"result": "UNREACHED"}, False),
        ("RECOVERY", {"result": "DENIED"}, False),
    ],
)
def test_after_a_bad_outcome_the_customer_is_asked_again(
    kind: str, fields: dict[str, Any], again: bool
) -> None:
    told = {name: value for name, value in outcome(1, kind, **fields).items() if value is not None}
    found = actions(asking(tips()), payment(0), told, payment(2))
    assert found == ["TIP", "PASS", "TIP" if again else "WATCH"]


# -- proofs of identity --------------------------------------------------------------------------


def check(number: int, kind: str = "FACE_CHECK", **fields: Any) -> dict[str, Any]:
    return outcome(number, kind, **{"device_id": "D1", **fields})


@pytest.mark.parametrize(
    ("between", "device", "last"),
    [
        ([], "D1", "FACE"),
        ([check(1, result="PASS")], "D1", "WATCH"),
        ([check(1, result="PASS")], "D2", "FACE"),
        ([check(1, result="PASS")], None, "FACE"),
        ([check(1, result="PASS", device_id="D2")], "D1", "FACE"),
        ([check(1, result="FAIL")], "D1", "FACE"),
        ([check(1, result="PASS"), check(2, result="FAIL")], "D1", "FACE"),
        ([check(1, result="FAIL"), check(2, result="PASS")], "D1", "WATCH"),
        ([check(1, "OTP_VERIFIED")], "D1", "FACE"),
        ([check(1, result="PASS"), check(2, "OTP_FAILED")], "D1", "FACE"),
        ([check(61, result="PASS")], "D1", "FACE"),
    ],
)
def test_a_face_check_counts_when_it_was_passed_on_the_same_device(
    between: list[Row], device: str | None, last: str
) -> None:
    program = asking(tips(action="FACE"))
    rows = [payment(0, device_id="D1"), *between, payment(70, device_id=device)]
    found = actions(program, *rows)
    assert (found[0], found[-1]) == ("FACE", last)


def test_a_code_counts_when_it_was_accepted() -> None:
    program = asking(tips(action="OTP"))
    rows = [payment(0, device_id="D1"), payment(1, device_id="D1"), check(2, "OTP_VERIFIED")]
    assert actions(program, *rows, payment(3, device_id="D1")) == ["OTP", "OTP", "PASS", "WATCH"]


def test_a_proof_that_was_not_given_spares_no_tip_either() -> None:
    program = asking(tips("a"), tips("b", 150_000, action="FACE"))
    assert actions(program, payment(0, amount_minor=160_000), payment(1)) == ["FACE", "TIP"]


# -- people, not quizzes -------------------------------------------------------------------------


def test_who_is_easily_frightened_gets_a_call_and_no_lesson() -> None:
    program = asking(tips(action="EDU"))
    out = run(program, [payment(0, customer_segment="ELDER"), payment(1, customer_segment="NEW")])
    assert named(out, 0) == ("TIP", "CALL")
    assert named(out, 1) == ("EDU",)
    spared = out.decision(0).spared
    assert isinstance(spared, Spared)
    assert (spared.action, spared.asked_at_us) == ("EDU", None)


def test_the_table_may_say_to_hold_in_the_place_of_a_lesson() -> None:
    held = {"tier": "medium", "segment": ["ELDER"], "action": "HOLD"}
    program = asking(tips(action="EDU", score=400), table=[held])
    assert named(run(program, [payment(0, customer_segment="ELDER")]), 0) == ("HOLD", "CALL")


def test_a_lesson_beside_something_stricter_becomes_a_call() -> None:
    program = asking(tips(action="BLOCK", also=["EDU"]))
    out = run(program, [payment(0, customer_segment="ELDER"), payment(1)])
    assert named(out, 0) == ("BLOCK", "CALL")
    assert named(out, 1) == ("BLOCK", "EDU")


def test_people_are_called_every_time() -> None:
    program = asking(tips(action="EDU"))
    out = run(program, [payment(number, customer_segment="ELDER") for number in range(3)])
    assert [named(out, index) for index in range(3)] == [("TIP", "CALL")] * 3


# -- modes, state, records -----------------------------------------------------------------------


def in_modes(program: EngineProgram, *modes: int) -> list[str]:
    state = EngineState.create(program, limit_bytes=64 << 20)
    found = []
    for number, mode in enumerate(modes):
        events = [decode_row(payment(number), base_currency="CNY")]
        out = evaluate(batch_events(events, program.fields), state, mode=mode)
        found += out.action_names
    return found


def test_challenges_are_remembered_where_all_policies_are_asked() -> None:
    program = asking(tips())
    assert in_modes(program, FULL, RULES_ONLY) == ["TIP", "WATCH"]
    assert in_modes(program, RULES_ONLY, FULL) == ["TIP", "WATCH"]
    assert in_modes(program, FAIL_POLICY, FULL, FAIL_POLICY) == ["PASS", "TIP", "PASS"]


def test_in_lists_only_a_challenge_is_neither_spared_nor_remembered() -> None:
    names = {"watched": {"title": {"en": "Watched", "zh": "关注"}}}
    listed = policy("a", "not listed('watched', payee_account)", action="TIP")
    program = asking(listed, lists=names)
    assert in_modes(program, LISTS_ONLY, LISTS_ONLY, FULL) == ["TIP", "TIP", "TIP"]
    assert in_modes(program, FULL, LISTS_ONLY, FULL) == ["TIP", "TIP", "WATCH"]


def test_without_friction_nothing_is_spared_remembered_or_forgotten() -> None:
    program = asking(tips())
    state = EngineState.create(program, limit_bytes=64 << 20)
    events = [decode_row(payment(number), base_currency="CNY") for number in (0, 1)]
    batch = batch_events(events, program.fields)
    out = evaluate(batch, state, with_friction=False)
    assert out.action_names == ["TIP", "TIP"]
    assert not state.challenges.is_used


def test_engines_beside_each_other_and_published_ones_know_of_the_same_challenges() -> None:
    old, new = asking(tips()), asking(tips(score=101))
    bare = compile_pack(read_pack([tips()], segment="customer_segment"))
    state = EngineState.create(old, limit_bytes=64 << 20)
    assert run(old, [payment(0)], state).action_names == ["TIP"]
    assert run(new, [payment(1)], state.beside(new)).action_names == ["WATCH"]
    assert run(bare, [payment(2)], state.beside(bare)).action_names == ["TIP"]
    state.publish(new)
    assert run(new, [payment(3)], state).action_names == ["WATCH"]


def spared_batch() -> DecisionBatch:
    program = asking(tips(), tips("b", typology="C02", action="EDU"))
    rows = [payment(0), payment(1), login(2), payment(3), payment(4, customer_segment="ELDER")]
    out = run(program, rows)
    assert out.softened is not None
    assert out.softened.spared.tolist().count(0) == 2
    return out


def test_what_was_spared_is_read_back_as_it_was_written() -> None:
    out = spared_batch()
    data = pack_decisions(out)
    assert data[0] == 2
    again = unpack_decisions(data, out.program, out.events)
    assert columns(again) == columns(out)
    assert pack_decisions(again) == data
    for index in range(out.count):
        assert again.decision(index) == out.decision(index)
        assert decision_digest(again, index) == decision_digest(out, index)
    answers = brief_answers(out, positions=range(out.count))
    assert brief_answers(again, positions=range(out.count)) == answers


def test_a_decision_that_spared_nothing_is_written_as_it_always_was() -> None:
    program = asking(tips())
    alone = run(program, [payment(0)])
    assert pack_decisions(alone)[0] == 1
    bare = compile_pack(read_pack([tips()], segment="customer_segment"))
    assert pack_decisions(alone) == pack_decisions(run(bare, [payment(0)]))
    both = run(program, [payment(0), payment(1)])
    assert decision_digest(both, 0) == decision_digest(alone, 0)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-4],
        lambda whole: whole[:-1],
        lambda whole: whole[:-4] + (10**6).to_bytes(4, "little"),
        lambda whole: whole[:-4] + bytes(4),
        lambda whole: whole[:-17] + (9).to_bytes(4, "little") + whole[-13:],
        lambda whole: whole[:-13] + b"\xff" + whole[-12:],
        lambda whole: b"\x01" + whole[1:],
        lambda whole: b"\x03" + whole[1:],
    ],
    ids=[
        "no count", "cut short", "more than there is", "none at all", "an event beyond",
        "an action beyond", "the other version", "a version to come",
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused(damage: Callable[[bytes], bytes]) -> None:
    out = spared_batch()
    with pytest.raises(DecisionsRefused):
        unpack_decisions(damage(pack_decisions(out)), out.program, out.events)


def test_the_explanation_says_when_the_customer_was_asked_in_both_languages() -> None:
    out = run(asking(tips()), [payment(0), payment(185)])
    assert out.decision(0).spared is msgspec.UNSET
    spared = out.decision(1).spared
    assert isinstance(spared, Spared)
    assert (spared.action, spared.asked_at_us) == ("TIP", START_US)
    for text, ago in ((spared.shown.en, "3 h 5 min ago"), (spared.shown.zh, "3小时5分前")):
        assert ago in text
        assert "2026-03-02T10:00:00+08:00" in text
    brief = msgspec.json.decode(brief_answers(out, positions=[0, 1])[1])
    assert brief["spared"] == {"action": "TIP", "asked_at_us": START_US}
