"""The program `haitang`: chooses the language and turns every ending into an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help(), err=True)
        return ExitCode.WRONG_USE
    except click.UsageError as error:
        tell_usage(error, wording=wording)
        return ExitCode.WRONG_USE
    except (KeyboardInterrupt, click.Abort):
        click.echo(wording.say("interrupted"), err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _let_go_of_output()
        return ExitCode.READER_LEFT
    except OSError as error:
        # Files name themselves; what is left is our own output, on a full disk for example.
        return _output_failed(error)
    except HaitangError as error:
        return tell_fault(error)
    except MemoryError:
        click.echo(wording.say("out_of_memory"), err=True)
        return ExitCode.WRONG_USE
    return int(result) if isinstance(result, int) else ExitCode.DONE


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


def _reader_left() -> int:
    """End quietly when whoever read our output went away (`haitang … | head`).

    Standard output is pointed at nothing, since the interpreter flushes it once more on its way
    out.
    """
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return ExitCode.READER_LEFT


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
