"""The modes of evaluation: how much of a decision is made, declared and recorded (law 8).

Features are folded alike in every mode, reads included, so that the state after an event does not
depend on how hurried its answer was. Only what customers were asked (`friction`) is remembered in
`FULL` and `RULES_ONLY` alone: in the other modes a challenge is neither spared nor noted, so that
the customer may be asked once more.
"""

from __future__ import annotations

FULL, RULES_ONLY, LISTS_ONLY, FAIL_POLICY = 0, 1, 2, 3
"""Everything; no models; only policies that ask a list and else read the event; nothing at all."""

MODE_NAMES: tuple[str, ...] = ("full", "rules_only", "lists_only", "fail_policy")
"""By number: what frames, metrics and `Decision.degraded` call them."""


def degraded_name(mode: int) -> str:
    """Return what `Decision.degraded` says of a mode: nothing for the full one."""
    return "" if mode == FULL else MODE_NAMES[mode]
