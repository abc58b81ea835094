"""The routes that events come in by: decode, submit, answer. Nothing here waits but for the node.

Each handler returns a reply (status, body, headers) or raises a `HaitangError`. Only msgspec makes
and reads JSON, and answers of the node are passed on as the bytes that they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

import msgspec

from haitang.app.service.answers import (
    Answer,
    Answered,
    Arrival,
    Busy,
    DecisionNode,
    NotReady,
    Outcome,
    Refusal,
    Want,
)
from haitang.app.service.metrics import Metrics
from haitang.data.events.catalogue import Event
from haitang.data.events.codec import decode_array, decode_event, encode_event
from haitang.edges.api.bodies import JSON, JSON_LINES, split_events
from haitang.edges.api.event_scopes import OUTCOME_TYPES, check_event, checked_events
from haitang.edges.api.keys import Caller, KeyRing, Scope, authenticate, authorise
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.refusals import (
    ApiRefused,
    Headers,
    busy,
    encode_error,
    encode_refusal,
    error_answer,
    not_ready,
    retry_after,
)
from haitang.edges.api.requests import (
    Head,
    HotRequest,
    WholeRequest,
    deadline_us,
    media_type,
    unknown_media_type,
)
from haitang.edges.api.slow_calls import SlowCalls
from haitang.kernel.errors import HaitangError, symbol

PaymentDecoder = Callable[..., Sequence[Event]]
"""`decode(data, *, base_currency)`: the events of one document; raises `HaitangError`."""
Reply = tuple[int, bytes, Headers]

SHORT_DOCUMENT_BYTES_MAX = 4_096
"""A document up to here is read at once: that takes a millisecond, and a thread might be waited
for. It holds a payment or two."""

_REPEATED: Headers = ((b"haitang-repeated", b"true"),)
_encode = msgspec.json.Encoder().encode
_OUTCOMES = frozenset(OUTCOME_TYPES)


class Intake:
    """The hot routes over one node."""

    def __init__(
        self,
        node: DecisionNode,
        keys: KeyRing,
        settings: ApiSettings,
        metrics: Metrics,
        *,
        decoders: Mapping[str, PaymentDecoder],
        slow_calls: SlowCalls,
    ) -> None:
        self._node = node
        self._keys = keys
        self._settings = settings
        self._metrics = metrics
        self._decoders = {name.encode(): decode for name, decode in decoders.items()}
        self._slow_calls = slow_calls
        self._documents = SlowCalls(
            settings.documents_max,
            what="payment messages",
            threads_max=settings.document_threads_max,
        )
        self._single = ("application/json", *decoders)
        self._many = ("application/json", "application/x-ndjson", *decoders)

    async def decide(self, request: HotRequest) -> Reply:
        """Decide one event."""
        caller, budget_us = self._admit(request.head, "decide")
        explained = _wants_explanation(request.query) if request.query else False
        media = media_type(request.head)
        if media != JSON and media not in self._decoders:
            raise unknown_media_type(media, expected=self._single)
        data = await request.body(
            bytes_max=self._settings.body_bytes_max, timeout_s=self._settings.body_timeout_s
        )
        if media == JSON:
            event = decode_event(data, base_currency=self._node.base_currency)
        else:
            event = _only_one(await self._payments(self._decoders[media], data))
        check_event(event, caller)
        arrival = Arrival(event=event, content=encode_event(event))
        outcomes = await submit(
            self._node, (arrival,), sender=caller.id, budget_us=budget_us, want="decision"
        )
        outcome = outcomes[0]
        status, body, headers = self.decided(outcome)
        if explained and isinstance(outcome, Answer):
            body = await self._explained(outcome)
        return status, body, headers

    def begin(self, request: WholeRequest, answered: Answered) -> None:
        """Take one event in as `decide` does, without a task; `decided` makes the reply.

        The body must be JSON. Raises what `decide` raises, and `Busy` and `NotReady`.
        """
        caller, budget_us = self._admit(request.head, "decide")
        event = decode_event(request.content(), base_currency=self._node.base_currency)
        check_event(event, caller)
        arrival = Arrival(event=event, content=encode_event(event))
        self._node.submit_then(
            (arrival,),
            sender=caller.id,
            deadline_us=budget_us,
            want="decision",
            answered=answered,
        )

    def decided(self, outcome: Outcome) -> Reply:
        """Return the reply to one event, in brief."""
        if isinstance(outcome, Answer):
            return 200, outcome.body, _REPEATED if outcome.repeated else ()
        return self._refused(outcome)

    async def decide_batch(self, request: HotRequest) -> Reply:
        """Decide many events; each is answered or refused by its index."""
        caller, budget_us = self._admit(request.head, "decide")
        found, single = await self._events(request)
        found = checked_events(found, caller)
        outcomes = await self._outcomes(found, caller.id, budget_us, "decision")
        if single and not isinstance(outcomes[0], Answer):
            return self._refused(outcomes[0])
        results = [self._result(index, outcome) for index, outcome in enumerate(outcomes)]
        return 200, b'{"results":[%b]}' % b",".join(results), ()

    async def take_events(self, request: HotRequest) -> Reply:
        """Make events durable; the sender needs no answer."""
        return await self._take(request, "events")

    async def take_outcomes(self, request: HotRequest) -> Reply:
        """Make outcomes durable; other types of events are refused."""
        return await self._take(request, "outcomes")

    async def _take(self, request: HotRequest, scope: Scope) -> Reply:
        caller, budget_us = self._admit(request.head, scope)
        found, single = await self._events(request)
        if scope == "outcomes":
            found = [_outcome_only(event) for event in found]
        found = checked_events(found, caller)
        outcomes = await self._outcomes(found, caller.id, budget_us, "receipt")
        if single and not isinstance(outcomes[0], Answer):
            return self._refused(outcomes[0])
        return 202, self._receipt(outcomes), ()

    def _admit(self, head: Head, scope: Scope) -> tuple[Caller, int]:
        caller = authenticate(self._keys, head.get(b"authorization"))
        authorise(caller, scope)
        return caller, deadline_us(head, default_ms=self._settings.deadline_ms)

    async def _body(self, request: HotRequest) -> bytes:
        return await request.body(
            bytes_max=self._settings.body_bytes_max,
            timeout_s=self._settings.body_timeout_s,
        )

    async def _payments(self, decoder: PaymentDecoder, data: bytes) -> Sequence[Event]:
        """Read a document; all but a short one in a thread, so that nobody else waits for it."""
        base_currency = self._node.base_currency
        if len(data) <= SHORT_DOCUMENT_BYTES_MAX:
            return decoder(data, base_currency=base_currency)
        return await self._documents.run(decoder, data, base_currency=base_currency)

    async def _events(self, request: HotRequest) -> tuple[list[Event | HaitangError], bool]:
        """Return each event of the body or its refusal, and whether the body was a single object.

        Between slices other requests get their turn.
        """
        media = media_type(request.head)
        decoder = self._decoders.get(media)
        if decoder is None and media != JSON and media not in JSON_LINES:
            raise unknown_media_type(media, expected=self._many)
        data = await self._body(request)
        if decoder is not None:
            return list(await self._payments(decoder, data)), False
        base_currency = self._node.base_currency
        if media == JSON and data[:1] == b"[":
            good = decode_array(data, base_currency=base_currency)
            if good is not None and len(good) <= self._settings.batch_request_events_max:
                return list(good), False
        elements, single = split_events(
            data, lines=media != JSON, events_max=self._settings.batch_request_events_max
        )
        found: list[Event | HaitangError] = []
        for start in range(0, len(elements), self._settings.decode_slice_events):
            if start:
                await asyncio.sleep(0)
            for element in elements[start : start + self._settings.decode_slice_events]:
                try:
                    found.append(decode_event(element, base_currency=base_currency))
                except HaitangError as error:
                    found.append(error)
        return found, single

    async def _outcomes(
        self, found: list[Event | HaitangError], sender: str, budget_us: int, want: Want
    ) -> list[Outcome | HaitangError]:
        """Submit the good events and return all outcomes in the order of the request."""
        arrivals = [
            Arrival(event=event, content=encode_event(event))
            for event in found
            if not isinstance(event, HaitangError)
        ]
        if not arrivals:
            return list(found)  # type: ignore[arg-type] # no event among them
        outcomes = await submit(self._node, arrivals, sender=sender, budget_us=budget_us, want=want)
        if len(outcomes) == len(found):
            return list(outcomes)
        decided = iter(outcomes)
        return [event if isinstance(event, HaitangError) else next(decided) for event in found]

    async def _explained(self, answer: Answer) -> bytes:
        decision = await self._slow_calls.run(self._node.decision, answer.event_id)
        return b'%b,"explanation":%b}' % (answer.body[:-1], _encode(decision))

    def _refused(self, outcome: Refusal | HaitangError) -> Reply:
        if isinstance(outcome, HaitangError):
            raise outcome
        headers = retry_after(1) if outcome.status in {429, 503} else ()
        return outcome.status, error_answer(encode_refusal(outcome)), headers

    def _error(self, outcome: Refusal | HaitangError) -> bytes:
        if isinstance(outcome, Refusal):
            # The node has counted it.
            return encode_refusal(outcome)
        self._metrics.refusals.add(outcome.code)
        return encode_error(outcome)

    def _result(self, index: int, outcome: Outcome | HaitangError) -> bytes:
        if not isinstance(outcome, Answer):
            return b'{"index":%d,"error":%b}' % (index, self._error(outcome))
        if outcome.repeated:
            return b'{"index":%d,"decision":%b,"repeated":true}' % (index, outcome.body)
        return b'{"index":%d,"decision":%b}' % (index, outcome.body)

    def _receipt(self, outcomes: list[Outcome | HaitangError]) -> bytes:
        accepted = repeated = 0
        position = -1
        refused: list[bytes] = []
        for index, outcome in enumerate(outcomes):
            if not isinstance(outcome, Answer):
                refused.append(b'{"index":%d,"error":%b}' % (index, self._error(outcome)))
                continue
            repeated += outcome.repeated
            accepted += not outcome.repeated
            position = max(position, outcome.position)
        return b'{"accepted":%d,"repeated":%d,"refused":[%b],"position":%d}' % (
            accepted,
            repeated,
            b",".join(refused),
            position,
        )


async def submit(
    node: DecisionNode, arrivals: Sequence[Arrival], *, sender: str, budget_us: int, want: Want
) -> list[Outcome]:
    """Hand events to the node; that it takes none now becomes a refusal with Retry-After."""
    try:
        return await node.submit(arrivals, sender=sender, deadline_us=budget_us, want=want)
    except Busy as reason:
        raise busy(reason) from None
    except NotReady as reason:
        raise not_ready(reason) from None


def _wants_explanation(query: bytes) -> bool:
    asked = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("explain", ["brief"])
    if asked[-1] not in {"brief", "full"}:
        raise ApiRefused(
            code="query_not_understood",
            message=f"the query parameter `explain` was {symbol(asked[-1])}; "
            "expected `brief` or `full`",
            status=400,
        )
    return asked[-1] == "full"


def _only_one(events: Sequence[Event]) -> Event:
    if len(events) == 1:
        return events[0]
    raise ApiRefused(
        code="payments_several",
        message=f"the document held {len(events)} payments; expected one",
        hint="send several to `/v1/decisions:batch`",
        status=422,
    )


def _outcome_only(event: Event | HaitangError) -> Event | HaitangError:
    if isinstance(event, HaitangError) or event.event_type in _OUTCOMES:
        return event
    return ApiRefused(
        code="event_type_no_outcome",
        message=f"field `event_type` was `{event.event_type}`; expected one of "
        + ", ".join(f"`{name}`" for name in OUTCOME_TYPES),
        hint="send other events to `/v1/events`",
        status=422,
    )
