"""The first run over a stream: everything decided, everything kept."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.backtest.pieces import Pieces
from haitang.app.backtest.sources import deciding_sources
from haitang.app.programs import OpenedPack
from haitang.app.wiring import EventChunk, KeptReader, KeptWriter, Replacement, naming
from haitang.data.events.batch import EventBatch
from haitang.decision.batch.alerts import READ, acting_customers, alerts_of
from haitang.decision.batch.kept import (
    ALERTS,
    EVENTS,
    HITS,
    VALUES,
    Kept,
    KeptAbout,
    columns_of,
    leaf_features,
    values_in_order,
)
from haitang.decision.engine import DecisionBatch, EngineState, evaluate
from haitang.kernel.errors import HaitangError
from haitang.kernel.instants import DAY_US

Column = npt.NDArray[Any] | Sequence[str | None]

PIECE_EVENTS = 65_536
"""Events that are kept together; in between are the values of one feature on them."""
VERSION = 4
ALWAYS_NUMBERS = ("amount_base_minor",)
ALWAYS_TEXTS = ("event_type", "payer_customer_id", "customer_id", "channel", "customer_segment")
"""Fields that the measures need, whatever the pack reads."""
DIGESTS_FILE = "streams.read"
DIGESTS_MAX = 64
"""Files whose digests are remembered."""
QUIET_SHARE = 0.01
"""Of the busiest day's events: days with fewer do not count as days of the stream."""


def keep_run(
    opened: OpenedPack,
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
        pieces = Pieces(chunks, keeper.fields, size=PIECE_EVENTS)
        for wide in pieces:
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
        writer.about(msgspec.msgpack.encode(keeper.about(pieces, stream)))


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
        self._customers: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._days: Counter[int] = Counter()

    def narrow(self, batch: EventBatch) -> EventBatch:
        """Return the batch that the program was compiled for: its own fields only."""
        return msgspec.structs.replace(
            batch,
            fields=self._own,
            numbers=np.ascontiguousarray(batch.numbers[: len(self._own.numbers)]),
            hashes=np.ascontiguousarray(batch.hashes[: len(self._own.texts)]),
        )

    def keep(self, writer: KeptWriter, batch: EventBatch, out: DecisionBatch) -> None:
        """Write one piece."""
        assert out.features is not None
        instants = batch.occurred_at_us
        days, counts = np.unique(instants // DAY_US, return_counts=True)
        self._days.update(dict(zip(days.tolist(), counts.tolist(), strict=True)))
        columns: dict[str, Column] = {"instants": instants, "event_ids": batch.event_ids}
        for row, name in enumerate(self.fields.numbers):
            columns[f"number {name}"] = batch.numbers[row]
        for row, name in enumerate(self.fields.texts):
            columns[f"text {name}"] = batch.hashes[row]
        for row, name in enumerate(self.fields.remarks):
            columns[f"remark {name}"] = list(batch.remarks[row])
        for name, row in self._leaves.items():
            columns[f"leaf {name}"] = out.features[row]
        decided = columns_of(out)
        numbers = {name: np.asarray(columns[name]) for name in READ}
        self._customers = np.union1d(self._customers, acting_customers(numbers))
        alerts = alerts_of(numbers, decided, first=self.events)
        ids = [batch.event_ids[row - self.events] for row in alerts["event"].tolist()]
        self.events += len(batch)
        writer.put(EVENTS, {**columns, **decided})
        writer.put(ALERTS, {**alerts, "event_id": ids})
        writer.put(HITS, {"policy": out.hit_policies})
        writer.put(VALUES, {"value": values_in_order(out, self._widths)})

    def about(self, pieces: Pieces, stream: str) -> KeptAbout:
        """Say what was kept, when all of it was."""
        least = QUIET_SHARE * max(self._days.values())
        return KeptAbout(
            version=VERSION,
            sources=deciding_sources(),
            stream=stream,
            events=self.events,
            refused=pieces.refused,
            duplicates=pieces.duplicates,
            pack=self._pack,
            numbers=self.fields.numbers,
            texts=self.fields.texts,
            remarks=self.fields.remarks,
            leaves=tuple(self._leaves),
            policies=self._policies,
            customers=len(self._customers),
            days=sum(count >= least for count in self._days.values()),
        )


def open_kept(folder: Path) -> Kept:
    """Open what an earlier run kept; raises `HaitangError`, or msgspec's where another version
    wrote it.
    """
    reader = KeptReader(folder)
    return Kept(msgspec.msgpack.decode(reader.about, type=KeptAbout), reader)


def stream_digest(events: Path, mapping: Path | None, base_currency: str, keep: Path) -> str:
    """Return what tells one stream from another: the file, and how it is read.

    A file whose size and time of change are those of the last run is not read again; what it was
    then stands in a file of `keep`.
    """
    known = _known_digests(keep)
    parts = [base_currency, *(_file_digest(path, known) for path in (events, mapping) if path)]
    with naming(keep):
        keep.mkdir(parents=True, exist_ok=True)
    with Replacement(keep / DIGESTS_FILE) as file:
        file.write(msgspec.msgpack.encode(dict(list(known.items())[-DIGESTS_MAX:])))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _known_digests(keep: Path) -> dict[str, tuple[int, int, str]]:
    try:
        content = (keep / DIGESTS_FILE).read_bytes()
        return msgspec.msgpack.decode(content, type=dict[str, tuple[int, int, str]])
    except (OSError, msgspec.MsgspecError):
        return {}


def _file_digest(path: Path, known: dict[str, tuple[int, int, str]]) -> str:
    name = str(path.resolve())
    with naming(path):
        about = path.stat()
        size, changed_ns, found = known.pop(name, (-1, -1, ""))
        if (size, changed_ns) != (about.st_size, about.st_mtime_ns):
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
    known[name] = (about.st_size, about.st_mtime_ns, found)
    return found
