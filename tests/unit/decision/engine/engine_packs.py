"""Packs of a few lines for the engine's tests, read like any other, and short journals for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    Decision,
    DecisionBatch,
    EngineProgram,
    EngineState,
    compile_pack,
    evaluate,
)
from haitang.decision.rules.pack import load_pack, lock_text
from haitang.decision.rules.source import LOCK_FILE, PackSource
from haitang.decision.rules.specs import Pack

START_US = 1_772_416_800_000_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

HEAD = """\
pack: engine
version: 1.0.0
title: {en: Engine tests, zh: 引擎测试}
owner: tests
zone: Asia/Shanghai
base_currency: CNY
entities:
  customer: {retention: 30d}
  account: {retention: 30d}
keys:
  customer: {entity: customer, fields: [payer_customer_id | customer_id]}
  payer_account: {entity: account, fields: [payer_account]}
  payee_account: {entity: account, fields: [payee_account]}
"""

IS_PAYMENT = {"value": "event_type == 'TXN_REQUEST'"}
PAID_SUM_1H = {
    "key": "customer",
    "aggregate": "sum",
    "of": "amount_base_minor",
    "where": "is_payment",
    "window": "1h",
    "unit": "money",
}
FEATURES: dict[str, Mapping[str, Any]] = {"is_payment": IS_PAYMENT, "paid_sum_1h": PAID_SUM_1H}


def policy(name: str, when: str, **fields: Any) -> dict[str, Any]:
    """Return a policy file's content: live, about the payer, score 100, action PASS."""
    return {
        "id": name,
        "version": 1,
        "status": "live",
        "title": {"en": f"Policy {name}", "zh": f"策略{name}"},
        "typology": "D01",
        "party": "payer",
        "when": when,
        "score": 100,
        "action": "PASS",
        "reason": {"en": "it is so", "zh": "如此"},
        "owner": "tests",
        "runbook": [{"en": "Look.", "zh": "查看。"}],
        "false_positives": {"en": "None known.", "zh": "暂无。"},
        "misses": {"en": "None known.", "zh": "暂无。"},
        **fields,
    }


def read_pack(
    policies: Sequence[Mapping[str, Any]] = (),
    *,
    features: Mapping[str, Mapping[str, Any]] = FEATURES,
    models: Mapping[str, tuple[Mapping[str, Any], str]] | None = None,
    table: Sequence[Mapping[str, Any]] = (),
    head: str = HEAD,
    **more: Any,
) -> Pack:
    """Read a pack of these parts; `more` are further entries of `pack.yaml`."""
    titled = {name: {"title": {"en": name, "zh": name}, **spec} for name, spec in features.items()}
    entries = {"tiers": {"medium": 300, "high": 600, "critical": 850}, "table": table, **more}
    # JSON is YAML: what a test writes as Python needs no other spelling.
    files = {
        "pack.yaml": head + "".join(f"{key}: {_text(value)}\n" for key, value in entries.items()),
        "features/all.yaml": f"features: {_text(titled)}\n",
    }
    for content in policies:
        # A draft needs no tests, which would say little about conditions of two words.
        files[f"policies/{content['id']}.yaml"] = _lines(
            {**content, "status": "draft", "owner": f"tests, {content['status']}"}
        )
    for name, (declared, text) in (models or {}).items():
        files[f"models/{name}.yaml"] = _lines(
            {"id": name, "file": f"models/{name}.txt", **declared}
        )
        files[f"models/{name}.txt"] = text
    source = PackSource(name="pack", files={path: text.encode() for path, text in files.items()})
    lock = {LOCK_FILE: lock_text(source).encode()}
    pack = load_pack(PackSource(name="pack", files={**source.files, **lock}))
    statuses = {content["id"]: content["status"] for content in policies}
    awake = (
        msgspec.structs.replace(one, status=statuses[one.policy_id], owner="tests")
        for one in pack.policies
    )
    return msgspec.structs.replace(pack, policies=tuple(awake))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(content: Mapping[str, Any]) -> str:
    return "".join(f"{key}: {_text(value)}\n" for key, value in content.items())


def payment(number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a payment request of customer C1 to account B1; the number is its minute."""
    row = {
        "event_type": "TXN_REQUEST",
        "event_id": f"E-{number}",
        "occurred_at_us": START_US + number * MINUTE_US,
        "txn_type": "TRANSFER_INTER",
        "amount_minor": 100_000,
        "currency": "CNY",
        "payer_customer_id": "C1",
        "payer_account": "A1",
        "payee_account": "B1",
        "channel": "MOBILE",
        **fields,
    }
    return {name: value for name, value in row.items() if value is not None}


def login(number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a sign-in of customer C1; the number is its minute."""
    return {
        "event_type": "LOGIN",
        "event_id": f"E-{number}",
        "occurred_at_us": START_US + number * MINUTE_US,
        "customer_id": "C1",
        "channel": "MOBILE",
        **fields,
    }


def run(
    program: EngineProgram,
    rows: Sequence[Mapping[str, Any]],
    state: EngineState | None = None,
    *,
    keep_features: bool = False,
) -> DecisionBatch:
    """Decide rows in one call, from an empty state unless one is given."""
    events = [decode_row(row, base_currency="CNY") for row in rows]
    state = state or EngineState.create(program, limit_bytes=64 << 20)
    return evaluate(batch_events(events, program.fields), state, keep_features=keep_features)


def decide(pack: Pack, *rows: Mapping[str, Any]) -> Decision:
    """Return the decision of the last of the rows."""
    return run(compile_pack(pack), rows).decision(len(rows) - 1)


def columns(batch: DecisionBatch) -> dict[str, list[Any]]:
    """Return every column of a batch as plain values; a missing one equals a missing one."""
    return {
        "actions": batch.actions.tolist(),
        "further": batch.further.tolist(),
        "tiers": batch.tiers.tolist(),
        "scores": batch.scores.tolist(),
        "raw_scores": [score.hex() for score in batch.raw_scores.ravel().tolist()],
        "answers": [answer.hex() for answer in batch.answers.ravel().tolist()],
        "hit_starts": batch.hit_starts.tolist(),
        "hits": [_hit(batch, i) for i in range(len(batch.hit_policies))],
    }


def _hit(batch: DecisionBatch, index: int) -> tuple[int, list[str]]:
    which = int(batch.hit_policies[index])
    start = int(batch.value_starts[index])
    values = batch.hit_values[start : start + len(batch.program.policy_reads[which])]
    return which, [value.hex() for value in values.tolist()]
