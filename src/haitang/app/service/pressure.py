"""How hurried a decision may be: the mode of a run, from time left and length of the queue."""

from __future__ import annotations

import msgspec

from haitang.decision.engine import FAIL_POLICY, FULL, LISTS_ONLY, RULES_ONLY

LEARNING = 0.1
"""Weight of the newest measurement."""
FIRST_GUESS_US = {FULL: (60.0, 8.0), RULES_ONLY: (60.0, 7.0), LISTS_ONLY: (60.0, 6.0)}
"""Fixed cost and cost an event of a call, until it was measured."""
FIRST_COMMIT_US = 3_000.0


class PressureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """From which share of the queue on less is evaluated."""

    queue_events_max: int = 8_192
    rules_only_share: float = 0.5
    lists_only_share: float = 0.75


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the node."""

    batch_events_max: int = 1_024
    """Events of one turn."""
    overlap_events: int = 256
    """From so many waiting events on, a turn does not wait for the commit before it."""
    answered_first: int = 8
    """So few requests are answered before the next turn, which takes longer than they do."""
    gather_us_max: int = 4_000
    """How far apart turns are held at most while the loop has hardly any time to spare."""
    pressure: PressureSettings = PressureSettings()
    fail_policy: dict[str, str] = msgspec.field(default_factory=lambda: {"default": "HOLD"})
    """Channel to action; `default` for the others."""


class Pressure:
    """Measures what deciding and committing cost, and chooses the mode of the next run."""

    def __init__(self, settings: PressureSettings) -> None:
        self._settings = settings
        self._cost_us = dict(FIRST_GUESS_US)
        self.commit_us = FIRST_COMMIT_US

    def mode(self, *, left_us: int, events: int, queued: int) -> int:
        """Return the mode for a run; `left_us` is the smallest time left among its events."""
        left = left_us - self.commit_us
        by_time: int = FAIL_POLICY
        for mode in (FULL, RULES_ONLY, LISTS_ONLY):
            fixed, each = self._cost_us[mode]
            if fixed + each * events <= left:
                by_time = mode
                break
        share = queued / self._settings.queue_events_max
        by_queue: int = FULL
        if share >= self._settings.lists_only_share:
            by_queue = LISTS_ONLY
        elif share >= self._settings.rules_only_share:
            by_queue = RULES_ONLY
        return max(by_time, by_queue)

    def decided(self, *, mode: int, events: int, took_us: int) -> None:
        """Learn what a run cost."""
        if mode not in self._cost_us:
            return
        fixed, each = self._cost_us[mode]
        if events == 1:
            fixed += LEARNING * (max(took_us - each, 0) - fixed)
        else:
            each += LEARNING * (max(took_us - fixed, 0) / events - each)
        self._cost_us[mode] = (fixed, each)

    def committed(self, *, took_us: int) -> None:
        """Learn what a commit cost."""
        self.commit_us += LEARNING * (took_us - self.commit_us)
