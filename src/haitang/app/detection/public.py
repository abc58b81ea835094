"""The public data sets: their own packs, judged on the rows that the published protocols judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from haitang.app.detection.intervals import Share, wilson
from haitang.app.detection.published import PUBLISHED, Published
from haitang.app.detection.ranking import average_precision
from haitang.app.programs import OpenedPack, open_pack
from haitang.app.shipped import DATA_SETS as FOLDER
from haitang.app.shipped import shipped_pack
from haitang.app.wiring import table_chunk
from haitang.data.features.specs import TextPair
from haitang.decision.engine import EngineState, evaluate
from haitang.kernel.instants import DAY_US
from haitang.lab.datasets import DATA_SETS, event_tables, label_table
from haitang.lab.leaks import area_by_ranks

PIECE_EVENTS = 65_536
CARDS_TOLD = 100
"""Cards that a day's team looks at, in the Handbook's protocol."""
_FIRST_FOLD_DAY = 115
"""25 July 2018, counted from 1 April, the first day of the Handbook's set."""
_FOLDS, _WEEK = 4, 7
_AMLGENTEX_DAY, _SYNCCFD_DAY = 75, 70
_CAUSAL_SHARE, _TIDE_SHARE = 0.7, 0.8

Flags = npt.NDArray[np.bool_]
Float64 = npt.NDArray[np.float64]
Told = Callable[[str, int], None]
"""Hears which set is being decided, and how many events are done."""


class PublicFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a shipped pack reached on a public set, and what others did."""

    data_set: str
    title: TextPair
    pack_digest: str
    policies: int
    subjects: int
    positives: int
    recall: Share
    """Positives on which a live policy fired."""
    precision: Share
    average_precision: float
    area: float
    """Below the ROC curve."""
    card_precision: float | None = None
    """Share of compromised among the hundred riskiest cards a day; the Handbook's set only."""
    published: Published


