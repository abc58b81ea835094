"""A backtest from its request to its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.backtest.keeping import VERSION, keep_run, open_kept, stream_digest
from haitang.app.backtest.labels import read_labels
from haitang.app.backtest.reading import read_pack
from haitang.app.backtest.sources import deciding_sources
from haitang.app.policytests import wake_drafts
from haitang.app.programs import OpenedPack
from haitang.app.wiring import naming, open_events
from haitang.data.events.catalogue import FIELDS
from haitang.decision.batch.again import Again, Decided
from haitang.decision.batch.alerts import ALERT_COLUMNS, READ, alerts_of, joined
from haitang.decision.batch.changes import SPEAKING, Change, change_between
from haitang.decision.batch.kept import ALERTS, EVENTS, HITS, Columns, Kept, KeptAbout
from haitang.decision.batch.lines import Line, lines
from haitang.decision.batch.measures import MINUTES_PER_ALERT, Labels, Measures, measure
from haitang.decision.batch.sweeping import Sweep, SweepSpec, sweep
from haitang.decision.engine import ACTIONS, compile_pack
from haitang.decision.rules.places import files_of
from haitang.decision.rules.source import PackSource, content_digest
from haitang.decision.rules.specs import Pack
from haitang.kernel.errors import HaitangError, Place, symbol
from haitang.kernel.hashing import hash_texts

Int64 = npt.NDArray[np.int64]

SAMPLES_MAX = 20


class BacktestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to try, on what."""

    pack: Path
    events: Path
    keep: Path
    """Folder for what runs keep; one folder in it for each stream."""
    labels: Path | None = None
    mapping: Path | None = None
    minutes_per_alert: float = MINUTES_PER_ALERT
    sweeps: tuple[SweepSpec, ...] = ()
    live: tuple[str, ...] = ()
    """Policies that are tried as if they were live, whatever their status."""
    near: tuple[str, ...] = ()
    """Policies whose events above and below the line are wanted."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One event on which the two packs differ."""

    event_id: str
    before: str
    after: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a backtest found; the JSON that `haitang policy promote` reads."""

    pack: str
    pack_version: str
    pack_digest: str
    policy_digests: dict[str, str]
    """SHA-256 of the file of each policy that was tried: drafts too, as if in shadow."""
    tried_live: tuple[str, ...]
    stream: str
    events: int
    refused: int
    duplicates: int
    way: str
    """`first` (all decided and kept), `kept` (nothing had changed), `changed` (only the changed
    policies were asked again) or `whole` (everything was decided again; `reason` says why)."""
    reason: str
    changed: tuple[str, ...]
    after: Measures
    before: Measures | None
    """Of the pack that the stream was kept for; None on a first run."""
    events_affected: int
    samples: tuple[Sample, ...]
    hits: dict[str, int]
    """Of the changed policies, or of all that hit on a first run."""
    sweeps: tuple[Sweep, ...] = ()
    lines: tuple[Line, ...] = ()
    """Of the policies asked for, by instance."""


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    alerts: Columns
    event_ids: list[str]
    affected: int = 0
    samples: tuple[Sample, ...] = ()
    hits: dict[str, int] = {}


def backtest(
    request: BacktestRequest, *, progressed: Callable[[int], None] = lambda _: None
) -> Report:
    """Try a pack on a stream and report; see `Report.way` for how much of it was decided anew."""
    read = read_pack(request.pack, request.keep)
    source = read.source
    _check_known(read.pack, (*request.live, *request.near), source)
    pack = _as_tried(read.pack, request.live)
    told = read_labels(request.labels) if request.labels is not None else None
    labels = None if told is None else Labels(told)
    stream = stream_digest(request.events, request.mapping, pack.base_currency, request.keep)
    folder = request.keep / stream[:16]
    kept = _opened(folder, stream)
    change = Change(policies=())
    if kept is not None:
        fields = frozenset((*kept.about.numbers, *kept.about.texts, *kept.about.remarks))
        change = change_between(kept.about.pack, pack, fields)
    before: _Seen | None = None
    old = kept
    if kept is None or change.reason:
        way = "first" if kept is None else "whole"
        if kept is not None:
            before = _kept_alerts(kept)
        kept = _keep(request, pack, folder, stream, progressed)
        after = msgspec.structs.replace(_kept_alerts(kept), hits=_all_hits(kept))
    elif change.policies:
        way, before = "changed", _kept_alerts(kept)
        after = _changed(kept, pack, change, before)
    else:
        way, after = "kept", _kept_alerts(kept)

    def measured(about: KeptAbout, seen: _Seen) -> Measures:
        return measure(
            about, seen.alerts, seen.event_ids, names=_names(), labels=labels,
            actions=tuple(action.code for action in ACTIONS),
            minutes_per_alert=request.minutes_per_alert,
        )  # fmt: skip

    return Report(
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        policy_digests=_digests(pack, source),
        tried_live=request.live,
        stream=stream,
        events=kept.about.events,
        refused=kept.about.refused,
        duplicates=kept.about.duplicates,
        way=way,
        reason=change.reason,
        changed=change.policies,
        after=measured(kept.about, after),
        before=None if before is None or old is None else measured(old.about, before),
        events_affected=after.affected,
        samples=after.samples,
        hits=after.hits,
        sweeps=tuple(
            sweep(spec, kept, source, pack, told, cache=read.cache) for spec in request.sweeps
        ),
        lines=_lines(request, kept, pack, labels),
    )


def _lines(
    request: BacktestRequest, kept: Kept, pack: Pack, labels: Labels | None
) -> tuple[Line, ...]:
    near = [
        one for one in pack.policies if one.status in SPEAKING and one.policy_id in request.near
    ]
    if not near:
        return ()
    return lines(kept, pack, near, None if labels is None else labels.typology_of)


def _digests(pack: Pack, source: PackSource) -> dict[str, str]:
    tried = files_of((one for one in pack.policies if one.status in SPEAKING), source)
    return {name: content_digest(source.files[path]) for name, path in tried.items()}


def _check_known(pack: Pack, names: Sequence[str], source: PackSource) -> None:
    unknown = sorted(set(names) - {one.policy_id for one in pack.policies})
    if unknown:
        raise HaitangError(
            code="policy_unknown",
            message=f"the pack had no policy {symbol(unknown[0])}",
            place=Place(path=source.name),
            hint="`haitang policy coverage` lists what there is",
        )


def _as_tried(pack: Pack, live: Sequence[str]) -> Pack:
    """Return the pack with its drafts in shadow, and the named policies live."""
    awake = wake_drafts(pack)
    return msgspec.structs.replace(
        awake,
        policies=tuple(
            msgspec.structs.replace(one, status="live") if one.policy_id in live else one
            for one in awake.policies
        ),
    )


def _opened(folder: Path, stream: str) -> Kept | None:
    """Return what an earlier run kept of this stream, if it can still be read."""
    if not folder.is_dir():
        return None
    try:
        kept = open_kept(folder)
    except (HaitangError, msgspec.MsgspecError):
        # By another version, or damaged: it is made anew.
        return None
    about = kept.about
    made_by = (about.version, about.sources, about.stream)
    return kept if made_by == (VERSION, deciding_sources(), stream) else None


def _keep(
    request: BacktestRequest,
    pack: Pack,
    folder: Path,
    stream: str,
    progressed: Callable[[int], None],
) -> Kept:
    opened = OpenedPack(pack=pack, program=compile_pack(pack))
    events = open_events(request.events, mapping=request.mapping, base_currency=pack.base_currency)
    with naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    keep_run(opened, events.chunks, folder, stream=stream, progressed=progressed)
    return open_kept(folder)


def _kept_alerts(kept: Kept) -> _Seen:
    ids = kept.reader.read_texts(ALERTS, kept.whole(ALERTS), "event_id")
    return _Seen(
        alerts=kept.reader.read(ALERTS, kept.whole(ALERTS), ALERT_COLUMNS),
        event_ids=[text or "" for text in ids],
    )


def _all_hits(kept: Kept) -> dict[str, int]:
    found = kept.reader.read(HITS, kept.whole(HITS), ["policy"])["policy"]
    # Behind the policies come the models.
    policies = len(kept.about.policies)
    counts = np.bincount(np.minimum(found, policies), minlength=policies + 1)
    return {
        name: int(count) for name, count in zip(kept.about.policies, counts, strict=False) if count
    }


def _changed(kept: Kept, pack: Pack, change: Change, before: _Seen) -> _Seen:
    """Ask the changed policies again, and put the rest together from what was kept."""
    again = Again(kept, kept.about.pack, pack, change)
    names = again.policy_names
    asked = {place for place, name in enumerate(names) if name in set(change.policies)}
    hits = dict.fromkeys((names[place] for place in sorted(asked)), 0)
    fresh: list[_Seen] = []
    affected: list[Int64] = []
    for decided in again.pieces():
        found, counts = np.unique(decided.policies, return_counts=True)
        for place, count in zip(found.tolist(), counts.tolist(), strict=True):
            if place in asked:
                hits[names[place]] += count
        if decided.out is not None:
            affected.append(decided.affected + decided.first)
            wanted = SAMPLES_MAX - sum(len(one.samples) for one in fresh)
            fresh.append(_fresh(kept, decided, decided.out, wanted))
    others = np.concatenate(affected) if affected else np.zeros(0, np.int64)
    stays = np.flatnonzero(~np.isin(before.alerts["event"], others))
    alerts = joined([{name: column[stays] for name, column in before.alerts.items()},
                     *(one.alerts for one in fresh)])  # fmt: skip
    ids = [before.event_ids[row] for row in stays.tolist()]
    ids += [name for one in fresh for name in one.event_ids]
    order = np.argsort(alerts["event"])
    return _Seen(
        alerts={name: column[order] for name, column in alerts.items()},
        event_ids=[ids[row] for row in order.tolist()],
        affected=len(others),
        samples=tuple(sample for one in fresh for sample in one.samples),
        hits=hits,
    )


def _fresh(kept: Kept, decided: Decided, out: Columns, samples_wanted: int) -> _Seen:
    """Return the alerts on events whose decisions are made anew, and some of what is other now."""
    columns = kept.reader.read(EVENTS, decided.pieces, [*READ, "out action"])
    alerts = alerts_of(columns, out, first=decided.first, rows=decided.affected)
    old = columns["out action"][decided.affected]
    other = np.flatnonzero(old != out["out action"])[: max(samples_wanted, 0)]
    rows = np.concatenate([alerts["event"] - decided.first, decided.affected[other]])
    texts = kept.reader.read_texts(EVENTS, decided.pieces, "event_ids", rows)
    ids = [text or "" for text in texts]
    count = len(alerts["event"])
    return _Seen(
        alerts=alerts,
        event_ids=ids[:count],
        samples=tuple(
            Sample(
                event_id=name,
                before=ACTIONS[int(old[row])].code,
                after=ACTIONS[int(out["out action"][row])].code,
            )
            for name, row in zip(ids[count:], other.tolist(), strict=True)
        ),
    )


def _names() -> dict[int, str]:
    """Return the words behind the hashes of channels and segments."""
    words = [*FIELDS["channel"].allowed, *FIELDS["customer_segment"].allowed]
    return dict(zip(hash_texts(words).tolist(), words, strict=True))
