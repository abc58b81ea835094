"""The state of an engine: written out and read back, published to, and moved key by key."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from haitang.data.features.state import StateRefused
from haitang.decision.engine import EngineProgram, EngineState, compile_pack
from tests.conftest import CheckOutput
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    columns,
    payment,
    policy,
    read_pack,
    run,
)

WATCHED = {"watched": {"title": {"en": "Watched", "zh": "关注"}}}
OTHER_FEATURES = {**FEATURES, "paid_sum_1h": {**FEATURES["paid_sum_1h"], "window": "2h"}}
LIMIT_BYTES = 64 << 20


def program_of(when: str = "is_payment and paid_sum_1h > 0", **pack: Any) -> EngineProgram:
    return compile_pack(read_pack([policy("one", when)], **pack))


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    return program_of()


def rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    source = random.Random(seed)
    return [
        payment(
            number,
            payer_customer_id=f"C{source.randrange(9)}",
            payee_account=f"B{source.randrange(9)}",
            amount_minor=source.randrange(1_000_000),
        )
        for number in range(count)
    ]


def used_state(program: EngineProgram) -> EngineState:
    state = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    run(program, rows(200), state)
    return state


def test_states_that_cannot_be_used_say_why(
    program: EngineProgram, check_output: CheckOutput
) -> None:
    whole = used_state(program).dump()
    line_end = whole.index(b"\n", 20)
    other = used_state(program_of(features=OTHER_FEATURES)).dump()
    faults = {
        "other_plan": other,
        "cut_short": whole[:-100],
        "cut_in_its_header": whole[:60],
        "bit_flipped": whole[:-50] + bytes([whole[-50] ^ 4]) + whole[-49:],
        "no_state": b'{"event_id": "E-1"}\n',
        "empty": b"",
        "of_another_format": whole.replace(b'"format":1', b'"format":9', 1),
        "header_not_text": whole[:30] + b"\xff" + whole[31:],
        "more_behind": whole + b"\x00",
        "no_content": whole[: line_end + 1],
    }
    for name, content in faults.items():
        with pytest.raises(StateRefused) as refused:
            EngineState.load(program, content, limit_bytes=LIMIT_BYTES, path="state.bin")
        digests = (program.plan.digest, program_of(features=OTHER_FEATURES).plan.digest)
        message = refused.value.render()
        for number, digest in enumerate(digests):
            # What a plan is called changes with every state format.
            message = message.replace(digest[:12], f"plan-{number}")
        check_output(f"{refused.value.code}\n{message}", name)


def test_no_flipped_bit_is_taken_for_a_state(program: EngineProgram) -> None:
    whole = bytearray(used_state(program).dump())
    source = random.Random(7)
    header_end = whole.index(b"\n", 20)
    places = [*range(header_end), *source.sample(range(header_end, len(whole)), 100)]
    words = whole.index(b'"words"')
    harmless = range(words, whole.index(b"sha256") - 2)
    for place in places:
        if place in harmless:
            continue
        flipped = bytes([whole[place] ^ 1 << source.randrange(8)])
        content = bytes(whole[:place]) + flipped + bytes(whole[place + 1 :])
        with pytest.raises(StateRefused):
            EngineState.load(program, content, limit_bytes=LIMIT_BYTES)


def test_a_header_whose_plan_is_no_digest_is_malformed(program: EngineProgram) -> None:
    whole = used_state(program).dump()
    plan = program.plan.digest.encode()
    with pytest.raises(StateRefused) as refused:
        EngineState.load(program, whole.replace(plan, b"`" + plan[1:], 1), limit_bytes=LIMIT_BYTES)
    assert refused.value.code == "state_malformed"


def test_a_state_larger_than_the_bound_is_refused(program: EngineProgram) -> None:
    with pytest.raises(StateRefused) as refused:
        EngineState.load(program, used_state(program).dump(), limit_bytes=1 << 12)
    assert refused.value.code == "state_full"


def test_a_state_read_back_is_the_state_that_was_written(program: EngineProgram) -> None:
    state = used_state(program)
    again = EngineState.load(program, state.dump(), limit_bytes=LIMIT_BYTES)
    assert again.dump() == state.dump()
    later = rows(100, seed=2)
    assert columns(run(program, later, again)) == columns(run(program, later, state))
    assert again.dump() == state.dump()


def test_lists_are_part_of_the_state() -> None:
    listing = program_of("listed('watched', payee_account)", lists=WATCHED)
    state = EngineState.create(listing, limit_bytes=LIMIT_BYTES)
    entry = {
        "event_type": "LIST_UPSERT",
        "event_id": "L",
        "occurred_at_us": payment()["occurred_at_us"],
        "list_name": "watched",
        "list_value": "B1",
    }
    run(listing, [entry], state)
    again = EngineState.load(listing, state.dump(), limit_bytes=LIMIT_BYTES)
    assert run(listing, [payment(1)], again).hit_count.tolist() == [1]


# -- key by key ----------------------------------------------------------------------------------


def exported(state: EngineState) -> list[tuple[str, int, bytes]]:
    features = state.features
    return [
        (entity, key, content)
        for entity in state.program.plan.entities
        for key in features.keys(entity)
        if (content := features.export_key(entity, key)) is not None
    ]


def test_keys_moved_one_by_one_go_on_as_they_were(program: EngineProgram) -> None:
    state = used_state(program)
    moved = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    # What stands there already is replaced.
    run(program, rows(50, seed=5), moved)
    keys = exported(state)
    assert len(keys) == state.features.key_count > 15
    for entity, key, content in keys:
        moved.features.import_key(entity, key, content)
    assert exported(moved) == keys
    later = [payment(number + 300, payer_customer_id=f"C{number % 9}") for number in range(50)]
    assert columns(run(program, later, moved)) == columns(run(program, later, state))


def test_a_key_that_is_not_held_has_nothing_to_export(program: EngineProgram) -> None:
    assert used_state(program).features.export_key("customer", 12345) is None


def test_keys_of_another_plan_or_damaged_ones_are_refused(
    program: EngineProgram, check_output: CheckOutput
) -> None:
    state = used_state(program)
    entity, key, content = exported(state)[0]
    other_state = used_state(program_of(features=OTHER_FEATURES))
    others = {own: written for _, own, written in exported(other_state)}
    faults = {
        "other_plan": others[key],
        "other_key": exported(state)[1][2],
        "cut_short": content[:-9],
        "bit_flipped": content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
        "empty": b"",
    }
    before = state.dump()
    for name, fault in faults.items():
        with pytest.raises(StateRefused) as refused:
            state.features.import_key(entity, key, fault)
        assert refused.value.code == "state_other_plan"
        check_output(refused.value.render(), name)
    assert state.dump() == before


def test_no_key_is_taken_into_a_full_state(program: EngineProgram) -> None:
    entity, key, content = exported(used_state(program))[0]
    full = EngineState.create(program, limit_bytes=1 << 12)
    with pytest.raises(StateRefused) as refused:
        full.features.import_key(entity, key, content)
    assert refused.value.code == "state_full"


# -- publishing ----------------------------------------------------------------------------------


def test_a_published_program_finds_the_windows_as_they_are() -> None:
    """Policies never change a window, so it is as if the new ones had been there all along."""
    first = program_of("is_payment and paid_sum_1h > 500000")
    second = compile_pack(
        read_pack(
            [
                policy("large", "paid_sum_1h >= 900000", score=700, action="HOLD"),
                policy("call", "call_active and '贷款' in remark", shows=["fee_minor"]),
            ],
            table=[{"tier": "high", "channel": "MOBILE", "action": "VID"}],
        )
    )
    assert second.fields != first.fields
    journal = rows(300)
    state = EngineState.create(first, limit_bytes=LIMIT_BYTES)
    run(first, journal[:150], state)
    state.publish(second)
    published = run(second, journal[150:], state)
    alone = EngineState.create(second, limit_bytes=LIMIT_BYTES)
    run(second, journal[:150], alone)
    assert columns(published) == columns(run(second, journal[150:], alone))
    assert published.hit_count.sum() > 0
    # And back: publishing is undone by publishing what was there before.
    state.publish(first)
    assert columns(run(first, journal, state)) == columns(run(first, journal, alone_of(first)))


def alone_of(program: EngineProgram) -> EngineState:
    state = EngineState.create(program, limit_bytes=LIMIT_BYTES)
    run(program, rows(300), state)
    return state


def test_a_program_of_other_features_is_not_published(program: EngineProgram) -> None:
    state = used_state(program)
    with pytest.raises(AssertionError, match="plans differ"):
        state.publish(program_of(features=OTHER_FEATURES))


def test_a_decision_names_the_program_that_decided(program: EngineProgram) -> None:
    state = used_state(program)
    other = program_of("is_payment")
    state.publish(other)
    decision = run(other, [payment(500)], state).decision(0)
    assert decision.pack_digest == other.pack.digest != program.pack.digest
    assert msgspec.json.encode(decision)
