"""Graph features of a pack: what is read of them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from haitang.data.features.graph_specs import NEIGHBOURS, VISITS, GraphSpec
from haitang.decision.engine import EngineState, compile_pack
from haitang.decision.rules.problems import PackRefused
from tests.unit.decision.engine.engine_packs import FEATURES, policy, read_pack

LISTS = {"case_accounts": {"title": {"en": "Case accounts", "zh": "涉案账户"}}}
CHAIN = {"graph": "chain", "dwell": "10m", "where": "is_payment"}
CYCLE = {"graph": "cycle", "window": "7d", "where": "is_payment"}
HOPS = {"graph": "hops", "window": "7d", "where": "is_payment", "from": "case_accounts"}
CLUSTER = {"graph": "component", "links": ["device_id", "phone"]}


def spec_of(declared: dict[str, Any]) -> GraphSpec:
    pack = read_pack(features={**FEATURES, "asked": declared}, lists=LISTS)
    spec = next(feature.graph for feature in pack.catalogue.features if feature.name == "asked")
    assert spec is not None
    return spec


def test_what_is_left_out_has_the_documented_value() -> None:
    chain, cycle, hops = spec_of(CHAIN), spec_of(CYCLE), spec_of(HOPS)
    assert (chain.steps_max, chain.measure, chain.nodes) == (8, "length", "account")
    assert (cycle.steps_max, cycle.neighbours, cycle.visits) == (5, NEIGHBOURS, VISITS)
    assert (hops.steps_max, hops.party, hops.lists) == (6, "payer", ("case_accounts",))
    assert spec_of(CLUSTER).measure == "accounts"


def test_what_is_said_is_read() -> None:
    spec = spec_of(
        {
            **HOPS, "party": "payee", "hops_max": 3, "neighbours": 8, "visits": 20,
            "nodes": "customer", "asked": "is_payment and amount_minor > 5",
        }
    )  # fmt: skip
    assert (spec.party, spec.steps_max, spec.neighbours, spec.visits) == ("payee", 3, 8, 20)
    assert (spec.nodes, spec.asked is not None) == ("customer", True)


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({**CHAIN, "graph": "chian"}, "value_unknown"),
        ({"graph": "chain", "where": "is_payment"}, "key_missing"),
        ({**CHAIN, "window": "1h"}, "key_unknown"),
        ({**CHAIN, "dwell": "10"}, "duration_malformed"),
        ({**CHAIN, "hops_max": 17}, "value_out_of_range"),
        ({**CHAIN, "where": "paid_sum_1h > 0"}, "name_out_of_reach"),
        ({**CHAIN, "where": "amount_minor"}, "type_mismatch"),
        ({**CYCLE, "measure": "accounts"}, "value_unknown"),
        ({**CYCLE, "neighbours": 1_000}, "value_out_of_range"),
        ({**HOPS, "from": "case_acounts"}, "list_unknown"),
        ({**CLUSTER, "links": ["device"]}, "value_unknown"),
        ({**CLUSTER, "links": ["remark"]}, "value_unknown"),
        ({**CLUSTER, "measure": "confirmed_share"}, "key_missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(declared: dict[str, Any], code: str) -> None:
    with pytest.raises(PackRefused) as refused:
        spec_of(declared)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_a_window_cannot_count_by_a_graph_feature() -> None:
    counted = {
        "key": "customer", "aggregate": "count", "where": "chain > 2", "window": "1d",
    }  # fmt: skip
    with pytest.raises(PackRefused):
        read_pack(features={**FEATURES, "chain": CHAIN, "chains_1d": counted})


def test_a_pack_without_graph_features_has_none_of_it() -> None:
    program = compile_pack(read_pack([policy("one", "is_payment")]))
    state = EngineState.create(program, limit_bytes=64 << 20)
    assert program.graph is None
    assert state.graph is None
    assert state.prepared.graph is None
    assert "graph" not in state.sections()


def test_features_that_say_the_same_share_a_column() -> None:
    pack = read_pack(features={**FEATURES, "one": CYCLE, "two": CYCLE, "other": CHAIN})
    plan = compile_pack(pack).graph
    assert plan is not None
    assert plan.columns["one"] == plan.columns["two"] != plan.columns["other"]
    # Chains live in any store of the same payments.
    assert len(plan.tables[0]) == 1
