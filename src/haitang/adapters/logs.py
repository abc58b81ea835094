"""Structured logs: what happened, as one line each, on standard error.

A line says when (UTC), how bad, which event, and details by name. It never says a personal value:
fields of class C2 and C3 of the event catalogue are left out by name, masked values and whole
objects too, and `withheld` names what was left out. Nothing is logged per event of the bank: the
journal holds these, and the metrics count them.

A log never stops the service. Lines are written by a thread of their own from a bounded queue;
what does not fit, or comes faster than `LINES_A_SECOND_MAX`, is counted and dropped, and the next
line that fits says how many were.
"""

from __future__ import annotations

import atexit
import json
import queue
import sys
import threading
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, BinaryIO, Literal, Protocol

import structlog

from haitang.data.events.titles import FIELD_TITLES
from haitang.kernel.errors import HaitangError
from haitang.kernel.identity import Masked
from haitang.kernel.instants import SECOND_US, format_instant

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "text"]

PERSONAL_FIELDS = frozenset(name for name, (_, _, held) in FIELD_TITLES.items() if held != "C1")
"""Fields of events that no log line may carry, whatever their value."""

NEVER_FIELDS = frozenset({"authorization", "body", "content", "password", "secret", "token"})
"""Names that hold secrets or whole messages; never printed either."""

LINES_WAITING_MAX = 4_096
LINES_A_SECOND_MAX = 1_000
TEXT_LENGTH_MAX = 500
DETAILS_MAX = 40
ITEMS_MAX = 50
FRAMES_MAX = 12
DEPTH_MAX = 4

LEVELS: dict[str, LogLevel] = {
    "decision_differs": "error",
    "housekeeping_failed": "error",
    "journal_corrupt": "error",
    "keys_missing": "error",
    "keys_not_read": "error",
    "node_died": "error",
    "node_failed": "error",
    "node_killed": "error",
    "node_still_failed": "error",
    "publication_failed": "error",
    "successor_failed": "error",
    "clock_jumped": "warning",
    "companion_ended": "warning",
    "journal_tail_mended": "warning",
    "lines_dropped": "warning",
    "processors_may_sleep": "warning",
    "request_refused": "warning",
    "snapshot_damaged": "warning",
    "snapshot_not_written": "warning",
    "snapshot_passed_over": "warning",
}
"""How bad an event is that `Log.tell` is told of; all others are `info`."""

Details = MutableMapping[str, Any]


class Clock(Protocol):
    """The time, and a steady reading."""

    def now_us(self) -> int:
        """Return microseconds UTC."""
        ...

    def elapsed_us(self) -> int:
        """Return a stopwatch reading."""
        ...


class Log:
    """Takes named events from any thread; `open_log` makes it."""

    def __init__(self, logger: Any, writer: LineWriter) -> None:
        self._logger = logger
        self._writer = writer

    def tell(self, event: str, /, **details: object) -> None:
        """Log that something happened, as bad as `LEVELS` says it is."""
        self.write(LEVELS.get(event, "info"), event, **details)

    def write(self, level: LogLevel, event: str, /, **details: object) -> None:
        """Log with a level of the caller's choice. An exception goes in as `error=`."""
        getattr(self._logger, level)(event, **details)

    @property
    def dropped(self) -> int:
        """Return how many lines were dropped since the start."""
        return self._writer.dropped

    def close(self, *, timeout_s: float = 2.0) -> None:
        """Write what waits, for at most so long; later lines are dropped."""
        self._writer.close(timeout_s=timeout_s)


