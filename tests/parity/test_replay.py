"""Law 1: the same journal gives the same bytes, however it is cut and wherever it is taken up
again.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_row
from haitang.data.features import terms
from haitang.data.features.specs import Catalogue, FeatureSpec, TextPair
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack, PolicySpec, TableRow, TierBound
from tests.property import window_cases as cases
from tests.property.engine_values import bare_pack
from tests.property.windows_oracle import Row

events = 5_000


def policy(number: int, feature: FeatureSpec, bound: float) -> PolicySpec:
    read = terms.Feature(name=feature.name, type="number")
    return PolicySpec(
        id=f"policy_{number}",
        version=1,
        status="shadow" if number % 5 == 0 else "live",
        title=TextPair(en=f"Policy {number}", zh=f"策略{number}"),
        typology="D01",
        party="payee" if number % 2 else "payer",
        when=terms.Compare(op=">", left=read, right=terms.Number(value=bound)),
        score=50 + number,
        action=("PASS", "OTP", "HOLD")[number % 3],
        reason=TextPair(en=f"was {{{feature.name}}}", zh=f"为{{{feature.name}}}"),
        shows=("amount_minor",),
    )


def deciding_pack() -> Pack:
    drawn = cases.catalogue(3, features_per_aggregate=1)
    numbers = [feature for feature in drawn.features if feature.type == "number"]
    bounds = np.random.default_rng(4).choice([0.5, 1, 3, 40, 500, 86_400], len(numbers))
    catalogue = Catalogue(entities=drawn.entities, keys=drawn.keys, features=tuple(numbers))
    return msgspec.structs.replace(
        bare_pack(catalogue),
        policies=tuple(
            policy(number, feature, float(bound))
            for number, (feature, bound) in enumerate(zip(numbers, bounds, strict=True))
        ),
        tiers=(TierBound(tier="medium", score=300), TierBound(tier="high", score=700)),
        table=(TableRow(tiers=("high",), action="HOLD", also=("CALL",)),),
    )


def replayed(
    program: EngineProgram, state: EngineState, rows: Sequence[Row], *, block: int
) -> bytes:
    """Every decision as a line of JSON, the columns behind it included by rendering."""
    read = [decode_row(row) for row in rows]
    lines = []
    for start in range(0, len(read), block):
        out = evaluate(batch_events(read[start : start + block], program.fields), state)
        lines += [msgspec.json.encode(out.decision(place)) for place in range(out.count)]
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def program() -> EngineProgram:
    return compile_pack(deciding_pack())


@pytest.fixture(scope="module")
def journal() -> list[dict[str, float | str | bool | None]]:
    return cases.journal(5, events=events, names=50)


@pytest.fixture(scope="module")
def first_run(program: EngineProgram, journal: Sequence[Row]) -> bytes:
    return replayed(program, EngineState.create(program), journal, block=4_096)


def test_the_journal_makes_policies_fire(first_run: bytes) -> None:
    assert first_run.count(b'"hits":[{') > events / 10
    assert first_run.count(b'"shadow_hits":[{') > events / 100


@pytest.mark.parametrize("block", [4_096, 1, 7, 64])
def test_decisions_are_the_same_bytes_in_every_block_size(
    block: int, program: EngineProgram, journal: Sequence[Row], first_run: bytes
) -> None:
    assert replayed(program, EngineState.create(program), journal, block=block) == first_run


@pytest.mark.parametrize("half", [1, 63, 2_500, 4_999])
def test_decisions_go_on_the_same_from_a_state_written_half_way(
    half: int, program: EngineProgram, journal: Sequence[Row], first_run: bytes
) -> None:
    state = EngineState.create(program)
    before = replayed(program, state, journal[:half], block=64)
    again = EngineState.load(compile_pack(deciding_pack()), state.dump())
    after = replayed(program, again, journal[half:], block=4_096)
    assert before + b"\n" + after == first_run


def exported(state: EngineState) -> dict[tuple[str, int], bytes | None]:
    return {
        (entity, key): state.features.export_key(entity, key)
        for entity in state.program.plan.entities
        for key in state.features.keys(entity)
    }


def test_every_key_has_the_same_state_in_every_block_size(
    program: EngineProgram, journal: Sequence[Row]
) -> None:
    states = [EngineState.create(program) for _ in range(2)]
    for state, block in zip(states, (7, 4_096), strict=True):
        replayed(program, state, journal[:1_000], block=block)
    keys = exported(states[0])
    assert len(keys) > 100
    assert keys == exported(states[1])


def test_decisions_go_on_the_same_from_keys_written_one_by_one(
    program: EngineProgram, journal: Sequence[Row], first_run: bytes
) -> None:
    half = 2_000
    state, moved = EngineState.create(program), EngineState.create(program)
    before = replayed(program, state, journal[:half], block=64)
    for (entity, key), content in sorted(exported(state).items(), reverse=True):
        assert content is not None
        moved.features.import_key(entity, key, content)
    after = replayed(program, moved, journal[half:], block=64)
    assert before + b"\n" + after == first_run
