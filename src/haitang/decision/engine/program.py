"""Compile a pack into tables for the engine: publishing fills arrays and makes no machine code."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import FieldSet
from haitang.data.events.catalogue import EVENT_TYPES, FIELDS
from haitang.data.features import columns as machine
from haitang.data.features import terms
from haitang.data.features.plan import Plan, PlanBuilder
from haitang.data.features.program import InputRows, ProgramBuilder, Test
from haitang.data.features.specs import Catalogue
from haitang.data.graph.plan import GraphPlan, plan_graph
from haitang.decision.engine.actions import RANK, action_bits
from haitang.decision.engine.brief import BriefParts
from haitang.decision.engine.demand import demand_tables, places_read
from haitang.decision.engine.friction import Friction, fields_read, friction_of
from haitang.decision.engine.gates import POLICY_COLUMNS
from haitang.decision.engine.needs import Needs, need_tables
from haitang.decision.engine.reading import (
    conjuncts,
    event_part,
    names_read,
    reads_only_lists,
)
from haitang.decision.engine.selectivity import Shares
from haitang.decision.engine.staging import Staging, homes_of_rows
from haitang.decision.models.layout import TreeArrays, lay_out
from haitang.decision.models.lightgbm_text import read_model
from haitang.decision.models.tree_model import TreeModel
from haitang.decision.rules.specs import TIERS, ModelSpec, Pack, PolicySpec
from haitang.kernel.hashing import hash_text
from haitang.kernel.instants import zone_table

CALENDAR_KINDS = {"local_hour": 0, "weekday": 1, "is_night": 2, "is_holiday": 3}
FIRST_DAY = dt.date(1990, 1, 1).toordinal()
LAST_DAY = dt.date(2100, 12, 31).toordinal()
PARTIES = ("payer", "payee")
LIST_TEXTS = ("event_type", "list_name", "list_value")
LIST_NUMBERS = ("effective_at_us", "expires_at_us")
CHANNEL = terms.Field(name="channel", type="text")


class EngineProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A pack in the form the engine runs."""

    pack: Pack
    plan: Plan
    fields: FieldSet
    feature_names: tuple[str, ...]
    policies: tuple[PolicySpec, ...]
    """Live and shadow instances, in the order of their indices: each is a policy to the kernel."""
    policy_reads: tuple[tuple[str, ...], ...]
    """Names of the values recorded with a hit of each policy; then those of each model."""
    models: tuple[TreeModel, ...]
    trees: TreeArrays
    model_inputs: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Value rows of the models' inputs: a range per model, and the rows."""
    stages: tuple[NDArray[np.int64], ...]
    """What is folded first, see `staging.stage_tables`."""
    demands: tuple[Any, ...]
    """Which reads an event needs, see `demand.demand_tables`."""
    contains: tuple[tuple[str, tuple[str, ...]], ...]
    list_runs: bool
    """No list is asked about a field that list events carry, so that a run of them may change the
    lists as one, before it is evaluated.
    """
    constant_rows: tuple[tuple[int, float], ...]
    tables: tuple[Any, ...]
    """Everything that the kernel reads, see `kernel.decide`."""
    graph: GraphPlan | None
    """None where the pack has no graph features."""
    graph_tables: tuple[Any, ...]
    """What the graph's conditions read: inputs and calendar; empty without graph features."""
    brief: BriefParts
    """What brief answers are put together from."""
    friction: Friction | None = None
    """What the stage behind the kernel looks up; None where the pack has no budget."""


