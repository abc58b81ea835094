"""Counts over a run of decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from haitang.decision.engine.decisions import Decision


class Tally:
    """How many decisions, by action, typology and policy; live and shadow hits apart."""

    def __init__(self) -> None:
        self.decisions = 0
        self.with_hits = 0
        self.actions: Counter[str] = Counter()
        self.typologies: Counter[str] = Counter()
        self.policies: Counter[str] = Counter()
        self.shadow_policies: Counter[str] = Counter()

    def add(self, decisions: Iterable[Decision]) -> None:
        """Count some more decisions; a typology counts once per event, a policy once per hit."""
        for decision in decisions:
            self.decisions += 1
            self.actions[decision.action] += 1
            if decision.hits:
                self.with_hits += 1
                self.typologies.update({hit.typology for hit in decision.hits})
                self.policies.update(hit.policy for hit in decision.hits)
            if decision.shadow_hits:
                self.shadow_policies.update(hit.policy for hit in decision.shadow_hits)
