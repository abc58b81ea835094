"""`haitang backup` and `haitang restore`: a data folder out and in again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from haitang.app.backups import back_up_folder, restore_folder
from haitang.app.settings import Settings
from haitang.app.wiring import BackupManifest, MachineClock
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording

MEBIBYTE = 1 << 20
TOLD_EVERY_US = 5_000_000
"""Pause between two lines of progress; a copy that takes less says nothing on its way."""


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `backup` with its texts in one language."""
    del settings

    def run(data: Path, to: Path, previous: Path | None) -> int:
        clock = MachineClock()
        told = _telling(wording, clock=clock)
        made = back_up_folder(data, to, previous=previous, clock=clock, told=told)
        click.echo(_summary(made, said="backup.done", path=to, wording=wording))
        return 0

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "backup",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["data"], type=path, metavar="DATA"),
            click.Option(
                ["--to"], type=path, required=True, metavar="DIR",
                help=wording.say("backup.option.to"),
            ),
            click.Option(
                ["--previous"], type=path, metavar="DIR",
                help=wording.say("backup.option.previous"),
            ),
        ],
    )  # fmt: skip


def restore_command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `restore` with its texts in one language."""
    del settings

    def run(backup: Path, to: Path) -> int:
        made = restore_folder(backup, to, told=_telling(wording, clock=MachineClock()))
        click.echo(_summary(made, said="restore.done", path=to, wording=wording))
        click.echo(wording.say("restore.next", path=to))
        return 0

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "restore",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["backup"], type=path, metavar="DIR"),
            click.Option(
                ["--to"], type=path, required=True, metavar="DATA",
                help=wording.say("restore.option.to"),
            ),
        ],
    )  # fmt: skip


def _summary(made: BackupManifest, *, said: str, path: Path, wording: Wording) -> str:
    return wording.say(
        said,
        path=path,
        files=wording.count(len(made.files)),
        mebibytes=wording.count(-(-made.total_bytes // MEBIBYTE)),
        events=wording.count(made.next_position - made.first_position),
        next=wording.count(made.next_position),
        instant=show_instant(made.last_stamp_us),
    )


def _telling(wording: Wording, *, clock: MachineClock) -> Callable[[int], None]:
    """Return what says on standard error, now and then, how much is copied."""
    next_us = clock.elapsed_us() + TOLD_EVERY_US

    def tell(done_bytes: int) -> None:
        nonlocal next_us
        if clock.elapsed_us() >= next_us:
            next_us = clock.elapsed_us() + TOLD_EVERY_US
            count = wording.count(done_bytes // MEBIBYTE)
            click.echo(wording.say("backup.progress", mebibytes=count), err=True)
            sys.stderr.flush()

    return tell
