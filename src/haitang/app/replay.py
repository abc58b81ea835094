"""Replay: a file of events through the engine, decisions and feature values out.

The same `evaluate` as live; only the clock and the transport differ (law 1). Events are read,
decided and written in pieces, so that a file may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import BinaryIO

import msgspec

from haitang.app.deciding import Decided, Decider, Stopwatch, in_blocks
from haitang.app.programs import OpenedPack, open_pack, warm_up
from haitang.app.tallies import Tally
from haitang.app.wiring import (
    FeatureTable,
    RefusedLine,
    Replacement,
    StoredState,
    naming,
    open_events,
    read_state,
    write_state,
)
from haitang.app.words import Words
from haitang.data.events.order import Deduplicator
from haitang.decision.engine import EngineState
from haitang.kernel.errors import HaitangError, Place
from haitang.kernel.money import minor_digits

BLOCK_DEFAULT = 4_096
"""Events per call of the engine; the decisions do not depend on it."""

BLOCK_MAX = 65_536


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay and where the results go."""

    events: Path
    pack: Path
    decisions: Path
    features: Path | None = None
    mapping: Path | None = None
    state_in: Path | None = None
    state_out: Path | None = None
    bad_lines: Path | None = None
    base_currency: str | None = None
    """Replaces the pack's base currency for amounts without `amount_base_minor`."""
    block: int = BLOCK_DEFAULT


class ReplayProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a replay has come."""

    events: int
    done: int
    total: int
    """Of the same unit as `done` (bytes or rows); 0 when the end is not known (standard input)."""


class ReplaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay did."""

    pack: str
    pack_version: str
    tally: Tally
    refused: int
    duplicates: int
    elapsed_us: int
    """Wall time from the first byte read to the last one written; the engine was ready before."""
    evaluate_us: int
    """Wall time spent inside `evaluate`."""


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants to hear while a replay runs."""

    progressed: Callable[[ReplayProgress], None]
    refused: Callable[[RefusedLine], None]
    preparing: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered while the engine is made ready, which takes long on the first run of a machine."""


class _Outputs:
    """The open output files of one replay; each appears when the stack is left without an error."""

    def __init__(self, request: ReplayRequest, opened: OpenedPack, stack: ExitStack) -> None:
        self._request = request
        self._encode = msgspec.json.Encoder().encode_lines
        self._words = Words(opened.pack)
        self._decisions: BinaryIO = stack.enter_context(Replacement(request.decisions))
        self._features: FeatureTable | None = None
        self._bad_lines: BinaryIO | None = None
        if request.features is not None:
            stream = stack.enter_context(Replacement(request.features))
            self._features = FeatureTable(
                stream, names=opened.program.feature_names, text_names=opened.text_features
            )
            stack.callback(self._features.abandon)
        if request.bad_lines is not None:
            self._bad_lines = stack.enter_context(Replacement(request.bad_lines))

    def write_refused(self, line: RefusedLine) -> None:
        """Keep a refused line with its reason."""
        if self._bad_lines is not None and self._request.bad_lines is not None:
            with naming(self._request.bad_lines):
                self._bad_lines.write(line.encode() + b"\n")

    def write(self, decided: Decided) -> None:
        """Write what was decided of one block."""
        with naming(self._request.decisions):
            self._decisions.write(self._encode(decided.decisions))
        if self._features is not None and self._request.features is not None:
            assert decided.out.features is not None, "the engine was asked to keep the features"
            self._words.learn(decided.batch)
            with naming(self._request.features):
                self._features.write(
                    event_ids=decided.batch.event_ids,
                    occurred_at_us=decided.batch.occurred_at_us,
                    values=decided.out.features,
                    word_of=self._words.word_of,
                )

    def finish(self) -> None:
        """Write what must stand at the end of a file."""
        if self._features is not None and self._request.features is not None:
            with naming(self._request.features):
                self._features.close()


def _decider(request: ReplayRequest, opened: OpenedPack, clock: Stopwatch) -> Decider:
    """Start from nothing, or from where the state file ended."""
    keep_features = request.features is not None
    if request.state_in is None:
        return Decider(opened, clock=clock, keep_features=keep_features)
    stored = read_state(request.state_in)
    return Decider(
        opened,
        clock=clock,
        state=EngineState.load(opened.program, stored.engine, path=str(request.state_in)),
        seen=Deduplicator.read(stored.seen),
        position=stored.events,
        keep_features=keep_features,
    )


def replay(request: ReplayRequest, *, watcher: Watcher, clock: Stopwatch) -> ReplaySummary:
    """Decide every event of a file; see `ReplayRequest` for what is written.

    Raises `HaitangError` for a pack, model, state or file that cannot be used; bad events are
    reported to the watcher and counted.
    """
    _refuse_shared_paths(request)
    if request.base_currency is not None:
        minor_digits(request.base_currency)
    opened = open_pack(request.pack)
    decider = _decider(request, opened, clock)
    with watcher.preparing():
        warm_up(opened.program)
    tally, refused = Tally(), 0
    begun_us = clock.elapsed_us()
    source = open_events(
        request.events,
        mapping=request.mapping,
        base_currency=request.base_currency or opened.pack.base_currency,
    )
    with ExitStack() as stack:
        outputs = _Outputs(request, opened, stack)
        for chunk in source.chunks:
            admitted = decider.admit(chunk.events)
            for line in (*chunk.refused, *admitted.refused):
                refused += 1
                outputs.write_refused(line)
                watcher.refused(line)
            for decided in decider.decide(admitted.events, next_stop=in_blocks(request.block)):
                tally.add(decided.decisions)
                outputs.write(decided)
            watcher.progressed(
                ReplayProgress(events=tally.decisions, done=chunk.done, total=source.total)
            )
        outputs.finish()
    if request.state_out is not None:
        # Last, so that nobody goes on from a state whose decisions were not kept.
        stored = StoredState(
            engine=decider.state.dump(), seen=decider.seen.write(), events=decider.position
        )
        write_state(request.state_out, stored)
    return ReplaySummary(
        pack=opened.pack.id,
        pack_version=opened.pack.version,
        tally=tally,
        refused=refused,
        duplicates=decider.duplicates,
        elapsed_us=clock.elapsed_us() - begun_us,
        evaluate_us=decider.evaluate_us,
    )


def _refuse_shared_paths(request: ReplayRequest) -> None:
    """Refuse to write one file twice or over an input."""
    inputs = [request.events, request.mapping, request.state_in]
    outputs = [request.decisions, request.features, request.state_out, request.bad_lines]
    # `-` among the inputs is another stream than `-` among the outputs.
    taken = {path.resolve() for path in inputs if path is not None and str(path) != "-"}
    # Going on from a state file and writing the next one over it is what a nightly run does.
    if request.state_in is not None and request.state_in == request.state_out:
        taken.discard(request.state_in.resolve())
    for path in outputs:
        if path is None or (path.exists() and not path.is_file()):
            continue
        if path.resolve() in taken:
            raise HaitangError(
                code="use_path_twice",
                message="this file was named twice; the output would replace what is needed",
                place=Place(path=str(path)),
                hint="give every input and output a name of its own",
            )
        taken.add(path.resolve())
