"""Another pack over a stream that was kept: only what changed is asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.data.events.batch import EventBatch, FieldSet
from haitang.data.events.remarks import Remarks
from haitang.data.features.specs import Catalogue, EntitySpec, FeatureSpec, KeySpec, TextPair
from haitang.data.features.terms import Compare, Feature, Number
from haitang.decision.batch.changes import SPEAKING, Change
from haitang.decision.batch.kept import (
    EVENTS,
    HITS,
    OUT_COLUMNS,
    VALUES,
    Columns,
    Kept,
    columns_of,
)
from haitang.decision.engine import DecisionBatch, evaluate
from haitang.decision.engine.given import GivenColumns, compile_given, given_state, leaves_read
from haitang.decision.engine.program import policy_reads
from haitang.decision.engine.reading import event_types_of
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.hashing import hash_texts

Int64 = npt.NDArray[np.int64]
_NOTHING: Int64 = np.zeros(0, np.int64)
_OF_LISTS = ("LIST_UPSERT", "LIST_REMOVE")
TYPE_COLUMN = "text event_type"


class Decided(NamedTuple):
    """What of some kept pieces is other under another pack; `whole` makes it the whole again."""

    pieces: range
    first: int
    """Place in the stream of the first event; all events here count from it."""
    affected: Int64
    """Events whose hits are others, ascending."""
    policies: Int64
    """Policy of every hit, by event and then by policy."""
    events: Int64 | None = None
    """Event of every hit; None where no event is affected."""
    values: npt.NDArray[np.float64] | None = None
    out: Columns | None = None
    """Decisions on the affected events, one row each, as `columns_of` calls them."""

    def whole(self, kept: Kept) -> Columns:
        """Return the decisions, equal to those of a whole run, bit by bit."""
        names = list(OUT_COLUMNS)
        columns = kept.reader.read(EVENTS, self.pieces, names)
        count = len(columns["out action"])
        if self.events is None or self.values is None or self.out is None:
            values = kept.reader.read(VALUES, self.pieces, ["value"])["value"]
            return {**columns, "policy": self.policies.astype(np.int32), "value": values}
        for name in names:
            column = columns[name].copy()
            column[self.affected] = self.out[name]
            columns[name] = column
        columns["out hits"] = np.bincount(self.events, minlength=count)
        return {**columns, "policy": self.policies.astype(np.int32), "value": self.values}


class Again:
    """Decides the pieces of a kept run once more, as another pack would have."""

    def __init__(self, kept: Kept, old: Pack, new: Pack, change: Change) -> None:
        assert not change.reason, "everything must be decided again"
        self._kept = kept
        self._changed = set(change.policies)
        self._policies = tuple(one for one in new.policies if one.status in SPEAKING)
        asked = [one for one in self._policies if one.id in self._changed]
        self._pack, self._asked = new, asked
        self._summing = _Summing(new, self._policies)
        numbers = {one.id: place for place, one in enumerate(self._policies)}
        self._new_of_old = np.array(
            [-1 if name in self._changed else numbers[name] for name in kept.about.policies],
            np.int64,
        )
        self._new_of_asked = np.array([numbers[one.id] for one in asked], np.int64)
        self._widths = _widths(old, kept.about.policies)

    @property
    def policy_names(self) -> tuple[str, ...]:
        """Full names of the policies in the order of their numbers."""
        return tuple(one.id for one in self._policies)

    def pieces(self) -> Iterator[Decided]:
        """Yield what became of the pieces, in the order of the stream."""
        first = 0
        for given in given_pieces(self._kept, self._pack, self._asked):
            yield self._decided(given, first)
            first += given.event_count

    def _decided(self, given: Given, first: int) -> Decided:
        kept, pieces, asked = self._kept, given.pieces, given.out
        old = kept.reader.read(HITS, pieces, ["policy"])["policy"]
        # What stays: hits of policies that did not change.
        policies = self._new_of_old[old]
        stays = policies >= 0
        if len(asked.hit_policies) == 0 and bool(stays.all()):
            return Decided(pieces=pieces, first=first, affected=_NOTHING, policies=policies)
        counts = kept.reader.read(EVENTS, pieces, ["out hits"])["out hits"]
        events = np.repeat(np.arange(given.event_count), counts)
        asked_events = given.hit_events()
        asked_widths = np.array([len(names) for names in asked.program.policy_reads], np.int64)
        affected = np.unique(np.concatenate([events[~stays], asked_events]))
        widths = self._widths[old]
        values = kept.reader.read(VALUES, pieces, ["value"])["value"]
        merged = _merge(
            (events[stays], policies[stays], (np.cumsum(widths) - widths)[stays], values,
             widths[stays]),
            (asked_events, self._new_of_asked[asked.hit_policies], asked.value_starts,
             asked.hit_values, asked_widths[asked.hit_policies]),
        )  # fmt: skip
        out = self._summing.sum_up(kept, pieces, merged, affected)
        return Decided(
            pieces=pieces, first=first, affected=affected, policies=merged.policies,
            events=merged.events, values=merged.values, out=out,
        )  # fmt: skip


class Given(NamedTuple):
    """What some policies would have done in some pieces of a kept run."""

    pieces: range
    event_count: int
    """Events of the pieces."""
    rows: Int64 | None
    """Those that were asked about, ascending; None for all. The policies cannot hold on others."""
    out: DecisionBatch

    def hit_events(self) -> Int64:
        """Return the event of every hit, counted from the first of the pieces."""
        events = np.repeat(np.arange(self.out.count), np.diff(self.out.hit_starts))
        return events if self.rows is None else self.rows[events]


def given_pieces(kept: Kept, pack: Pack, policies: Sequence[PolicySpec]) -> Iterator[Given]:
    """Yield what some policies of a pack would have done in the pieces of a kept run."""
    program = compile_given(pack, policies)
    given = GivenColumns(program)
    state = given_state(program, given)
    leaves = [f"leaf {name}" for name in leaves_read(pack, policies)]
    types = _types_asked(pack, policies)
    # How many hits an event had is asked for later: better now, with the rest.
    wanted = [*_columns(program.fields), *leaves, TYPE_COLUMN, "out hits"]
    spans = list(kept.spans())
    position = 0
    for pieces, following in zip_longest(spans, spans[1:]):
        columns = kept.reader.read(EVENTS, pieces, wanted)
        if following is not None:
            kept.reader.expect(EVENTS, following, wanted)
        count = len(columns["instants"])
        rows = None
        if types is not None:
            rows = np.flatnonzero(np.isin(columns[TYPE_COLUMN], types))
        batch = _batch(kept, pieces, program.fields, columns, rows)
        given.values = _stack([columns[name] for name in leaves], len(batch), np.float64, rows)
        out = evaluate(batch, state, first_position=position)
        yield Given(pieces=pieces, event_count=count, rows=rows, out=out)
        position += count


def _types_asked(pack: Pack, policies: Sequence[PolicySpec]) -> npt.NDArray[np.uint64] | None:
    """Return the event types on which any of the policies can hold, or which change lists; None for
    all.
    """
    features = {one.name: one for one in pack.catalogue.features}
    found = set(_OF_LISTS)
    for policy in policies:
        types = event_types_of(policy.when, features)
        if types is None:
            return None
        found |= types
    return hash_texts(sorted(found))


class _Summing:
    """Puts hits together to decisions: the policies' conditions are the hits themselves."""

    def __init__(self, pack: Pack, policies: tuple[PolicySpec, ...]) -> None:
        catalogue = Catalogue(
            entities=tuple[EntitySpec, ...](),
            keys=tuple[KeySpec, ...](),
            features=(
                *(one for one in pack.catalogue.features if one.name == pack.segment_source),
                *(_flag(place) for place in range(len(policies))),
            ),
        )
        said = tuple(
            msgspec.structs.replace(
                policy,
                when=Compare(
                    op=">",
                    left=Feature(name=_flag_name(place), type="number"),
                    right=Number(value=0.0),
                ),
                reads=(),
                shows=(),
            )
            for place, policy in enumerate(policies)
        )
        reduced = msgspec.structs.replace(pack, catalogue=catalogue, lists=(), models=())
        self._program = compile_given(reduced, said)
        self._given = GivenColumns(self._program)
        self._state = given_state(self._program, self._given)
        self._count = len(policies)

    def sum_up(self, kept: Kept, pieces: range, hits: _Hits, affected: Int64) -> Columns:
        """Return what the affected events come to by their hits, one row each."""
        fields = self._program.fields
        columns = kept.reader.read(EVENTS, pieces, _columns(fields))
        flags = np.zeros((self._count, len(affected)))
        places = np.searchsorted(affected, hits.events)
        inside = np.flatnonzero(affected[np.minimum(places, len(affected) - 1)] == hits.events)
        flags[hits.policies[inside], places[inside]] = 1.0
        self._given.values = flags
        out = evaluate(_batch(kept, pieces, fields, columns, affected), self._state)
        return columns_of(out)


