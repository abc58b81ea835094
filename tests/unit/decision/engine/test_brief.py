"""The brief answer says what the whole decision says."""

from __future__ import annotations

from typing import Any

import msgspec

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.decision.engine import (
    MODE_NAMES,
    DecisionBatch,
    EngineState,
    brief_answers,
    compile_pack,
    decision_ids,
    evaluate,
)
from haitang.lab.day import generate
from tests.model_texts import small_model
from tests.packs.bank import bank_pack
from tests.unit.decision.engine.engine_packs import payment, policy, read_pack, run

KEYS = (
    "decision_id", "event_id", "position", "action", "actions", "tier", "score_payer",
    "score_payee", "typologies", "hits", "spared", "pack", "pack_version", "degraded",
)  # fmt: skip
HIT_KEYS = ("policy", "version", "party", "score", "action")


def expected(batch: DecisionBatch, index: int, position: int) -> dict[str, Any]:
    """The answer made the slow way, out of the rendered decision."""
    whole = {**msgspec.to_builtins(batch.decision(index)), "position": position}
    whole["hits"] = [{name: hit[name] for name in HIT_KEYS} for hit in whole["hits"]]
    if "spared" in whole:
        whole["spared"].pop("shown")
    return {name: whole[name] for name in keys_of(whole)}


def keys_of(whole: dict[str, Any]) -> list[str]:
    """The keys of an answer in their order; a spared challenge is only spoken of where one was."""
    return [name for name in KEYS if name != "spared" or name in whole]


def assert_says_the_same(batch: DecisionBatch, first_position: int) -> None:
    positions = range(first_position, first_position + batch.count)
    answers = brief_answers(batch, positions=positions)
    assert len(answers) == batch.count
    for index, position in enumerate(positions):
        read = msgspec.json.decode(answers[index])
        assert list(read) == keys_of(read)
        assert answers[index] == msgspec.json.encode(expected(batch, index, position))
    assert brief_answers(batch, positions=positions, identifiers=decision_ids(batch)) == answers


def test_two_days_of_the_bank_are_answered_as_rendered() -> None:
    pack = bank_pack().pack
    program = compile_pack(pack)
    rows = generate(7, customers=300, days=2).table().to_pylist()
    events = [decode_row(row, base_currency=pack.base_currency) for row in rows]
    state = EngineState.create(program)
    hits = 0
    for number, start in enumerate(range(0, len(events), 500)):
        batch = batch_events(events[start : start + 500], program.fields)
        out = evaluate(batch, state, mode=number % 7 if number % 7 < len(MODE_NAMES) else 0)
        hits += len(out.hit_policies)
        assert_says_the_same(out, start)
    assert hits > 100


def test_shadow_hits_and_models_are_not_spoken_of() -> None:
    model = {
        "version": "1",
        "title": {"en": "Small", "zh": "小"},
        "party": "payer",
        "inputs": ["amount_minor", "paid_sum_1h", "fee_minor"],
        "bounds": {"medium": 0.001},
    }
    pack = read_pack(
        [
            policy("b", "amount_minor > 10", typology="F02", action="HOLD", also=["CALL", "STR"]),
            policy("a", "amount_minor > 20", typology="B04"),
            policy("shadow", "True", status="shadow", typology="D01"),
        ],
        models={"small": (model, small_model())},
    )
    rows = [payment(number, amount_minor=number * 5) for number in range(8)]
    out = run(compile_pack(pack), rows)
    assert_says_the_same(out, 0)
    (first, *_, last) = (msgspec.json.decode(one) for one in brief_answers(out, positions=range(8)))
    assert (first["hits"], first["typologies"]) == ([], [])
    assert out.hit_count[0] == 2
    assert last["typologies"] == ["B04", "F02"]
    assert last["actions"] == ["HOLD", "CALL", "STR"]


def test_names_that_json_must_escape_are_escaped() -> None:
    program = compile_pack(read_pack([policy("one", "is_payment")]))
    names = ["plain", 'quo"te', "back\\slash", "中文号", "a b"]
    out = run(program, [payment(event_id=name) for name in names])
    assert_says_the_same(out, 1 << 60)


def test_programs_of_one_digest_do_not_borrow_from_each_other() -> None:
    pack = read_pack([policy("one", "is_payment")])
    renamed = msgspec.structs.replace(pack, version="9.9.9")
    for chosen in (pack, renamed):
        assert_says_the_same(run(compile_pack(chosen), [payment()]), 0)
