"""Exit codes, and how faults are told: one grammar, on standard error, never a traceback."""

from __future__ import annotations

from enum import IntEnum

import click

from haitang.edges.cli.wording import Wording
from haitang.kernel.errors import HaitangError, did_you_mean, symbol


class ExitCode(IntEnum):
    """What a command's exit code means; `docs/reference/errors.md` says it to users."""

    DONE = 0
    SOME_INPUT_REFUSED = 1
    WRONG_USE = 2
    """Wrong arguments, and every path that could not be read or written."""
    REFUSED = 3
    """The pack, model or state was refused."""
    CHECK_FAILED = 4
    INTERRUPTED = 130
    READER_LEFT = 141
    """Whoever read our output closed it, as for any Unix command (128 + SIGPIPE)."""
    TERMINATED = 143
    """Ended from outside by SIGTERM (128 + SIGTERM)."""


USE_CODES = (
    "file_", "disk_", "use_", "mapping_", "column_", "table_", "decision_", "data_set_", "zone_",
    "currency_", "setting", "keys_", "backup_", "service_", "api_key_",
)  # fmt: skip
"""How the codes begin of errors that other arguments mend."""


def exit_code_of(error: HaitangError) -> ExitCode:
    """Choose the exit code for an error that ended a command.

    What is neither the caller's nor an event's fault is a refused pack, model or state.
    """
    if error.code.startswith("event_"):
        return ExitCode.SOME_INPUT_REFUSED
    return ExitCode.WRONG_USE if error.code.startswith(USE_CODES) else ExitCode.REFUSED


def tell_fault(error: HaitangError) -> ExitCode:
    """Print an error that ended a command and return the exit code for it."""
    click.echo(error.render(), err=True)
    return exit_code_of(error)


def tell_usage(error: click.UsageError, *, wording: Wording) -> None:
    """Print what was wrong with the arguments, what was meant perhaps, and where the help is."""
    message, hint = _usage_text(error, wording=wording)
    path = error.ctx.command_path if error.ctx else "haitang"
    click.echo(f"{path}: {message}", err=True)
    if hint:
        click.echo(f"    {hint}", err=True)
    click.echo(f"    {wording.say('usage.see_help', command=path)}", err=True)


def _usage_text(error: click.UsageError, *, wording: Wording) -> tuple[str, str]:
    """Say a usage error in the grammar; click's own texts are English sentences with quotes."""
    match error:
        case click.NoSuchOption():
            hint = did_you_mean(error.option_name, _option_names(error.ctx))
            return wording.say("usage.no_such_option", option=symbol(error.option_name)), hint
        case click.exceptions.NoSuchCommand():
            hint = did_you_mean(error.command_name, _command_names(error.ctx))
            return wording.say("usage.no_such_command", command=symbol(error.command_name)), hint
        case click.MissingParameter():
            return wording.say("usage.missing", name=symbol(_shown(error))), ""
        case click.BadParameter():
            reason = _expected(error, wording=wording)
            return wording.say("usage.bad_value", name=symbol(_shown(error)), reason=reason), ""
        case click.BadOptionUsage():
            name = "usage.needs_value" if "requires" in error.message else "usage.takes_no_value"
            return wording.say(name, option=symbol(error.option_name)), ""
        case _ if error.ctx is not None and isinstance(error.ctx.command, click.Group):
            # A group fails by itself only when no command was named.
            return wording.say("usage.no_command"), ""
        case _ if "extra argument" in error.message:
            return wording.say("usage.too_many"), ""
        case _:
            return _plain(error.message), ""


def _expected(error: click.BadParameter, *, wording: Wording) -> str:
    """Say what a value must be, by the type of its parameter."""
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return wording.say("usage.expected_choice", choices=", ".join(map(symbol, kind.choices)))
    if isinstance(kind, click.IntRange):
        low, high = wording.count(int(kind.min or 0)), wording.count(int(kind.max or 0))
        return wording.say("usage.expected_number", low=low, high=high)
    return _plain(error.message)


def _option_names(context: click.Context | None) -> list[str]:
    if context is None:
        return []
    return [name for parameter in context.command.get_params(context) for name in parameter.opts]


def _command_names(context: click.Context | None) -> list[str]:
    if context is None or not isinstance(context.command, click.Group):
        return []
    return context.command.list_commands(context)


def _shown(error: click.BadParameter) -> str:
    """Return the argument as the user types it."""
    if error.param is None:
        return error.param_hint if isinstance(error.param_hint, str) else ""
    if isinstance(error.param, click.Argument) and error.ctx is not None:
        return error.param.make_metavar(error.ctx)
    return error.param.opts[-1]


def _plain(message: str) -> str:
    """Bring a sentence of click's into the grammar: lower case first, no full stop, backticks."""
    text = message.strip().rstrip(".").replace("'", "`").replace('"', "`")
    return text[:1].lower() + text[1:]
