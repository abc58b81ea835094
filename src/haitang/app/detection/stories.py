"""What became of each woven fraud: seen, caught in time, and with how much of its money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from haitang.app.detection.effects import STOPPING_BITS, catching_bits, is_reported
from haitang.app.detection.intervals import Share, share_of_sums, wilson
from haitang.app.detection.streams import THE_TABLE, Decided
from haitang.lab.stories.catalogue import STORIES

Int64 = npt.NDArray[np.int64]


class StoryOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one fraud ended."""

    seed: int
    story: str
    """Typology and number, as in the labels."""
    typology: str
    events: int
    seen: bool
    """Any live policy fired on an event of it in time."""
    caught: bool
    stopped: bool
    """Something stopped or slowed money, or brought a person, in time; caught means just this but
    where the catalogue asks for less.
    """
    at_risk_minor: int
    saved_minor: int
    """Money on its events from the first stop on."""
    stopped_minor: int
    """Money on just those of its events that were stopped themselves."""
    caught_by: tuple[str, ...] = ()
    """Live instances that fired on its events in time and took part in catching it; `THE_TABLE`
    where the combined score did.
    """

    @property
    def family(self) -> str:
        """Letter of the family."""
        return self.typology[0]


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """What was caught of some frauds."""

    group: str
    title_en: str = ""
    title_zh: str = ""
    caught: Share
    stopped: Share
    """Money was stopped or slowed or a person came in, whatever the catalogue asks for."""
    seen: Share
    value_caught: Share
    """Of the money at risk, that of the frauds that were caught: each counts with all it has."""
    value: Share
    """Of the money at risk, that on events from the first stop on."""
    value_stopped: Share
    """Of the money at risk, that on events which were stopped themselves."""


def outcomes(decided: Decided, *, seed: int, names: Sequence[str]) -> list[StoryOutcome]:
    """Judge every fraud of a stream; `names` are the full names of the policies."""
    labels = decided.day.labels()
    rows = np.flatnonzero(decided.day.acts["story"] >= 0)
    money = labels["amount_at_risk_minor"].to_numpy()
    stories = labels["story_id"].combine_chunks().dictionary_encode()
    codes = stories.indices.to_numpy(zero_copy_only=False)
    hit_starts = np.searchsorted(decided.hit_events, np.arange(len(decided) + 1))
    ended = []
    for code, story in enumerate(stories.dictionary.to_pylist()):
        own = codes == code
        told = _Told(story=story, rows=rows[own], money=money[own])
        ended.append(_outcome(decided, told, hit_starts, seed=seed, names=names))
    return sorted(ended, key=lambda one: one.story)


class _Told(NamedTuple):
    """A fraud as the labels tell it: its events in journal order, and the money on each."""

    story: str
    rows: Int64
    money: Int64


def _outcome(
    decided: Decided, told: _Told, hit_starts: Int64, *, seed: int, names: Sequence[str]
) -> StoryOutcome:
    typology = told.story.split("-")[0]
    moving = np.flatnonzero(told.money > 0)
    # Where no money moves, and for a report, no event is too late.
    bounded = len(moving) > 0 and not is_reported(typology)
    in_time = told.rows[: int(moving[-1]) + 1] if bounded else told.rows
    stopping = (decided.taken[told.rows] & STOPPING_BITS) != 0
    stops = np.flatnonzero(stopping[: len(in_time)])
    counting = catching_bits(typology)
    spans = [np.arange(*hit_starts[row : row + 2], dtype=np.int64) for row in in_time.tolist()]
    hits = np.concatenate(spans)
    fired = decided.hit_policies[hits]
    catching = {
        names[policy] for policy in fired[(decided.hit_bits[hits] & counting) != 0].tolist()
    }
    if ((decided.by_table[in_time] & counting) != 0).any():
        catching.add(THE_TABLE)
    return StoryOutcome(
        seed=seed,
        story=told.story,
        typology=typology,
        events=len(told.rows),
        seen=len(fired) > 0,
        caught=bool(((decided.taken[in_time] & counting) != 0).any()),
        stopped=len(stops) > 0,
        at_risk_minor=int(told.money.sum()),
        saved_minor=int(told.money[stops[0] :].sum()) if len(stops) else 0,
        stopped_minor=int(told.money[stopping].sum()),
        caught_by=tuple(sorted(catching)),
    )


def recall(group: str, ended: Sequence[StoryOutcome], *, en: str = "", zh: str = "") -> Recall:
    """Count some frauds together."""
    at_risk = np.array([one.at_risk_minor for one in ended], np.float64)
    caught = np.array([one.at_risk_minor * one.caught for one in ended], np.float64)
    saved = np.array([one.saved_minor for one in ended], np.float64)
    stopped = np.array([one.stopped_minor for one in ended], np.float64)
    return Recall(
        group=group,
        title_en=en,
        title_zh=zh,
        caught=wilson(sum(one.caught for one in ended), len(ended)),
        stopped=wilson(sum(one.stopped for one in ended), len(ended)),
        seen=wilson(sum(one.seen for one in ended), len(ended)),
        value_caught=share_of_sums(caught, at_risk),
        value=share_of_sums(saved, at_risk),
        value_stopped=share_of_sums(stopped, at_risk),
    )


def recall_by_family(ended: Sequence[StoryOutcome]) -> tuple[Recall, ...]:
    """Count by family, in the order of the catalogue."""
    families = sorted({one.family for one in ended})
    return tuple(recall(name, _of(ended, name)) for name in families)


def recall_by_typology(ended: Sequence[StoryOutcome]) -> tuple[Recall, ...]:
    """Count by typology, in the order of the catalogue."""
    names = sorted({one.typology for one in ended})
    return tuple(
        recall(name, _of(ended, name), en=STORIES[name].en, zh=STORIES[name].zh) for name in names
    )


def _of(ended: Iterable[StoryOutcome], start: str) -> list[StoryOutcome]:
    return [one for one in ended if one.typology.startswith(start)]