class _Judged(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The rows that a protocol judges."""

    scores: Float64
    fired: Flags
    positive: Flags


class _Rows(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All events of a set as decided."""

    table: pa.Table
    """The columns that protocols ask for."""
    scores: npt.NDArray[np.int32]
    fired: Flags


_COLUMNS = (
    "event_id", "event_type", "txn_type", "occurred_at_us", "payer_account", "payee_account",
    "payer_customer_id",
)  # fmt: skip


def public_figures(
    name: str, root: Path, *, told: Told = lambda _name, _done: None
) -> PublicFigures:
    """Decide a whole set with its shipped pack and judge it; raises where the set is not there."""
    opened = open_pack(shipped_pack(f"{FOLDER}/{name}"))
    rows = _decided(opened, name, root, told)
    cards = None
    if name == "handbook_cards":
        folds, cards = _handbook(rows, root)
    elif name == "amlsim_samples":
        folds = [_accounts(rows, root)]
    else:
        folds = [_transactions(name, rows, root)]
    positive = np.concatenate([fold.positive for fold in folds])
    fired = np.concatenate([fold.fired for fold in folds])
    return PublicFigures(
        data_set=name,
        title=TextPair(en=DATA_SETS[name].title_en, zh=DATA_SETS[name].title_zh),
        pack_digest=opened.pack.digest,
        policies=sum(policy.status == "live" for policy in opened.pack.policies),
        subjects=len(positive),
        positives=int(positive.sum()),
        recall=wilson(int((fired & positive).sum()), int(positive.sum())),
        precision=wilson(int((fired & positive).sum()), int(fired.sum())),
        average_precision=_mean([average_precision(one.scores, one.positive) for one in folds]),
        area=_mean([area_by_ranks(one.scores, one.positive)[0] for one in folds]),
        card_precision=cards,
        published=PUBLISHED[name],
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


def _decided(opened: OpenedPack, name: str, root: Path, told: Told) -> _Rows:
    state = EngineState.create(opened.program)
    live = np.array([policy.status == "live" for policy in opened.program.policies], bool)
    tables, scores, fired = [], [], []
    done = 0
    for piece in _pieces(name, root):
        chunk = table_chunk(piece, path=name, base_currency=opened.pack.base_currency)
        assert not chunk.refused, f"no row of {name} is refused"
        out = evaluate(chunk.events.batch(opened.program.fields), state)
        known = out.hit_policies < len(live)
        events = np.repeat(np.arange(out.count), np.diff(out.hit_starts))[known]
        hit = np.zeros(out.count, bool)
        hit[events[live[out.hit_policies[known]]]] = True
        tables.append(piece.select([one for one in _COLUMNS if one in piece.column_names]))
        scores.append(out.scores.max(axis=0) if name != "amlsim_samples" else out.scores)
        fired.append(hit)
        done += out.count
        told(name, done)
    return _Rows(
        table=pa.concat_tables(tables, promote_options="default").combine_chunks(),
        scores=np.concatenate(scores, axis=-1),
        fired=np.concatenate(fired),
    )


def _pieces(name: str, root: Path) -> Iterator[pa.Table]:
    for table in event_tables(name, root):
        for start in range(0, table.num_rows, PIECE_EVENTS):
            yield table.slice(start, PIECE_EVENTS)


def _verdicts(name: str, rows: _Rows, root: Path) -> tuple[Flags, Flags]:
    """Return which events have a verdict, and which of them are positive."""
    labels = label_table(name, root)
    place = pc.index_in(rows.table["event_id"], value_set=labels["event_id"].combine_chunks())
    positive = pc.take(labels["positive"].combine_chunks(), place.combine_chunks())
    known = np.asarray(pc.is_valid(positive))
    payment = np.asarray(pc.not_equal(rows.table["event_type"], "LABEL"))
    opening = np.asarray(pc.equal(rows.table["event_type"], "ACCT_OPEN"))
    return known & payment & ~opening, np.asarray(pc.fill_null(positive, False))


def _day_numbers(rows: _Rows) -> npt.NDArray[np.int64]:
    instants = rows.table["occurred_at_us"].to_numpy()
    return np.asarray(instants // DAY_US - instants[0] // DAY_US)


def _transactions(name: str, rows: _Rows, root: Path) -> _Judged:
    judged, positive = _verdicts(name, rows, root)
    if name == "amlgentex_dev":
        judged &= _day_numbers(rows) >= _AMLGENTEX_DAY
    elif name == "synccfd_dev":
        judged &= _day_numbers(rows) >= _SYNCCFD_DAY
    else:
        share = _CAUSAL_SHARE
        if name == "tide_dev":
            judged &= np.asarray(pc.equal(rows.table["txn_type"], "TRANSFER_INTER"))
            share = _TIDE_SHARE
        own = np.flatnonzero(judged)
        judged[own[: int(share * len(own))]] = False
    return _chosen(rows, judged, positive)


def _chosen(rows: _Rows, judged: Flags, positive: Flags) -> _Judged:
    return _Judged(
        scores=rows.scores[judged].astype(np.float64),
        fired=rows.fired[judged],
        positive=positive[judged],
    )


def _accounts(rows: _Rows, root: Path) -> _Judged:
    """Judge accounts: each has the highest score that it ever had, on its own side."""
    labels = label_table("amlsim_samples", root)
    names = labels["event_id"].combine_chunks()
    scores = np.zeros(len(names))
    fired = np.zeros(len(names), bool)
    for party, column in enumerate(("payer_account", "payee_account")):
        account = np.asarray(pc.index_in(rows.table[column].combine_chunks(), value_set=names))
        known = ~np.isnan(account.astype(np.float64))
        of = account[known].astype(np.int64)
        np.maximum.at(scores, of, rows.scores[party][known].astype(np.float64))
        # A policy that fired raised the score of its own party.
        np.logical_or.at(fired, of, rows.fired[known] & (rows.scores[party][known] > 0))
    return _Judged(scores=scores, fired=fired, positive=np.asarray(labels["positive"]))


def _handbook(rows: _Rows, root: Path) -> tuple[list[_Judged], float]:
    """Judge the Handbook's test weeks, and the hundred riskiest cards of each of their days."""
    known, positive = _verdicts("handbook_cards", rows, root)
    frauds = known & positive
    days = _day_numbers(rows)
    _, cards = np.unique(
        np.asarray(rows.table["payer_customer_id"].fill_null(""), dtype=str), return_inverse=True
    )
    folds, precisions = [], []
    for fold in range(_FOLDS):
        first = _FIRST_FOLD_DAY + fold * _WEEK
        compromised = np.zeros(int(cards.max()) + 1, bool)
        compromised[cards[frauds & (days >= first) & (days < first + _WEEK)]] = True
        judged = np.zeros(len(days), bool)
        for day in range(_WEEK):
            compromised[cards[frauds & (days == first + _WEEK + day - 1)]] = True
            judged |= known & (days == first + 2 * _WEEK + day) & ~compromised[cards]
        one = _chosen(rows, judged, positive)
        folds.append(one)
        precisions.append(_card_precision(one, cards[judged], days[judged]))
    return folds, _mean(precisions)


def _card_precision(
    one: _Judged, cards: npt.NDArray[np.int64], days: npt.NDArray[np.int64]
) -> float:
    """Return the mean over days of the compromised among the riskiest cards; found ones leave."""
    found = np.zeros(int(cards.max()) + 1, bool)
    shares = []
    for day in np.unique(days).tolist():
        rows = np.flatnonzero((days == day) & ~found[cards])
        best = np.full(len(found), -1.0)
        np.maximum.at(best, cards[rows], one.scores[rows])
        bad = np.zeros(len(found), bool)
        bad[cards[rows[one.positive[rows]]]] = True
        top = np.argsort(-best, kind="stable")[:CARDS_TOLD]
        shares.append(float(bad[top].sum()) / CARDS_TOLD)
        found[top[bad[top]]] = True
    return _mean(shares)
