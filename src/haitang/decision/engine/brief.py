"""The brief answer: the JSON that a bank gets by default, made without building a `Decision`.

It says what `render` says, in fewer words; a test holds the two against each other. What does not
change from event to event is encoded once for each program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from haitang.decision.engine._brief_text import (
    CODES,
    ENDINGS,
    HITS,
    KINDS,
    NUMBER_BYTES_MAX,
    TIERS,
    TYPOLOGIES,
    WORDS,
    write_answers,
)
from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.friction import PEOPLE
from haitang.decision.engine.modes import MODE_NAMES, degraded_name
from haitang.decision.rules.specs import TIERS as TIER_NAMES
from haitang.decision.rules.specs import Pack, PolicySpec
from haitang.kernel.identity import ID_LENGTH

if TYPE_CHECKING:
    from haitang.decision.engine.batches import DecisionBatch

_encode = msgspec.json.encode
_encode_lines = msgspec.json.Encoder().encode_lines

_WORDS = (
    '{"decision_id":"', '","event_id":', ',"position":', ',"action":', ',"actions":[',
    '],"tier":', ',"score_payer":', ',"score_payee":', ',"typologies":[', '],"hits":[', "]",
)  # fmt: skip
"""What stands between the values, in the order of the API's keys."""


class _Texts:
    """Several texts in one block of bytes; text `n` is `block[spans[n]:spans[n + 1]]`."""

    def __init__(self, texts: Sequence[str]) -> None:
        encoded = [text.encode() for text in texts]
        self.block = np.frombuffer(b"".join(encoded), np.uint8)
        self.spans = np.cumsum([0, *map(len, encoded)])


class BriefParts:
    """What of an answer is the same for all events of a program, written as JSON."""

    def __init__(self, pack: Pack, policies: Sequence[PolicySpec]) -> None:
        live = [policy if policy.status == "live" else None for policy in policies]
        # Shadow policies are not spoken of, and a model that fired is no hit of a policy.
        told = [*live, *([None] * len(pack.models))]
        names = sorted({policy.typology for policy in live if policy is not None} - {""})
        ranks = {name: rank for rank, name in enumerate(names)}
        self.typology_of = np.array(
            [-1 if one is None else ranks.get(one.typology, -1) for one in told], np.int64
        )
        kinds: list[Sequence[str]] = [()] * KINDS
        kinds[WORDS] = _WORDS
        kinds[CODES] = [_text(spec.code) for spec in ACTIONS]
        kinds[TIERS] = [_text(tier) for tier in TIER_NAMES]
        kinds[ENDINGS] = [_ending(pack, mode) for mode in range(len(MODE_NAMES))]
        kinds[TYPOLOGIES] = [_text(name) for name in names]
        kinds[HITS] = ["" if policy is None else _hit(policy) for policy in told]
        self.texts = _Texts([text for texts in kinds for text in texts])
        self.kinds = np.cumsum([0, *map(len, kinds)])
        longest = [max((len(text.encode()) for text in texts), default=0) for texts in kinds]
        self.event_bytes_max = (
            sum(len(word) for word in _WORDS)
            + sum(len(code) + 1 for code in kinds[CODES])
            + longest[CODES] + longest[TIERS] + longest[ENDINGS]
            + ID_LENGTH + 3 * NUMBER_BYTES_MAX
        )  # fmt: skip
        """Of one answer, but for the event's own id, hits and typologies."""
        self.hit_bytes_max = longest[HITS] + longest[TYPOLOGIES] + 2


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
    # No JSON text holds a line break: all in one call, each on a line.
    quoted = np.frombuffer(_encode_lines(batch.events.event_ids), np.uint8)
    spared = _spared(batch)
    room = batch.count * parts.event_bytes_max + len(batch.hit_policies) * parts.hit_bytes_max
    out = np.empty(room + len(quoted) + len(spared.block), np.uint8)
    starts = np.empty(batch.count + 1, np.int64)
    write_answers(
        np.frombuffer("".join(names).encode(), np.uint8), quoted, np.array(positions, np.int64),
        batch.actions, batch.further, batch.tiers, batch.scores, batch.hit_starts,
        batch.hit_policies, spared.block, spared.spans, batch.mode,
        parts.texts.block, parts.texts.spans, parts.kinds, parts.typology_of, out, starts,
    )  # fmt: skip
    edges = starts.tolist()
    written = out[: edges[-1]].tobytes()
    return [written[start:stop] for start, stop in pairwise(edges)]


def _spared(batch: DecisionBatch) -> _Texts:
    """Return what is said of each event at which a challenge was spared; no texts without any."""
    if batch.softened is None or not batch.softened[0].any():
        return _NOTHING
    ranks, asked_at_us = batch.softened
    texts = [""] * batch.count
    for j in np.flatnonzero(ranks).tolist():
        texts[j] = ',"spared":' + _text(
            {
                "action": ACTIONS[int(ranks[j])].code,
                "asked_at_us": None if asked_at_us[j] == PEOPLE else int(asked_at_us[j]),
            }
        )
    return _Texts(texts)


_NOTHING = _Texts(())


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
