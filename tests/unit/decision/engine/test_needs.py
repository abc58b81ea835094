"""Which instructions behind the fold each policy needs; that leaving out the others changes no
decision is held in `test_demand`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from haitang.data.features import columns as machine
from haitang.decision.engine import EngineProgram, compile_pack
from tests.unit.decision.engine.engine_packs import payment, policy, read_pack, run

DESTINATION = 1


def counted(number: int) -> dict[str, Any]:
    where = f"amount_minor > {number}"
    return {"key": "customer", "aggregate": "count", "where": where, "window": "1h"}


FEATURES = {
    "few": counted(1),
    "many": counted(2),
    "twice": {"value": "2 * few"},
    "more": {"value": "twice + 1"},
    "other": {"value": "3 * many"},
    "unread": {"value": "5 * many"},
}


def needed(program: EngineProgram, words: np.ndarray) -> list[int]:
    """The rows that the instructions write whose bits are set."""
    code = program.tables[0][1]
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")[: len(code)]
    return sorted(code[bits == 1, DESTINATION].tolist())


def rows_of(program: EngineProgram, *names: str) -> list[int]:
    rows = dict(zip(program.feature_names, program.plan.feature_rows.tolist(), strict=True))
    return sorted(rows[name] for name in names)


def test_a_policy_needs_all_that_leads_to_what_it_looks_at_or_shows_and_nothing_else() -> None:
    program = compile_pack(
        read_pack(
            [
                policy("chained", "more > 3"),
                policy("single", "other > 3"),
                policy("showing", "few > 3", shows=["twice"]),
                policy("plain", "few > 4"),
            ],
            features=FEATURES,
        )
    )
    always, needs = program.tables[0][4:6]
    found = {one.id: needed(program, own) for one, own in zip(program.policies, needs, strict=True)}
    assert found == {
        "chained": rows_of(program, "twice", "more"),
        "single": rows_of(program, "other"),
        "showing": rows_of(program, "twice"),
        "plain": [],
    }
    assert needed(program, always[0]) == []


def test_what_two_policies_share_is_a_mask_that_both_need() -> None:
    shared = "more > 3"
    program = compile_pack(
        read_pack(
            [policy("one", f"{shared} and few > 1"), policy("two", f"{shared} and many > 1")],
            features=FEATURES,
        )
    )
    _, needs = program.tables[0][4:6]
    code = program.tables[0][1]
    for own in needs:
        bits = np.unpackbits(own.view(np.uint8), bitorder="little")[: len(code)]
        # The two derived features, and the comparison that both make.
        assert int(bits.sum()) == 3


def test_the_segment_that_the_table_asks_is_needed_by_every_event() -> None:
    program = compile_pack(
        read_pack(
            [policy("plain", "few > 4", score=50)],
            features={
                **FEATURES,
                "seen_as": {"key": "customer", "aggregate": "latest", "of": "customer_segment"},
                "segment": {"value": "seen_as"},
            },
            table=[{"tier": "medium", "segment": ["ELDER"], "action": "HOLD"}],
            tiers={"medium": 10},
            segment="seen_as",
        )
    )
    always, _ = program.tables[0][4:6]
    code = program.tables[0][1]
    bits = np.unpackbits(always[0].view(np.uint8), bitorder="little")[: len(code)]
    (asked,) = program.tables[4][0][:, 2].tolist()
    assert code[bits == 1, DESTINATION].tolist() == [asked]


ON_THE_EVENT: dict[str, dict[str, Any]] = {
    "is_large": {"value": "amount_minor > 100"},
    "half": {"value": "amount_minor / 2"},
    "summed": {
        "key": "customer", "aggregate": "sum", "of": "half", "scale": 1, "where": "is_large",
        "window": "1h",
    },
    "is_odd": {"value": "amount_minor > 7 and modulo(amount_minor, 2) == 1"},
    "third": {"value": "amount_minor / 3"},
}  # fmt: skip


def test_what_only_a_hit_shows_of_the_event_is_left_to_those_who_show_it() -> None:
    program = compile_pack(
        read_pack(
            [
                policy("showing", "summed > 40", shows=["is_odd", "third"]),
                policy("other", "summed > 9"),
            ],
            features=ON_THE_EVENT,
        )
    )
    early, late = (
        set(code[code[:, 0] < machine.LESS, DESTINATION].tolist()) for code in program.tables[0][:2]
    )
    for name in ("is_odd", "third"):
        assert set(rows_of(program, name)) <= late - early
    # What is summed, of which events, is known before anything is.
    assert set(rows_of(program, "half")) <= early
    _, needs = program.tables[0][4:6]
    other, showing = range(2)
    assert [one.id for one in program.policies] == ["other", "showing"]
    assert set(rows_of(program, "is_odd", "third")) <= set(needed(program, needs[showing]))
    assert needed(program, needs[other]) == []
    out = run(program, [payment(0, amount_minor=101), payment(1, amount_minor=8)])
    assert out.hit_policies.tolist() == [other, showing, other, showing]
    first = out.value_starts[showing]
    read = dict(zip(program.policy_reads[showing], out.hit_values[first:].tolist(), strict=False))
    assert (read["is_odd"], read["third"]) == (1.0, 101 / 3)
