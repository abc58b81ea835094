"""`haitang settings`: every setting of the service, its value, and where that came from."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from haitang.app.settings import Settings
from haitang.app.settings_loading import load_service_settings
from haitang.app.settings_service import ServiceSettings, SettingSpec, setting_specs
from haitang.app.settings_sources import HIDDEN, Origin, SettingsRead, Value
from haitang.edges.cli.columns import table
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording

COLUMNS = (
    "settings.column.name",
    "settings.column.value",
    "settings.column.unit",
    "settings.column.default",
    "settings.column.source",
    "settings.column.title",
)


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `settings` with its texts in one language."""
    del settings

    def run(data: Path | None, file: Path | None, json: bool) -> int:
        read = load_service_settings(
            environment=os.environ,
            settings_file=file,
            flags={"data_folder": str(data) if data is not None else None},
        )
        if json:
            click.echo(msgspec.json.format(msgspec.json.encode(as_rows(read)), indent=2).decode())
        else:
            click.echo("\n".join(setting_lines(read, wording=wording)))
        return 0

    path = click.Path(path_type=Path)
    return TaughtCommand(
        "settings",
        wording=wording,
        callback=run,
        params=[
            click.Option(
                ["--data"], type=path, metavar="DIR", help=wording.say("settings.option.data")
            ),
            click.Option(
                ["--settings", "file"], type=path, metavar="FILE",
                help=wording.say("settings.option.settings"),
            ),
            click.Option(["--json"], is_flag=True, help=wording.say("settings.option.json")),
        ],
    )  # fmt: skip


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One setting as `--json` writes it."""

    name: str
    value: Value
    unit: str
    default: Value
    source: str
    place: str
    least: float | None
    most: float | None
    choices: tuple[str, ...]
    title: dict[str, str]


def as_rows(read: SettingsRead) -> list[SettingRow]:
    """Return every setting with what is known of it; secrets are masked."""
    default = ServiceSettings()
    return [
        SettingRow(
            name=spec.name,
            value=shown_value(getattr(read.values, spec.name), spec),
            unit=spec.unit,
            default=shown_value(getattr(default, spec.name), spec),
            source=read.origins[spec.name].kind,
            place=read.origins[spec.name].place,
            least=spec.least,
            most=spec.most,
            choices=spec.choices,
            title={"en": spec.title_en, "zh": spec.title_zh},
        )
        for spec in setting_specs().values()
    ]


def shown_value(value: Value, spec: SettingSpec) -> Value:
    """Return what may be shown of a value."""
    return HIDDEN if spec.secret and value else value


def setting_lines(read: SettingsRead, *, wording: Wording) -> list[str]:
    """Lay the settings out for a person: a table, and the fail policy below it."""
    default = ServiceSettings()
    rows = [tuple(wording.say(name) for name in COLUMNS)]
    rows += [
        (
            spec.name,
            _cell(getattr(read.values, spec.name), spec),
            spec.unit,
            _cell(getattr(default, spec.name), spec),
            _source(read.origins[spec.name], wording=wording),
            spec.title_zh if wording.language == "zh" else spec.title_en,
        )
        for spec in setting_specs().values()
    ]
    policy = read.values.fail_policy
    pairs = [(channel, policy[channel]) for channel in sorted(policy, key=_default_first)]
    return [*table(rows, indent=""), "", "fail_policy", *table(pairs)]


def _default_first(channel: str) -> tuple[bool, str]:
    return (channel != "default", channel)


def _cell(value: Value, spec: SettingSpec) -> str:
    match shown_value(value, spec):
        case bool() as flag:
            return "true" if flag else "false"
        case int() as number:
            return f"{number:_}" if spec.unit else str(number)
        case dict() as pairs:
            return "…" if pairs else ""
        case other:
            return str(other)


def _source(origin: Origin, *, wording: Wording) -> str:
    return origin.place or wording.say("settings.source.default")
