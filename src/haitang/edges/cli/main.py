"""The program `haitang`: chooses the language and turns every ending into an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from haitang.app.settings import Settings, read_settings
from haitang.edges.cli.faults import ExitCode, tell_fault, tell_usage
from haitang.edges.cli.tree import build_program
from haitang.edges.cli.wording import Wording
from haitang.kernel.errors import HaitangError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an operating error never shows a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    settings = read_settings(os.environ)
    wording = Wording(language_asked(given) or settings.language)
    with _ending_on_termination():
        return _run(given, settings=settings, wording=wording)


def _run(given: list[str], *, settings: Settings, wording: Wording) -> int:
    program = build_program(wording=wording, settings=settings)
    try:
        # Not `program.main`, which has endings and exit codes of its own.
        with program.make_context("haitang", given) as context:
            result = program.invoke(context)
        sys.stdout.flush()
    except ENDINGS as ending:
        return _told(ending, wording=wording)
    return int(result) if isinstance(result, int) else ExitCode.DONE


ENDINGS = (
    click.exceptions.Exit,
    click.UsageError,
    click.Abort,
    KeyboardInterrupt,
    OSError,
    HaitangError,
    MemoryError,
)
"""How a command may end besides well; anything else is a fault of ours and shows its traceback."""


def _told(ending: BaseException, *, wording: Wording) -> int:
    """Tell why a command ended and return its exit code."""
    code: int = ExitCode.WRONG_USE
    match ending:
        case click.exceptions.Exit():
            code = ending.exit_code
        case click.exceptions.NoArgsIsHelpError():
            click.echo(ending.ctx.get_help(), err=True)
        case click.UsageError():
            tell_usage(ending, wording=wording)
        case KeyboardInterrupt() | click.Abort():
            click.echo(wording.say("interrupted"), err=True)
            code = ExitCode.INTERRUPTED
        case BrokenPipeError():
            _let_go_of_output()
            code = ExitCode.READER_LEFT
        case OSError():
            # Files name themselves; what is left is our own output, on a full disk for example.
            code = _output_failed(ending)
        case HaitangError():
            code = tell_fault(ending)
        case _:
            click.echo(wording.say("out_of_memory"), err=True)
    return code


def language_asked(arguments: Sequence[str]) -> str | None:
    """Find `--language` anywhere before `--`, since the help must already speak it.

    An unknown language is ignored here; the parser refuses it a moment later with a proper message.
    """
    found = None
    for position, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--language" and position + 1 < len(arguments):
            found = arguments[position + 1]
        elif word.startswith("--language="):
            found = word.partition("=")[2]
    return found if found in ("en", "zh") else None


def _let_go_of_output() -> None:
    """Point standard output at nothing: the interpreter flushes it once more on its way out."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _output_failed(error: OSError) -> int:
    from haitang.app.wiring import file_error

    _let_go_of_output()
    return tell_fault(file_error(error, path=Path("<stdout>")))


@contextmanager
def _ending_on_termination() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C does, so that half-written files are removed."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(ExitCode.TERMINATED)

    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers; a host that runs us elsewhere keeps its own.
        yield
        return
    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
