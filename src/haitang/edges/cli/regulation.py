"""`haitang regulation`: the conformance sheet."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from haitang.app.conformance import Sheet, SheetParameter, SheetRow, conformance_sheet
from haitang.app.settings import Settings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.wiring import MachineClock, write_json
from haitang.edges.cli.columns import wrap
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.kernel.instants import SECOND_US, format_duration
from haitang.kernel.money import format_money, minor_from_major

COLUMNS = 96
INDENT = " " * 10


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `regulation` with its texts in one language."""
    del settings

    def run(pack: Path | None, row: str | None, json: Path | None) -> int:
        return _regulation(pack, row=row, json=json, wording=wording)

    return TaughtCommand(
        "regulation",
        wording=wording,
        callback=run,
        params=[
            click.Argument(
                ["pack"], type=click.Path(path_type=Path), metavar="PACK", required=False
            ),
            click.Option(["--row"], metavar="ID", help=wording.say("regulation.option.row")),
            click.Option(
                ["--json"], type=click.Path(path_type=Path), metavar="FILE",
                help=wording.say("regulation.option.json"),
            ),
        ],
    )  # fmt: skip


def _regulation(
    folder: Path | None, *, row: str | None, json: Path | None, wording: Wording
) -> int:
    sheet = conformance_sheet(folder or shipped_pack(BANK), now_us=MachineClock().now_us())
    chosen = [one for one in sheet.rows if row is None or one.id == row]
    if not chosen:
        raise click.UsageError(wording.say("regulation.no_row", row=row))
    if json is not None:
        if str(json) == "-":
            text = msgspec.json.format(msgspec.json.encode(sheet), indent=2)
            click.echo(text.decode())
            return ExitCode.DONE
        write_json(json, sheet)
    lines = [wording.say("regulation.title", pack=sheet.pack, version=sheet.pack_version), ""]
    for one in chosen:
        lines += [*row_lines(one, wording=wording, numbers=row is not None), ""]
    click.echo("\n".join([*lines, *count_lines(sheet, wording=wording)]))
    return ExitCode.DONE


def row_lines(row: SheetRow, *, wording: Wording, numbers: bool) -> list[str]:
    """Lay out one row; with `numbers` also what it asks and every number by time and reading."""
    say = wording.say
    head = f"{row.id:<8}  {wording.pick(row.title)}"
    standing = say(f"regulation.standing.{row.standing}", day=row.from_, end=row.to)
    lines = [head, *_said(f"{wording.pick(row.source)} · {standing}")]
    if row.superseded_by:
        lines += _said(say("regulation.superseded", by=row.superseded_by))
    if numbers:
        lines += ["", *_said(wording.pick(row.requirement)), ""]
    for parameter in row.parameters:
        lines += _parameter(parameter, wording=wording, numbers=numbers)
    for check in row.checks:
        status = say(f"check.status.{check.status}") if check.status else ""
        kind = say(f"regulation.kind.{check.kind}")
        lines += _said(f"✓ {kind} {check.name} {status}".rstrip())
    if row.not_checked is not None:
        lines += _said(say("regulation.not_checked", why=wording.pick(row.not_checked)))
    return lines


def _parameter(parameter: SheetParameter, *, wording: Wording, numbers: bool) -> list[str]:
    say = wording.say
    value = _value(parameter.value_today, parameter, wording=wording)
    said = say(
        "regulation.parameter",
        name=parameter.name,
        title=wording.pick(parameter.title),
        value=value or say("regulation.none_today"),
    )
    if len(parameter.readings) > 1:
        said += say("regulation.reading", reading=parameter.reading)
    if parameter.read_by:
        said += say("regulation.read_by", policies=" ".join(parameter.read_by))
    lines = _said(said)
    if not numbers:
        return lines
    for reading in parameter.readings:
        if reading.name:
            lines += _said(f"  {reading.name}: {wording.pick(reading.title)}")
        for one in reading.values:
            until = say("regulation.until", day=one.to) if one.to else ""
            value = _value(one.value, parameter, wording=wording)
            after = ""
            if one.superseded_by:
                after = f" · {say('regulation.superseded', by=one.superseded_by)}"
            lines += _said(f"    {one.from_}{until}  {value}  {one.source}{after}")
    return lines


def _value(written: str, parameter: SheetParameter, *, wording: Wording) -> str:
    """Return a number with its unit, as a person says it."""
    if not written:
        return ""
    if parameter.unit == "seconds":
        return _time(int(float(written)), wording=wording)
    if parameter.unit == "money":
        amount_minor = minor_from_major(written, parameter.currency)
        return format_money(amount_minor, parameter.currency, wording.language)
    shown = wording.count(int(written)) if written.isdigit() else written
    if parameter.unit == "count":
        return shown
    return f"{shown} {wording.say(f'regulation.unit.{parameter.unit}')}"


def _time(seconds: int, *, wording: Wording) -> str:
    """Return a time as the law says it: 48 hours, not 2 days."""
    hours, rest = divmod(seconds, 3_600)
    if rest or not hours:
        return format_duration(seconds * SECOND_US)
    return wording.say("regulation.hours", hours=wording.count(hours))


def count_lines(sheet: Sheet, *, wording: Wording) -> list[str]:
    """Lay out the counts at the end of the sheet."""
    say = wording.say
    lines = wrap(
        say(
            "regulation.counts",
            rows=sheet.rows_total,
            checked=sheet.rows_checked,
            partly=sheet.rows_partly,
            unchecked=sheet.rows_not_checked,
        ),
        columns=COLUMNS,
    )
    lines += wrap(
        say(
            "regulation.counts_parameters",
            parameters=sheet.parameters_total,
            read=sheet.parameters_read,
            unsettled=sheet.unsettled,
        ),
        columns=COLUMNS,
    )
    lines += wrap(
        say(
            "regulation.counts_checks",
            policies=sheet.checks_by_kind["policy"],
            tests=sheet.checks_by_kind["test"],
        ),
        columns=COLUMNS,
    )
    if not sheet.tests_verified:
        lines += wrap(say("regulation.tests_unverified"), columns=COLUMNS)
    return [*lines, *wrap(say("regulation.no_advice"), columns=COLUMNS)]


def _said(text: str) -> list[str]:
    return wrap(text, columns=COLUMNS, indent=INDENT)
