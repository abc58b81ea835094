"""A node without a journal: the real engine over the small pack, everything kept in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import msgspec

from haitang.app.service.answers import (
    Answer,
    Answered,
    Arrival,
    Busy,
    ListEntryView,
    NodeState,
    NotReady,
    Outcome,
    PublicationView,
    PublishRequest,
    Refusal,
    ReplayCheck,
    Want,
)
from haitang.data.events.batch import batch_events
from haitang.decision.engine import EngineProgram, EngineState, compile_pack, evaluate
from haitang.decision.engine.decisions import Decision
from haitang.decision.rules.pack import load_pack, lock_text
from haitang.decision.rules.source import LOCK_FILE, PackSource
from haitang.edges.api.shapes import BriefHit, DecisionAnswer
from haitang.kernel.errors import HaitangError
from tests.unit.app.small_pack import pack_source


def small_program() -> EngineProgram:
    """Return the compiled small pack."""
    source = pack_source()
    files = {**source.files, LOCK_FILE: lock_text(source).encode()}
    return compile_pack(load_pack(PackSource(name=source.name, files=files)))


class MemoryNode:
    """Decides at once, one event after the other, and remembers what it decided."""

    def __init__(self, program: EngineProgram) -> None:
        self.engine = EngineState.create(program)
        self.state: NodeState = "ready"
        self.trouble = ""
        self.base_currency = "CNY"
        self.busy = False
        self.submitted: list[tuple[int, str, int, Want]] = []
        self.refuse: Callable[[Arrival], Refusal | None] = lambda _: None
        self._known: dict[str, tuple[bytes, Answer]] = {}
        self._decisions: dict[str, Decision] = {}
        self.published = [_view(0, "lin", "wang")]

    async def submit(
        self, arrivals: Sequence[Arrival], *, sender: str, deadline_us: int, want: Want = "decision"
    ) -> list[Outcome]:
        """Decide."""
        return self._decided(arrivals, sender, deadline_us, want)

    def submit_then(
        self,
        arrivals: Sequence[Arrival],
        *,
        sender: str,
        deadline_us: int,
        want: Want = "decision",
        answered: Answered,
    ) -> None:
        """Decide, and tell in the next turn of the loop."""
        outcomes = self._decided(arrivals, sender, deadline_us, want)
        asyncio.get_running_loop().call_soon(answered, outcomes)

    def _decided(
        self, arrivals: Sequence[Arrival], sender: str, deadline_us: int, want: Want
    ) -> list[Outcome]:
        if self.busy:
            raise Busy(retry_after_s=2)
        if self.state != "ready":
            raise NotReady(trouble=self.trouble)
        self.submitted.append((len(arrivals), sender, deadline_us, want))
        return [self._one(arrival, want) for arrival in arrivals]

    def _one(self, arrival: Arrival, want: Want) -> Outcome:
        event = arrival.event
        refusal = self.refuse(arrival)
        if refusal is not None:
            return refusal
        if event.event_id in self._known:
            content, answer = self._known[event.event_id]
            if content != arrival.content:
                return Refusal(
                    event_id=event.event_id,
                    code="event_id_reused",
                    message="the same `event_id` was seen with other content",
                    hint="a correction is a new event with an id of its own",
                    status=409,
                )
            body = answer.body if want == "decision" else b""
            return msgspec.structs.replace(answer, body=body, repeated=True)
        batch = batch_events([event], self.engine.program.fields)
        decision = evaluate(batch, self.engine).decision(0)
        position = len(self._known)
        answer = Answer(position=position, event_id=event.event_id, body=_brief(decision, position))
        self._known[event.event_id] = arrival.content, answer
        self._decisions[event.event_id] = self._decisions[decision.decision_id] = decision
        return answer if want == "decision" else msgspec.structs.replace(answer, body=b"")

    def decision(self, identifier: str) -> Decision | None:
        """Look one up."""
        return self._decisions.get(identifier)

    def recompute(self, identifier: str) -> ReplayCheck | None:
        """Compare a decision with itself: there is no journal here."""
        decision = self._decisions.get(identifier)
        if decision is None:
            return None
        digest = hashlib.sha256(msgspec.json.encode(decision)).hexdigest()
        return ReplayCheck(
            decision_id=decision.decision_id,
            position=self._known[decision.event_id][1].position,
            equal=True,
            recorded=digest,
            recomputed=digest,
            from_position=0,
            events_replayed=1,
        )

    def publications(self) -> tuple[PublicationView, ...]:
        """Return all."""
        return tuple(self.published)

    def publish(self, request: PublishRequest) -> PublicationView:
        """Publish, unless author and approver are one."""
        if request.author == request.approver:
            raise HaitangError(
                code="publication_unapproved",
                message="the author was the approver",
                hint="have another person approve it",
            )
        self.published.append(_view(len(self.published), request.author, request.approver))
        return self.published[-1]

    def roll_back(self, *, author: str, approver: str, note: str) -> PublicationView:
        """Publish the one before."""
        view = _view(len(self.published), author, approver)
        self.published.append(msgspec.structs.replace(view, kind="rollback", note=note))
        return self.published[-1]

    def list_entry(self, list_name: str, list_value: str, *, at_us: int) -> ListEntryView:
        """Say that it is not listed."""
        return ListEntryView(list_name=list_name, list_value=list_value, listed=False, at_us=at_us)


def _view(number: int, author: str, approver: str) -> PublicationView:
    return PublicationView(
        number=number,
        kind="live",
        state="live",
        pack="small",
        pack_version="1.2.0",
        pack_digest="0" * 64,
        author=author,
        approver=approver,
    )


def _brief(decision: Decision, position: int) -> bytes:
    return msgspec.json.encode(
        DecisionAnswer(
            decision_id=decision.decision_id,
            event_id=decision.event_id,
            position=position,
            action=decision.action,
            actions=decision.actions,
            tier=decision.tier,
            score_payer=decision.score_payer,
            score_payee=decision.score_payee,
            typologies=decision.typologies,
            hits=tuple(
                BriefHit(
                    policy=hit.policy,
                    version=hit.version,
                    party=hit.party,
                    score=hit.score,
                    action=hit.action,
                )
                for hit in decision.hits
            ),
            pack=decision.pack,
            pack_version=decision.pack_version,
            degraded=decision.degraded,
        )
    )
