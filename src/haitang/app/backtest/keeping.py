"""The first run over a stream: everything decided, everything kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.authoring.places import file_of
from haitang.app.backtest.alerts import READ, acting_customers, alerts_of
from haitang.app.programs import OpenedPack
from haitang.app.wiring import EventChunk, KeptReader, KeptWriter
from haitang.data.events.batch import EventBatch, FieldSet
from haitang.data.features.specs import FeatureSpec
from haitang.decision.engine import DecisionBatch, EngineState, evaluate
from haitang.decision.rules.source import PackSource, content_digest
from haitang.decision.rules.specs import Pack
from haitang.kernel.errors import HaitangError

Column = npt.NDArray[Any] | Sequence[str | None]

PIECE_EVENTS = 65_536
"""Events that are kept together; in between are the values of one feature on them."""
VERSION = 1
ALWAYS_NUMBERS = ("amount_base_minor",)
ALWAYS_TEXTS = ("event_type", "payer_customer_id", "customer_id", "channel", "customer_segment")
"""Fields that the measures need, whatever the pack reads."""
OUT_COLUMNS = ("out action", "out further", "out tier", "out payer", "out payee", "out hits")
EVENTS, HITS, VALUES, ALERTS = "events", "hits", "values", "alerts"
"""Tables: one row an event, a hit, a value that a hit recorded, an event that a customer hears of.
"""


class KeptAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept: of which stream, decided by which pack."""

    version: int
    stream: str
    """SHA-256 of the events' bytes in their order."""
    events: int
    pack: Pack
    """The pack that decided; a draft or an edited policy need not have been in its `LOCK`."""
    policy_digests: dict[str, str]
    """SHA-256 of each policy's file."""
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    remarks: tuple[str, ...]
    leaves: tuple[str, ...]
    policies: tuple[str, ...]
    customers: int
    first_us: int
    last_us: int


def leaf_features(pack: Pack) -> list[FeatureSpec]:
    """Return the features that are not derived from others: those are kept."""
    return [feature for feature in pack.catalogue.features if feature.value is None]


def keep_run(
    opened: OpenedPack,
    source: PackSource,
    chunks: Iterable[EventChunk],
    folder: Path,
    *,
    stream: str,
    progressed: Callable[[int], None] = lambda _: None,
) -> None:
    """Decide a stream and keep it in a folder, which appears when all went well.

    Kept is what policies and table ask for, before the pack's friction budget spares a customer the
    same question twice: another threshold is tried on parts of the stream, which know of no other.
    """
    program = opened.program
    keeper = _Keeper(opened)
    state = EngineState.create(program)
    with KeptWriter(folder) as writer:
        for wide in _pieces(chunks, keeper.fields):
            batch = keeper.narrow(wide)
            out = evaluate(
                batch,
                state,
                keep_features=True,
                first_position=keeper.events,
                with_friction=False,
            )
            keeper.keep(writer, wide, out)
            progressed(keeper.events)
        if not keeper.events:
            raise HaitangError(code="backtest_no_events", message="the stream had no events")
        writer.about(msgspec.msgpack.encode(keeper.about(source, stream)))


def _pieces(chunks: Iterable[EventChunk], fields: FieldSet) -> Iterator[EventBatch]:
    """Cut a stream into pieces of equal size, whatever it was read in."""
    waiting: list[EventBatch] = []
    count = 0
    for chunk in chunks:
        if chunk.events.count:
            waiting.append(chunk.events.batch(fields))
            count += chunk.events.count
        while count >= PIECE_EVENTS:
            joined = _joined(waiting)
            yield joined.slice(0, PIECE_EVENTS)
            count -= PIECE_EVENTS
            waiting = [joined.slice(PIECE_EVENTS, len(joined))]
    if count:
        yield _joined(waiting)


def _joined(batches: list[EventBatch]) -> EventBatch:
    first = batches[0]
    return EventBatch(
        occurred_at_us=np.concatenate([one.occurred_at_us for one in batches]),
        fields=first.fields,
        numbers=np.concatenate([one.numbers for one in batches], axis=1),
        hashes=np.concatenate([one.hashes for one in batches], axis=1),
        remarks=tuple(
            [text for one in batches for text in one.remarks[row]]
            for row in range(len(first.remarks))
        ),
        event_ids=[name for one in batches for name in one.event_ids],
        texts=(),
    )


