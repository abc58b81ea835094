"""Compile a catalogue into a plan: streams, windows, cells, record layouts and the programs around
them.

Features that count the same events share one stream; windows of a stream are cursors into one ring;
features that say the same share one value. The plan is plain integer tables: the kernels interpret
it and nothing is compiled.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from haitang.data.events.batch import FieldSet
from haitang.data.features import layout as at
from haitang.data.features import terms
from haitang.data.features.arena import (
    DIRECTORY_WORDS,
    HEADER_WORDS,
    RECORD_HEADER_WORDS,
)
from haitang.data.features.grouping import Group, Grouping
from haitang.data.features.program import ProgramBuilder
from haitang.data.features.specs import Catalogue, FeatureSpec
from haitang.data.features.streams import Cell, Stream, stream_row, visit_tables
from haitang.kernel.errors import HaitangError

MAX_SLOTS = 48
MAX_FEATURES = 4096
INLINE_WORDS = 48
"""Up to this size the streams of an entity lie in its records; beyond, each has a block from its
first event on, because few keys ever see most of the streams.
"""
STATE_FORMAT = 6
"""Raised whenever the meaning of a state word changes: older states are refused."""

CELL_KINDS = {
    "first_seen": at.KIND_FIRST,
    "since": at.KIND_SINCE,
    "total": at.KIND_TOTAL,
    "latest": at.KIND_LATEST,
}
READ_COLUMNS = {
    "count": at.R_COUNT,
    "sum": at.R_SUM,
    "mean": at.R_MEAN,
    "std": at.R_STD,
    "min": at.R_MIN,
    "max": at.R_MAX,
    "last": at.R_LAST,
    "distinct": at.R_DISTINCT,
    "quantile": at.R_QUANTILE,
    "rank": at.R_RANK,
}


class PlanRefused(HaitangError):
    """A catalogue that is beyond what a plan can hold."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an aggregate feature is read: its slot, its stream or cell (the other is -1), and the
    row of both among the places.
    """

    row: int
    slot: int
    stream: int = -1
    cell: int = -1


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of a compiled catalogue; rows are rows of the value matrix."""

    digest: str
    """Identifies what a state means: the catalogue and the state format."""
    fields: FieldSet
    feature_names: tuple[str, ...]
    feature_rows: NDArray[np.int64]
    row_count: int
    mask_count: int
    tables: tuple[Any, ...]
    shares: NDArray[np.float64]
    places: dict[str, Place]
    """Where each aggregate feature is read."""
    key_parts: NDArray[np.int64]
    """Rows of (slot, part, row of the batch's hashes), alternatives in order."""
    slots: tuple[str, ...]
    entities: tuple[str, ...]
    header_words: int
    """Words of an empty state: header and key directories."""

    def folded(self) -> tuple[set[int], set[int]]:
        """Return the rows and masks that the fold looks at: what is summed, and what counts."""
        rows = {*self.tables[2][:, at.S_SOURCE].tolist(), *self.tables[12].tolist()}
        masks = set(self.tables[11][:, at.V_MASK].tolist())
        return {row for row in rows if row >= 0}, {mask for mask in masks if mask >= 0}


