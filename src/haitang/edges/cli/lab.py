"""`haitang lab`: the invented bank."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from haitang.app.laboratory import (
    CUSTOMERS_MAX,
    CUSTOMERS_MIN,
    DAYS_MAX,
    DAYS_MIN,
    DaysFormat,
    DaysRequest,
    generate_days,
    leaks_of,
    write_days,
)
from haitang.app.settings import Settings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.stories import StoryReport, run_stories
from haitang.app.wiring import MachineClock
from haitang.edges.cli.columns import table
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.lab_measure import measure_command
from haitang.edges.cli.stories import story_lines, verdict_line
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording
from haitang.lab.leaks import LIMIT, Leak

LEAK_CUSTOMERS = 4_000
LEAK_DAYS = 28
"""The leak test wants enough frauds; a smaller bank says nothing either way."""

AREAS_SHOWN = 12


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `lab` with its texts in one language."""
    group = TaughtGroup("lab", wording=wording, settings=settings)
    group.add_command(_generate(wording))
    group.add_command(_stories(wording))
    group.add_command(_leaks(wording))
    group.add_command(measure_command(wording, settings))
    return group


def _size_options(wording: Wording, *, customers: int, days: int) -> list[click.Parameter]:
    return [
        click.Option(
            ["--seed"],
            type=click.IntRange(0, 2**32 - 1),
            default=DaysRequest().seed,
            metavar="N",
            help=wording.say("lab.option.seed"),
        ),
        click.Option(
            ["--customers"],
            type=click.IntRange(CUSTOMERS_MIN, CUSTOMERS_MAX),
            default=customers,
            metavar="N",
            help=wording.say("lab.option.customers", count=customers),
        ),
        click.Option(
            ["--days"],
            type=click.IntRange(DAYS_MIN, DAYS_MAX),
            default=days,
            metavar="N",
            help=wording.say("lab.option.days", count=days),
        ),
    ]


def _generate(wording: Wording) -> click.Command:
    def run(out: Path, form: DaysFormat, **size: Any) -> int:
        written = write_days(generate_days(DaysRequest(**size)), out, form=form)
        click.echo(
            wording.say(
                "lab.generated",
                events=wording.count(written.events),
                labelled=wording.count(written.labelled),
            )
        )
        for path in written.files:
            click.echo(wording.say("replay.written", path=path))
        events = next(path for path in written.files if path.stem == "events")
        click.echo(wording.say("lab.generate.next", path=events))
        return ExitCode.DONE

    default = DaysRequest()
    return TaughtCommand(
        "generate",
        topic="lab.generate",
        wording=wording,
        callback=run,
        params=[
            click.Option(
                ["--out"],
                type=click.Path(path_type=Path),
                required=True,
                metavar="DIR",
                help=wording.say("lab.option.out"),
            ),
            click.Option(
                ["--format", "form"],
                type=click.Choice(get_args(DaysFormat)),
                default="parquet",
                help=wording.say("lab.option.format"),
            ),
            *_size_options(wording, customers=default.customers, days=default.days),
        ],
    )


def _stories(wording: Wording) -> click.Command:
    def run(names: tuple[str, ...], pack: Path | None) -> int:
        def tell(report: StoryReport) -> None:
            click.echo("\n".join([*story_lines(report, wording=wording), ""]))

        folder = pack or shipped_pack(BANK)
        reports = run_stories(names, pack=folder, clock=MachineClock(), told=tell)
        click.echo(verdict_line(reports, wording=wording))
        failed = any(report.count("not met") for report in reports)
        return ExitCode.CHECK_FAILED if failed else ExitCode.DONE

    return TaughtCommand(
        "stories",
        topic="lab.stories",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["names"], nargs=-1, metavar="[STORY]..."),
            click.Option(
                ["--pack"],
                type=click.Path(path_type=Path),
                metavar="DIR",
                help=wording.say("lab.option.pack"),
            ),
        ],
    )


def _leaks(wording: Wording) -> click.Command:
    def run(**size: Any) -> int:
        leaks = leaks_of(generate_days(DaysRequest(**size)))
        click.echo("\n".join(leak_lines(leaks, wording=wording)))
        return ExitCode.CHECK_FAILED if any(leak.leaks for leak in leaks) else ExitCode.DONE

    return TaughtCommand(
        "leaks",
        topic="lab.leaks",
        wording=wording,
        callback=run,
        params=_size_options(wording, customers=LEAK_CUSTOMERS, days=LEAK_DAYS),
    )


def leak_lines(leaks: tuple[Leak, ...], *, wording: Wording) -> list[str]:
    """Lay out the tests that told most, and whether any told too much."""
    known = [leak for leak in leaks if leak.area == leak.area]
    ranked = sorted(known, key=lambda leak: (not leak.leaks, -leak.area))[:AREAS_SHOWN]
    rows = [
        (wording.say("lab.column.test"), wording.say("lab.column.given"),
         wording.say("lab.column.area"), wording.say("lab.column.frauds"), ""),
        *(
            (leak.name, leak.given or "—", f"{leak.area:.3f}", wording.count(leak.positives),
             wording.say("lab.leaks.leak") if leak.leaks else "")
            for leak in ranked
        ),
    ]  # fmt: skip
    found = sum(leak.leaks for leak in leaks)
    name = "lab.leaks.found" if found else "lab.leaks.none"
    return [
        wording.say("lab.leaks.title", count=len(leaks), limit=LIMIT),
        "",
        *table(rows, right=frozenset({2, 3})),
        "",
        wording.say(name, count=found, limit=LIMIT),
    ]
