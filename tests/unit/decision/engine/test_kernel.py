"""How hits, models and the policy table come together in one decision."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from haitang.decision.engine import DecisionBatch, EngineProgram, compile_pack
from haitang.decision.rules.specs import Pack
from tests.model_texts import small_model
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    columns,
    decide,
    login,
    payment,
    policy,
    read_pack,
    run,
)

SCORES = (1, 37, 100, 250, 300, 333, 500, 667, 730, 850, 990, 999)


def combined(scores: Sequence[int]) -> int:
    """The formula of the design, in exact arithmetic."""
    doubt = Fraction(1)
    for score in scores:
        doubt *= Fraction(1000 - score, 1000)
    return int(1000 - 1000 * doubt)


def of_score(score: int, **fields: Any) -> dict[str, Any]:
    """A policy that always fires with a score."""
    return policy(f"of_{score}", "True", score=score, **fields)


def decided(score: int, row: dict[str, Any], **pack: Any) -> tuple[str, tuple[str, ...], str]:
    decision = decide(read_pack([of_score(score)], **pack), row)
    return decision.action, decision.actions, decision.tier


def test_scores_combine_by_the_formula_of_the_design() -> None:
    """Each bit of the amount lets one policy fire, the odd ones about the payee."""
    pack = read_pack(
        [
            policy(
                f"bit_{bit}",
                f"modulo(floor(amount_minor / {2**bit}), 2) == 1",
                score=score,
                party=("payer", "payee")[bit % 2],
            )
            for bit, score in enumerate(SCORES)
        ]
    )
    out = run(compile_pack(pack), [payment(amount_minor=i) for i in range(2 ** len(SCORES))])
    for amount in range(2 ** len(SCORES)):
        sides = [
            [score for bit, score in enumerate(SCORES) if amount >> bit & 1 and bit % 2 == party]
            for party in range(2)
        ]
        assert out.scores[:, amount].tolist() == [combined(side) for side in sides], amount


def test_one_hit_scores_what_it_says_and_nothing_scores_nothing() -> None:
    source = random.Random(11)
    chosen = [0, 1, 999, 1000, *source.sample(range(2, 999), 40)]
    policies = [
        policy(f"of_{score}", f"amount_minor == {place}", score=score)
        for place, score in enumerate(chosen)
    ]
    rows = [payment(amount_minor=place) for place in range(len(chosen) + 1)]
    out = run(compile_pack(read_pack(policies)), rows)
    assert out.scores[0].tolist() == [*chosen, 0]
    assert out.scores[1].tolist() == [0] * len(rows)


def test_many_strong_hits_are_not_certain_and_one_certain_hit_is() -> None:
    strong = [policy(f"strong_{number}", "True", score=999) for number in range(6)]
    certain = policy("certain", "True", score=1000, party="payee")
    decision = decide(read_pack([*strong, certain]), payment())
    assert (decision.score_payer, decision.score_payee) == (999, 1000)


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (0, "low"), (299, "low"), (300, "medium"), (599, "medium"), (600, "high"), (849, "high"),
        (850, "critical"), (1000, "critical"),
    ],
)  # fmt: skip
def test_a_tier_begins_at_its_bound(score: int, tier: str) -> None:
    assert decided(score, payment())[2] == tier


def test_a_tier_without_a_bound_is_never_reached() -> None:
    pack = read_pack([of_score(1000)], tiers={"medium": 500})
    assert decide(pack, payment()).tier == "medium"


@pytest.mark.parametrize("party", ["payer", "payee"])
def test_the_higher_party_gives_the_tier(party: str) -> None:
    strong, weak = of_score(700, party=party), of_score(50)
    decision = decide(read_pack([strong, weak]), payment())
    assert decision.tier == "high"


def test_scores_of_two_parties_are_not_combined() -> None:
    pack = read_pack([of_score(290), of_score(280, party="payee")])
    decision = decide(pack, payment())
    assert (decision.score_payer, decision.score_payee, decision.tier) == (290, 280, "low")


TABLE = [
    {"tier": "high", "channel": ["MOBILE", "WEB"], "segment": ["ELDER"], "action": "HOLD"},
    {"tier": "high", "channel": "MOBILE", "action": "FACE", "also": ["CALL"]},
    {"tier": "high", "segment": "ELDER", "action": "VID"},
    {"tier": ["high", "critical"], "action": "BLOCK"},
    {"tier": "medium", "action": "TIP", "also": ["WATCH"]},
]


@pytest.mark.parametrize(
    ("score", "channel", "segment", "action", "actions"),
    [
        (700, "MOBILE", "ELDER", "HOLD", ("HOLD",)),
        (700, "WEB", "ELDER", "HOLD", ("HOLD",)),
        (700, "MOBILE", "STUDENT", "FACE", ("FACE", "CALL")),
        (700, "MOBILE", None, "FACE", ("FACE", "CALL")),
        (700, "ATM", "ELDER", "VID", ("VID",)),
        (700, None, "ELDER", "VID", ("VID",)),
        (700, "ATM", "STUDENT", "BLOCK", ("BLOCK",)),
        (900, "MOBILE", "ELDER", "BLOCK", ("BLOCK",)),
        (400, "MOBILE", "ELDER", "TIP", ("TIP", "WATCH")),
        (100, "MOBILE", "ELDER", "PASS", ("PASS",)),
    ],
)
def test_the_first_row_of_the_table_that_matches_decides(
    score: int, channel: str, segment: str, action: str, actions: tuple[str, ...]
) -> None:
    row = payment(channel=channel, customer_segment=segment)
    answer = decided(score, row, table=TABLE, segment="customer_segment")
    assert answer[:2] == (action, actions)


def test_the_segment_may_be_a_feature_of_earlier_events() -> None:
    known = {
        "key": "customer",
        "aggregate": "latest",
        "of": "customer_segment",
        "where": "known(customer_segment)",
    }
    pack = read_pack(
        [of_score(700)],
        features={**FEATURES, "segment_known": known},
        table=[{"tier": "high", "segment": ["ELDER"], "action": "HOLD"}],
        segment="segment_known",
    )
    first = login(0, customer_segment="ELDER")
    assert decide(pack, payment(1)).action == "PASS"
    assert decide(pack, first, payment(1)).action == "HOLD"
    assert decide(pack, first, payment(1, payer_customer_id="C2")).action == "PASS"


def test_the_strictest_of_table_and_policies_wins() -> None:
    table = [{"tier": "high", "action": "HOLD"}]
    for own, expected in (("OTP", "HOLD"), ("BLOCK", "BLOCK"), ("PASS", "HOLD")):
        pack = read_pack([of_score(700, action=own), of_score(10, action="TIP")], table=table)
        assert decide(pack, payment()).action == expected


def test_further_actions_are_a_set_in_one_order() -> None:
    pack = read_pack(
        [
            of_score(700, action="OTP", also=["LEAD", "CALL"]),
            of_score(10, also=["CALL", "WATCH", "OTP"]),
        ],
        table=[{"tier": "high", "action": "TIP", "also": ["CALL", "STR"]}],
    )
    assert decide(pack, payment()).actions == ("OTP", "WATCH", "CALL", "STR", "LEAD")


def mixed(*extra: dict[str, Any]) -> Pack:
    return read_pack(
        [
            policy("a_live", "is_payment and paid_sum_1h > 150000", score=500, action="OTP"),
            policy("c_live", "call_active", score=400, party="payee"),
            *extra,
        ],
        table=[{"tier": "high", "action": "HOLD"}, {"tier": "medium", "action": "TIP"}],
    )


ROWS = [payment(i, call_active=i % 3 == 0) for i in range(20)]


def concluded(out: DecisionBatch) -> list[Any]:
    every = columns(out)
    return [every[name] for name in ("actions", "further", "tiers", "scores")]


def test_shadow_policies_are_recorded_and_change_nothing() -> None:
    shadow = policy(
        "b_shadow", "is_payment", status="shadow", score=1000, action="FRZ", also=["CALL", "STR"]
    )
    plain, watched = run(compile_pack(mixed()), ROWS), run(compile_pack(mixed(shadow)), ROWS)
    assert concluded(watched) == concluded(plain)
    for place in range(len(ROWS)):
        before, after = plain.decision(place), watched.decision(place)
        assert [hit.policy for hit in after.shadow_hits] == ["b_shadow"]
        assert (after.action, after.actions, after.hits) == (
            before.action,
            before.actions,
            before.hits,
        )
        assert after.typologies == before.typologies


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_drafts_and_retired_policies_are_not_evaluated(status: str) -> None:
    idle = policy("b_idle", "True", status=status, score=1000, action="FRZ")
    program = compile_pack(mixed(idle))
    assert [own.id for own in program.policies] == ["a_live", "c_live"]
    assert columns(run(program, ROWS)) == columns(run(compile_pack(mixed()), ROWS))


# -- models --------------------------------------------------------------------------------------

LARGE, SMALL = 100_000, 50
"""Amounts that the small model gives 0.637 and, with a weight of nothing, 0.453."""


def scored_pack(**model: Any) -> Pack:
    declared = {
        "version": 3,
        "party": "payee",
        "title": {"en": "Small model", "zh": "小模型"},
        "inputs": ["amount_minor", "payee_account_age_days", "call_seconds"],
        "where": "is_payment",
        "bounds": {"medium": 0.5, "high": 0.637},
        **model,
    }
    table = [{"tier": "high", "action": "HOLD"}, {"tier": "medium", "action": "TIP"}]
    return read_pack(models={"small": (declared, small_model())}, table=table)


@pytest.fixture(scope="module")
def scored() -> EngineProgram:
    return compile_pack(scored_pack())


def test_a_model_lifts_the_tier_and_not_the_score(scored: EngineProgram) -> None:
    decision = run(scored, [payment(amount_minor=LARGE)]).decision(0)
    assert (decision.tier, decision.action) == ("high", "HOLD")
    assert (decision.score_payer, decision.score_payee) == (0, 0)
    assert decision.hits == ()
    assert [(own.model, own.version, own.party) for own in decision.models] == [
        ("small", "3", "payee")
    ]
    assert decision.models[0].score == pytest.approx(0.637031, abs=1e-6)


def test_an_event_that_reaches_a_tier_keeps_the_inputs_of_the_model(scored: EngineProgram) -> None:
    decision = run(scored, [payment(amount_minor=LARGE, call_seconds=2)]).decision(0)
    kept = {own.name: own.value for own in decision.models[0].contributions}
    assert kept == {"amount_minor": LARGE, "payee_account_age_days": None, "call_seconds": 2}
    weights = [abs(own.weight) for own in decision.models[0].contributions]
    assert weights == sorted(weights, reverse=True)
    assert decision.models[0].contributions[0].name == "amount_minor"
    assert decision.models[0].contributions[0].weight > 0


def test_an_event_below_every_tier_of_the_model_keeps_no_inputs(scored: EngineProgram) -> None:
    out = run(scored, [payment(amount_minor=SMALL, call_seconds=2)])
    assert out.hit_count.tolist() == [0]
    assert out.decision(0).tier == "low"
    assert out.decision(0).models[0].score == pytest.approx(0.453262, abs=1e-6)
    assert out.decision(0).models[0].contributions == ()


def test_a_model_is_silent_about_events_that_it_is_not_for(scored: EngineProgram) -> None:
    out = run(scored, [payment(0, amount_minor=LARGE), login(1), payment(2, amount_minor=LARGE)])
    assert [own.tier for own in map(out.decision, range(3))] == ["high", "low", "high"]
    assert out.decision(1).models == ()
    assert out.answers[0, 1] != out.answers[0, 1]
    assert out.raw_scores[0, 1] != out.raw_scores[0, 1]


def test_a_model_without_bounds_speaks_and_decides_nothing() -> None:
    decision = decide(scored_pack(bounds={}), payment(amount_minor=LARGE))
    assert (decision.tier, decision.action) == ("low", "PASS")
    assert decision.models[0].score > 0.6