class PlanBuilder:
    """Builds a plan; policies may add to `program` between construction and `build`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.program = ProgramBuilder()
        self._entities = {entity.name: i for i, entity in enumerate(catalogue.entities)}
        self._slots = {key.slot: i for i, key in enumerate(catalogue.keys)}
        self._streams: dict[Group, Stream] = {}
        self._cells: dict[tuple[int, int, int], Cell] = {}
        self._hash_fields: dict[str, int] = {}
        self._grouping = Grouping(catalogue, self.program, self._hash_fields)
        self._homes: dict[str, Stream | Cell] = {}
        self._check_bounds()
        for key in catalogue.keys:
            for part in key.fields:
                for field in part:
                    self._grouping.hash_row(field)
        for feature in catalogue.features:
            if feature.value is not None:
                self.program.add_derived(feature.name, feature.value)
        aggregates = [feature for feature in catalogue.features if feature.aggregate is not None]
        self._grouping.settle([one for one in aggregates if one.aggregate not in CELL_KINDS])
        for feature in sorted(aggregates, key=lambda item: self._slots[item.key]):
            if feature.aggregate in CELL_KINDS:
                self._add_cell(feature)
            else:
                self._add_window(feature)

    def number_row(self, field: str) -> int:
        """Return the row of the batch's numbers in which a number, flag or instant stands."""
        self.program.row(terms.Field(name=field, type="number"))
        return list(self.program.inputs.numbers).index(field)

    def hash_row(self, field: str) -> int:
        """Return the row of the batch's hashes in which a text field stands."""
        return self._grouping.hash_row(field)

    def _check_bounds(self) -> None:
        if len(self.catalogue.keys) > MAX_SLOTS:
            raise PlanRefused(
                code="plan_too_large",
                message=(
                    f"the pack has {len(self.catalogue.keys)} key slots; "
                    f"expected at most {MAX_SLOTS}"
                ),
                hint="join slots of one entity with `a | b`",
            )
        if len(self.catalogue.features) > MAX_FEATURES:
            raise PlanRefused(
                code="plan_too_large",
                message=(
                    f"the pack has {len(self.catalogue.features)} features; "
                    f"expected at most {MAX_FEATURES}"
                ),
                hint="remove features that no policy reads",
            )

    def _add_window(self, feature: FeatureSpec) -> None:
        group = self._grouping.group(feature)
        if group not in self._streams:
            self._streams[group] = Stream(group=group, aggregates=set(), edges={}, reads={})
        stream = self._streams[group]
        self._homes[feature.name] = stream
        assert feature.aggregate is not None
        stream.aggregates.add(feature.aggregate)
        # Of a stream without delay, a window that ends a while ago ends where another begins.
        behind_us = feature.delay_us - group.delay_us
        window = (feature.window_us + behind_us, feature.tile_us)
        edge = stream.edges.setdefault(window, len(stream.edges))
        until = stream.edges.setdefault((behind_us, 0), len(stream.edges)) if behind_us else -1
        exact_us = behind_us if feature.tile_us else feature.window_us + behind_us
        stream.exact_us = max(stream.exact_us, exact_us)
        share = feature.quantile if feature.aggregate == "quantile" else 0.0
        read = stream.reads.setdefault(
            (self._slots[feature.key], until, edge, int(feature.prior), share), {}
        )
        if feature.aggregate in read:
            self.program.alias_aggregate(feature.name, read[feature.aggregate])
        else:
            read[feature.aggregate] = self.program.add_aggregate(feature.name)

    def _add_cell(self, feature: FeatureSpec) -> None:
        assert feature.aggregate is not None
        entity, _, seen = self._grouping.counted(feature)
        mask = self._grouping.predicate(feature)
        cell = self._cells.setdefault(
            (entity, mask, seen), Cell(entity=entity, mask=mask, seen=seen, sources=[], reads={})
        )
        self._homes[feature.name] = cell
        source = 0
        if feature.aggregate == "latest" and feature.of is not None:
            row = self.program.row(feature.of)
            if row not in cell.sources:
                cell.sources.append(row)
            source = cell.sources.index(row)
        kind = CELL_KINDS[feature.aggregate]
        read = (self._slots[feature.key], int(feature.prior), kind, source)
        if read in cell.reads:
            self.program.alias_aggregate(feature.name, cell.reads[read])
        else:
            cell.reads[read] = self.program.add_aggregate(feature.name)

    # -- tables --------------------------------------------------------------------------------

    def build(self) -> Plan:
        """Return the plan; nothing may be added afterwards."""
        for feature in self.catalogue.features:
            if feature.value is not None:
                self.program.feature_row(feature.name)
        streams = sorted(self._streams.values(), key=lambda stream: stream.group.entity)
        cells = sorted(self._cells.values(), key=lambda cell: cell.entity)
        entities, stream_rows, edges = self._lay_out(streams)
        reads, places, shares = self._read_tables(streams, stream_rows)
        cell_rows, cell_reads, cell_places = self._cell_tables(
            cells, entities, first_place=len(places)
        )
        sources = [row for cell in cells for row in cell.sources]
        places = np.concatenate((places, cell_places))
        placed = [
            *stream_rows[:, at.S_PLACE_START : at.S_PLACE_STOP + 1].tolist(),
            *cell_rows[:, at.C_PLACE_START : at.C_PLACE_STOP + 1].tolist(),
        ]
        slot_entities = np.array(
            [self._entities[key.entity] for key in self.catalogue.keys], dtype=np.int64
        )
        for entity_row in entities:
            entity_row[at.N_RECORD_WORDS] = max(entity_row[at.N_RECORD_WORDS], RECORD_HEADER_WORDS)
        names = tuple(feature.name for feature in self.catalogue.features)
        return Plan(
            digest=catalogue_digest(self.catalogue),
            fields=self._fields(),
            feature_names=names,
            feature_rows=np.array(
                [self.program.feature_row(name) for name in names], dtype=np.int64
            ),
            row_count=self.program.row_count,
            mask_count=self.program.mask_count,
            tables=(
                entities,
                slot_entities,
                stream_rows,
                edges,
                reads,
                places,
                cell_rows,
                cell_reads,
                *self._sibling_tables(),
                *visit_tables([*streams, *cells], placed, places, len(self._slots)),
                np.array(sources or [0], dtype=np.int64),
            ),
            shares=shares,
            places=self._places(streams, cells, (stream_rows, cell_rows), places),
            key_parts=self._key_parts(),
            slots=tuple(self._slots),
            entities=tuple(self._entities),
            header_words=HEADER_WORDS + DIRECTORY_WORDS * len(self._entities),
        )

    def _fields(self) -> FieldSet:
        inputs = self.program.inputs
        for name in inputs.texts:
            self._grouping.hash_row(name)
        for _, field in inputs.listed:
            self._grouping.hash_row(field)
        return FieldSet(
            numbers=tuple(inputs.numbers),
            texts=tuple(self._hash_fields),
            remarks=tuple(dict.fromkeys(field for field, _ in inputs.contains)),
        )

    def _key_parts(self) -> NDArray[np.int64]:
        rows = [
            (slot, part, self._hash_fields[field])
            for slot, key in enumerate(self.catalogue.keys)
            for part, alternatives in enumerate(key.fields)
            for field in alternatives
        ]
        return np.array(rows, dtype=np.int64).reshape(len(rows), 3)

    def _lay_out(
        self, streams: list[Stream]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        entities = np.zeros((len(self._entities), at.N_COLUMNS), dtype=np.int64)
        stream_rows = np.zeros((len(streams), at.S_COLUMNS), dtype=np.int64)
        edges: list[tuple[int, int]] = []
        for i, spec in enumerate(self.catalogue.entities):
            entities[i, at.N_DIRECTORY] = HEADER_WORDS + DIRECTORY_WORDS * i
            entities[i, at.N_RETENTION] = spec.retention_us
            own = [s for s, stream in enumerate(streams) if stream.group.entity == i]
            entities[i, at.N_STREAM_START] = own[0] if own else 0
            entities[i, at.N_STREAM_STOP] = own[-1] + 1 if own else 0
            offset = RECORD_HEADER_WORDS
            for s in own:
                stream_rows[s] = stream_row(streams[s], edge_start=len(edges))
                edges.extend(streams[s].edges)
            lazy = sum(int(stream_rows[s, at.S_WORDS]) for s in own) > INLINE_WORDS
            for s in own:
                stream_rows[s, at.S_OFFSET] = offset
                stream_rows[s, at.S_LAZY] = int(lazy)
                offset += 1 if lazy else int(stream_rows[s, at.S_WORDS])
            entities[i, at.N_RECORD_WORDS] = offset
        edge_rows = np.array(edges, dtype=np.int64).reshape(len(edges), at.G_COLUMNS)
        return entities, stream_rows, edge_rows

    def _read_tables(
        self, streams: list[Stream], stream_rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        places: list[tuple[int, int, int, int]] = []
        rows: list[list[int]] = []
        shares: list[float] = []
        for s, stream in enumerate(streams):
            # Reads with one end stand together: what was found for one serves the next.
            ordered = sorted(stream.reads.items(), key=lambda item: (-item[0][3], item[0]))
            stream_rows[s, at.S_PLACE_START] = len(places)
            for slot in sorted({slot for slot, *_ in stream.reads}):
                start, priors = len(rows), 0
                for (read_slot, until, edge, prior, share), outputs in ordered:
                    if read_slot == slot:
                        row = [-1] * at.R_COLUMNS
                        row[at.R_STREAM] = s
                        row[at.R_EDGE] = int(stream_rows[s, at.S_EDGE_START]) + edge
                        if until >= 0:
                            row[at.R_UNTIL] = int(stream_rows[s, at.S_EDGE_START]) + until
                        priors += prior
                        for aggregate, value_row in outputs.items():
                            row[READ_COLUMNS[aggregate]] = value_row
                        row[at.R_RARE] = int(max(row[at.R_LAST : at.R_RARE]) >= 0)
                        row[at.R_MORE] = int(max(row[at.R_STD : at.R_RARE]) >= 0)
                        rows.append(row)
                        shares.append(share)
                places.append((slot, start, start + priors, len(rows)))
            stream_rows[s, at.S_PLACE_STOP] = len(places)
        table = np.array(rows, dtype=np.int32).reshape(len(rows), at.R_COLUMNS)
        return table, _place_rows(places), np.array(shares or [0.0], dtype=np.float64)

    def _cell_tables(
        self, cells: list[Cell], entities: NDArray[np.int64], *, first_place: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        table = np.zeros((len(cells), at.C_COLUMNS), dtype=np.int64)
        places: list[tuple[int, int, int, int]] = []
        reads: list[tuple[int, int, int, int, int]] = []
        source = 0
        for i in range(len(self._entities)):
            own = [c for c, cell in enumerate(cells) if cell.entity == i]
            entities[i, at.N_CELL_START] = own[0] if own else 0
            entities[i, at.N_CELL_STOP] = own[-1] + 1 if own else 0
        for c, cell in enumerate(cells):
            offset = int(entities[cell.entity, at.N_RECORD_WORDS])
            words = at.CELL_LATEST + len(cell.sources)
            entities[cell.entity, at.N_RECORD_WORDS] = offset + words
            place = first_place + len(places)
            for slot in sorted({slot for slot, *_ in cell.reads}):
                start, priors = len(reads), 0
                for (read_slot, prior, kind, which), row in sorted(
                    cell.reads.items(), key=lambda item: (-item[0][1], item[0])
                ):
                    if read_slot == slot:
                        reads.append((c, prior, kind, row, at.CELL_LATEST + which))
                        priors += prior
                places.append((slot, start, start + priors, len(reads)))
            behind = source + len(cell.sources)
            table[c] = (offset, source, behind, place, first_place + len(places))
            source = behind
        read_rows = np.array(reads, dtype=np.int64).reshape(len(reads), at.D_COLUMNS)
        return table, read_rows, _place_rows(places)

    def _sibling_tables(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return, per slot, the other slots of its entity: where the same key may stand as well."""
        keys = self.catalogue.keys
        others = [
            [o for o, other in enumerate(keys) if o != x and other.entity == key.entity]
            for x, key in enumerate(keys)
        ]
        ranges = np.zeros((len(keys), 2), dtype=np.int64)
        flat: list[int] = []
        for x, own in enumerate(others):
            ranges[x] = (len(flat), len(flat) + len(own))
            flat.extend(own)
        return np.array(flat or [0], dtype=np.int64), ranges

    def _places(
        self,
        streams: list[Stream],
        cells: list[Cell],
        tables: tuple[NDArray[np.int64], NDArray[np.int64]],
        places: NDArray[np.int32],
    ) -> dict[str, Place]:
        index: dict[Stream | Cell, int] = {stream: s for s, stream in enumerate(streams)}
        index |= {cell: c for c, cell in enumerate(cells)}
        found: dict[str, Place] = {}
        for feature in self.catalogue.features:
            home = self._homes.get(feature.name)
            if home is None:
                continue
            i, slot, is_stream = index[home], self._slots[feature.key], isinstance(home, Stream)
            table, column = (0, at.S_PLACE_START) if is_stream else (1, at.C_PLACE_START)
            first = int(tables[table][i, column])
            # Every slot of a home stands once, in order.
            row = first + int(np.flatnonzero(places[first:, at.P_SLOT] == slot)[0])
            found[feature.name] = Place(
                row=row, slot=slot, stream=i if is_stream else -1, cell=-1 if is_stream else i
            )
        return found


def _place_rows(places: list[tuple[int, int, int, int]]) -> NDArray[np.int32]:
    return np.array(places, dtype=np.int32).reshape(len(places), at.P_COLUMNS)


def catalogue_digest(catalogue: Catalogue) -> str:
    """Return what identifies the meaning of a state: 64 hex digits."""
    content = msgspec.json.encode([STATE_FORMAT, catalogue])
    return hashlib.sha256(content).hexdigest()
