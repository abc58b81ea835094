"""`haitang follow`: walk a data folder from behind; audit decisions, write snapshots."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from haitang.app.service.composing import follower_settings
from haitang.app.service.following import FollowOptions, follow
from haitang.app.settings import Settings
from haitang.app.settings_loading import load_service_settings
from haitang.app.wiring import MachineClock, open_log
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `follow` with its texts in one language."""
    del settings

    def run(**given: Any) -> int:
        return _follow(given, wording=wording)

    say = wording.say
    return TaughtCommand(
        "follow",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["data"], type=click.Path(path_type=Path), metavar="DATA"),
            click.Option(["--once"], is_flag=True, help=say("follow.option.once")),
            click.Option(["--from-start"], is_flag=True, help=say("follow.option.from_start")),
            click.Option(["--pack"], default="", help=say("follow.option.pack")),
            click.Option(["--settings", "settings_file"], type=click.Path(path_type=Path),
                         help=say("serve.option.settings")),
            click.Option(["--shadow"], type=int, default=-1, hidden=True),
            click.Option(["--compare/--no-compare"], default=True, hidden=True),
            click.Option(["--parent"], type=int, hidden=True),
        ],
    )  # fmt: skip


def _follow(given: dict[str, Any], *, wording: Wording) -> int:
    chosen = load_service_settings(
        environment=os.environ,
        flags={"data_folder": str(given["data"])},
        settings_file=given["settings_file"],
    ).values
    options = FollowOptions(
        folder=given["data"],
        course=follower_settings(chosen),
        snapshot_every_events=chosen.snapshot_every_events,
        snapshot_every_s=chosen.snapshot_every_s,
        pack_digest=given["pack"],
        once=given["once"],
        compare=given["compare"],
        from_start=given["from_start"],
        shadow=given["shadow"],
    )
    parent = given["parent"]
    status = follow(
        options,
        clock=MachineClock(),
        tell=open_log(clock=MachineClock(), level=chosen.log_level, form=chosen.log_format).tell,
        # The service that started us may be gone, whichever way it went, before we come to look.
        ended=lambda: parent is not None and os.getppid() != parent,
    )
    click.echo(
        wording.say(
            "follow.said",
            position=wording.count(status.position),
            compared=wording.count(status.compared),
            differences=wording.count(status.differences),
        )
    )
    return ExitCode.CHECK_FAILED if status.differences else ExitCode.DONE