class _Keeper:
    def __init__(self, opened: OpenedPack) -> None:
        program = opened.program
        own = program.fields
        self._own = own
        self._pack = opened.pack
        self.fields = msgspec.structs.replace(
            own,
            numbers=tuple(dict.fromkeys((*own.numbers, *ALWAYS_NUMBERS))),
            texts=tuple(dict.fromkeys((*own.texts, *ALWAYS_TEXTS))),
        )
        rows = {name: row for row, name in enumerate(program.feature_names)}
        self._leaves = {
            feature.name: rows[feature.name]
            for feature in leaf_features(opened.pack)
            if feature.name in rows
        }
        self._policies = tuple(policy.id for policy in program.policies)
        self._widths = np.array([len(names) for names in program.policy_reads], np.int64)
        self.events = 0
        self._pieces = 0
        self._customers: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._first_us = 0
        self._last_us = 0

    def narrow(self, batch: EventBatch) -> EventBatch:
        """Return the batch that the program was compiled for: its own fields only."""
        return msgspec.structs.replace(
            batch,
            fields=self._own,
            numbers=np.ascontiguousarray(batch.numbers[: len(self._own.numbers)]),
            hashes=np.ascontiguousarray(batch.hashes[: len(self._own.texts)]),
        )

    def keep(self, writer: KeptWriter, batch: EventBatch, out: DecisionBatch) -> None:
        assert out.features is not None
        instants = batch.occurred_at_us
        first_us = int(instants.min())
        self._first_us = min(self._first_us, first_us) if self.events else first_us
        self._last_us = max(self._last_us, int(instants.max()))
        self.events += len(batch)
        columns: dict[str, Column] = {"instants": instants, "event_ids": batch.event_ids}
        for row, name in enumerate(self.fields.numbers):
            columns[f"number {name}"] = batch.numbers[row]
        for row, name in enumerate(self.fields.texts):
            columns[f"text {name}"] = batch.hashes[row]
        for row, name in enumerate(self.fields.remarks):
            columns[f"remark {name}"] = batch.remarks[row]
        for name, row in self._leaves.items():
            columns[f"leaf {name}"] = out.features[row]
        decided = columns_of(out)
        numbers = {name: np.asarray(columns[name]) for name in READ}
        self._customers = np.union1d(self._customers, acting_customers(numbers))
        alerts = alerts_of(numbers, decided, piece=self._pieces)
        ids = [batch.event_ids[row] for row in alerts["event"].tolist()]
        self._pieces += 1
        writer.put(EVENTS, {**columns, **decided})
        writer.put(ALERTS, {**alerts, "event_id": ids})
        writer.put(HITS, {"policy": out.hit_policies})
        writer.put(VALUES, {"value": values_in_order(out, self._widths)})

    def about(self, source: PackSource, stream: str) -> KeptAbout:
        return KeptAbout(
            version=VERSION,
            stream=stream,
            events=self.events,
            pack=self._pack,
            policy_digests=policy_digests(self._pack, source),
            numbers=self.fields.numbers,
            texts=self.fields.texts,
            remarks=self.fields.remarks,
            leaves=tuple(self._leaves),
            policies=self._policies,
            customers=len(self._customers),
            first_us=self._first_us,
            last_us=self._last_us,
        )


def values_in_order(out: DecisionBatch, widths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the recorded values hit by hit; the kernel writes them policy by policy within a
    block, so that where they lie depends on how a stream was cut. `widths` are by policy.
    """
    own = widths[out.hit_policies]
    behind = np.arange(int(own.sum())) - np.repeat(np.cumsum(own) - own, own)
    values: npt.NDArray[np.float64] = out.hit_values[np.repeat(out.value_starts, own) + behind]
    return values


def columns_of(out: DecisionBatch) -> dict[str, npt.NDArray[Any]]:
    """Return the decisions as columns with one row an event."""
    return {
        "out action": out.actions,
        "out further": out.further,
        "out tier": out.tiers,
        "out payer": out.scores[0],
        "out payee": out.scores[1],
        "out hits": np.diff(out.hit_starts),
    }


class Kept:
    """What an earlier run kept, opened."""

    def __init__(self, folder: Path) -> None:
        self.reader = KeptReader(folder)
        self.about = msgspec.msgpack.decode(self.reader.about, type=KeptAbout)


def policy_digests(pack: Pack, source: PackSource) -> dict[str, str]:
    """Return the SHA-256 of each policy's file; `promote` holds it against the file of its day."""
    return {
        policy.policy_id: content_digest(source.files[file_of(policy, source)])
        for policy in pack.policies
    }


def stream_digest(path: Path) -> str:
    """Return what tells one file of events from another."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
