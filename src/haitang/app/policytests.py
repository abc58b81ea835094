"""Running the tests that policies carry, for each of their instances: a few events, judged on the
last one.

Each test has an engine state of its own, since all tests speak of the same few customers and
accounts. What is the same at the beginning of all of them is made once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from haitang.data.events.batch import EventBatch, batch_events
from haitang.data.events.codec import decode_row
from haitang.data.events.errors import EventRefused
from haitang.decision.engine import (
    DecisionBatch,
    EngineProgram,
    EngineState,
    compile_pack,
    evaluate,
)
from haitang.decision.engine.program import policy_reads
from haitang.decision.rules.policytests import PolicyTest
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.errors import HaitangError, Place

Shown = float | str | bool | None


class TestedValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value that the policy read on the last event of a test."""

    name: str
    value: Shown
    unit: str = ""


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one test ended."""

    policy: str
    """Full name of the instance."""
    name: str
    place: Place
    should_fire: bool
    fired: bool
    values: tuple[TestedValue, ...] = ()
    """What the policy read, for a test that failed."""
    error: HaitangError | None = None
    """Why the test's events were refused, if they were."""

    @property
    def passed(self) -> bool:
        """Whether the policy did what the test says."""
        return self.error is None and self.fired == self.should_fire


class TestReport(msgspec.Struct, frozen=True, kw_only=True):
    """How all tests of a pack ended."""

    results: tuple[TestResult, ...]
    untested: tuple[str, ...]
    """Instances that speak (shadow or live) and are not tested both ways."""

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that failed, in the order of the pack."""
        return tuple(result for result in self.results if not result.passed)


def run_policy_tests(pack: Pack, tests: Sequence[PolicyTest]) -> TestReport:
    """Run every test; a draft is tested as if it were in shadow, a retired policy not at all."""
    awake = wake_drafts(pack)
    program = compile_pack(awake)
    indices = {policy.id: index for index, policy in enumerate(program.policies)}
    lists = EngineState.create(program).lists.content()
    results = tuple(
        _run(test, indices[test.policy], program, lists) for test in tests if test.policy in indices
    )
    return TestReport(results=results, untested=_untested(pack, tests))


def wake_drafts(pack: Pack) -> Pack:
    """Return the pack with its drafts in shadow, so that the engine evaluates them."""
    return msgspec.structs.replace(
        pack,
        policies=tuple(
            msgspec.structs.replace(policy, status="shadow") if policy.status == "draft" else policy
            for policy in pack.policies
        ),
    )


def _untested(pack: Pack, tests: Sequence[PolicyTest]) -> tuple[str, ...]:
    ways = {(test.policy, test.fires) for test in tests}
    return tuple(
        policy.id
        for policy in pack.policies
        if policy.status in ("shadow", "live")
        and not {(policy.id, True), (policy.id, False)} <= ways
    )


def _run(test: PolicyTest, index: int, program: EngineProgram, lists: bytes) -> TestResult:
    base_currency = program.pack.base_currency
    try:
        events = [
            decode_row(row, place=test.place, base_currency=base_currency) for row in test.rows
        ]
    except EventRefused as error:
        return TestResult(
            policy=test.policy,
            name=test.name,
            place=test.place,
            should_fire=test.fires,
            fired=False,
            error=error,
        )
    batch = batch_events(events, program.fields)
    state = EngineState.create(program, enter_lists=False)
    state.lists.restore(lists)
    out = evaluate(batch, state, keep_features=True)
    first, behind = out.hit_starts[out.count - 1 : out.count + 1]
    fired = index in out.hit_policies[first:behind]
    return TestResult(
        policy=test.policy,
        name=test.name,
        place=test.place,
        should_fire=test.fires,
        fired=fired,
        values=() if fired == test.fires else _values(program.policies[index], batch, out, program),
    )


def _values(
    policy: PolicySpec, batch: EventBatch, out: DecisionBatch, program: EngineProgram
) -> tuple[TestedValue, ...]:
    """Return what the policy read on the last event; texts of earlier events are left out."""
    units = {feature.name: feature.unit for feature in program.pack.catalogue.features}
    types = {feature.name: feature.type for feature in program.pack.catalogue.features}
    values = []
    for name in policy_reads(policy):
        if types.get(name) == "text":
            continue
        values.append(
            TestedValue(
                name=name, value=_value(name, batch, out, program), unit=units.get(name, "")
            )
        )
    return tuple(values)


def _value(name: str, batch: EventBatch, out: DecisionBatch, program: EngineProgram) -> Shown:
    fields = batch.fields
    if name in fields.texts:
        return batch.texts[fields.texts.index(name)][-1]
    if name in fields.remarks:
        return batch.remarks[fields.remarks.index(name)][-1]
    if name in fields.numbers:
        number = float(batch.numbers[fields.numbers.index(name), -1])
    elif out.features is not None and name in program.feature_names:
        number = float(out.features[program.feature_names.index(name), -1])
    else:
        return None
    return None if math.isnan(number) else number
