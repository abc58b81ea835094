"""Commands whose `--help` teaches, in the reader's language."""

from __future__ import annotations

import importlib
import re
import shutil
from collections.abc import Sequence
from typing import Protocol, cast

import click

from haitang.app.settings import Settings
from haitang.edges.cli.columns import pad, width_of, wrap
from haitang.edges.cli.wording import Wording

COLUMNS_MAX = 100
"""Widest help page; longer lines are hard to read."""


class CommandModule(Protocol):
    """What a lazily loaded command module offers."""

    def command(self, *, wording: Wording, settings: Settings) -> click.Command:
        """Build the command with its texts in one language."""
        ...


class TaughtCommand(click.Command):
    """A command whose help page is the texts `<topic>.help` and `<topic>.examples`."""

    def __init__(
        self, name: str, *, wording: Wording, topic: str | None = None, **rest: object
    ) -> None:
        super().__init__(name, **rest)  # type: ignore[arg-type]  # passed through
        self.wording = wording
        self.topic = topic or name
        self.params = [*self.params, language_option(wording)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the whole page ourselves: click wraps by characters, which breaks Chinese."""
        formatter.write(help_page(self, ctx, wording=self.wording, topic=self.topic))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Speak the reader's language in `--help` itself."""
        return _translated(super().get_help_option(ctx), wording=self.wording)


class TaughtGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def __init__(
        self,
        name: str,
        *,
        wording: Wording,
        settings: Settings,
        modules: dict[str, str] | None = None,
        topic: str | None = None,
        **rest: object,
    ) -> None:
        super().__init__(name, **rest)  # type: ignore[arg-type]  # passed through
        self.wording = wording
        self.settings = settings
        self.modules = modules or {}
        self.topic = topic or name
        self.params = [*self.params, language_option(wording)]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer meets them."""
        del ctx
        return [*self.modules, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command's module on first use."""
        if cmd_name not in self.commands and cmd_name in self.modules:
            module = cast("CommandModule", importlib.import_module(self.modules[cmd_name]))
            return module.command(wording=self.wording, settings=self.settings)
        return super().get_command(ctx, cmd_name)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the page with one line per command, without importing any of them."""
        prefix = "" if self.topic == "haitang" else f"{self.topic}."
        commands = [
            (name, self.wording.say(f"{prefix}{name}.short")) for name in self.list_commands(ctx)
        ]
        page = help_page(self, ctx, wording=self.wording, topic=self.topic, commands=commands)
        formatter.write(page)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Speak the reader's language in `--help` itself."""
        return _translated(super().get_help_option(ctx), wording=self.wording)


def _translated(option: click.Option | None, *, wording: Wording) -> click.Option | None:
    if option is not None:
        option.help = wording.say("option.help")
    return option


def language_option(wording: Wording) -> click.Option:
    """`--language`, understood by every command; it was already obeyed when we come to parse it."""
    return click.Option(
        ["--language"],
        type=click.Choice(["en", "zh"]),
        help=wording.say("option.language"),
        expose_value=False,
    )


def help_page(
    command: click.Command,
    context: click.Context,
    *,
    wording: Wording,
    topic: str,
    commands: Sequence[tuple[str, str]] = (),
) -> str:
    """Lay out usage, text, commands, options, examples."""
    columns = min(shutil.get_terminal_size().columns, COLUMNS_MAX)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"{wording.say('heading.usage')} {usage}", ""]
    for paragraph in wording.say(f"{topic}.help").split("\n\n"):
        lines += [*_paragraph(paragraph, columns=columns), ""]
    if commands:
        lines += [wording.say("heading.commands"), *_definitions(commands, columns=columns), ""]
    options = [
        (record[0], _translate_notes(record[1], wording=wording))
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and (record := parameter.get_help_record(context)) is not None
    ]
    lines += [wording.say("heading.options"), *_definitions(options, columns=columns), ""]
    lines.append(wording.say("heading.examples"))
    lines += [f"  {line}".rstrip() for line in wording.say(f"{topic}.examples").splitlines()]
    return "\n".join(lines) + "\n"


_RANGE = re.compile(r"\[(\d+)<=x<=(\d+)\]")


def _translate_notes(text: str, *, wording: Wording) -> str:
    """Say in the reader's language what click adds to an option's help."""
    text = text.replace("[required]", wording.say("help.required"))
    return _RANGE.sub(
        lambda found: wording.say(
            "help.range", low=wording.count(int(found[1])), high=wording.count(int(found[2]))
        ),
        text,
    )


def _paragraph(text: str, *, columns: int) -> list[str]:
    """Wrap prose; a paragraph whose first line is indented is kept as it is."""
    if text.startswith("  "):
        return text.splitlines()
    return wrap(_joined(text.splitlines()), columns=columns)


def _joined(lines: list[str]) -> str:
    """Join the lines of a paragraph; Chinese ones without a space between."""
    joined = lines[0]
    for line in lines[1:]:
        joined += line if width_of(joined[-1:]) == 2 or width_of(line[:1]) == 2 else f" {line}"
    return joined


def _definitions(rows: Sequence[tuple[str, str]], *, columns: int) -> list[str]:
    """Set terms beside their meanings; a long term stands alone above its meaning."""
    left = min(max(width_of(term) for term, _ in rows), 26) + 4
    lines = []
    for term, meaning in rows:
        said = wrap(meaning, columns=columns, indent=" " * left)
        if width_of(term) + 4 > left:
            lines += [f"  {term}", *said]
        else:
            lines += [pad(f"  {term}", left) + said[0].lstrip(), *said[1:]]
    return lines
