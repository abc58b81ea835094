"""`haitang lists`: load list entries into a running service, and ask what a list says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from haitang.app.list_loading import LoadSummary, load_entries
from haitang.app.settings import Settings
from haitang.app.tokenising import read_tokeniser
from haitang.app.wiring import MachineClock, naming, written_at_us
from haitang.data.events.tokenise import tokenise_value
from haitang.data.lists.entries import EntryRules, entry_template
from haitang.edges.cli.columns import pad, width_of
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.progress import following
from haitang.edges.cli.replay import Reported
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording
from haitang.edges.client import Client, ListEntryView, Receipt, ServiceError
from haitang.kernel.errors import HaitangError
from haitang.kernel.identity import Algorithm, Tokeniser
from haitang.kernel.instants import parse_instant

TIMEOUT_S = 60.0
"""How long one request may take, a service that restarts included."""

URL_DEFAULT = "http://127.0.0.1:8620"


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `lists` with its texts in one language."""
    group = TaughtGroup("lists", wording=wording, settings=settings)
    group.add_command(_load(wording, settings))
    group.add_command(_show(wording))
    group.add_command(_template(wording))
    return group


def _load(wording: Wording, settings: Settings) -> click.Command:
    def run(
        file: Path, list_name: str, url: str, key: str, remove: bool, at: str | None, **tokens: Any
    ) -> int:
        def change(list_name: str, rows: Sequence[bytes], *, removal: bool) -> Receipt:
            ask = client.remove_list_entries if removal else client.put_list_entries
            return ask(list_name, rows)

        clock = MachineClock()
        occurred_at_us = clock.now_us() if remove else written_at_us(file)
        rules = EntryRules(
            removal=remove,
            list_name=list_name,
            occurred_at_us=parse_instant(at) if at else occurred_at_us,
            value_kind=tokens["tokenise"] or "",
            tokeniser=_tokeniser(**tokens),
        )
        reported = Reported(wording)
        with (
            Client(url, _key(key), timeout_s=TIMEOUT_S) as client,
            following(
                wording=wording, plain=settings.plain, clock=clock, topic="progress.lists"
            ) as show,
        ):
            try:
                summary = load_entries(
                    file, rules=rules, send=change, progressed=show, refused=reported.tell
                )
            except ServiceError as error:
                return _tell(error)
        reported.finish(kept=None)
        click.echo("\n".join(summary_lines(summary, removal=remove, wording=wording)))
        return ExitCode.SOME_INPUT_REFUSED if summary.refused else ExitCode.DONE

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "load",
        topic="lists.load",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["file"], type=path, metavar="FILE"),
            click.Option(
                ["--list", "list_name"], default="", metavar="NAME",
                help=wording.say("lists.option.list"),
            ),
            *_service_options(wording),
            click.Option(["--remove"], is_flag=True, help=wording.say("lists.option.remove")),
            click.Option(["--at"], metavar="TIME", help=wording.say("lists.option.at_load")),
            *_token_options(wording),
        ],
    )  # fmt: skip


def _show(wording: Wording) -> click.Command:
    def run(name: str, value: str, url: str, key: str, at: str | None, **tokens: Any) -> int:
        tokeniser = _tokeniser(**tokens)
        if tokeniser is not None:
            value = tokenise_value(value, kind=tokens["tokenise"], tokeniser=tokeniser)
        at_us = parse_instant(at) if at else None
        with Client(url, _key(key), timeout_s=TIMEOUT_S) as client:
            try:
                view = client.list_entry(name, value, at_us=at_us)
            except ServiceError as error:
                return _tell(error)
        click.echo("\n".join(entry_lines(view, wording=wording)))
        return ExitCode.DONE

    return TaughtCommand(
        "show",
        topic="lists.show",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["name"], metavar="NAME"),
            click.Argument(["value"], metavar="VALUE"),
            *_service_options(wording),
            click.Option(["--at"], metavar="TIME", help=wording.say("lists.option.at_show")),
            *_token_options(wording),
        ],
    )


def _template(wording: Wording) -> click.Command:
    def run() -> int:
        click.echo(entry_template(), nl=False)
        return ExitCode.DONE

    return TaughtCommand(
        "template", topic="lists.template", wording=wording, callback=run, params=[]
    )


def _service_options(wording: Wording) -> list[click.Parameter]:
    return [
        click.Option(
            ["--url"],
            default=URL_DEFAULT,
            metavar="URL",
            help=wording.say("lists.option.url", url=URL_DEFAULT),
        ),
        click.Option(["--key"], required=True, metavar="KEY", help=wording.say("lists.option.key")),
    ]


def _token_options(wording: Wording) -> list[click.Parameter]:
    return [
        click.Option(["--tokenise"], metavar="KIND", help=wording.say("lists.option.tokenise")),
        click.Option(
            ["--token-key"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=wording.say("lists.option.token_key"),
        ),
        click.Option(
            ["--token-algorithm"],
            type=click.Choice(["sm3", "sha256"]),
            default="sm3",
            help=wording.say("lists.option.token_algorithm"),
        ),
    ]


def _tokeniser(
    *, tokenise: str | None, token_key: Path | None, token_algorithm: Algorithm
) -> Tokeniser | None:
    if tokenise is None and token_key is None:
        return None
    if tokenise is None or token_key is None:
        context = click.get_current_context()
        name = "token_key" if token_key is None else "tokenise"
        parameter = next(one for one in context.command.params if one.name == name)
        raise click.MissingParameter(ctx=context, param=parameter)
    return read_tokeniser(token_key, algorithm=token_algorithm)


def _tell(error: HaitangError) -> ExitCode:
    """Say why the service did not do it; what it did before stays done."""
    click.echo(error.render(), err=True)
    return ExitCode.WRONG_USE


def _key(given: str) -> str:
    """Return the key itself; `@FILE` keeps it out of the list of processes."""
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    with naming(path):
        return path.read_text("utf-8").strip()


def summary_lines(summary: LoadSummary, *, removal: bool, wording: Wording) -> list[str]:
    """Lay out what a load did."""
    say, count = wording.say, wording.count
    done = "lists.load.removed" if removal else "lists.load.listed"
    lines = [say(done, count=count(summary.accepted))]
    if summary.repeated:
        lines.append(say("lists.load.repeated", count=count(summary.repeated)))
    if summary.refused:
        lines.append(say("lists.load.refused", count=count(summary.refused)))
    if summary.position >= 0:
        lines.append(say("lists.load.position", position=count(summary.position)))
    return lines


def entry_lines(view: ListEntryView, *, wording: Wording) -> list[str]:
    """Lay out what a list says of a value."""
    say = wording.say
    listed = "lists.show.listed" if view.listed else "lists.show.not_listed"
    title = say(listed, list=view.list_name, value=view.list_value, at=show_instant(view.at_us))
    severity = "" if view.severity is None else f"{view.severity:g}"
    # Zero is an entry without an end, or of a value of which nothing was ever said.
    instants = (view.effective_at_us, view.expires_at_us)
    begin, end = (show_instant(at) if at > 0 else "" for at in instants)
    facts = [
        (say("lists.show.effective"), begin),
        (say("lists.show.expires"), end),
        (say("lists.show.category"), view.category),
        (say("lists.show.source"), view.source),
        (say("lists.show.severity"), severity),
        (say("lists.show.position"), wording.count(view.position) if view.position >= 0 else ""),
    ]
    known = [(name, value) for name, value in facts if value]
    left = max((width_of(name) for name, _ in known), default=0)
    return [title, *(f"  {pad(name, left)}  {value}" for name, value in known)]
