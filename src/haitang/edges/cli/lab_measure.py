"""`haitang lab measure`: what a pack catches, and whom it disturbs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from haitang.app.detection.measuring import SEEDS, Measurement, MeasureRequest, measure
from haitang.app.detection.public import PublicFigures, public_figures
from haitang.app.detection.seeds import SEEDS_MAX
from haitang.app.detection.streams import StreamSize
from haitang.app.laboratory import CUSTOMERS_MAX, CUSTOMERS_MIN, DAYS_MAX, DAYS_MIN
from haitang.app.programs import OpenedPack, warm_up
from haitang.app.settings import Settings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.wiring import MachineClock, Replacement, make_folder, read_pack_folder, write_json
from haitang.decision.engine import compile_pack
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.edges.cli.columns import table, wrap
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.measure_page import charts, page
from haitang.edges.cli.measure_tables import Section, sections
from haitang.edges.cli.progress import PLAIN_EVERY_US, patience
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.kernel.instants import format_instant
from haitang.lab.datasets import DATA_SETS, DataSetMissing

COLUMNS = 100
MISSED_SHOWN = 60
_PATH = click.Path(path_type=Path)


def measure_command(wording: Wording, settings: Settings) -> click.Command:
    """Build `lab measure` with its texts in one language."""

    def run(pack: Path | None, **given: Any) -> int:
        return _measure(pack, given, wording=wording, settings=settings)

    return TaughtCommand(
        "measure", topic="lab.measure", wording=wording, callback=run, params=_params(wording)
    )


def _params(wording: Wording) -> list[click.Parameter]:
    size, say = StreamSize(), wording.say
    seeds = click.IntRange(0, 2**32 - 1)
    return [
        click.Option(["--pack"], type=_PATH, metavar="DIR", help=say("lab.option.pack")),
        click.Option(
            ["--seed", "seeds"], type=seeds, multiple=True, metavar="N",
            help=say("lab.measure.option.seed"),
        ),
        click.Option(
            ["--streams"], type=click.IntRange(1, SEEDS_MAX), default=SEEDS, metavar="N",
            help=say("lab.measure.option.streams", count=SEEDS),
        ),
        click.Option(
            ["--customers"], type=click.IntRange(CUSTOMERS_MIN, CUSTOMERS_MAX),
            default=size.customers, metavar="N",
            help=say("lab.option.customers", count=wording.count(size.customers)),
        ),
        click.Option(
            ["--days"], type=click.IntRange(DAYS_MIN, DAYS_MAX), default=size.days, metavar="N",
            help=say("lab.option.days", count=size.days),
        ),
        click.Option(
            ["--history"], type=click.IntRange(1, DAYS_MAX), default=size.history_days,
            metavar="N", help=say("lab.measure.option.history", count=size.history_days),
        ),
        click.Option(
            ["--public/--no-public"], default=None, help=say("lab.measure.option.public")
        ),
        click.Option(["--json"], type=_PATH, metavar="FILE", help=say("lab.measure.option.json")),
        click.Option(
            ["--markdown"], type=_PATH, metavar="FILE", help=say("lab.measure.option.markdown")
        ),
    ]  # fmt: skip


def _measure(
    folder: Path | None, given: dict[str, Any], *, wording: Wording, settings: Settings
) -> int:
    days, history = given["days"], given["history"]
    if history >= days:
        raise click.UsageError(wording.say("lab.measure.short_run", days=days, history=history))
    for path in (given["json"], given["markdown"]):
        # Minutes of counting are not thrown away for a folder.
        if path is not None and str(path) != "-":
            make_folder(path.parent)
    unlocked = load_pack_unlocked(read_pack_folder(folder or shipped_pack(BANK)))
    pack = unlocked.loaded.pack
    opened = OpenedPack(pack=pack, program=compile_pack(pack))
    with patience(wording):
        warm_up(opened.program)
    request = MeasureRequest(
        size=StreamSize(customers=given["customers"], days=days, history_days=history),
        seeds=given["seeds"],
        seed_count=given["streams"],
    )
    clock = MachineClock()
    now = Now(clock)
    # Each seed twice: with its frauds, and without any.
    streams = 2 * (len(request.seeds) or request.seed_count)

    def told(stream: int, done: int, of: int) -> None:
        now.tell(
            lambda: wording.say(
                "lab.measure.progress", stream=stream + 1, streams=streams,
                done=wording.count(done), all=wording.count(of),
            )
        )  # fmt: skip

    found = measure(
        opened,
        request,
        measured_on=format_instant(clock.now_us())[:10],
        lock_problems=len(unlocked.lock_problems),
        told=told,
    )
    public = _public(given["public"], wording=wording, settings=settings, now=now)
    found = msgspec.structs.replace(found, public=public)
    _write(found, given["json"], given["markdown"], wording=wording)
    if str(given["json"]) != "-":
        click.echo("\n".join(measure_lines(found, wording=wording)))
    return ExitCode.DONE


class Now:
    """Says on standard error how far a long work has come, now and then."""

    def __init__(self, clock: MachineClock) -> None:
        self._clock = clock
        self._next_us = clock.elapsed_us() + PLAIN_EVERY_US

    def tell(self, said: Callable[[], str]) -> None:
        """Say it if it is time."""
        if self._clock.elapsed_us() >= self._next_us:
            self._next_us = self._clock.elapsed_us() + PLAIN_EVERY_US
            click.echo(said(), err=True)


def _public(
    wanted: bool | None, *, wording: Wording, settings: Settings, now: Now
) -> tuple[PublicFigures, ...]:
    """Judge the public sets; where nobody asked for them, those that are there."""
    if wanted is False:
        return ()
    root = Path(settings.data_folder or ".")
    figures = []
    for name in DATA_SETS:

        def told(which: str, done: int) -> None:
            now.tell(
                lambda: wording.say(
                    "lab.measure.progress.public", name=which, done=wording.count(done)
                )
            )

        try:
            figures.append(public_figures(name, root, told=told))
        except DataSetMissing:
            if wanted:
                raise
    if not figures:
        click.echo(wording.say("lab.measure.no_data"), err=True)
    return tuple(figures)


def _write(
    found: Measurement, json: Path | None, markdown: Path | None, *, wording: Wording
) -> None:
    if json is not None and str(json) == "-":
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    elif json is not None:
        write_json(json, found)
    if markdown is None:
        return
    folder = markdown.with_suffix("")
    make_folder(folder)
    for name, drawn in charts(found, wording=wording).items():
        _replace(folder / name, drawn)
    _replace(markdown, page(found, folder=folder.name, wording=wording))


def _replace(path: Path, text: str) -> None:
    with Replacement(path) as stream:
        stream.write(text.encode())


def measure_lines(found: Measurement, *, wording: Wording) -> list[str]:
    """Lay out a measurement for the terminal."""
    say = wording.say
    seeds = "measure.seeds.rule" if found.seeds_by_rule else "measure.seeds.chosen"
    lines = [
        say("measure.title", pack=found.pack, version=found.pack_version,
            live=wording.count(found.instances_live), events=wording.count(found.events),
            streams=len(found.seeds)),
        say("measure.digest", digest=found.pack_digest),
        say(seeds, seeds=", ".join(map(str, found.seeds)), day=found.measured_on),
    ]  # fmt: skip
    if found.lock_problems:
        lines.append(say("measure.unlocked", count=found.lock_problems))
    for section in sections(found, wording=wording):
        lines += ["", say(f"measure.section.{section.name}"), *_rows(section, wording)]
    names = [f"{one.story}@{one.seed}" for one in found.missed]
    if names:
        more = " …" if len(names) > MISSED_SHOWN else ""
        said = say("measure.missed", count=len(names), names=" ".join(names[:MISSED_SHOWN]) + more)
        lines += ["", *wrap(said, columns=COLUMNS)]
    return lines


def _rows(section: Section, wording: Wording) -> list[str]:
    if not section.rows:
        return [f"  {wording.say('measure.nothing')}"]
    return table([section.heads, *section.rows], right=section.right)