def compile_pack(pack: Pack, *, given: Sequence[str] = ()) -> EngineProgram:
    """Return the engine's program of a pack whose names and types were checked by the loader.

    `given` are features that nobody computes: their values come with the events, see `given`.
    """
    builder = PlanBuilder(pack.catalogue)
    graph = plan_graph(pack.catalogue, builder)
    program = builder.program
    for column, name in enumerate(given):
        program.add_column(name, column)
    policies = tuple(policy for policy in pack.policies if policy.status in ("live", "shadow"))
    conditions, gates = _policy_tests(program, policies, pack)
    models = tuple(read_model(model.text, path=model.file) for model in pack.models)
    reads = [policy_reads(policy) for policy in policies]
    reads += [model.inputs for model in pack.models]
    rows = _value_rows(builder, pack.catalogue)
    recorded = tuple(tuple(name for name in names if name in rows) for names in reads)
    read_tables = _flatten([[rows[name]() for name in names] for names in recorded])
    model_inputs = _flatten([[rows[name]() for name in model.inputs] for model in pack.models])
    table = _policy_table(program, pack)
    model_rows = _model_rows(program, pack.models)
    asked = (*table[0][:, 1:3].ravel().tolist(), *model_rows[0][:, 1].tolist())
    # Rows and fields are final only now that everything has said what it reads.
    plan = builder.build()
    folded_rows, folded_masks = plan.folded()
    program.put_off(folded_rows, folded_masks.union(*gates))
    needs = Needs(program.code("value"), homes_of_rows(plan))
    read = places_read(pack, policies, plan)
    gated = [bool(gate) for gate in gates]
    staging = Staging(plan, needs, _shares(program, pack), conditions, read, gated)
    fields = _with_further_fields(plan.fields, pack)
    return EngineProgram(
        pack=pack,
        plan=plan,
        fields=fields,
        feature_names=plan.feature_names,
        policies=policies,
        policy_reads=recorded,
        models=models,
        trees=lay_out(models),
        model_inputs=model_inputs,
        stages=staging.stages,
        demands=demand_tables(read, gated, staging),
        contains=tuple(program.inputs.contains),
        list_runs=_list_runs(program),
        constant_rows=tuple((row, value) for value, row in program.inputs.constants.items()),
        tables=(
            (
                *_code_tables(program),
                *need_tables(needs, (*conditions, *read_tables), model_inputs, asked),
                *staging.code_tables(needs, program.code("value")),
            ),
            _input_tables(program, plan),
            _calendar_tables(program, pack.catalogue),
            (
                staging.tests,
                conditions[1],
                _policy_rows(pack, policies),
                *read_tables,
                *_gate_tables(gates),
                staging.first_stops,
            ),
            table,
            model_rows,
        ),
        graph=graph,
        graph_tables=_graph_tables(program, plan, graph, pack.catalogue),
        brief=BriefParts(pack, policies),
        friction=friction_of(pack, policies, fields),
    )


def _shares(program: ProgramBuilder, pack: Pack) -> Shares:
    """Return what is guessed of conditions on the pack's features."""
    rows = program.inputs.features
    aggregates = {rows[one.name]: one for one in pack.catalogue.features if one.name in rows}
    return Shares(program.code("value"), program.constants(), aggregates)


def _list_runs(program: ProgramBuilder) -> bool:
    """Tell whether no list is asked about a field that list events carry."""
    return not any(
        kind in FIELDS[field].event_types
        for _, field in program.inputs.listed
        for kind in EVENT_TYPES
        if EVENT_TYPES[kind].family == "list"
    )


def _code_tables(program: ProgramBuilder) -> tuple[NDArray[Any], ...]:
    """Return the instructions on the event and on feature values, and what they read."""
    return program.code("event"), program.code("value"), program.constants(), program.sets()


def _with_further_fields(fields: FieldSet, pack: Pack) -> FieldSet:
    """Add, behind what the plan reads, what changes a list, for lists are kept for packs to come;
    and what friction looks at.
    """
    more_numbers, more_texts = fields_read(pack.friction, pack.segment_source)
    numbers = dict.fromkeys((*fields.numbers, *LIST_NUMBERS, *more_numbers))
    texts = dict.fromkeys((*fields.texts, *LIST_TEXTS, *more_texts))
    return msgspec.structs.replace(fields, numbers=tuple(numbers), texts=tuple(texts))


def policy_reads(policy: PolicySpec) -> tuple[str, ...]:
    """Return what is recorded with a hit: what the author's condition reads, then what it shows."""
    reads = names_read(policy.when) if policy.reads is None else policy.reads
    return tuple(dict.fromkeys([*reads, *policy.shows]))


