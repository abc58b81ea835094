"""Graph features are exact: equal to a slow oracle, event by event, over random journals."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack
from tests.property.graph_oracle import GraphOracle
from tests.unit.decision.engine.engine_packs import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    START_US,
    read_pack,
)

transfers = "event_type == 'TXN_REQUEST' and txn_type in ('TRANSFER_INTRA', 'TRANSFER_INTER')"
any_money = "event_type in ('TXN_REQUEST', 'TXN_IN')"
drawn = "event_type == 'TXN_REQUEST' and txn_type == 'LOAN_DRAW'"
bounds = {"neighbours": 5, "visits": 12}
features: dict[str, Mapping[str, Any]] = {
    "is_transfer": {"value": transfers},
    "chain": {"graph": "chain", "dwell": "10m", "where": "is_transfer"},
    "short_chain": {"graph": "chain", "dwell": "1h", "hops_max": 3, "where": any_money},
    "relay": {
        "graph": "chain", "dwell": "1h", "where": "is_transfer",
        "through": "payer_customer_id == payee_customer_id",
    },
    "cycle": {"graph": "cycle", "window": "2h", "where": "is_transfer", **bounds},
    "cycle_share": {
        "graph": "cycle", "measure": "share", "window": "2h", "where": "is_transfer", **bounds,
    },
    "long_cycle": {"graph": "cycle", "window": "7d", "where": any_money, "nodes_max": 8},
    "hops": {
        "graph": "hops", "from": "case_accounts", "window": "2h", "where": "is_transfer", **bounds,
    },
    "payee_hops": {
        "graph": "hops", "from": ["case_accounts", "others"], "party": "payee", "window": "6h",
        "where": "is_transfer", "hops_max": 3,
    },
    "asked_hops": {
        "graph": "hops", "from": "case_accounts", "window": "2h", "where": "is_transfer",
        "asked": "event_type == 'LOGIN' or txn_type == 'CASH_WITHDRAW'", "hops_max": 4,
    },
    "customer_hops": {
        "graph": "hops", "from": "others", "window": "1d", "where": any_money, "nodes": "customer",
        "neighbours": 20, "visits": 100,
    },
    "fan": {"graph": "scatter_gather", "window": "1h", "where": "is_transfer", "neighbours": 5},
    "wide_fan": {"graph": "scatter_gather", "window": "6h", "where": any_money, "neighbours": 40},
    "returns": {
        "graph": "returns", "after": drawn, "window": "1d", "where": "is_transfer", "hops_max": 6,
        "nodes": "customer", "neighbours": 12,
    },
    "returned": {
        "graph": "returns", "after": drawn, "window": "3h", "where": "is_transfer",
        "measure": "share", "neighbours": 12,
    },
    "asked_cycle": {
        "graph": "cycle", "window": "2h", "where": "is_transfer", **bounds,
        "asked": "amount_base_minor >= 400",
    },
    "asked_fan": {
        "graph": "scatter_gather", "window": "6h", "where": any_money, "neighbours": 40,
        "asked": "amount_base_minor < 700 or event_type == 'LOGIN'",
    },
    "asked_returns": {
        "graph": "returns", "after": drawn, "window": "1d", "where": "is_transfer", "hops_max": 6,
        "nodes": "customer", "neighbours": 12,
        "asked": "amount_base_minor >= 300 or event_type == 'LOGIN'",
    },
    "cluster": {"graph": "component", "links": ["device_id", "phone"], "from": "case_accounts"},
    "cluster_confirmed": {
        "graph": "component", "links": ["device_id", "phone"], "from": "case_accounts",
        "measure": "confirmed",
    },
    "cluster_share": {
        "graph": "component", "links": ["device_id"], "from": ["case_accounts", "others"],
        "measure": "confirmed_share", "where": "event_type == 'LOGIN'", "party": "payee",
        "nodes": "customer", "asked": "is_transfer",
    },
}  # fmt: skip
lists = {name: {"title": {"en": name, "zh": name}} for name in ("case_accounts", "others")}


@pytest.fixture(scope="module")
def pack() -> Pack:
    return read_pack(features=features, lists=lists)


@pytest.fixture(scope="module")
def program(pack: Pack) -> EngineProgram:
    return compile_pack(pack)


def journal(seed: int, count: int, accounts: int, gap_us: int) -> list[dict[str, Any]]:
    """Return a journal with ties, late events, self payments, gaps in what is said, and a hub."""
    source = random.Random(seed)
    now_us = START_US
    rows = []
    for number in range(count):
        now_us += source.choice((0, 0, source.randrange(2 * gap_us)))
        row: dict[str, Any] = {
            "event_type": "TXN_REQUEST", "event_id": f"E-{number}", "occurred_at_us": now_us,
        }  # fmt: skip
        draw = source.random()
        payer, payee = (f"A{source.randrange(accounts)}" for _ in range(2))
        if source.random() < 0.15:
            payee = "A0"
        if draw < 0.05:
            row["event_type"] = source.choice(("LIST_UPSERT", "LIST_UPSERT", "LIST_REMOVE"))
            row["list_name"] = source.choice(("case_accounts", "others"))
            row["list_value"] = f"{source.choice('AC')}{source.randrange(accounts)}"
            rows.append(row)
            continue
        if source.random() < 0.1:
            late_us = (SECOND_US, MINUTE_US, HOUR_US, DAY_US)
            row["occurred_at_us"] -= source.randrange(1, source.choice(late_us))
        if draw < 0.15:
            row["event_type"] = "LOGIN"
            row["account_id"] = payer
            row["customer_id"] = f"C{payer[1:]}"
            row["phone"] = f"P{source.randrange(accounts)}"
        else:
            row["event_type"] = source.choice(("TXN_REQUEST",) * 5 + ("TXN_IN",))
            row["txn_type"] = source.choice(
                ("TRANSFER_INTER", "TRANSFER_INTRA", "TRANSFER_INTRA", "CASH_WITHDRAW", "LOAN_DRAW")
            )
            row["payer_account"], row["payee_account"] = payer, payee
            # Two accounts in three belong to somebody with another one.
            row["payer_customer_id"] = f"C{int(payer[1:]) // 3}"
            row["payee_customer_id"] = f"C{int(payee[1:]) // 3}"
            row["amount_base_minor"] = source.randrange(0, 1000)
            for name in (
                "payer_account",
                "payee_account",
                "amount_base_minor",
                "payee_customer_id",
            ):
                if source.random() < 0.04:
                    del row[name]
        if source.random() < 0.3:
            row["device_id"] = f"D{source.randrange(accounts * 3)}"
        rows.append(row)
    return rows


def engine_values(
    program: EngineProgram, rows: list[dict[str, Any]], seed: int, *, sweeps: int = 0
) -> dict[str, np.ndarray[Any, Any]]:
    """Return what the engine says, the journal cut at random."""
    source = random.Random(seed)
    state = EngineState.create(program, limit_bytes=64 << 20)
    parts, start = [], 0
    while start < len(rows):
        stop = start + source.choice((1, 2, 7, 64, 65, 200))
        events = batch_events([decode_row(row) for row in rows[start:stop]], program.fields)
        out = evaluate(events, state, keep_features=True)
        assert out.features is not None
        parts.append(out.features)
        assert state.graph is not None
        for _ in range(sweeps):
            state.graph.sweep()
        start = stop
    values = np.concatenate(parts, axis=1)
    return dict(zip(program.feature_names, values, strict=True))


def check(pack: Pack, program: EngineProgram, rows: list[dict[str, Any]], seed: int) -> set[str]:
    """Compare every feature with the oracle; return the kinds of values that were seen."""
    found = engine_values(program, rows, seed)
    seen = set()
    for feature in pack.catalogue.features:
        if feature.graph is None:
            continue
        oracle = GraphOracle(feature.graph)
        for number, row in enumerate(rows):
            expected, value = oracle.value(row), found[feature.name][number]
            assert value == expected or (math.isnan(value) and math.isnan(expected)), (
                f"{feature.name} of event {number} was {value}; expected {expected}"
            )
            seen.add(f"{feature.name} {'missing' if math.isnan(value) else value > 0}")
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_graph_features_equal_the_oracle(pack: Pack, program: EngineProgram, seed: int) -> None:
    accounts, gap_us = ((12, 60), (30, 120), (60, 30), (8, 600))[seed]
    rows = journal(seed, 1_000, accounts, gap_us * SECOND_US)
    seen = check(pack, program, rows, seed)
    assert {"cycle True", "hops True", "chain True", "fan True", "cluster True"} <= seen
    assert {"cycle missing", "hops missing", "fan missing", "returns missing"} <= seen


def test_a_journal_of_thousands_equals_the_oracle(pack: Pack, program: EngineProgram) -> None:
    rows = journal(99, 4_000, 400, 20 * SECOND_US)
    seen = check(pack, program, rows, 99)
    assert {"cycle True", "hops True", "returns True"} <= seen


def test_releasing_idle_accounts_changes_no_value(program: EngineProgram) -> None:
    rows = journal(7, 2_000, 40, 20 * 60 * SECOND_US)
    # What comes later than a store remembers beyond its windows may find an account forgotten.
    latest = START_US
    for row in rows:
        latest = row["occurred_at_us"] = max(latest, row["occurred_at_us"])
    kept = engine_values(program, rows, 7)
    swept = engine_values(program, rows, 8, sweeps=256)
    for name, values in kept.items():
        np.testing.assert_array_equal(values, swept[name], err_msg=name)


def test_sweeps_release_accounts(program: EngineProgram) -> None:
    rows = journal(7, 600, 200, SECOND_US)
    state = EngineState.create(program, limit_bytes=64 << 20)
    assert state.graph is not None
    evaluate(batch_events([decode_row(row) for row in rows], program.fields), state)
    before = state.graph.key_count
    last = {**journal(1, 1, 2, SECOND_US)[0], "occurred_at_us": START_US + 60 * DAY_US}
    evaluate(batch_events([decode_row(last)], program.fields), state)
    for _ in range(256):
        state.graph.sweep()
    assert state.graph.key_count < before / 2


def test_a_graph_wants_memory_until_it_was_touched_ahead(program: EngineProgram) -> None:
    state = EngineState.create(program)
    assert state.graph is not None
    state.features.ahead.touch()
    assert state.wants_memory, "the graph's memory was not asked for"
    before = state.graph.arena[: state.graph.size_bytes // 8].tobytes()
    state.touch_ahead()
    assert not state.wants_memory
    assert state.graph.arena[: state.graph.size_bytes // 8].tobytes() == before


def test_a_state_read_back_goes_on_as_before(program: EngineProgram) -> None:
    rows = journal(3, 800, 30, 60 * SECOND_US)
    batches = [
        batch_events([decode_row(row) for row in rows[at : at + 400]], program.fields)
        for at in (0, 400)
    ]
    state = EngineState.create(program, limit_bytes=64 << 20)
    evaluate(batches[0], state)
    again = EngineState.load(program, state.dump(), limit_bytes=64 << 20)
    sections = {name: b"".join(parts) for name, parts in state.sections().items()}
    read = EngineState.from_sections(program, Sections(sections), limit_bytes=64 << 20)
    first, second, third = (
        evaluate(batches[1], other, keep_features=True).features for other in (state, again, read)
    )
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


class Sections:
    """Written sections, as a snapshot would give them."""

    def __init__(self, sections: Mapping[str, bytes]) -> None:
        self.sections = sections

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.sections)

    def size(self, name: str) -> int:
        return len(self.sections[name])

    def read(self, name: str) -> bytes:
        return self.sections[name]

    def read_into(self, name: str, buffer: memoryview, /) -> None:
        buffer[:] = self.sections[name]


def test_a_hub_costs_a_bounded_record_and_is_missing(program: EngineProgram) -> None:
    rows = [
        {
            "event_type": "TXN_REQUEST", "event_id": f"E-{number}", "txn_type": "TRANSFER_INTRA",
            "occurred_at_us": START_US + number * SECOND_US, "payer_account": f"A{number}",
            "payee_account": "hub", "amount_base_minor": 100,
        }
        for number in range(2_000)
    ]  # fmt: skip
    last = {**rows[-1], "event_id": "E-last", "payer_account": "hub", "payee_account": "A1"}
    state = EngineState.create(program, limit_bytes=64 << 20)
    batch = batch_events([decode_row(row) for row in [*rows, last]], program.fields)
    values = evaluate(batch, state, keep_features=True).features
    assert values is not None
    found = dict(zip(program.feature_names, values[:, -1].tolist(), strict=True))
    assert found["chain"] == 2
    assert math.isnan(found["hops"])
    assert math.isnan(found["fan"])
    # A1 paid the hub, but not among the payments that are looked at.
    assert math.isnan(found["cycle"])
