"""Which window features are kept in one stream: the fewer there are, the fewer an event visits.

Features that count the same events and sum the same values share one. Counts, sums, means and
deviations that end a delay ago share it too: they are differences of two places in one ring. And a
sum shares the stream that counts its events: what has no value adds nothing to it (a mean is
divided by the number of values, so it cannot).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from haitang.data.features import terms
from haitang.data.features.program import ProgramBuilder
from haitang.data.features.specs import Catalogue, FeatureSpec

SUMMED = ("count", "sum", "mean", "std")
"""Aggregates that are differences of totals."""
UNTILED = ("distinct", "quantile", "rank")
"""Aggregates that need every entry; the far edge is rounded to the tile all the same."""


class Group(NamedTuple):
    """What makes a stream: entity, mask of the events that count, the slots at which they do as
    bits, row and factor of the value, row of the hashes, delay, and granularity of the entries.
    """

    entity: int
    mask: int
    seen: int
    source: int
    factor: int
    hashed: int
    delay_us: int
    tile_us: int = 0


class Grouping:
    """Tells of every window feature of a catalogue what its stream is."""

    def __init__(
        self, catalogue: Catalogue, program: ProgramBuilder, hash_fields: dict[str, int]
    ) -> None:
        self._catalogue = catalogue
        self._program = program
        self._hash_fields = hash_fields
        self._entities = {entity.name: i for i, entity in enumerate(catalogue.entities)}
        self._keys = {key.slot: key for key in catalogue.keys}
        self._sums: dict[tuple[int, int, int], tuple[int, int]] = {}
        """By where events are counted: value and factor of the sum that shares the counts."""
        self._tiles: dict[Group, int] = {}

    def settle(self, windows: Sequence[FeatureSpec]) -> None:
        """Take in all window features, before any is asked for."""
        counts = {self.counted(one) for one in windows if one.aggregate == "count"}
        for feature in windows:
            if feature.aggregate == "sum" and self.counted(feature) in counts:
                source, factor, _ = self._source(feature)
                self._sums.setdefault(self.counted(feature), (source, factor))
        for feature in windows:
            if feature.tile_us:
                self._tiles.setdefault(self._group(feature), feature.tile_us)

    def group(self, feature: FeatureSpec) -> Group:
        """Return a feature's group; exact windows stand with tiled ones where both can."""
        group = self._group(feature)
        if feature.aggregate in UNTILED or group.delay_us:
            return group
        return group._replace(tile_us=feature.tile_us or self._tiles.get(group, 0))

    def counted(self, feature: FeatureSpec) -> tuple[int, int, int]:
        """Return the entity, the mask of `where`, and the slots at which events count."""
        mask = -1 if feature.where is None else self._program.mask(feature.where)
        return (
            self._entities[self.entity_of(feature)],
            self._checked(feature, mask),
            self._seen(feature),
        )

    def entity_of(self, feature: FeatureSpec) -> str:
        """Return the entity whose state a feature reads."""
        return self._keys[feature.key].entity

    def predicate(self, feature: FeatureSpec) -> int:
        """Return the mask of the events that count and have a value."""
        mask = self.counted(feature)[1]
        if feature.of is None or (
            feature.where is not None
            and terms.implies_known(feature.where, feature.of, self._program.derived)
        ):
            return mask
        known = self._program.mask(terms.Known(operand=feature.of))
        return self._checked(feature, known if mask < 0 else self._program.both(mask, known))

    def hash_row(self, field: str) -> int:
        """Return the row of the batch's hashes of a text field."""
        return self._hash_fields.setdefault(field, len(self._hash_fields))

    def _checked(self, feature: FeatureSpec, mask: int) -> int:
        is_told = mask < 0 or self._program.mask_is_event_only(mask)
        assert is_told, f"`{feature.name}` counts by other features"
        return mask

    def _seen(self, feature: FeatureSpec) -> int:
        entity = self.entity_of(feature)
        seen = 0
        for x, key in enumerate(self._catalogue.keys):
            if key.entity == entity and (not feature.seen_as or key.slot in feature.seen_as):
                seen |= 1 << x
        return seen

    def _source(self, feature: FeatureSpec) -> tuple[int, int, int]:
        """Return (value row, factor, hash row) of what is aggregated."""
        if feature.of is None:
            return -1, 1, -1
        if feature.aggregate == "distinct":
            if isinstance(feature.of, terms.Field) and feature.of.type == "text":
                return -1, 1, self.hash_row(feature.of.name)
            return self._program.row(feature.of), 10**feature.of_scale, -2
        # A text's code and a flag are whole numbers already.
        factor = 10**feature.of_scale if feature.type == "number" else 1
        return self._program.row(feature.of), factor, -1

    def _group(self, feature: FeatureSpec) -> Group:
        entity, mask, seen = self.counted(feature)
        source, factor, hashed = self._source(feature)
        shared = self._sums.get((entity, mask, seen))
        if feature.aggregate == "count":
            source, factor = shared or (source, factor)
        elif feature.aggregate != "sum" or (source, factor) != shared:
            mask = self.predicate(feature)
        delay_us = 0 if feature.aggregate in SUMMED else feature.delay_us
        return Group(entity, mask, seen, source, factor, hashed, delay_us)
