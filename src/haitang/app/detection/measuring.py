"""A whole measurement: streams of several seeds decided by a pack, and everything counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from haitang.app.detection.effects import is_reported
from haitang.app.detection.honest import (
    Honesty,
    InstanceBurden,
    LikenessCount,
    honesty,
    likeness_counts,
    together,
)
from haitang.app.detection.intervals import Share, wilson
from haitang.app.detection.public import PublicFigures
from haitang.app.detection.ranking import BudgetPoint, Ranked, at_budgets, ranked
from haitang.app.detection.seeds import measuring_seeds
from haitang.app.detection.stories import (
    Recall,
    StoryOutcome,
    outcomes,
    recall,
    recall_by_family,
    recall_by_typology,
)
from haitang.app.detection.streams import StreamSize, decide_stream, fingerprint
from haitang.app.programs import OpenedPack

SEEDS = 4
"""Streams of a measurement unless told otherwise."""
WHOLE = "all"
PER_CUSTOMERS = 10_000
CURVE = tuple(round(0.25 * 1.25**step, 3) for step in range(40))
"""Alert budgets that the chart joins by a line."""

Told = Callable[[int, int, int], None]
"""Hears which stream (from 0; those without frauds follow) is being decided, how many of its events
are, of how many.
"""


class MeasuredStream(msgspec.Struct, frozen=True, kw_only=True):
    """One stream that was measured on."""

    seed: int
    events: int
    frauds: int
    fingerprint: str
    """Of its events: the same seed gives others once the lab changes."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack reached; the keys of the JSON that the command writes."""

    pack: str
    pack_version: str
    pack_digest: str
    lock_problems: int
    """Where a `LOCK` is behind its pack, which is then no published one."""
    measured_on: str
    """UTC date."""
    instances_live: int
    seeds: tuple[int, ...]
    seeds_by_rule: bool
    """Whether the seeds follow from the digest; any others are a development run."""
    customers: int
    days: int
    history_days: int
    events: int
    streams: tuple[MeasuredStream, ...]
    frauds_per_day_10000: float
    """Frauds that began, a day for 10,000 customers."""
    recall: Recall
    value_to_stop: Share
    """Value recall without the typologies for which a report is all that the catalogue asks for."""
    families: tuple[Recall, ...]
    typologies: tuple[Recall, ...]
    disturbed: Share
    """Honest customers a day who noticed anything, of all honest customers a day."""
    quiet: Share
    """The same on streams of the same seeds without any fraud: the other end from streams in which
    frauds are far denser than in a bank.
    """
    quiet_handled: Share
    beside_fraud: Share
    """The same, but only where all of the trouble was with the account of a fraud under way."""
    handled: Share
    """Honest customers a day with whom a person of the bank dealt."""
    disturbed_by_action: dict[str, float]
    """Honest customers a day for 10,000, by action; somebody may meet several."""
    alerts_per_day_10000: float
    """Events that give a person work, a day for 10,000 customers."""
    cases_per_day_10000: float
    """The same, those of one customer on one day taken together."""
    precision: Share
    """Alerts on events of a fraud."""
    precision_of_parties: Share
    """Alerts on events of a fraud or of somebody whose fraud has begun."""
    precision_felt: Share
    """Events with an action that customers notice, those of a fraud."""
    budgets: tuple[BudgetPoint, ...]
    curve: tuple[BudgetPoint, ...]
    likenesses: tuple[LikenessCount, ...]
    burdens: tuple[InstanceBurden, ...]
    """All instances that disturbed honest customers, the heaviest first."""
    missed: tuple[StoryOutcome, ...]
    """Frauds that were not caught."""
    public: tuple[PublicFigures, ...] = ()


class MeasureRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure on."""

    size: StreamSize = StreamSize()
    seeds: tuple[int, ...] = ()
    """Seeds of a development run; empty for those that follow from the pack."""
    seed_count: int = SEEDS


def seeds_of(request: MeasureRequest, opened: OpenedPack) -> tuple[int, ...]:
    """Return the seeds that are measured on."""
    return request.seeds or measuring_seeds(opened.pack.digest, request.seed_count)


def measure(
    opened: OpenedPack,
    request: MeasureRequest,
    *,
    measured_on: str,
    lock_problems: int = 0,
    told: Told = lambda _stream, _done, _of: None,
) -> Measurement:
    """Decide all streams, one after the other, and count."""
    seeds = seeds_of(request, opened)
    ended, parts, rankings, streams = _counted(opened, seeds, request.size, told)
    whole = together(parts)
    quiet = together(
        [
            _quiet(opened, seed, request.size, partial(told, stream))
            for stream, seed in enumerate(seeds, len(seeds))
        ]
    )
    customer_days = request.size.customers * whole.days
    return Measurement(
        pack=opened.pack.id,
        pack_version=opened.pack.version,
        pack_digest=opened.pack.digest,
        lock_problems=lock_problems,
        measured_on=measured_on,
        instances_live=sum(policy.status == "live" for policy in opened.program.policies),
        seeds=seeds,
        seeds_by_rule=not request.seeds,
        customers=request.size.customers,
        days=request.size.days,
        history_days=request.size.history_days,
        events=sum(one.events for one in streams),
        streams=tuple(streams),
        frauds_per_day_10000=len(ended) / customer_days * PER_CUSTOMERS,
        recall=recall(WHOLE, ended),
        value_to_stop=recall(WHOLE, [one for one in ended if not is_reported(one.typology)]).value,
        families=recall_by_family(ended),
        typologies=recall_by_typology(ended),
        disturbed=wilson(whole.disturbed, whole.customer_days),
        quiet=wilson(quiet.disturbed, quiet.customer_days),
        quiet_handled=wilson(quiet.handled, quiet.customer_days),
        beside_fraud=wilson(whole.beside_fraud, whole.customer_days),
        handled=wilson(whole.handled, whole.customer_days),
        disturbed_by_action={
            name: count / whole.customer_days * PER_CUSTOMERS
            for name, count in whole.by_action.items()
            if count
        },
        alerts_per_day_10000=whole.alerts / customer_days * PER_CUSTOMERS,
        cases_per_day_10000=whole.cases / customer_days * PER_CUSTOMERS,
        precision=wilson(whole.alerts_right, whole.alerts),
        precision_of_parties=wilson(whole.alerts_of_parties, whole.alerts),
        precision_felt=wilson(whole.felt_events_right, whole.felt_events),
        budgets=at_budgets(rankings),
        curve=at_budgets(rankings, CURVE),
        likenesses=likeness_counts(whole),
        burdens=burdens(whole, ended, opened),
        missed=tuple(one for one in ended if not one.caught),
    )


def _counted(
    opened: OpenedPack, seeds: Sequence[int], size: StreamSize, told: Told
) -> tuple[list[StoryOutcome], list[Honesty], list[Ranked], list[MeasuredStream]]:
    """Decide the streams, and keep what is counted of each."""
    names = [policy.id for policy in opened.program.policies]
    ended: list[StoryOutcome] = []
    parts, rankings, streams = [], [], []
    for stream, seed in enumerate(seeds):
        decided = decide_stream(opened, seed, size, told=partial(told, stream))
        own = outcomes(decided, seed=seed, names=names)
        ended += own
        parts.append(honesty(decided, names=names))
        rankings.append(ranked(decided))
        streams.append(
            MeasuredStream(
                seed=seed,
                events=len(decided),
                frauds=len(own),
                fingerprint=fingerprint(decided.day),
            )
        )
    return ended, parts, rankings, streams


def _quiet(
    opened: OpenedPack, seed: int, size: StreamSize, told: Callable[[int, int], None]
) -> Honesty:
    decided = decide_stream(opened, seed, size, quiet=True, told=told)
    return honesty(decided, names=[policy.id for policy in opened.program.policies])


def burdens(
    whole: Honesty, ended: Sequence[StoryOutcome], opened: OpenedPack
) -> tuple[InstanceBurden, ...]:
    """Return what each instance costs and brings, the heaviest first."""
    helped: dict[str, int] = defaultdict(int)
    only: dict[str, int] = defaultdict(int)
    for one in ended:
        for name in one.caught_by:
            helped[name] += 1
        if one.caught and len(one.caught_by) == 1:
            only[one.caught_by[0]] += 1
    policies = {policy.id: policy for policy in opened.program.policies}
    found = []
    for name, (customer_days, alone) in whole.burdens.items():
        policy = policies.get(name)
        found.append(
            InstanceBurden(
                instance=name,
                typology="" if policy is None else policy.typology,
                action="" if policy is None else " ".join((policy.action, *policy.also)),
                customer_days=customer_days,
                customer_days_alone=alone,
                stories=helped[name],
                stories_alone=only[name],
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.customer_days, one.instance)))