def _policy_tests(
    program: ProgramBuilder, policies: tuple[PolicySpec, ...], pack: Pack
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int64]], list[list[int]]]:
    """Return the conditions of policies and their range by policy, and the masks of each gate.

    A gate is what can be told of a policy, or of a model's events, from the event alone; gates of
    models stand behind those of policies. Conditions that several share become masks, computed
    once.
    """
    features = {feature.name: feature for feature in pack.catalogue.features}
    wheres = [policy.when for policy in policies]
    gates: list[list[Test]] = []
    others: list[list[Test]] = []
    for when in wheres:
        parts = conjuncts(when)
        own = [(part, event_part(part, features)) for part in parts]
        gates.append([program.test(told) for _, told in own if told is not None])
        others.append([program.test(part) for part, told in own if told is not part])
    for model in pack.models:
        told = None if model.where is None else event_part(model.where, features)
        gates.append([] if told is None else [program.test(told)])
        others.append([])
    used = Counter(
        test for one, two in zip(gates, others, strict=True) for test in dict.fromkeys(one + two)
    )
    rows: list[tuple[int, int, int, int]] = []

    def lay(tests: list[Test]) -> tuple[int, int]:
        shared = [
            Test(op=machine.COPY, a=program.mask_of_test(test)) if used[test] > 1 else test
            for test in tests
        ]
        # Masks are at hand, so they are looked at first: most policies end there.
        ordered = sorted(dict.fromkeys(shared), key=lambda test: test.op != machine.COPY)
        start = len(rows)
        rows.extend((test.op, test.a, test.b, test.c) for test in ordered)
        return start, len(rows)

    gate_masks = [[program.mask_of_test(test) for test in dict.fromkeys(tests)] for tests in gates]
    other_ranges = [lay(tests) for tests in others[: len(policies)]]
    return (
        np.array(rows, dtype=np.int32).reshape(len(rows), 4),
        np.array(other_ranges, dtype=np.int64).reshape(len(other_ranges), 2),
    ), gate_masks


def _gate_tables(gates: list[list[int]]) -> tuple[NDArray[Any], ...]:
    """Return the gates in the order of their lengths, their masks in that order, and how many gates
    there are of each length.
    """
    order = sorted(range(len(gates)), key=lambda gate: len(gates[gate]))
    lengths = np.array([len(gate) for gate in gates], dtype=np.int64)
    return (
        np.array(order, dtype=np.int64),
        np.array([mask for gate in order for mask in gates[gate]] or [0], dtype=np.int64),
        np.bincount(lengths, minlength=1).astype(np.int64),
    )


def _policy_rows(pack: Pack, policies: tuple[PolicySpec, ...]) -> NDArray[np.int64]:
    """Return per policy: live, party, score, action rank, further actions as bits, and whether it
    reads only lists and the event.
    """
    features = {feature.name: feature for feature in pack.catalogue.features}
    rows = [
        (
            int(policy.status == "live"),
            PARTIES.index(policy.party),
            policy.score,
            RANK[policy.action],
            action_bits(policy.also),
            int(reads_only_lists(policy.when, features)),
        )
        for policy in policies
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), POLICY_COLUMNS)


def _value_rows(builder: PlanBuilder, catalogue: Catalogue) -> dict[str, Any]:
    """Return, for every name that has a value row, a function that returns the row (and makes it
    when needed).
    """
    program = builder.program
    rows: dict[str, Any] = {}
    for name, field in FIELDS.items():
        if field.kind != "remark":
            term = terms.Field(name=name, type=field.type)
            rows[name] = lambda term=term: program.row(term)
    for feature in catalogue.features:
        rows[feature.name] = lambda name=feature.name: program.feature_row(name)
    return rows


