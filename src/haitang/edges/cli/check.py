"""`haitang check`: what a policy author runs all day."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from haitang.app.checking import PackCheck, check_pack, write_lock
from haitang.app.policytests import TestReport, TestResult
from haitang.app.settings import Settings
from haitang.app.wiring import MachineClock
from haitang.edges.cli.columns import pad, width_of, wrap
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.progress import patience
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.values import show_value
from haitang.edges.cli.wording import Wording

COLUMNS = 96


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `check` with its texts in one language."""
    del settings

    def run(pack: Path, locking: bool, tests: bool) -> int:
        return _check(pack, locking=locking, tests=tests, wording=wording)

    return TaughtCommand(
        "check",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["pack"], type=click.Path(path_type=Path), metavar="PACK"),
            click.Option(
                ["--write-lock", "locking"],
                is_flag=True,
                help=wording.say("check.option.write_lock"),
            ),
            click.Option(
                ["--tests/--no-tests"], default=True, help=wording.say("check.option.tests")
            ),
        ],
    )


def _check(folder: Path, *, locking: bool, tests: bool, wording: Wording) -> int:
    written = write_lock(folder) if locking else None
    found = check_pack(
        folder,
        run_tests=tests,
        clock=MachineClock(),
        preparing=partial(patience, wording),
    )
    lines = [*summary_lines(found, wording=wording), ""]
    if found.tests is not None:
        lines += [*test_lines(found.tests, wording=wording), ""]
    lines.append(_times(found, wording=wording))
    if written:
        lines.append(wording.say("check.lock_written", path=written))
    failed = found.tests is not None and found.tests.failed
    if not failed and not found.lock_problems:
        lines.append(wording.say("check.next", path=folder))
    click.echo("\n".join(lines))
    for problem in found.lock_problems:
        click.echo(problem.render(), err=True)
    if found.lock_problems:
        return ExitCode.REFUSED
    return ExitCode.CHECK_FAILED if failed else ExitCode.DONE


def summary_lines(found: PackCheck, *, wording: Wording) -> list[str]:
    """Lay out what the pack holds."""
    say, pack = wording.say, found.pack
    title = wording.pick(pack.title)
    statuses = "  ".join(
        say(
            "check.status_count", status=say(f"check.status.{status}"), count=found.statuses[status]
        )
        for status in ("live", "shadow", "draft", "retired")
        if found.statuses[status]
    )
    features = pack.catalogue.features
    windows = sum(1 for one in features if one.aggregate and one.window_us)
    derived = sum(1 for one in features if one.value is not None)
    rows: list[tuple[str, str]] = [
        (say("check.policies"), statuses or say("check.none")),
        (
            say("check.typologies"),
            say(
                "check.typologies_said",
                count=len(found.typologies),
                names=" ".join(found.typologies),
            ),
        ),
        (
            say("check.features"),
            say(
                "check.features_said",
                total=len(features),
                windows=windows,
                derived=derived,
                lifetime=len(features) - windows - derived,
            ),
        ),
        (say("check.entities"), " ".join(one.name for one in pack.catalogue.entities)),
        (say("check.models"), " ".join(one.id for one in pack.models) or say("check.none")),
        (
            say("check.lists"),
            "  ".join(
                say("check.list_said", name=one.name, count=wording.count(len(one.entries)))
                for one in pack.lists
            )
            or say("check.none"),
        ),
        (say("check.fields"), str(len(found.fields))),
    ]
    return [
        say("check.title", pack=pack.id, version=pack.version, title=title),
        say("check.digest", digest=pack.digest[:16]),
        "",
        *_wrapped(rows),
    ]


def _wrapped(rows: list[tuple[str, str]]) -> list[str]:
    """Set facts beside their names, long ones over several lines."""
    left = max(width_of(name) for name, _ in rows) + 4
    lines: list[str] = []
    for name, said in rows:
        first, *more = wrap(said, columns=COLUMNS, indent=" " * left)
        lines += [pad(f"  {name}", left) + first[left:], *more]
    return lines


def test_lines(report: TestReport, *, wording: Wording) -> list[str]:
    """Lay out how the tests of the policies ended; failed ones with their place and values."""
    say = wording.say
    failed = report.failed
    lines: list[str] = []
    for result in failed:
        lines += _failed(result, wording=wording)
    if failed:
        lines += ["", say("check.tests_failed", failed=len(failed), count=len(report.results))]
    else:
        fire = sum(1 for result in report.results if result.should_fire)
        quiet = len(report.results) - fire
        lines.append(say("check.tests_passed", count=len(report.results), fire=fire, quiet=quiet))
    if report.untested:
        lines += wrap(say("check.untested", names=" ".join(report.untested)), columns=COLUMNS)
    return lines


def _failed(result: TestResult, *, wording: Wording) -> list[str]:
    if result.error is not None:
        why = wording.say("check.test_refused")
        return [f"{result.place}: {why}: {result.error.message}"]
    name = "check.test_should_fire" if result.should_fire else "check.test_should_not"
    lines = [f"{result.place}: {result.policy}: {result.name}", f"    {wording.say(name)}"]
    if result.values:
        values = ", ".join(
            f"{one.name} = {show_value(one.value, unit=one.unit, wording=wording)}"
            for one in result.values
        )
        said = f"{wording.say('check.test_values')} {values}"
        lines += wrap(said, columns=COLUMNS, indent="    ")
    return lines


def _times(found: PackCheck, *, wording: Wording) -> str:
    return wording.say(
        "check.times",
        read=round(found.read_us / 1000),
        compiled=round(found.compile_us / 1000),
        tested=round(found.test_us / 1000),
    )
