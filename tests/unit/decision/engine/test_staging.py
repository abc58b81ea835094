"""What is folded first spares reading the rest, and changes no decision."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.engine.staging import choose_first
from haitang.decision.rules.specs import Pack
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    HEAD,
    MINUTE_US,
    START_US,
    columns,
    policy,
    read_pack,
)


def chosen(
    alone: list[dict[int, float]], read: list[set[int]], costs: Sequence[float] = (1.0,) * 9
) -> set[int]:
    return choose_first(alone, read, np.array(costs))


def expected_cost(
    first: set[int], alone: list[dict[int, float]], read: list[set[int]], costs: Sequence[float]
) -> float:
    """What all policies are expected to read, told slowly; policies share what they all read."""
    own = read[: len(alone)]
    prices = [cost / max(sum(home in homes for homes in own), 1) for home, cost in enumerate(costs)]
    total = 0.0
    for met, homes in zip(alone, own, strict=True):
        open_share = math.prod(met.get(home, 1.0) for home in homes & first)
        total += sum(prices[home] for home in homes & first)
        total += open_share * sum(prices[home] for home in homes - first)
    return total


def test_what_is_seldom_met_is_folded_before_what_it_spares() -> None:
    assert chosen([{1: 0.1}], [{1, 2}]) == {1}
    # Of two the one that is met less often; the other then spares too little.
    assert chosen([{1: 0.5, 2: 0.1}], [{1, 2}]) == {2}
    # The cheap one of two: the dear one had better wait for it.
    assert chosen([{1: 0.1, 2: 0.1}], [{1, 2}], (1.0, 9.0, 1.0)) == {2}
    # Policies share the price of what they all read.
    assert chosen([{5: 0.5, p: 0.5} for p in (1, 2, 3)], [{5, p} for p in (1, 2, 3)]) == {5}
    # What is told of nobody else spares nothing, and neither does a policy without a condition.
    assert chosen([{1: 0.1}, {}], [{1}, {1, 2}]) == set()
    # A model or the table stands behind the policies, and has no conditions.
    assert chosen([{1: 0.1}], [{1, 2}, {3, 4, 5}]) == {1}
    assert chosen([], [{1, 2}]) == set()


HOMES = range(5)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(HOMES), st.sampled_from([0.0, 0.05, 0.5, 1.0])),
            st.sets(st.sampled_from(HOMES)),
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from([1.0, 2.0, 7.0]), min_size=5, max_size=5),
)
def test_no_one_more_would_spare_anything(
    policies: list[tuple[dict[int, float], set[int]]], costs: list[float]
) -> None:
    alone = [met for met, _ in policies]
    read = [homes | met.keys() for met, homes in policies]
    first = chosen(alone, read, costs)
    cost = expected_cost(first, alone, read, costs)
    assert cost <= expected_cost(set(), alone, read, costs) + 1e-6
    for home in set(HOMES) - first:
        assert cost <= expected_cost(first | {home}, alone, read, costs) + 1e-6


def staged_pack() -> Pack:
    """Policies with several conditions each, over keys that forget within the hour."""
    features: dict[str, dict[str, Any]] = {
        f"f{number}": {
            "key": ("customer", "payee_account")[number % 2],
            "aggregate": ("sum", "max", "count", "mean")[number % 4],
            **({} if number % 4 == 2 else {"of": "amount_minor"}),
            "where": f"amount_minor > {number}",
            "window": ("5m", "20m", "1h")[number % 3],
            "prior": number % 5 == 0,
        }
        for number in range(12)
    }
    conditions = {
        "three": "f0 > 40 and f1 > 60 and f2 > 1",
        "gated": "is_payment and f0 > 90 and f3 > 10 and f4 > 100",
        "twice": "f5 > 80 and f6 > 1 and f0 > 10",
        "mixed": "f0 + f7 > 60 and f8 > 50 and f9 > 30",
        "either": "f5 > 60 and (f10 > 1 or f11 > 60)",
        "alone": "f10 > 1",
        "derived": "doubled > 120 and f3 > 20",
    }
    return read_pack(
        [policy(name, when, shows=["f9"]) for name, when in conditions.items()],
        features={**FEATURES, **features, "doubled": {"value": "2 * f0"}},
        head=HEAD.replace("30d", "1h"),
    )


def mixed_rows(count: int) -> list[dict[str, Any]]:
    """Payments and sign-ins, some minutes apart, of so many people that some are met again only
    after their hour, in one block.
    """
    source = random.Random(5)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        name = f"C{min(source.randrange(60), source.randrange(60))}"
        at_us = START_US + 3 * number * MINUTE_US - source.choice((0, 0, 400_000_000))
        row = {"event_id": f"E-{number}", "occurred_at_us": at_us}
        if source.random() < 0.2:
            rows.append({**row, "event_type": "LOGIN", "customer_id": name})
            continue
        payee = f"B{min(source.randrange(60), source.randrange(60))}"
        row |= {"event_type": "TXN_REQUEST", "payer_customer_id": name, "payee_account": payee}
        rows.append({**row, "amount_minor": source.randrange(100), "currency": "CNY"})
    return rows


def decided(program: EngineProgram, *, ask_all: bool, block: int) -> list[dict[str, Any]]:
    """The action of every event, and its hits with what they read."""
    state = EngineState.create(program, limit_bytes=1 << 28)
    events = [decode_row(row, base_currency="CNY") for row in mixed_rows(1_500)]
    found: list[dict[str, Any]] = []
    for start in range(0, len(events), block):
        batch = batch_events(events[start : start + block], program.fields)
        out = columns(evaluate(batch, state, keep_features=ask_all))
        starts = out["hit_starts"]
        found.extend(
            {"action": action, "hits": out["hits"][first:behind]}
            for action, first, behind in zip(out["actions"], starts, starts[1:], strict=False)
        )
    return found


@pytest.mark.parametrize("block", [1_500, 64, 50, 1])
def test_two_stages_decide_as_if_everything_were_read(block: int) -> None:
    program = compile_pack(staged_pack())
    assert program.stages[2][0] >= 2, "nothing is folded first"
    everything = decided(program, ask_all=True, block=1)
    assert decided(program, ask_all=False, block=block) == everything
    fired = {hit[0] for event in everything for hit in event["hits"]}
    assert len(fired) == len(program.policies)


def test_of_the_rest_nothing_is_read_where_the_first_says_no() -> None:
    program = compile_pack(
        read_pack(
            [policy("both", "few > 40 and many > 2 and most > 1")],
            features={
                **FEATURES,
                **{
                    name: {
                        "key": "customer",
                        "aggregate": "sum",
                        "of": "amount_minor",
                        "where": f"amount_minor > {number}",
                        "window": "1h",
                    }
                    for number, name in enumerate(("few", "many", "most"))
                },
            },
        )
    )
    state = EngineState.create(program, limit_bytes=1 << 28)

    def asked(amount: int, number: int) -> set[str]:
        row = {
            "event_type": "TXN_REQUEST",
            "event_id": f"E-{number}",
            "occurred_at_us": START_US + number,
            "payer_customer_id": "A",
            "amount_minor": amount,
            "currency": "CNY",
        }
        event = decode_row(row, base_currency="CNY")
        evaluate(batch_events([event], program.fields), state)
        wanted = state.prepared.wanted
        return {name for name, place in program.plan.places.items() if wanted[place.row] & 1}

    assert asked(10, 1) == {"few"}
    # What was not read was counted all the same.
    assert asked(31, 2) == {"few", "many", "most"}
