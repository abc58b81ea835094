"""The brief answer: the JSON that a bank gets by default, made without building a `Decision`.

It says what `render` says, in fewer words; a test holds the two against each other. What does not
change from event to event is encoded once for each program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from haitang.decision.engine.actions import ACTIONS
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.modes import MODE_NAMES, degraded_name
from haitang.decision.engine.program import EngineProgram
from haitang.decision.rules.specs import TIERS, Pack, PolicySpec
from haitang.kernel.identity import ID_LENGTH

PROGRAMS_MAX = 16
"""Programs whose encoded parts are kept."""
CHOICES_MAX = 4_096
"""Different sets of actions, and of typologies, that are kept encoded for each program."""

_encode = msgspec.json.encode
_TIERS = tuple(_encode(tier) for tier in TIERS)


class _Parts:
    """What of an answer is the same for all events of a program, encoded."""

    def __init__(self, program: EngineProgram) -> None:
        policies = program.policies
        typologies = sorted({policy.typology for policy in policies})
        self.typologies = [_encode(typology) for typology in typologies]
        self.hits = [
            _encoded_hit(policy) if policy.status == "live" else b"" for policy in policies
        ]
        """By policy; empty for one that is not spoken of."""
        self.bits = [
            1 << typologies.index(policy.typology) if policy.status == "live" else 0
            for policy in policies
        ]
        # A model that fired is no hit of a policy.
        self.hits += [b""] * len(program.models)
        self.bits += [0] * len(program.models)
        self.endings = [_ending(program.pack, mode) for mode in range(len(MODE_NAMES))]
        self.decided: dict[tuple[int, int], bytes] = {}
        self.of_bits: dict[int, bytes] = {}

    def actions_of(self, action: int, further: int) -> bytes:
        """Return the primary action and all of them."""
        found = self.decided.get((action, further))
        if found is None:
            codes = [ACTIONS[action].code]
            codes += [
                spec.code
                for rank, spec in enumerate(ACTIONS)
                if further >> rank & 1 and rank != action
            ]
            found = b'"action":%b,"actions":%b,"tier":' % (_encode(codes[0]), _encode(codes))
            _keep(self.decided, (action, further), found)
        return found

    def typologies_of(self, bits: int) -> bytes:
        """Return the typologies of some policies, in their order."""
        found = self.of_bits.get(bits)
        if found is None:
            found = b",".join(one for i, one in enumerate(self.typologies) if bits >> i & 1)
            _keep(self.of_bits, bits, found)
        return found


_PARTS: dict[str, tuple[EngineProgram, _Parts]] = {}


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
    parts = _parts(batch.program)
    names = decision_ids(batch) if identifiers is None else identifiers
    starts = batch.hit_starts.tolist()
    fired = batch.hit_policies.tolist()
    hits_of, bits_of, ending = parts.hits, parts.bits, parts.endings[batch.mode]
    decided, of_bits = parts.decided, parts.of_bits
    payers, payees = batch.scores.tolist()
    answers = []
    rows = zip(
        names, batch.events.event_ids, positions, batch.actions.tolist(), batch.further.tolist(),
        batch.tiers.tolist(), payers, payees, starts, starts[1:],
        strict=False,
    )  # fmt: skip
    for name, event_id, position, action, further, tier, payer, payee, first, behind in rows:
        typologies = hits = b""
        if behind > first:
            bits = 0
            chosen = []
            for policy in fired[first:behind]:
                if hits_of[policy]:
                    chosen.append(hits_of[policy])
                    bits |= bits_of[policy]
            hits = b",".join(chosen)
            typologies = of_bits.get(bits) or parts.typologies_of(bits)
        answers.append(
            b'{"decision_id":"%b","event_id":%b,"position":%d,%b%b,"score_payer":%d,'
            b'"score_payee":%d,"typologies":[%b],"hits":[%b]%b'
            % (
                name.encode(),
                _encode(event_id),
                position,
                decided.get((action, further)) or parts.actions_of(action, further),
                _TIERS[tier],
                payer,
                payee,
                typologies,
                hits,
                ending,
            )
        )
    return answers


def _parts(program: EngineProgram) -> _Parts:
    key = program.pack.digest
    found = _PARTS.get(key)
    if found is None or found[0] is not program:
        if len(_PARTS) >= PROGRAMS_MAX:
            _PARTS.clear()
        # Compiled anew, or made by hand with the digest of another: a program serves itself only.
        found = (program, _Parts(program))
        _PARTS[key] = found
    return found[1]


def _keep(kept: dict[Any, bytes], key: Any, value: bytes) -> None:
    if len(kept) >= CHOICES_MAX:
        kept.clear()
    kept[key] = value


def _encoded_hit(policy: PolicySpec) -> bytes:
    return _encode(
        {
            "policy": policy.id,
            "version": policy.version,
            "party": policy.party,
            "score": policy.score,
            "action": policy.action,
        }
    )


def _ending(pack: Pack, mode: int) -> bytes:
    return b',"pack":%b,"pack_version":%b,"degraded":%b}' % (
        _encode(pack.id),
        _encode(pack.version),
        _encode(degraded_name(mode)),
    )