class _Hits(NamedTuple):
    events: Int64
    policies: Int64
    values: npt.NDArray[np.float64]


def _merge(first: tuple[Any, ...], second: tuple[Any, ...]) -> _Hits:
    """Join two sets of hits, each (events, policies, value starts, values, widths), in the order
    in which the engine writes them: by event, then by policy.
    """
    events = np.concatenate([first[0], second[0]])
    policies = np.concatenate([first[1], second[1]])
    values = np.concatenate([first[3], second[3]])
    starts = np.concatenate([first[2], second[2] + len(first[3])])
    widths = np.concatenate([first[4], second[4]])
    order = np.lexsort((policies, events))
    starts, widths = starts[order], widths[order]
    # Each hit's values follow each other: the place of the first, and how far behind it.
    behind = np.arange(int(widths.sum())) - np.repeat(np.cumsum(widths) - widths, widths)
    return _Hits(events[order], policies[order], values[np.repeat(starts, widths) + behind])


def _columns(fields: FieldSet) -> list[str]:
    """Return the names of the kept columns that make a batch; remarks are read apart."""
    return [
        "instants",
        *(f"number {name}" for name in fields.numbers),
        *(f"text {name}" for name in fields.texts),
    ]


def _batch(
    kept: Kept, pieces: range, fields: FieldSet, columns: Columns, rows: Int64 | None = None
) -> EventBatch:
    """Return kept events as a batch; of some rows only, if given."""
    instants = columns["instants"]
    # What is read from a file cannot be written to; to the kernel that is another type.
    instants = instants.copy() if rows is None else instants[rows]
    count = len(instants)
    remarks = [
        Remarks.of(kept.reader.read_texts(EVENTS, pieces, f"remark {name}", rows))
        for name in fields.remarks
    ]
    numbers = [columns[f"number {name}"] for name in fields.numbers]
    hashes = [columns[f"text {name}"] for name in fields.texts]
    return EventBatch(
        occurred_at_us=instants,
        fields=fields,
        numbers=_stack(numbers, count, np.float64, rows),
        hashes=_stack(hashes, count, np.uint64, rows),
        remarks=tuple(remarks),
        event_ids=[""] * count,
        texts=(),
    )


def _stack(
    columns: list[npt.NDArray[Any]], count: int, kind: Any, rows: Int64 | None = None
) -> npt.NDArray[Any]:
    stacked = np.empty((len(columns), count), kind)
    for own, column in zip(stacked, columns, strict=True):
        own[:] = column if rows is None else column[rows]
    return stacked


def _widths(pack: Pack, policies: tuple[str, ...]) -> Int64:
    """Return how many values a hit of each policy records."""
    reads = {one.id: len(policy_reads(one)) for one in pack.policies if one.status in SPEAKING}
    return np.array([reads[name] for name in policies], np.int64)


def _flag_name(place: int) -> str:
    return f"hit_{place}"


def _flag(place: int) -> FeatureSpec:
    name = _flag_name(place)
    return FeatureSpec(name=name, type="number", title=TextPair(en=name, zh=name))
