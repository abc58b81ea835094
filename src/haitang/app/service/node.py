"""The node: one writer over one journal.

The thread of the event loop owns the course (state, remembered ids, register). A turn takes what
has arrived, decides it and stages frames; a second thread makes them durable; then, and only then,
answers leave. `docs/internals/service.md` is the contract.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from haitang.app.service.answers import (
    Answer,
    Answered,
    Arrival,
    Busy,
    NodeState,
    NotReady,
    Outcome,
    Refusal,
    Want,
)
from haitang.app.service.blocks import CONTROL, EVENTS, ControlRecord, encode_block
from haitang.app.service.clock import ServiceClock
from haitang.app.service.committing import Committer, Journal
from haitang.app.service.course import Course
from haitang.app.service.gathering import Gathering
from haitang.app.service.history import History
from haitang.app.service.metrics import Metrics
from haitang.app.service.pressure import NodeSettings, Pressure
from haitang.app.service.recent import RecentBodies
from haitang.app.service.refusals import (
    ahead,
    answer_not_read,
    not_stored,
    of_error,
    record_not_stored,
    too_late,
)
from haitang.app.service.runs import Fresh, decide_run, fail_action
from haitang.app.service.waiting import Request, customer_of
from haitang.data.events.codec import AHEAD_US_MAX
from haitang.data.events.order import reused
from haitang.data.events.remembered import NEW, REUSED
from haitang.decision.engine import FULL, MODE_NAMES
from haitang.kernel.errors import HaitangError, symbol

RECENT_MAX = 16_384
"""Bodies of durable answers that are kept at hand for callers that ask again."""
UNDURABLE_MAX = RECENT_MAX // 2
"""Events that may be decided and not yet durable; their bodies are always at hand."""
SWEEP_S = 0.01
"""How often requests beyond their time budget are looked for."""
NEVER_US = 1 << 62


class Writer:
    """Takes requests, decides them in order, answers them when they are durable."""

    def __init__(
        self,
        *,
        journal: Journal,
        course: Course,
        history: History,
        clock: ServiceClock,
        settings: NodeSettings,
        metrics: Metrics,
        failed: Callable[[HaitangError], None],
    ) -> None:
        self.state: NodeState = "ready"
        self.trouble = ""
        self.course = course
        self._journal = journal
        self._history = history
        self._clock = clock
        self._settings = settings
        self._metrics = metrics
        self._failed = failed
        self._pressure = Pressure(settings.pressure)
        self._gathering = Gathering(clock.elapsed_us, settings)
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Request] = deque()
        self._queued = 0
        self._flights: deque[Request] = deque()
        self._bodies = RecentBodies(RECENT_MAX)
        self._echoes: list[tuple[Request, int, int]] = []
        self._turn_due = False
        self._committing = False
        self._commit_began_us = 0
        self._staged = 0
        """Frames staged since the start; what is being committed and is durable, likewise."""
        self._commit_staged = 0
        self._durable = 0
        self._touching = False
        self._committer = Committer(journal, loop=self._loop, told=self._committed)
        self._reader = ThreadPoolExecutor(2, thread_name_prefix="haitang-read")
        self._sweep = self._loop.call_later(SWEEP_S, self._sweep_late)
        self._idle: asyncio.Event = asyncio.Event()
        self._idle.set()
        self.paused = False

    # -- from outside ----------------------------------------------------------------------------

    def submit(
        self, arrivals: Sequence[Arrival], *, sender: str, deadline_us: int, want: Want
    ) -> asyncio.Future[list[Outcome]]:
        """Take events in; see `answers.DecisionNode.submit`."""
        return self._enqueue(arrivals, sender, deadline_us, want, None).awaited

    def submit_then(
        self,
        arrivals: Sequence[Arrival],
        *,
        sender: str,
        deadline_us: int,
        want: Want,
        answered: Answered,
    ) -> None:
        """Take events in and call `answered`, from the loop, when they are durable."""
        self._enqueue(arrivals, sender, deadline_us, want, answered)

    def _enqueue(
        self,
        arrivals: Sequence[Arrival],
        sender: str,
        deadline_us: int,
        want: Want,
        answered: Answered | None,
    ) -> Request:
        if self.state != "ready":
            raise NotReady(trouble=self.trouble or f"the node was {self.state}")
        bound = self._settings.pressure.queue_events_max
        if self._queued and self._queued + len(arrivals) > bound:
            # A request larger than the queue is let in when it has the queue for itself.
            raise Busy(retry_after_s=1)
        request = Request(
            arrivals, sender=sender, now_us=self._clock.elapsed_us(), deadline_us=deadline_us,
            want=want, answered=answered,
        )  # fmt: skip
        if not arrivals:
            request.answer([])
            return request
        self._queue.append(request)
        self._queued += len(arrivals)
        self._metrics.queue_events.set(self._queued)
        self._idle.clear()
        self._schedule()
        return request

    def enter(self, record: ControlRecord) -> asyncio.Future[list[Outcome]]:
        """Write a control record and let it take effect; resolves when it is durable."""
        stamp_us = self._clock.now_us()
        self._journal.stage(kind=CONTROL, count=0, stamp_us=stamp_us, payload=encode_block(record))
        self._staged += 1
        self.course.position = self._journal.next_position
        self.course.enter(record, stamp_us=stamp_us)
        now_us = self._clock.elapsed_us()
        # A request without events: it is answered, with nothing, when the record is durable.
        marker = Request((), sender="", now_us=now_us, deadline_us=NEVER_US, want="receipt")
        marker.end_stage = self._staged
        self._flights.append(marker)
        self._idle.clear()
        self._commit()
        return marker.awaited

    async def quiet(self) -> None:
        """Wait until everything taken in is decided, durable and answered."""
        await self._idle.wait()

    async def pause(self) -> None:
        """Stop deciding and wait until all that was decided is durable; requests wait meanwhile."""
        self.paused = True
        while self._committing or self._flights:
            await asyncio.sleep(0.001)

    def resume(self, course: Course) -> None:
        """Go on, perhaps with another course."""
        self.course = course
        self.paused = False
        self._schedule()

    def close(self) -> None:
        """Let go of the timer; what waits is refused as not stored."""
        self._sweep.cancel()
        self._committer.leave()
        self._refuse_all()
        self.close_threads()

    def close_threads(self) -> None:
        """Wait for the threads to end; may be called from another thread."""
        self._committer.close()
        self._reader.shutdown(wait=True, cancel_futures=True)

    # -- turns -----------------------------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._turn_due and not self._waits_for_commit():
            self._turn_due = True
            self._loop.call_soon(self._turn)

    def _waits_for_commit(self) -> bool:
        """Tell whether the end of a commit starts the turn: what comes meanwhile goes together."""
        if not self._committing:
            return False
        undurable = self._journal.next_position - self._journal.durable_position
        return self._queued < self._settings.overlap_events or undurable > UNDURABLE_MAX

    def _turn(self) -> None:
        self._turn_due = False
        if self.paused or self.state == "failed" or not self._queue or self._waits_for_commit():
            return
        idle = self._metrics.connections.value - len(self._queue) - len(self._flights)
        if hold_s := self._gathering.hold_s(queued=self._queued, idle=idle):
            self._turn_due = True
            self._loop.call_later(hold_s, self._turn)
            return
        self._gathering.begin(len(self._queue))
        try:
            self._decide_all(self._take())
        except Exception as error:  # noqa: BLE001 - whatever it was, what is in memory is half done
            self._fail(error)
            return
        self._metrics.queue_events.set(self._queued)
        self._commit()
        self._answer()
        self._touch_ahead()
        if self._queue:
            self._schedule()

    def _take(self) -> list[Fresh]:
        """Take arrivals off the queue, up to one turn's worth; known ones are answered from memory
        or the journal.
        """
        taken: list[tuple[Request, int, Arrival]] = []
        now_us, elapsed_us = self._clock.now_us(), self._clock.elapsed_us()
        room = self._settings.batch_events_max
        latest_us = now_us + AHEAD_US_MAX
        while self._queue and room > 0:
            request = self._queue[0]
            if request.taken == 0:
                self._metrics.waiting_seconds.observe((elapsed_us - request.arrived_us) / 1e6)
            stop = min(len(request.arrivals), request.taken + room)
            room -= stop - request.taken
            for index in range(request.taken, stop):
                arrival = request.arrivals[index]
                if arrival.event.occurred_at_us > latest_us:
                    self._refuse(request, index, ahead(arrival.event))
                else:
                    taken.append((request, index, arrival))
            self._queued -= stop - request.taken
            request.taken = stop
            if stop == len(request.arrivals):
                self._queue.popleft()
                self._flights.append(request)
        return self._admit(taken)

    def _admit(self, taken: list[tuple[Request, int, Arrival]]) -> list[Fresh]:
        """Return what is new; the outcome of the rest is known, or is being looked up."""
        fresh: list[Fresh] = []
        register = self.course.register
        number = register.live
        first = self._journal.next_position
        ids = [arrival.event.event_id for _, _, arrival in taken]
        contents = [arrival.content for _, _, arrival in taken]
        told = self.course.seen.admit_each(ids, contents, position=first, is_dense=True)
        for (request, index, arrival), what in zip(taken, told, strict=True):
            event_id = arrival.event.event_id
            if what == NEW:
                if register.canary >= 0:
                    number = register.chosen(customer_of(arrival))
                fresh.append(Fresh(request, index, arrival, number))
            elif what > NEW:
                self._repeat(request, index, event_id, what)
            else:
                error = reused(event_id, REUSED - what, first + len(fresh))
                self._refuse(request, index, of_error(event_id, error, status=409))
        return fresh

    def _decide_all(self, fresh: list[Fresh]) -> None:
        """Decide the new events in runs of one program and one mode."""
        modes = self._modes(fresh)
        start = 0
        while start < len(fresh):
            one, mode = fresh[start], modes.get(fresh[start].request, FULL)
            stop = start + 1
            while (
                stop < len(fresh)
                and fresh[stop].publication == one.publication
                and modes.get(fresh[stop].request, FULL) == mode
            ):
                stop += 1
            self._decide(fresh[start:stop], mode=mode)
            start = stop
        for request, index, position in self._echoes:
            # Sent twice within one turn.
            request.outcomes[index] = self._again(request, index, position)
        self._echoes.clear()

    def _modes(self, fresh: list[Fresh]) -> dict[Request, int]:
        """Return the mode of each request that is not decided in full; one that is short of time
        does not spoil what is decided beside it.
        """
        elapsed_us = self._clock.elapsed_us()
        modes: dict[Request, int] = {}
        requests = (fresh[0].request,) if len(fresh) == 1 else {one.request: 0 for one in fresh}
        for request in requests:
            # Nobody waits any more for one that was answered as too late: it is decided in full.
            left_us = NEVER_US
            if not request.left:
                left_us = request.deadline_at_us - elapsed_us
            mode = self._pressure.mode(left_us=left_us, events=len(fresh), queued=self._queued)
            if mode != FULL:
                modes[request] = mode
        return modes

    def _refuse(self, request: Request, index: int, refusal: Refusal) -> None:
        request.outcomes[index] = refusal
        self._metrics.refusals.add(refusal.code)

    def _repeat(self, request: Request, index: int, event_id: str, known: int) -> None:
        """Give the outcome of an event that is known, now or when it has been looked up."""
        self._metrics.repeated.add()
        request.end_stage = self._staged
        if known >= self._journal.next_position:
            self._echoes.append((request, index, known))
        elif request.want == "receipt" or self._bodies.find(known) is not None:
            request.outcomes[index] = self._again(request, index, known)
        else:
            request.open += 1
            self._look_up(request, index, event_id, known)

    def _again(self, request: Request, index: int, position: int) -> Answer:
        request.end_stage = self._staged
        body = self._bodies.find(position) if request.want == "decision" else b""
        assert body is not None, "the answer was let go of before it was durable"
        return Answer(
            position=position,
            event_id=request.arrivals[index].event.event_id,
            body=body,
            repeated=True,
        )

    def _look_up(self, request: Request, index: int, event_id: str, position: int) -> None:
        """Read an old answer in another thread."""

        def found(future: asyncio.Future[bytes]) -> None:
            request.open -= 1
            error = None if future.cancelled() else future.exception()
            if future.cancelled() or error is not None:
                request.outcomes[index] = answer_not_read(event_id, error)
            else:
                request.outcomes[index] = Answer(
                    position=position, event_id=event_id, body=future.result(), repeated=True
                )
            self._answer()

        reading = self._loop.run_in_executor(self._reader, self._history.answer, position)
        reading.add_done_callback(found)

    def _decide(self, fresh: list[Fresh], *, mode: int) -> None:
        """Decide a run of new events and stage its frame."""
        began_us = self._clock.elapsed_us()
        first = self._journal.next_position
        run = decide_run(
            fresh, self.course, mode=mode, fail_policy=self._settings.fail_policy, first=first
        )
        stamp_us = self._clock.now_us()
        self._journal.stage(
            kind=EVENTS, count=len(fresh), stamp_us=stamp_us, payload=run.payload, keys=run.keys
        )
        self._staged += 1
        for position, (one, body) in enumerate(zip(fresh, run.bodies, strict=True), first):
            request = one.request
            request.end_stage = self._staged
            request.outcomes[one.place] = Answer(
                position=position,
                event_id=one.arrival.event.event_id,
                body=body if request.want == "decision" else b"",
            )
        self._bodies.add(first, run.bodies, durable_position=self._journal.durable_position)
        self.course.position = first + len(fresh)
        self.course.stamp_us = stamp_us
        took_us = self._clock.elapsed_us() - began_us
        self._pressure.decided(mode=mode, events=len(fresh), took_us=took_us)
        self._metrics.evaluate_seconds.observe(took_us / 1e6)
        name = MODE_NAMES[mode] or "full"
        for (action, channel), count in run.tallies.items():
            self._metrics.decisions.add(action, name, channel, count=count)
        for action, count in run.spared.items():
            self._metrics.spared.add(action, count=count)

    def _touch_ahead(self) -> None:
        """Have memory at hand before events need it: its first touch takes the system long."""
        if self._touching or not self.course.state.wants_memory:
            return

        def done(_: asyncio.Future[None]) -> None:
            self._touching = False

        self._touching = True
        touching = self._loop.run_in_executor(self._reader, self.course.touch_ahead)
        touching.add_done_callback(done)

    # -- commits ---------------------------------------------------------------------------------

    def _commit(self) -> None:
        if self._committing or self._durable == self._staged:
            return
        self._committing = True
        self._commit_began_us = self._clock.elapsed_us()
        self._commit_staged = self._staged
        self._committer.ask()

    def _committed(self, durable_position: int, error: BaseException | None) -> None:
        self._committing = False
        if self.state == "failed":
            # A turn went wrong meanwhile: everybody was told to ask again.
            return
        if error is not None:
            self._fail(error)
            return
        self._durable = self._commit_staged
        took_us = self._clock.elapsed_us() - self._commit_began_us
        self._pressure.committed(took_us=took_us)
        self._metrics.commit_seconds.observe(took_us / 1e6)
        self._metrics.durable_position.set(durable_position)
        self._metrics.journal_position.set(self._journal.next_position)
        if len(self._flights) <= self._settings.answered_first:
            self._answer()
        if self._queue and not self._turn_due:
            # Before the next commit is started, so that it takes this turn's frames along; and
            # before many answers are written, which then is done while the disk works.
            self._turn()
        self._commit()
        self._answer()

    def _answer(self) -> None:
        """Answer what is complete and durable, in order; a request that waits for an old answer
        lets the others by.
        """
        waiting: list[Request] = []
        while self._flights and self._flights[0].end_stage <= self._durable:
            request = self._flights.popleft()
            if request.complete:
                self._tell(request, [outcome for outcome in request.outcomes if outcome])
            else:
                waiting.append(request)
        self._flights.extendleft(reversed(waiting))
        if not self._flights and not self._queue:
            self._idle.set()

    def _tell(self, request: Request, outcomes: list[Outcome]) -> None:
        """Answer; what goes wrong in a listener is its own affair and must not stop the node."""
        try:
            request.answer(outcomes)
        except Exception as error:  # noqa: BLE001 - see above
            self._loop.call_exception_handler(
                {"message": "a listener to outcomes failed", "exception": error}
            )

    def _sweep_late(self) -> None:
        """Answer requests whose time budget ended: nothing is known to be durable yet."""
        self._sweep = self._loop.call_later(SWEEP_S, self._sweep_late)
        now_us, policy = self._clock.elapsed_us(), self._settings.fail_policy
        for request in (*self._flights, *self._queue):
            if request.deadline_at_us < now_us and not request.left:
                self._metrics.refusals.add("deadline_passed")
                self._tell(
                    request, [too_late(one, fail_action(one, policy)) for one in request.arrivals]
                )

    def _fail(self, error: BaseException) -> None:
        """Stop deciding: the state has seen events that are not in the journal."""
        if self.state == "failed":
            return
        self.state = "failed"
        self._refuse_all()
        if not isinstance(error, HaitangError):
            error = HaitangError(
                code="node_turn_failed", message=f"deciding or storing failed with {symbol(error)}"
            )
        self.trouble = error.message
        self._failed(error)

    def _refuse_all(self) -> None:
        for request in (*self._flights, *self._queue):
            if request.arrivals:
                self._tell(request, [not_stored(one.event.event_id) for one in request.arrivals])
            else:
                request.fail(record_not_stored())
        self._flights.clear()
        self._queue.clear()
        self._queued = 0
        self._idle.set()