def _flatten(lists: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the range of each list, and all their members one after the other."""
    ranges = np.zeros((max(len(lists), 1), 2), dtype=np.int64)
    flat: list[int] = []
    for i, items in enumerate(lists):
        ranges[i] = (len(flat), len(flat) + len(items))
        flat.extend(items)
    return ranges, np.array(flat or [0], dtype=np.int64)


def _policy_table(
    program: ProgramBuilder, pack: Pack
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of (tier bits, channel mask, segment mask, action rank, further bits), and tier
    bounds.
    """
    names = {feature.name for feature in pack.catalogue.features}
    source = pack.segment_source
    segment: terms.Expression = (
        terms.Feature(name=source, type="text")
        if source in names
        else terms.Field(name=source or "customer_segment", type="text")
    )
    rows = []
    for row in pack.table:
        tiers = sum(1 << TIERS.index(tier) for tier in (row.tiers or TIERS))
        channel = segment_mask = -1
        if row.channels:
            channel = program.mask(terms.OneOf(operand=CHANNEL, values=row.channels))
        if row.segments:
            segment_mask = program.mask(terms.OneOf(operand=segment, values=row.segments))
        rows.append((tiers, channel, segment_mask, RANK[row.action], action_bits(row.also)))
    bounds = np.full(len(TIERS), 1001, dtype=np.int64)
    bounds[0] = 0
    for bound in pack.tiers:
        bounds[TIERS.index(bound.tier)] = bound.score
    return np.array(rows, dtype=np.int64).reshape(len(rows), 5), bounds


def _model_rows(
    program: ProgramBuilder, models: tuple[ModelSpec, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return per model: party, mask of scored events, and its tier bounds (1001: never)."""
    rows = np.zeros((len(models), 2), dtype=np.int64)
    bounds = np.full((len(models), len(TIERS)), 1001, dtype=np.int64)
    for m, model in enumerate(models):
        mask = program.mask(model.where) if model.where is not None else -1
        rows[m] = (PARTIES.index(model.party), mask)
        for bound in model.bounds:
            bounds[m, TIERS.index(bound.tier)] = bound.score
    return rows, bounds


def _input_tables(program: ProgramBuilder, plan: Plan) -> tuple[NDArray[np.int64], ...]:
    inputs = program.inputs
    fields = plan.fields
    # Graph features stand behind the event's own numbers.
    numbers = [inputs.numbers[name] for name in fields.numbers]
    numbers += [inputs.columns[column] for column in range(len(inputs.columns))]
    codes = [(row, fields.texts.index(name)) for name, row in inputs.texts.items()]
    listed = _listed_rows(inputs, fields)
    contains = list(inputs.contains.values())
    return (
        np.array(numbers, dtype=np.int64),
        np.array(codes, dtype=np.int64).reshape(len(codes), 2),
        np.array(listed, dtype=np.int64).reshape(len(listed), 3),
        np.array(contains, dtype=np.int64),
    )


def _listed_rows(inputs: InputRows, fields: FieldSet) -> list[tuple[int, int, int]]:
    """Return row, list and text field of what is asked of lists; those of one field together."""
    rows = [
        (row, _as_signed(hash_text(name)), fields.texts.index(field))
        for (name, field), row in inputs.listed.items()
    ]
    return sorted(rows, key=lambda row: row[2])


def _graph_tables(
    program: ProgramBuilder, plan: Plan, graph: GraphPlan | None, catalogue: Catalogue
) -> tuple[Any, ...]:
    if graph is None:
        return ()
    conditions, fields = graph.program, plan.fields
    inputs = conditions.inputs
    # What the conditions do not read goes to a row behind their own.
    unread = conditions.row_count
    numbers = [inputs.numbers.get(name, unread) for name in fields.numbers]
    contains = [inputs.contains.get(key, unread) for key in program.inputs.contains]
    codes = [(row, fields.texts.index(name)) for name, row in inputs.texts.items()]
    listed = _listed_rows(inputs, fields)
    tables = (
        _until_read(numbers, unread),
        np.array(codes, dtype=np.int64).reshape(len(codes), 2),
        np.array(listed, dtype=np.int64).reshape(len(listed), 3),
        _until_read(contains, unread),
    )
    return tables, _calendar_tables(conditions, catalogue)


def _until_read(rows: list[int], unread: int) -> NDArray[np.int64]:
    count = max((i + 1 for i, row in enumerate(rows) if row != unread), default=0)
    return np.array(rows[:count], dtype=np.int64)


def _calendar_tables(program: ProgramBuilder, catalogue: Catalogue) -> tuple[NDArray[Any], ...]:
    """Return rows of (row, kind, zone), the zones' offsets, and what kind of day each date is."""
    zones = list(dict.fromkeys(zone for _, zone in program.inputs.calendar))
    rows = [
        (row, CALENDAR_KINDS[name], zones.index(zone))
        for (name, zone), row in program.inputs.calendar.items()
    ]
    starts: list[int] = []
    offsets: list[int] = []
    ranges = np.zeros((max(len(zones), 1), 2), dtype=np.int64)
    for i, zone in enumerate(zones):
        zone_starts, zone_offsets = zone_table(zone)
        ranges[i] = (len(starts), len(starts) + len(zone_starts))
        starts.extend(int(start) for start in zone_starts)
        offsets.extend(int(offset) for offset in zone_offsets)
    days = np.zeros(LAST_DAY - FIRST_DAY + 1, dtype=np.uint8)
    for kind, dates in ((1, catalogue.holidays), (2, catalogue.working_days)):
        for date in dates:
            days[dt.date.fromisoformat(date).toordinal() - FIRST_DAY] = kind
    return (
        np.array(rows, dtype=np.int64).reshape(len(rows), 3),
        np.array(starts or [0], dtype=np.int64),
        np.array(offsets or [0], dtype=np.int64),
        ranges,
        days,
    )


def _as_signed(word: int) -> int:
    return word - (1 << 64) if word >= 1 << 63 else word
