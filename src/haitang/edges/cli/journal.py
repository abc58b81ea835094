"""`haitang journal`: look after the journal of a data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haitang.app.settings import Settings
from haitang.app.wiring import (
    JournalReport,
    MachineClock,
    RepairReport,
    repair_journal,
    verify_journal,
)
from haitang.edges.cli.columns import table
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.progress import following
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording

if TYPE_CHECKING:
    from haitang.app.service.exporting import ExportSummary

POSITION_MAX = 999_999_999_999
MEBIBYTE = 1 << 20
TOLD_EVERY_US = 5_000_000
"""Pause between two lines of progress; a check that takes less says nothing on its way."""


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `journal` with its texts in one language."""
    group = TaughtGroup("journal", wording=wording, settings=settings)
    group.add_command(_verify(wording))
    group.add_command(_repair(wording))
    group.add_command(_export(wording, settings))
    return group


def _verify(wording: Wording) -> click.Command:
    def run(data: Path) -> int:
        report = verify_journal(data, progress=telling(wording, clock=MachineClock()))
        failed = report.corrupt is not None or bool(report.snapshots_ahead)
        click.echo("\n".join(report_lines(report, wording=wording)))
        return ExitCode.CHECK_FAILED if failed else ExitCode.DONE

    return TaughtCommand(
        "verify",
        topic="journal.verify",
        wording=wording,
        callback=run,
        params=[click.Argument(["data"], type=click.Path(path_type=Path), metavar="DATA")],
    )


def _repair(wording: Wording) -> click.Command:
    def run(data: Path, copy_to: Path) -> int:
        report = repair_journal(data, copy_to=copy_to)
        click.echo("\n".join(repair_lines(report, wording=wording)))
        return ExitCode.DONE

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "repair",
        topic="journal.repair",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["data"], type=path, metavar="DATA"),
            click.Option(
                ["--copy-to"],
                type=path,
                required=True,
                metavar="DIR",
                help=wording.say("journal.option.copy_to"),
            ),
        ],
    )


def _export(wording: Wording, settings: Settings) -> click.Command:
    def run(data: Path, to: Path, from_position: int | None, decisions: bool) -> int:
        # It knows how to read decisions; checking frames needs no engine.
        from haitang.app.service.exporting import write_export

        with following(
            wording=wording, plain=settings.plain, clock=MachineClock(), topic="progress.export"
        ) as progressed:
            made = write_export(
                data, to, from_position=from_position, decisions=decisions, progressed=progressed
            )
        click.echo("\n".join(export_lines(made, to=to, wording=wording)), err=str(to) == "-")
        return ExitCode.DONE

    path = click.Path(path_type=Path)
    say = wording.say
    return TaughtCommand(
        "export",
        topic="journal.export",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["data"], type=path, metavar="DATA"),
            click.Option(
                ["--to"], type=path, required=True, metavar="FILE", help=say("journal.option.to")
            ),
            click.Option(
                ["--from-position"], type=click.IntRange(0, POSITION_MAX), metavar="N",
                help=say("journal.option.from_position"),
            ),
            click.Option(["--decisions"], is_flag=True, help=say("journal.option.decisions")),
        ],
    )  # fmt: skip


def export_lines(made: ExportSummary, *, to: Path, wording: Wording) -> list[str]:
    """Say what was written."""
    count = wording.count
    numbers = {"events": count(made.events), "next": count(made.next_position)}
    lines = [wording.say("journal.export.done", first=count(made.first_position), **numbers)]
    if made.publications:
        said = wording.say("journal.export.publications", count=count(made.publications))
        lines.append(said)
    return lines if str(to) == "-" else [*lines, wording.say("replay.written", path=to)]


def report_lines(report: JournalReport, *, wording: Wording) -> list[str]:
    """Lay out what a journal holds and whether all of it checks."""
    count = wording.count
    rows = [
        (wording.say("journal.row.id"), report.journal_id or "—"),
        (wording.say("journal.row.segments"), count(report.segments)),
        (wording.say("journal.row.frames"), count(report.frames)),
        (wording.say("journal.row.events"), count(report.events)),
        (wording.say("journal.row.positions"),
         f"{count(report.first_position)} … {count(report.next_position)}"),
        (wording.say("journal.row.bytes"), f"{count(-(-report.bytes // MEBIBYTE))} MiB"),
        (wording.say("journal.row.stamps"), _stamps(report)),
    ]  # fmt: skip
    lines = [*table(rows), ""]
    indexes = [*report.indexes_missing, *report.indexes_damaged]
    if indexes:
        lines.append(wording.say("journal.indexes", count=len(indexes), names=", ".join(indexes)))
    if report.torn is not None:
        torn = report.torn
        lines.append(
            wording.say("journal.torn", bytes=count(torn.cut_bytes), segment=torn.path.name)
        )
    if report.snapshots_ahead:
        names = ", ".join(report.snapshots_ahead)
        lines.append(wording.say("journal.ahead", names=names))
    if report.corrupt is None:
        return [*lines, wording.say("journal.whole")]
    corrupt = report.corrupt
    said = wording.say(
        "journal.corrupt",
        segment=corrupt.path.name,
        offset=count(corrupt.offset),
        position=count(corrupt.position),
        reason=corrupt.reason,
    )
    return [*lines, said, wording.say("journal.corrupt.next")]


def repair_lines(report: RepairReport, *, wording: Wording) -> list[str]:
    """Say what a repair cut, kept and lost."""
    count = wording.count
    lines = []
    if report.indexes_built:
        names = ", ".join(report.indexes_built)
        number = len(report.indexes_built)
        lines.append(wording.say("journal.repaired.indexes", count=number, names=names))
    if not report.reason:
        return [*lines, wording.say("journal.repaired.nothing")]
    lines.append(
        wording.say("journal.repaired.cut", bytes=count(report.cut_bytes), reason=report.reason)
    )
    lines += [wording.say("replay.written", path=path) for path in report.kept]
    if report.lost_to >= report.lost_from:
        lost = {"first": count(report.lost_from), "last": count(report.lost_to)}
        lines.append(wording.say("journal.repaired.lost", **lost))
    if report.more_lost:
        lines.append(wording.say("journal.repaired.more"))
    return [*lines, wording.say("journal.repaired.next", position=count(report.next_position))]


def telling(wording: Wording, *, clock: MachineClock) -> Callable[[int, int], None]:
    """Return what says on standard error, now and then, how much has been checked."""
    next_us = clock.elapsed_us() + TOLD_EVERY_US

    def tell(done_bytes: int, total_bytes: int) -> None:
        nonlocal next_us
        if clock.elapsed_us() >= next_us:
            next_us = clock.elapsed_us() + TOLD_EVERY_US
            said = wording.say(
                "journal.progress",
                done=wording.count(done_bytes // MEBIBYTE),
                total=wording.count(total_bytes // MEBIBYTE),
            )
            click.echo(said, err=True)

    return tell


def _stamps(report: JournalReport) -> str:
    if not report.frames:
        return "—"
    return f"{show_instant(report.first_stamp_us)} … {show_instant(report.last_stamp_us)}"
