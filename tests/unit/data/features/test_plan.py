"""What a catalogue is compiled into: what is shared, where it lies, what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from haitang.data.features import layout as at
from haitang.data.features import terms
from haitang.data.features.plan import (
    INLINE_WORDS,
    MAX_FEATURES,
    MAX_SLOTS,
    Plan,
    PlanBuilder,
    PlanRefused,
)
from haitang.data.features.specs import Catalogue, EntitySpec, FeatureSpec, KeySpec, TextPair
from tests.conftest import CheckOutput

HOUR_US = 3_600_000_000
TITLE = TextPair(en="feature", zh="指标")
AMOUNT = terms.Field(name="amount_minor", type="number")
CALL_ACTIVE = terms.Field(name="call_active", type="flag")
PAYEE = terms.Field(name="payee_account", type="text")
LARGE = terms.Compare(op=">", left=AMOUNT, right=terms.Number(value=100.0))
ENTITIES = (
    EntitySpec(name="customer", retention_us=HOUR_US),
    EntitySpec(name="account", retention_us=HOUR_US),
)
KEYS = (
    KeySpec(slot="customer", entity="customer", fields=(("payer_customer_id", "customer_id"),)),
    KeySpec(slot="payer_account", entity="account", fields=(("payer_account",),)),
    KeySpec(slot="payee_account", entity="account", fields=(("payee_account",),)),
)


def feature(name: str, aggregate: str, **fields: Any) -> FeatureSpec:
    given: dict[str, Any] = {"key": "customer", "type": "number"}
    if aggregate not in ("count", "first_seen", "since", "total"):
        given["of"] = AMOUNT
    if aggregate not in ("first_seen", "since", "total", "latest"):
        given["window_us"] = HOUR_US
    given |= fields
    return FeatureSpec(name=name, title=TITLE, aggregate=aggregate, **given)  # type: ignore[arg-type]


def plan_of(*features: FeatureSpec, keys: tuple[KeySpec, ...] = KEYS) -> Plan:
    return PlanBuilder(Catalogue(entities=ENTITIES, keys=keys, features=features)).build()


def rows(plan: Plan) -> dict[str, int]:
    return dict(zip(plan.feature_names, plan.feature_rows.tolist(), strict=True))


def stream_count(plan: Plan) -> int:
    return len(plan.tables[2])


SAME: dict[str, Mapping[str, Any]] = {
    "sum": {},
    "count": {"where": LARGE},
    "distinct": {"of": PAYEE},
    "quantile": {"quantile": 0.9},
    "total": {"where": CALL_ACTIVE},
    "latest": {"of": PAYEE, "type": "text"},
}


@pytest.mark.parametrize("aggregate", SAME)
def test_features_that_say_the_same_share_a_value(aggregate: str) -> None:
    plan = plan_of(*(feature(name, aggregate, **SAME[aggregate]) for name in ("a", "b")))
    assert rows(plan)["a"] == rows(plan)["b"]
    assert plan.places["a"] == plan.places["b"]
    assert len(plan.tables[4]) + len(plan.tables[7]) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"window_us": 2 * HOUR_US},
        {"prior": True},
        {"where": LARGE},
        {"of": terms.Field(name="fee_minor", type="number")},
        {"delay_us": HOUR_US},
        {"of_scale": 2},
    ],
)
def test_features_that_say_something_else_do_not(difference: Mapping[str, Any]) -> None:
    plan = plan_of(feature("a", "sum"), feature("b", "sum", **difference))
    assert rows(plan)["a"] != rows(plan)["b"]


def test_a_derived_feature_that_says_the_same_shares_its_instructions() -> None:
    double = terms.Arithmetic(op="+", left=AMOUNT, right=AMOUNT)
    derived = [
        FeatureSpec(name=name, type="number", title=TITLE, value=double) for name in ("a", "b")
    ]
    assert len(set(rows(plan_of(*derived)).values())) == 1


def test_aggregates_of_one_value_share_one_stream_and_their_windows_one_ring() -> None:
    names = ("sum", "mean", "std", "min", "max", "last", "quantile", "rank")
    plan = plan_of(
        *(feature(name, name) for name in names),
        *(feature(f"{name}_2h", name, window_us=2 * HOUR_US) for name in names),
        *(feature(f"{name}_prior", name, prior=True) for name in names),
    )
    assert stream_count(plan) == 1
    (stream,) = plan.tables[2]
    assert stream[at.S_EDGE_STOP] - stream[at.S_EDGE_START] == 2
    assert sorted(plan.tables[3][:, at.G_WINDOW].tolist()) == [HOUR_US, 2 * HOUR_US]
    # One hour, two hours, and one hour before the event.
    assert len(set(rows(plan).values())) == 3 * len(names)


def test_a_stream_keeps_only_the_totals_that_are_asked() -> None:
    counted, summed, spread = (
        plan_of(feature("a", name)).tables[2][0] for name in ("count", "sum", "std")
    )
    assert counted[at.S_ENTRY_WORDS] == 1
    assert (summed[at.S_ENTRY_WORDS], summed[at.S_ENTRY_SUM]) == (2, 1)
    assert (spread[at.S_ENTRY_WORDS], spread[at.S_ENTRY_SQUARE]) == (4, 2)


@pytest.mark.parametrize(
    "difference",
    [
        {"where": LARGE},
        {"of": CALL_ACTIVE},
        {"key": "payer_account"},
        {"of_scale": 1},
    ],
)
def test_what_counts_other_events_has_a_stream_of_its_own(difference: Mapping[str, Any]) -> None:
    assert stream_count(plan_of(feature("a", "sum"), feature("b", "sum", **difference))) == 2


def test_a_total_that_ends_a_while_ago_ends_where_another_window_begins() -> None:
    plan = plan_of(feature("a", "sum"), feature("b", "mean", delay_us=5))
    (stream,) = plan.tables[2]
    assert stream[at.S_DELAY] == 0
    assert sorted(plan.tables[3][:, at.G_WINDOW].tolist()) == [5, HOUR_US, HOUR_US + 5]
    ends = {plan.tables[3][row[at.R_UNTIL], at.G_WINDOW] for row in plan.tables[4][1:]}
    assert plan.tables[4][0, at.R_UNTIL] == -1
    assert ends == {5}
    # An extreme is no difference of two totals.
    assert stream_count(plan_of(feature("a", "max"), feature("b", "max", delay_us=5))) == 2


def test_a_sum_shares_the_stream_that_counts_its_events_and_a_mean_does_not() -> None:
    count = feature("a", "count", where=LARGE)
    assert stream_count(plan_of(count, feature("b", "sum", where=LARGE))) == 1
    assert stream_count(plan_of(count, feature("b", "mean", where=LARGE))) == 2
    assert stream_count(plan_of(count, feature("b", "sum", where=CALL_ACTIVE))) == 2


def test_a_mean_shares_it_where_an_event_that_counts_is_known_to_have_a_value() -> None:
    # A comparison with something missing is false.
    counted = [feature("a", "count", where=LARGE), feature("b", "sum", where=LARGE)]
    assert stream_count(plan_of(*counted, feature("c", "mean", where=LARGE))) == 1
    assert stream_count(plan_of(*counted, feature("c", "max", where=LARGE))) == 1
    fee = terms.Field(name="fee_minor", type="number")
    assert stream_count(plan_of(*counted, feature("c", "mean", where=LARGE, of=fee))) == 2


def test_a_condition_tells_what_cannot_be_missing_where_it_holds() -> None:
    known = terms.Known(operand=PAYEE)
    either = terms.Logic(op="or", operands=(known, LARGE))
    both = terms.Logic(op="and", operands=(CALL_ACTIVE, known))
    one_of = terms.OneOf(operand=PAYEE, values=("a", "b"))
    derived = {"is_large": LARGE}
    large = terms.Feature(name="is_large", type="flag")

    def tells(condition: terms.Expression, operand: terms.Expression) -> bool:
        return terms.implies_known(condition, operand, derived)

    assert all(tells(condition, PAYEE) for condition in (known, both, one_of))
    assert tells(LARGE, AMOUNT)
    assert tells(large, AMOUNT)
    assert tells(terms.Logic(op="or", operands=(LARGE, large)), AMOUNT)
    assert not any(tells(condition, AMOUNT) for condition in (known, either, both, CALL_ACTIVE))
    assert not tells(terms.Not(operand=known), PAYEE)
    assert not tells(either, PAYEE)
    assert not tells(terms.Feature(name="other", type="flag"), AMOUNT)


def test_what_is_latest_first_and_counted_of_the_same_events_is_one_cell() -> None:
    fee = terms.Field(name="fee_minor", type="number")
    told = terms.Logic(op="and", operands=(terms.Known(operand=AMOUNT), terms.Known(operand=fee)))
    plan = plan_of(
        feature("amount", "latest", where=told),
        feature("fee", "latest", of=fee, where=told),
        feature("age", "since", where=told),
        feature("number", "total", where=told, prior=True),
        feature("again", "latest", where=told, prior=True),
    )
    ((offset, start, stop, *_),) = plan.tables[6].tolist()
    assert (offset, stop - start) == (2, 2)
    assert plan.tables[0][0, at.N_RECORD_WORDS] == 2 + at.CELL_LATEST + 2
    assert len(set(rows(plan).values())) == 5
    # What is missing does not count: the latest of an amount is not that of another event.
    assert len(plan_of(feature("a", "latest"), feature("b", "since")).tables[6]) == 2


def test_two_slots_of_an_entity_read_one_stream_of_their_shared_state() -> None:
    plan = plan_of(
        feature("paid", "sum", key="payer_account"), feature("got", "sum", key="payee_account")
    )
    assert stream_count(plan) == 1
    assert rows(plan)["paid"] != rows(plan)["got"]
    # Unless each counts its own side only.
    sides = [feature(key.slot, "sum", key=key.slot, seen_as=(key.slot,)) for key in KEYS[1:]]
    assert stream_count(plan_of(*sides)) == 2


def test_few_streams_lie_in_the_record_and_many_have_blocks_of_their_own() -> None:
    def streams(count: int) -> Plan:
        limits = [
            terms.Compare(op=">", left=AMOUNT, right=terms.Number(value=float(number)))
            for number in range(count)
        ]
        return plan_of(
            *(feature(f"f{number}", "sum", where=limit) for number, limit in enumerate(limits))
        )

    words = int(streams(1).tables[2][0, at.S_WORDS])
    fitting = INLINE_WORDS // words
    inline, lazy = streams(fitting), streams(fitting + 1)
    assert not inline.tables[2][:, at.S_LAZY].any()
    assert lazy.tables[2][:, at.S_LAZY].all()
    assert inline.tables[0][0, at.N_RECORD_WORDS] == 2 + fitting * words
    # One word a stream, as long as the key has no event that counts for it.
    assert lazy.tables[0][0, at.N_RECORD_WORDS] == 2 + fitting + 1
    assert np.unique(lazy.tables[2][:, at.S_OFFSET]).size == fitting + 1


def test_the_fields_of_a_plan_are_exactly_those_that_it_reads() -> None:
    plan = plan_of(
        feature("a", "sum", where=CALL_ACTIVE),
        feature("b", "distinct", of=terms.Field(name="device_id", type="text")),
        FeatureSpec(
            name="c",
            type="flag",
            title=TITLE,
            value=terms.Contains(field="remark", needles=("贷款", "loan")),
        ),
        FeatureSpec(
            name="d", type="flag", title=TITLE, value=terms.Listed(list="grey", field="ip")
        ),
        FeatureSpec(
            name="e",
            type="flag",
            title=TITLE,
            value=terms.OneOf(
                operand=terms.Field(name="channel", type="text"), values=("ATM", "WEB")
            ),
        ),
    )
    assert set(plan.fields.numbers) == {"amount_minor", "call_active"}
    keys = {"payer_customer_id", "customer_id", "payer_account", "payee_account"}
    assert set(plan.fields.texts) == keys | {"device_id", "ip", "channel"}
    assert plan.fields.remarks == ("remark",)


def test_a_digest_names_the_meaning_of_a_state() -> None:
    first, same = plan_of(feature("a", "sum")), plan_of(feature("a", "sum"))
    assert first.digest == same.digest
    others = [
        plan_of(feature("a", "mean")),
        plan_of(feature("a", "sum", window_us=HOUR_US + 1)),
        plan_of(feature("a", "sum", where=LARGE)),
        plan_of(feature("a", "sum"), keys=KEYS[:1]),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 5


def test_catalogues_beyond_the_bounds_are_refused(check_output: CheckOutput) -> None:
    slots = tuple(
        KeySpec(slot=f"slot_{number}", entity="account", fields=(("payer_account",),))
        for number in range(MAX_SLOTS + 1)
    )
    counts = tuple(feature(f"f{number}", "count") for number in range(MAX_FEATURES + 1))
    too_many = {
        "slots": Catalogue(entities=ENTITIES, keys=slots, features=()),
        "features": Catalogue(entities=ENTITIES, keys=KEYS, features=counts),
    }
    for name, catalogue in too_many.items():
        with pytest.raises(PlanRefused) as refused:
            PlanBuilder(catalogue)
        assert refused.value.code == "plan_too_large"
        check_output(refused.value.render(), name)
    assert len(plan_of(keys=slots[:MAX_SLOTS]).slots) == MAX_SLOTS
