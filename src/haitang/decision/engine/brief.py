"""The brief answer: the JSON that a bank gets by default, made without building a `Decision`.

It says what `render` says, in fewer words; a test holds the two against each other. What does not
change from event to event is encoded once for each program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.friction import PEOPLE
from haitang.decision.engine.modes import MODE_NAMES, degraded_name
from haitang.decision.rules.specs import TIERS, Pack, PolicySpec
from haitang.kernel.identity import ID_LENGTH

if TYPE_CHECKING:
    from haitang.decision.engine.batches import DecisionBatch

CHOICES_MAX = 4_096
"""Different sets of actions, and of typologies, that are kept encoded for each program."""

_encode = msgspec.json.encode
_encode_lines = msgspec.json.Encoder().encode_lines
_TIERS = tuple(f',"tier":"{tier}"' for tier in TIERS)


class BriefParts:
    """What of an answer is the same for all events of a program, written as JSON."""

    def __init__(self, pack: Pack, policies: Sequence[PolicySpec]) -> None:
        live = [policy if policy.status == "live" else None for policy in policies]
        # Shadow policies are not spoken of, and a model that fired is no hit of a policy.
        silent = [None] * len(pack.models)
        self.hits = ["" if policy is None else _hit(policy) for policy in (*live, *silent)]
        self.typologies = ["" if policy is None else policy.typology for policy in (*live, *silent)]
        self.endings = [_ending(pack, mode) for mode in range(len(MODE_NAMES))]
        self.decided: dict[tuple[int, int], str] = {}
        self.listed: dict[frozenset[str], str] = {}

    def actions_of(self, action: int, further: int) -> str:
        """Return the primary action and all of them."""
        found = self.decided.get((action, further))
        if found is None:
            codes = [ACTIONS[action].code]
            codes += [
                spec.code
                for rank, spec in enumerate(ACTIONS)
                if further >> rank & 1 and rank != action
            ]
            found = f'"action":{_text(codes[0])},"actions":{_text(codes)}'
            _keep(self.decided, (action, further), found)
        return found

    def list_of(self, typologies: frozenset[str]) -> str:
        """Return some typologies in their order."""
        found = self.listed.get(typologies)
        if found is None:
            found = _text(sorted(typologies - {""}))
            _keep(self.listed, typologies, found)
        return found


def decision_ids(batch: DecisionBatch) -> list[str]:
    """Return the identifier of every decision of a batch: `derive_id` of event and pack digest."""
    digest = batch.program.pack.digest.encode()
    behind = b"%d:%b" % (len(digest), digest)
    sha256 = hashlib.sha256
    names = [event_id.encode() for event_id in batch.events.event_ids]
    return [
        sha256(b"%d:%b%b" % (len(name), name, behind)).hexdigest()[:ID_LENGTH] for name in names
    ]


def brief_answers(
    batch: DecisionBatch, *, positions: Sequence[int], identifiers: Sequence[str] | None = None
) -> list[bytes]:
    """Return the answer to every event as compact JSON; the keys stand in the order of the API.

    `positions` are the events' places in the journal; `identifiers` what `decision_ids` returned,
    where the caller has it already.
    """
    parts = batch.program.brief
    names = decision_ids(batch) if identifiers is None else identifiers
    starts = batch.hit_starts.tolist()
    fired = batch.hit_policies.tolist()
    hit_of, typology_of = parts.hits.__getitem__, parts.typologies.__getitem__
    actions_of, list_of = parts.actions_of, parts.list_of
    ending = parts.endings[batch.mode]
    spared = _spared(batch)
    payers, payees = batch.scores.tolist()
    answers = []
    # No JSON text holds a line break: all in one call, and apart again.
    quoted = _encode_lines(batch.events.event_ids).decode().split("\n")
    rows = zip(
        names, quoted, positions, batch.actions.tolist(), batch.further.tolist(),
        batch.tiers.tolist(), payers, payees, starts, starts[1:],
        strict=False,
    )  # fmt: skip
    for index, row in enumerate(rows):
        name, event_id, position, action, further, tier, payer, payee, first, behind = row
        typologies, hits = "[]", ""
        if behind > first:
            policies = fired[first:behind]
            typologies = list_of(frozenset(map(typology_of, policies)))
            hits = ",".join(filter(None, map(hit_of, policies)))
        answers.append(
            f'{{"decision_id":"{name}","event_id":{event_id},'
            f'"position":{position},{actions_of(action, further)}{_TIERS[tier]},'
            f'"score_payer":{payer},"score_payee":{payee},"typologies":{typologies},'
            f'"hits":[{hits}]{spared.get(index, "")}{ending}'.encode()
        )
    return answers


def _spared(batch: DecisionBatch) -> dict[int, str]:
    """Return what is said of the events at which the customer was spared a challenge."""
    if batch.softened is None:
        return {}
    ranks, asked_at_us = batch.softened
    return {
        j: ',"spared":'
        + _text(
            {
                "action": ACTIONS[int(ranks[j])].code,
                "asked_at_us": None if asked_at_us[j] == PEOPLE else int(asked_at_us[j]),
            }
        )
        for j in np.flatnonzero(ranks).tolist()
    }


def _keep(kept: dict[Any, str], key: Any, value: str) -> None:
    if len(kept) >= CHOICES_MAX:
        kept.clear()
    kept[key] = value


def _text(value: object) -> str:
    return _encode(value).decode()


def _hit(policy: PolicySpec) -> str:
    return _text(
        {
            "policy": policy.id,
            "version": policy.version,
            "party": policy.party,
            "score": policy.score,
            "action": policy.action,
        }
    )


def _ending(pack: Pack, mode: int) -> str:
    return (
        f',"pack":{_text(pack.id)},"pack_version":{_text(pack.version)},'
        f'"degraded":{_text(degraded_name(mode))}}}'
    )
