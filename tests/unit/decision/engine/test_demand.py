"""Reading only what an event can need gives the decisions of reading everything."""

from __future__ import annotations

import random
from typing import Any

import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack
from haitang.lab.day import generate
from tests.model_texts import small_model
from tests.packs.bank import bank_pack
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    MINUTE_US,
    START_US,
    columns,
    policy,
    read_pack,
)

LAB_EVENTS = 600


OF_PAYEES = (7, 9, 11, 13, 14)


def counted(number: int) -> dict[str, Any]:
    """A feature whose stream no other feature shares, read at one of two slots."""
    return {
        "key": "payee_account" if number in OF_PAYEES else "customer",
        "aggregate": ("sum", "max", "mean", "last")[number % 4],
        "of": "amount_minor",
        "where": f"amount_minor > {number}",
        "window": ("5m", "1h", "1d")[number % 3],
        "prior": number % 5 == 0,
    }


def since(kind: str) -> dict[str, Any]:
    return {"key": "customer", "aggregate": "since", "where": f"event_type == '{kind}'"}


GUARDED = {
    "equal": "event_type == 'TXN_REQUEST' and f0 > 40",
    "mirrored": "'LOGIN' == event_type and f1 > 40",
    "one_of": "event_type in ('LOGIN', 'OTP_ISSUED') and f2 > 40",
    "either": "(event_type == 'LOGIN' and f3 > 40) or (is_payment and f4 > 40)",
    "half_guarded": "(event_type == 'LOGIN' and f5 > 40) or f6 > 200",
    "derived": "is_payment and f7 > 40",
    "derived_either": "is_either and f8 > 40",
    "not_derived": "not is_payment and f9 > 40",
    "not_equal": "event_type != 'LOGIN' and f10 > 40",
    "bare": "f11 > 40",
    "chosen": "choose(is_payment, f12, f13) > 40",
    "nested": "call_active and (f14 > 40 and event_type == 'PAYEE_ADD')",
    "never": "is_payment and event_type == 'LOGIN' and f15 > 0",
    "through_derived": "event_type == 'LOGIN' and doubled > 80",
    "cells": "event_type == 'PAYEE_ADD' and since_login < 600",
    "unknown_window": "event_type == 'LOGIN' and not (f17 > 40)",
    "known": "event_type == 'OTP_ISSUED' and known(f19)",
}


def guarding_pack() -> Pack:
    features = {
        **FEATURES,
        "is_either": {"value": "is_payment or event_type in ('LOGIN', 'PAYEE_ADD')"},
        "doubled": {"value": "2 * f16"},
        "since_login": since("LOGIN"),
        "since_shown": since("OTP_ISSUED"),
        "segment_known": {"key": "customer", "aggregate": "latest", "of": "customer_segment"},
        **{f"f{number}": counted(number) for number in range(22)},
    }
    model = {
        "version": 1, "party": "payer", "title": {"en": "Model", "zh": "模型"},
        "inputs": ["f20", "f21", "f18"], "where": "event_type == 'OTP_ISSUED'",
        "bounds": {"medium": 0.1},
    }  # fmt: skip
    return read_pack(
        [
            policy(name, when, score=50, shows=["f18", "since_shown"] if name == "one_of" else [])
            for name, when in GUARDED.items()
        ],
        features=features,
        models={"small": (model, small_model())},
        table=[{"tier": "medium", "segment": ["ELDER"], "action": "HOLD"}],
        tiers={"medium": 100},
        segment="segment_known",
    )


