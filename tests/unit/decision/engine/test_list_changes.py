"""Lists that change within a call: every event sees what had been said before it, and no more."""

from __future__ import annotations

import random
from typing import Any

import pytest

from haitang.decision.engine import EngineProgram, EngineState, compile_pack
from tests.unit.decision.engine.engine_packs import (
    HOUR_US,
    MINUTE_US,
    START_US,
    columns,
    payment,
    policy,
    read_pack,
    run,
)

LISTS = {"watched": {"title": {"en": "Watched", "zh": "关注"}}}
FEATURES = {
    "hops": {
        "graph": "hops", "from": "watched", "window": "2h", "hops_max": 3,
        "where": "event_type == 'TXN_REQUEST'",
    },
}  # fmt: skip
VALUES = 6


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    return compile_pack(
        read_pack(
            [
                policy("payee", "listed('watched', payee_account)"),
                policy("payer", "listed('watched', payer_account) and amount_minor > 50000"),
                policy("near", "hops <= 2"),
            ],
            features=FEATURES,
            lists=LISTS,
        )
    )


def entry(number: int, at_us: int, value: str, **fields: Any) -> dict[str, Any]:
    return {
        "event_type": "LIST_UPSERT", "event_id": f"L-{number}", "occurred_at_us": at_us,
        "list_name": "watched", "list_value": value, **fields,
    }  # fmt: skip


def rows(seed: int, count: int, *, late: float, dated: float) -> list[dict[str, Any]]:
    """Return payments and list events; some payments come late, some entries begin at other times
    than they come.
    """
    source = random.Random(seed)
    events: list[dict[str, Any]] = []
    for number in range(count):
        at_us = START_US + number * MINUTE_US
        value = f"A{source.randrange(VALUES)}"
        if source.random() < 0.15:
            kind = source.choice(("LIST_UPSERT", "LIST_UPSERT", "LIST_REMOVE"))
            fields: dict[str, Any] = {"event_type": kind}
            if source.random() < dated:
                fields["effective_at_us"] = at_us + source.randrange(-2, 3) * HOUR_US
            if kind == "LIST_UPSERT" and source.random() < 0.3:
                fields["expires_at_us"] = at_us + source.randrange(1, 4) * HOUR_US
            events.append(entry(number, at_us, value, **fields))
            continue
        row = payment(number, payer_account=value, payee_account=f"A{source.randrange(VALUES)}")
        if source.random() < late:
            row["occurred_at_us"] -= source.randrange(1, 3 * HOUR_US)
        events.append(row)
    return events


@pytest.mark.parametrize("late", [0.0, 0.2])
@pytest.mark.parametrize("dated", [0.0, 0.5])
def test_one_call_decides_as_many_do(program: EngineProgram, late: float, dated: float) -> None:
    asked = 0
    for seed in range(12):
        events = rows(seed, 150, late=late, dated=dated)
        whole = EngineState.create(program, limit_bytes=64 << 20)
        single = EngineState.create(program, limit_bytes=64 << 20)
        out = columns(run(program, events, whole))
        ones = [columns(run(program, [event], single)) for event in events]
        assert [hit for one in ones for hit in one["hits"]] == out["hits"]
        assert [one["actions"][0] for one in ones] == out["actions"]
        assert whole.lists.content() == single.lists.content()
        asked += len(out["hits"])
    assert asked > 100


@pytest.mark.parametrize("begins_us", [2 * MINUTE_US, MINUTE_US, -HOUR_US])
def test_no_event_before_an_entry_sees_it(program: EngineProgram, begins_us: int) -> None:
    events = [payment(0, payee_account="A1"), payment(1, payee_account="A1")]
    events.append(entry(2, START_US + 2 * MINUTE_US, "A1", effective_at_us=START_US + begins_us))
    events.append(payment(3, payee_account="A1"))
    out = run(program, events, EngineState.create(program, limit_bytes=64 << 20))
    hits = out.hit_count.tolist()
    assert hits[:2] == [0, 0]
    assert hits[3] > 0
