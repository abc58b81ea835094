"""A decision service without a network: the engine behind the port that the demo asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from haitang.app.demo import Reply
from haitang.app.demoframes import Answered
from haitang.app.programs import open_pack
from haitang.data.events.batch import batch_events
from haitang.data.events.codec import decode_event
from haitang.data.events.errors import DuplicateRefused
from haitang.data.events.order import Deduplicator
from haitang.decision.engine import EngineState, evaluate
from haitang.decision.engine.decisions import Decision


class EngineService:
    """Decides with a state of its own, as the service does behind HTTP."""

    def __init__(self, pack: Path) -> None:
        self._opened = open_pack(pack)
        self._state = EngineState.create(self._opened.program)
        self._seen = Deduplicator()
        self._decisions: dict[str, Decision] = {}
        self.requests: list[int] = []
        self.explained: list[str] = []

    def decide(self, events: Sequence[bytes]) -> list[Reply]:
        """Decide the events that are new; say of the others that they were repeated or refused."""
        self.requests.append(len(events))
        return [self._reply(event) for event in events]

    def explain(self, identifier: str) -> bytes:
        """Return a decision that was made."""
        self.explained.append(identifier)
        return msgspec.json.encode(self._decisions[identifier])

    def _reply(self, content: bytes) -> Reply:
        event = decode_event(content, base_currency=self._opened.pack.base_currency)
        position = len(self._decisions)
        try:
            fresh = self._seen.admit_content(event.event_id, content, position=position)
        except DuplicateRefused:
            return Reply(answered=None)
        if not fresh:
            known = next(one for one in self._decisions.values() if one.event_id == event.event_id)
            return Reply(answered=answered(known), repeated=True)
        out = evaluate(batch_events([event], self._opened.program.fields), self._state)
        decision = out.decision(0)
        self._decisions[decision.decision_id] = decision
        return Reply(answered=answered(decision))


def answered(decision: Decision) -> Answered:
    """Shorten a decision to what the service answers at once."""
    return Answered(
        decision_id=decision.decision_id,
        event_id=decision.event_id,
        action=decision.action,
        score_payer=decision.score_payer,
        score_payee=decision.score_payee,
        typologies=decision.typologies,
        degraded=decision.degraded,
    )