def open_log(
    *,
    clock: Clock,
    level: LogLevel = "info",
    form: LogFormat = "json",
    stream: BinaryIO | None = None,
) -> Log:
    """Return a log on standard error, or on another stream of bytes."""
    writer = LineWriter(stream or sys.stderr.buffer)
    logger = structlog.wrap_logger(
        writer,
        processors=[
            structlog.processors.add_log_level,
            _Pace(clock, writer),
            withhold_personal,
            _Stamp(clock),
            render_json if form == "json" else render_text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    log = Log(logger, writer)
    if stream is None:
        # The lines before an end that nobody foresaw are those that somebody will want.
        atexit.register(log.close)
    return log


class LineWriter:
    """Writes lines from a bounded queue on a thread of its own; never waits, never raises."""

    def __init__(self, stream: BinaryIO, *, lines_max: int = LINES_WAITING_MAX) -> None:
        self.dropped = 0
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(lines_max)
        self._closed = False
        # A daemon: a reader of our output that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def msg(self, message: str) -> None:
        """Take one line."""
        if self._closed:
            self.dropped += 1
            return
        try:
            self._lines.put_nowait(message)
        except queue.Full:
            self.dropped += 1

    debug = info = warning = error = msg

    def close(self, *, timeout_s: float) -> None:
        """Write what waits and end the thread."""
        if not self._closed:
            self._closed = True
            try:
                self._lines.put(None, timeout=timeout_s)
            except queue.Full:
                return
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line.encode("utf-8", "backslashreplace") + b"\n")
                self._stream.flush()
            except (OSError, ValueError):
                # A full disk or a closed pipe: there is nowhere left to say so.
                self.dropped += 1


class _Pace:
    """Drops what comes faster than `LINES_A_SECOND_MAX`; the next line says how much it was."""

    def __init__(self, clock: Clock, writer: LineWriter) -> None:
        self._clock = clock
        self._writer = writer
        self._second = -1
        self._lines = 0
        self._told = 0

    def __call__(self, _logger: object, _method: str, event: Details) -> Details:
        second = self._clock.elapsed_us() // SECOND_US
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        if self._lines > LINES_A_SECOND_MAX:
            self._writer.dropped += 1
            raise structlog.DropEvent
        dropped = self._writer.dropped
        if dropped > self._told:
            event["lines_dropped"] = dropped - self._told
            self._told = dropped
        return event


class _Stamp:
    """Puts the instant first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, _logger: object, _method: str, event: Details) -> Details:
        head = {
            "at": format_instant(self._clock.now_us()),
            "level": event.pop("level"),
            "event": event.pop("event"),
        }
        return {**head, **event}


def withhold_personal(_logger: object, _method: str, event: Details) -> Details:
    """Leave out what may tell of a person, and say under `withheld` what was left out."""
    withheld: list[str] = []
    kept = {name: event[name] for name in ("event", "level")}
    details = {name: value for name, value in event.items() if name not in kept}
    kept |= _safe_mapping(details, withheld, depth=0)
    if withheld:
        kept["withheld"] = sorted(set(withheld))[:ITEMS_MAX]
    return kept


def _safe_mapping(details: Mapping[Any, Any], withheld: list[str], *, depth: int) -> dict[str, Any]:
    safe: dict[str, Any] = {}
    for name, value in list(details.items())[:DETAILS_MAX]:
        if not isinstance(name, str) or name in PERSONAL_FIELDS or name.lower() in NEVER_FIELDS:
            withheld.append(name if isinstance(name, str) else "?")
            continue
        shown = _safe(value, withheld, name=name, depth=depth)
        if shown is not _WITHHELD:
            safe[name] = shown
    return safe


_WITHHELD = object()


def _safe(value: object, withheld: list[str], *, name: str, depth: int) -> Any:
    """Return what may be printed of a value, or `_WITHHELD`."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= TEXT_LENGTH_MAX else value[:TEXT_LENGTH_MAX] + "…"
        case BaseException():
            return _error_details(value)
        case Mapping() if depth < DEPTH_MAX:
            return _safe_mapping(value, withheld, depth=depth + 1)
        case list() | tuple() | set() | frozenset() if depth < DEPTH_MAX:
            several = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            items = [
                _safe(item, withheld, name=name, depth=depth + 1)
                for item in list(several)[:ITEMS_MAX]
            ]
            return [item for item in items if item is not _WITHHELD]
        case Masked() | _:
            # A whole object (an event, a decision) would carry its personal fields with it.
            withheld.append(name)
            return _WITHHELD


def _error_details(error: BaseException) -> dict[str, Any]:
    """Return the kind of an error and where it arose; its text may quote what somebody sent."""
    if isinstance(error, HaitangError):
        return {"code": error.code, "place": error.place.path}
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return {
        "kind": type(error).__name__,
        "frames": [f"{_module_of(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _module_of(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").split("/")[-2:])


def render_json(_logger: object, _method: str, event: Details) -> str:
    """Return one line of JSON."""
    return json.dumps(event, ensure_ascii=False, separators=(", ", ": "))


def render_text(_logger: object, _method: str, event: Details) -> str:
    """Return one line for a person: instant, level, event, then `name=value`."""
    head = f"{event.pop('at')} {event.pop('level'):<7} {event.pop('event')}"
    return " ".join([head, *(f"{name}={_shown(value)}" for name, value in event.items())])


def _shown(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(' "='):
        return value
    return json.dumps(value, ensure_ascii=False)


__all__ = ["LEVELS", "LineWriter", "Log", "LogFormat", "LogLevel", "open_log"]
