"""Days of the lab with decisions that a test invents instead of an engine."""

from __future__ import annotations

import msgspec
import numpy as np

from haitang.app.detection.streams import Decided
from haitang.decision.engine import RANK
from haitang.decision.engine.actions import action_bits
from haitang.lab.day import LabDay

POLICIES = ("payer_hold", "payee_stop", "tip", "report")
"""Of which the second speaks of the payee."""
ASKED = (("HOLD", "CALL"), ("RO",), ("TIP",), ("STR",))


def nothing_decided(day: LabDay, *, history_days: int = 1) -> Decided:
    """Return decisions that let every event pass."""
    count = len(day)
    return Decided(
        day=day,
        history_days=history_days,
        actions=np.zeros(count, np.uint8),
        further=np.zeros(count, np.int64),
        scores=np.zeros((2, count), np.int32),
        hit_events=np.zeros(0, np.int64),
        hit_policies=np.zeros(0, np.int32),
        policy_bits=np.array([action_bits(codes) for codes in ASKED]),
        payee_policies=np.array([False, True, False, False]),
    )


def decided(day: LabDay, hits: list[tuple[int, str]], *, history_days: int = 1) -> Decided:
    """Return decisions in which these policies hit these events, and nothing else happened."""
    base = nothing_decided(day, history_days=history_days)
    actions, further = base.actions, base.further
    hits = sorted(hits, key=lambda hit: hit[0])
    for row, name in hits:
        for code in ASKED[POLICIES.index(name)]:
            if code in ("CALL", "STR"):
                further[row] |= 1 << RANK[code]
            else:
                actions[row] = max(actions[row], RANK[code])
    return msgspec.structs.replace(
        base,
        hit_events=np.array([row for row, _ in hits], np.int64),
        hit_policies=np.array([POLICIES.index(name) for _, name in hits], np.int32),
    )