def mixed_rows(count: int) -> list[dict[str, Any]]:
    source = random.Random(3)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        kind = source.choice(("TXN_REQUEST", "LOGIN", "OTP_ISSUED", "PAYEE_ADD", "TXN_REQUEST"))
        row: dict[str, Any] = {
            "event_type": kind,
            "event_id": f"E-{number}",
            "occurred_at_us": START_US + number * MINUTE_US - source.choice((0, 0, 0, 500_000_000)),
            "call_active": source.random() < 0.5,
        }
        name = f"C{source.randrange(3)}"
        if kind == "TXN_REQUEST":
            row |= {"payer_customer_id": name, "amount_minor": source.randrange(100)}
            row |= {"payee_account": f"B{source.randrange(3)}", "currency": "CNY"}
        elif source.random() < 0.9:
            row["customer_id"] = name
        if kind == "PAYEE_ADD":
            row["payee_account"] = f"B{source.randrange(3)}"
        if source.random() < 0.2:
            row["customer_segment"] = source.choice(("ELDER", "STUDENT"))
        rows.append(row)
    return rows


def decided_columns(
    program: EngineProgram, rows: list[dict[str, Any]], *, ask_all: bool, block: int
) -> list[dict[str, list[Any]]]:
    state = EngineState.create(program, limit_bytes=1 << 28)
    events = [decode_row(row, base_currency="CNY") for row in rows]
    return [
        columns(
            evaluate(
                batch_events(events[start : start + block], program.fields),
                state,
                keep_features=ask_all,
            )
        )
        for start in range(0, len(events), block)
    ]


@pytest.mark.parametrize("block", [1_000, 64, 7, 1])
def test_guards_of_every_form_decide_as_if_everything_were_read(block: int) -> None:
    program = compile_pack(guarding_pack())
    rows = mixed_rows(1_000)
    everything = decided_columns(program, rows, ask_all=True, block=block)
    assert decided_columns(program, rows, ask_all=False, block=block) == everything
    fired = {which for part in everything for which, _ in part["hits"]}
    silent = {program.policies[p].id for p in range(len(program.policies)) if p not in fired}
    assert silent == {"never"}
    assert len(program.policies) in fired, "the model never spoke"


def asked_of(program: EngineProgram, row: dict[str, Any]) -> set[str]:
    """The aggregates that one event asks for."""
    state = EngineState.create(program, limit_bytes=1 << 28)
    event = decode_row({"event_id": "E", "occurred_at_us": START_US, **row}, base_currency="CNY")
    evaluate(batch_events([event], program.fields), state)
    wanted = state.prepared.wanted
    return {name for name, place in program.plan.places.items() if wanted[place.row] & 1}


def test_an_event_asks_for_what_the_policies_that_it_can_concern_read() -> None:
    program = compile_pack(guarding_pack())
    # Nothing in the event tells that these are not asked.
    everywhere = {"f5", "f6", "f11", "f12", "f13", "segment_known"}
    assert asked_of(program, {"event_type": "LOGOUT"}) == everywhere | {"f9", "f10"}
    payment = {"event_type": "TXN_REQUEST", "amount_minor": 1, "currency": "CNY"}
    assert asked_of(program, payment) == everywhere | {"f10", "f0", "f3", "f4", "f7", "f8"}
    payee = {"event_type": "PAYEE_ADD", "payee_account": "B"}
    quiet = everywhere | {"f8", "f9", "f10", "since_login"}
    assert asked_of(program, payee) == quiet
    assert asked_of(program, {**payee, "call_active": True}) == quiet | {"f14"}
    shown = asked_of(program, {"event_type": "OTP_ISSUED"})
    # What `one_of` shows beside is wanted only once `f2`, which is folded first, has said yes.
    assert shown == everywhere | {"f2", "f9", "f10", "f18", "f19", "f20", "f21"}


def test_the_bank_decides_as_if_everything_were_read() -> None:
    program = compile_pack(bank_pack().pack)
    day = generate(5, customers=200, days=2)
    rows = day_rows(day)
    everything = decided_columns(program, rows, ask_all=True, block=200)
    assert decided_columns(program, rows, ask_all=False, block=200) == everything
    assert sum(len(part["hits"]) for part in everything) > 0


def day_rows(day: Any) -> list[dict[str, Any]]:
    table = next(day.batches(LAB_EVENTS))
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in table.to_pylist()
    ]
