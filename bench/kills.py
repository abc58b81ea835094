"""`kill -9` at random instants under load: nothing answered may be lost, changed or doubled.

One service is loaded, killed and started again, many times. The client keeps what it was answered.
After each kill all that was answered since the last one is sent again, and must come back with the
same bytes as a repetition. At the end the journal is read, verified and recomputed, and an
uninterrupted service is given the same events in the order of the journal: every answer and the
decisions on events that come after must be the same.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from bench import service
from bench.connections import Connection, connect, request, run_in_uvloop
from bench.measures import Measured
from bench.preloaded import Preloaded
from bench.service import Service, ServiceFailed
from bench.tables import say
from haitang.adapters.journal.journal import Journal
from haitang.app.service.blocks import EVENTS, decode_events

SETTINGS = """\
snapshot_every_events = 2000
snapshot_every_s = 10
journal_segment_bytes = 1048576
"""
"""Small enough that kills also meet snapshots that are being written and segments that close."""

DEADLINE_MS = 60_000
CONNECTIONS = 16
BATCH = 8
AGAIN = 512
"""Events in one request that asks again."""
EARLIER = 128
"""Answers of earlier rounds that are asked for again in each round."""
START_S = 0.5
LONGEST_S = 0.3
"""The kill comes at a random instant within this time of the first answer."""
FIRST_ANSWER_S_MAX = 30.0
AT_START_SHARE = 8
"""After every so many kills, one more while the service is starting."""
WHOLE_SHARE = 10
"""Every so many rounds start `haitang serve` itself, with its supervisor and its follower; the
others fork a node from a process that has loaded everything, which is quicker."""
WHOLE_S = 4.0
"""How long such a round may last: its follower is to come to writing a snapshot."""
WHOLE_NEW_PER_S = 5_000
"""New events a second in such a round; between them old ones are sent again. Without a limit these
few long rounds would use up the events of all others.
"""
EVENTS_PER_KILL = 4_000
"""That the rounds use up on average at most."""
LOST_SHOWN = 5
PROGRESS = 10


class Kills(NamedTuple):
    """What to do: how often, on which events, and with which seed."""

    pack: Path
    lines: list[bytes]
    """Events as JSON, unique; as many as the rounds use up, and `probes` more at the end."""
    kills: int
    probes: int = 256
    seed: int = 20_260_301


class _Result(msgspec.Struct, frozen=True):
    """One entry of the answer to a batch."""

    index: int
    decision: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    repeated: bool = False


class _Results(msgspec.Struct, frozen=True):
    results: list[_Result]


_decode = msgspec.json.Decoder(_Results).decode


class Ledger:
    """What was sent and what was answered, by number of the event in the lines."""

    def __init__(self) -> None:
        self.next = 0
        self.answered: dict[int, bytes] = {}
        self.lost: set[int] = set()
        self.changed: set[int] = set()
        self.refused: Counter[str] = Counter()
        self.repeated_under_load = 0
        self.rounds_with_new = 0
        """Rounds in which new events were still being sent when the kill came."""

    def note(self, number: int, body: bytes, *, lost: bool) -> None:
        """Take an answer; `lost` says that it was decided anew although it was known."""
        known = self.answered.setdefault(number, body)
        if lost:
            self.lost.add(number)
        if body != known:
            self.changed.add(number)


def kill_test(folder: Path, asked: Kills) -> Measured:
    """Do it, in a new folder `folder`, which is left with the data of both services."""
    data = folder / "killed"
    shutil.rmtree(data, ignore_errors=True)
    key = service.create_key(data)
    (data / "settings.toml").write_text(SETTINGS)
    source = np.random.default_rng(asked.seed)
    ledger = Ledger()
    starts: list[float] = []
    at_start = whole = 0
    begun = time.monotonic()
    running = _started(service.start(data, asked.pack), starts)
    preloaded = Preloaded(asked.pack)
    try:
        for turn in range(1, asked.kills + 1):
            first = ledger.next
            is_whole = running.process is not None
            whole += is_whole
            run_in_uvloop(_load_and_kill(running, key, asked, ledger, source, is_whole=is_whole))
            service.kill(running)
            if turn % AT_START_SHARE == 0:
                at_start += 1
                _kill_while_starting(preloaded, data, source)
            begun_whole = (turn + 1) % WHOLE_SHARE == 0
            again = service.start(data, None) if begun_whole else preloaded.start(data)
            running = _started(again, starts)
            _ask_again(running, key, asked, ledger, first, source)
            if turn % PROGRESS == 0 or turn == asked.kills:
                say(_progress(turn, asked.kills, ledger, starts, time.monotonic() - begun))
        seconds = time.monotonic() - begun
        probes = _probes(running, key, asked)
        service.stop(running)
    finally:
        preloaded.close()
        service.kill(running)
    return {
        "kills": asked.kills,
        "kills_while_starting": at_start,
        "kills_with_supervisor": whole,
        "kills_while_deciding_new": ledger.rounds_with_new,
        "events_sent": ledger.next,
        "answered": len(ledger.answered),
        "changed": len(ledger.changed),
        "refused": dict(ledger.refused),
        "repeated_under_load": ledger.repeated_under_load,
        "seconds_per_kill": seconds / asked.kills,
        "seconds_to_ready_median": float(np.median(starts)),
        **_judged_afterwards(folder, data, asked, ledger, probes),
    }


def _progress(turn: int, kills: int, ledger: Ledger, starts: list[float], seconds: float) -> str:
    return (
        f"  {turn}/{kills} kills: {len(ledger.answered):,} answered, {len(ledger.lost)} lost, "
        f"{len(ledger.changed)} changed; start {np.median(starts):.2f} s, "
        f"{seconds / turn:.2f} s a kill"
    )


def _started(running: Service, starts: list[float]) -> Service:
    begun = time.monotonic()
    try:
        service.ready(running)
    except BaseException:
        service.kill(running)
        raise
    starts.append(time.monotonic() - begun)
    return running


def _kill_while_starting(preloaded: Preloaded, data: Path, source: np.random.Generator) -> None:
    running = preloaded.start(data)
    try:
        time.sleep(float(source.uniform(0, START_S)))
    finally:
        service.kill(running)


async def _load_and_kill(
    running: Service,
    key: str,
    asked: Kills,
    ledger: Ledger,
    source: np.random.Generator,
    *,
    is_whole: bool,
) -> None:
    """Load over 16 connections, kill at a random instant, and take in what was still answered."""
    last = len(asked.lines) - asked.probes
    begun, first, longest_s = time.monotonic(), ledger.next, WHOLE_S if is_whole else LONGEST_S
    under_way: dict[Connection, tuple[list[int], frozenset[int]]] = {}
    open_connections: set[Connection] = set()
    first_answer, all_lost = asyncio.Event(), asyncio.Event()
    choices = iter(source.random(100_000).tolist())

    def send(connection: Connection) -> None:
        drawn = next(choices, 0.5)
        # A quick service has soon decided all events there are; then old ones are sent again.
        spent = ledger.next + BATCH > last
        if is_whole:
            spent |= ledger.next > first + (time.monotonic() - begun) * WHOLE_NEW_PER_S
        if spent or (drawn < 0.15 and ledger.answered):
            share = drawn if spent else drawn / 0.15
            number = ledger.next - 1 - int(share * min(ledger.next, 500))
            numbers = [number]
        else:
            count = BATCH if drawn > 0.85 else 1
            numbers = list(range(ledger.next, ledger.next + count))
            ledger.next += count
        known = frozenset(number for number in numbers if number in ledger.answered)
        ledger.repeated_under_load += len(known)
        under_way[connection] = (numbers, known)
        connection.send(_request(asked.lines, numbers, key), 0)

    def answered(connection: Connection, status: int, head: bytes, body: bytes) -> None:
        first_answer.set()
        _take(ledger, *under_way.pop(connection), status, head, body)
        send(connection)

    def lost(connection: Connection) -> None:
        open_connections.discard(connection)
        if not open_connections:
            all_lost.set()

    made = await connect(running.port, CONNECTIONS, answered=answered, lost=lost)
    open_connections.update(made)
    for connection in made:
        send(connection)
    await asyncio.wait_for(first_answer.wait(), FIRST_ANSWER_S_MAX)
    await asyncio.sleep(float(source.uniform(0, longest_s)))
    ledger.rounds_with_new += ledger.next + BATCH <= last
    os.killpg(running.group, signal.SIGKILL)
    # What the service sent before it died is still on its way: it was answered.
    await asyncio.wait_for(all_lost.wait(), 30)


def _request(lines: list[bytes], numbers: list[int], key: str) -> bytes:
    if len(numbers) == 1:
        path, body = "/v1/decisions", lines[numbers[0]]
    else:
        path = "/v1/decisions:batch"
        body = b"[" + b",".join(lines[number] for number in numbers) + b"]"
    return request(body, path=path, key=key, deadline_ms=DEADLINE_MS)


def _take(
    ledger: Ledger,
    numbers: list[int],
    known: frozenset[int],
    status: int,
    head: bytes,
    body: bytes,
) -> None:
    """Note the answer to one request under load; what was refused was not answered."""
    if status != 200:
        ledger.refused[str(status)] += 1
    elif len(numbers) == 1:
        repeated = b"haitang-repeated: true" in head.lower()
        ledger.note(numbers[0], body, lost=bool(known) and not repeated)
    else:
        _take_batch(ledger, numbers, known, body)


def _take_batch(ledger: Ledger, numbers: list[int], known: frozenset[int], body: bytes) -> None:
    for result in _decode(body).results:
        if not bytes(result.decision):
            ledger.refused[bytes(result.error)[:60].decode(errors="replace")] += 1
        else:
            number = numbers[result.index]
            lost = number in known and not result.repeated
            ledger.note(number, bytes(result.decision), lost=lost)


def _ask_again(
    running: Service,
    key: str,
    asked: Kills,
    ledger: Ledger,
    first: int,
    source: np.random.Generator,
) -> None:
    """Send again all of this round, answered or not, and some of what came before."""
    earlier = source.integers(0, max(1, first), min(EARLIER, first)).tolist()
    numbers = [*sorted(set(earlier)), *range(first, ledger.next)]
    for at in range(0, len(numbers), AGAIN):
        part = numbers[at : at + AGAIN]
        known = frozenset(number for number in part if number in ledger.answered)
        _take_batch(ledger, part, known, _asked(running.port, key, asked.lines, part))


def _asked(port: int, key: str, lines: list[bytes], numbers: list[int]) -> bytes:
    body = b"[" + b",".join(lines[number] for number in numbers) + b"]"
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Haitang-Deadline-Ms": str(DEADLINE_MS),
    }
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        caller.request("POST", "/v1/decisions:batch", body, headers)
        answer = caller.getresponse()
        said = answer.read()
    finally:
        caller.close()
    if answer.status != 200:
        raise ServiceFailed(f"a batch was answered {answer.status}: {said[:300]!r}")
    return said


def _decided(port: int, key: str, lines: list[bytes]) -> list[bytes]:
    """Return the decision of every line, asked in batches."""
    bodies: list[bytes] = []
    for at in range(0, len(lines), AGAIN):
        part = lines[at : at + AGAIN]
        results = _decode(_asked(port, key, part, list(range(len(part))))).results
        bodies += [bytes(result.decision) or bytes(result.error) for result in results]
    return bodies


def _probes(running: Service, key: str, asked: Kills) -> list[bytes]:
    """Return the decisions on events that nobody has seen before: they read the whole state."""
    return _decided(running.port, key, asked.lines[len(asked.lines) - asked.probes :])


def _judged_afterwards(
    folder: Path, data: Path, asked: Kills, ledger: Ledger, probes: list[bytes]
) -> Measured:
    """Read and verify the journal, and hold everything against an uninterrupted run."""
    order, gaps = _journalled(data)
    counted = Counter(order)
    numbers = {_event_id(line): number for number, line in enumerate(asked.lines)}
    gone = {n for n in ledger.answered if _event_id(asked.lines[n]) not in counted}
    verified = all(_ends_well(*words) for words in (
        ("journal", "verify", data),
        ("follow", data, "--once", "--from-start"),
    ))  # fmt: skip
    in_order = [asked.lines[numbers[event_id]] for event_id in order]
    decided = _uninterrupted(folder / "uninterrupted", asked.pack, in_order)
    known = len(order) - asked.probes
    differ = [
        event_id
        for event_id, body in zip(order[:known], decided[:known], strict=True)
        if ledger.answered.get(numbers[event_id]) not in (None, body)
    ]
    return {
        "lost": len(ledger.lost | gone),
        "doubled": sum(count - 1 for count in counted.values()),
        "journal_events": len(order),
        "position_gaps": gaps,
        "journal_verified": verified,
        "differ_from_uninterrupted": len(differ),
        "probes": len(probes),
        "probes_that_differ": sum(
            ours != theirs for ours, theirs in zip(probes, decided[known:], strict=True)
        ),
        "state_equal": not differ and probes == decided[known:],
    }


def _journalled(data: Path) -> tuple[list[str], int]:
    """Return the event ids of the journal in order, and how often a position did not follow."""
    order: list[str] = []
    gaps = 0
    with Journal.open(data, read_only=True) as journal:
        for frame in journal.read():
            if frame.kind == EVENTS:
                gaps += frame.position != len(order)
                block = decode_events(frame.payload, position=frame.position)
                order += [_event_id(content) for content in block.events]
    return order, gaps


def _ends_well(*words: str | Path) -> bool:
    try:
        service.called(*words)
    except ServiceFailed as failed:
        say(f"  {failed}")
        return False
    return True


def _uninterrupted(data: Path, pack: Path, lines: list[bytes]) -> list[bytes]:
    shutil.rmtree(data, ignore_errors=True)
    key = service.create_key(data)
    with service.ended(service.start(data, pack)) as running:
        service.ready(running)
        return _decided(running.port, key, lines)


def _event_id(line: bytes) -> str:
    event: _Named = _named(line)
    return event.event_id


class _Named(msgspec.Struct, frozen=True):
    event_id: str


_named = msgspec.json.Decoder(_Named).decode
