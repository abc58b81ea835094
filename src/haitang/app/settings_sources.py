"""Where the values of settings come from: defaults < file < environment < flags.

Whoever says something later in that row wins. A name that no setting has, a value of another kind
and a value out of bounds are refused where they stand, all of them at once: a service that starts
with a setting it did not understand would run in a way that nobody chose.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from haitang.app.settings_service import (
    CHANNELS,
    DEFAULT_CHANNEL,
    ServiceSettings,
    SettingSpec,
    setting_specs,
)
from haitang.decision.rules.actions import PRIMARY_ACTIONS
from haitang.kernel.errors import HaitangError, Place, Refusals, did_you_mean, symbol

PREFIX = "HAITANG_"
"""How the environment variable of a setting begins; the rest is its name in capitals."""

OTHER_VARIABLES = ("HAITANG_CACHE", "HAITANG_DATA", "HAITANG_KEY", "HAITANG_URL")
"""Variables of other commands, which are no settings of the service."""

WORDS: Mapping[str, bool] = {
    "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False,
}  # fmt: skip
"""How an environment says a flag."""

SERVICE_LINK_HINT = "this is a service link of Kubernetes; set `enableServiceLinks: false`"
"""A cluster with a service called `haitang` sets variables that look like ours."""

HIDDEN = "***"
"""What is printed in place of a secret."""

Value = bool | int | float | str | dict[str, str]
Kind = Literal["default", "file", "environment", "flag"]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who said a value."""

    kind: Kind = "default"
    place: str = ""
    """`settings.toml:3`, `HAITANG_PORT` or `--port`; empty for a default."""


class SettingsText(msgspec.Struct, frozen=True, kw_only=True):
    """A settings file as it was read."""

    path: str
    text: str
    in_data_folder: bool = False
    """It lies in the data folder, and so cannot say where the data folder is."""


class SettingsRead(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that hold, and where each came from."""

    values: ServiceSettings
    origins: dict[str, Origin]


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """One value that somebody said, not yet checked."""

    name: str
    value: object
    origin: Origin
    place: Place
    line: str | None = None


def read_service_settings(
    *,
    environment: Mapping[str, str],
    file: SettingsText | None = None,
    flags: Mapping[str, object] | None = None,
) -> SettingsRead:
    """Join what file, environment and flags say over the defaults.

    Flags that are None were not given. Raises `Refusals` with every fault.
    """
    specs = setting_specs()
    problems: list[HaitangError] = []
    values: dict[str, object] = {}
    origins = dict.fromkeys(specs, Origin())
    said = (
        *(_file_says(file) if file else ()),
        *_environment_says(environment),
        *_flags_say(flags or {}),
    )
    for one in said:
        spec = specs.get(one.name)
        if spec is None:
            problems.append(_unknown(one, specs))
            continue
        if spec.kind is dict:
            faults = list(_table_faults(one, file))
            problems += faults
            values[one.name] = {} if faults else _table(one.value)
        else:
            try:
                values[one.name] = _checked(one, spec)
            except HaitangError as problem:
                problems.append(problem.at(one.place, source_line=one.line))
        origins[one.name] = one.origin
    if problems:
        raise Refusals(problems, code="settings_refused")
    settings = ServiceSettings(**values)  # type: ignore[arg-type]  # checked one by one above
    contradictions = list(_contradictions(settings, origins))
    if contradictions:
        raise Refusals(contradictions, code="settings_refused")
    return SettingsRead(values=settings, origins=origins)


# -- what each source says -----------------------------------------------------------------------


def _file_says(file: SettingsText) -> Iterator[_Said]:
    try:
        said = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, file) from None
    lines = file.text.splitlines()
    for name, value in said.items():
        number = _line_of(name, lines)
        place = Place(path=file.path, line=number)
        line = lines[number - 1] if number else None
        if name == "data_folder" and file.in_data_folder:
            raise HaitangError(
                code="setting_refused",
                message="a file in the data folder cannot say where the data folder is",
                place=place,
                source_line=line,
                hint="remove the line; use `--data`, `HAITANG_DATA_FOLDER` or `--settings`",
            )
        shown = f"{file.path}:{number}" if number else file.path
        origin = Origin(kind="file", place=shown)
        yield _Said(name=name, value=value, origin=origin, place=place, line=line)


def _environment_says(environment: Mapping[str, str]) -> Iterator[_Said]:
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        name = variable.removeprefix(PREFIX).lower()
        value: object = environment[variable]
        if variable == "HAITANG_LANGUAGE":
            # Every command reads it, and takes `zh_CN.UTF-8` for Chinese and all else for English.
            value = "zh" if environment[variable].lower().startswith("zh") else "en"
        yield _Said(
            name=name,
            value=value,
            origin=Origin(kind="environment", place=variable),
            place=Place(path=variable),
        )


def _flags_say(flags: Mapping[str, object]) -> Iterator[_Said]:
    for name, value in flags.items():
        if value is not None:
            flag = f"--{name.replace('_', '-')}"
            origin = Origin(kind="flag", place=flag)
            yield _Said(name=name, value=value, origin=origin, place=Place(path=flag))


def _line_of(name: str, lines: list[str]) -> int:
    """Return the line that sets a name or opens its table; 0 where none was found."""
    key = re.escape(name)
    quoted = rf"""(?:{key}|"{key}"|'{key}')"""
    sets = re.compile(rf"\s*(?:\[\s*{quoted}\s*\]|{quoted}\s*[.=])")
    return next((number for number, line in enumerate(lines, start=1) if sets.match(line)), 0)


# -- what is wrong with it -----------------------------------------------------------------------


def _checked(said: _Said, spec: SettingSpec) -> Value:
    """Return the value in the kind of its setting; raises what is wrong with it."""
    value = said.value
    if isinstance(value, str) and said.origin.kind != "file":
        # An environment has no numbers; a file has, and `port = "80"` is a slip there.
        value = _from_text(value, spec.kind)
    if spec.kind is float and type(value) is int:
        value = float(value)
    empty = spec.kind is str and not value and not spec.may_be_empty
    if type(value) is not spec.kind or empty:
        raise _refused(spec, said.value)
    if spec.choices and value not in spec.choices:
        raise _refused(spec, said.value, hint=did_you_mean(str(value), spec.choices))
    if isinstance(value, int | float) and not _within(value, spec):
        raise _refused(spec, said.value)
    assert isinstance(value, bool | int | float | str)
    return value


def _from_text(text: str, kind: type) -> object:
    """Return what a text says in a kind; the text itself where it says nothing in it."""
    if kind is bool:
        return WORDS.get(text.strip().lower(), text)
    try:
        return kind(text.replace("_", "")) if kind in (int, float) else text
    except ValueError:
        return text


def _within(value: float, spec: SettingSpec) -> bool:
    least = spec.least if spec.least is not None else value
    most = spec.most if spec.most is not None else value
    # A NaN is within nothing.
    return least <= value <= most


def _table(value: object) -> dict[str, object] | None:
    """Return a table, also one written `POS=WATCH,default=HOLD`; None where it is none."""
    if isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",") if part.strip()]
        if not parts or not all(equals for _, equals, _ in parts):
            return None
        return {channel.strip(): action.strip() for channel, _, action in parts}
    return value if isinstance(value, dict) else None


def _table_faults(said: _Said, file: SettingsText | None) -> Iterator[HaitangError]:
    """Yield every fault of a fail policy, where it stands."""
    table = _table(said.value)
    if table is None:
        yield _table_fault(
            f"`fail_policy` was {symbol(said.value)}; expected a table of channels and actions",
            "write `[fail_policy]` and below it `default = `, `POS = ` and so on",
        ).at(said.place, source_line=said.line)
        return
    lines = file.text.splitlines() if file and said.origin.kind == "file" else []
    for channel, action in table.items():
        problem = _pair_fault(channel, action)
        if problem is not None:
            number = _line_of(channel, lines)
            place = Place(path=said.place.path, line=number) if number else said.place
            yield problem.at(place, source_line=lines[number - 1] if number else said.line)
    if DEFAULT_CHANNEL not in table:
        yield _table_fault(
            "`fail_policy` had no `default`",
            "say what a channel does that the table does not name: `default = ` and an action",
        ).at(said.place, source_line=said.line)


def _pair_fault(channel: str, action: object) -> HaitangError | None:
    if channel not in CHANNELS and channel != DEFAULT_CHANNEL:
        return _table_fault(
            f"`fail_policy` named the unknown channel {symbol(channel)}",
            did_you_mean(channel, (*CHANNELS, DEFAULT_CHANNEL))
            or "see the channels in docs/reference/events.md",
        )
    if action not in PRIMARY_ACTIONS:
        return _table_fault(
            f"`fail_policy` gave {symbol(channel)} the unknown action {symbol(action)}",
            did_you_mean(str(action), PRIMARY_ACTIONS)
            or "see the primary actions in docs/reference/packs.md",
        )
    return None


def _table_fault(message: str, hint: str) -> HaitangError:
    return HaitangError(code="setting_refused", message=message, hint=hint)


def _contradictions(
    settings: ServiceSettings, origins: Mapping[str, Origin]
) -> Iterator[HaitangError]:
    """Yield what single values are allowed to be and do not fit together."""
    ordered = (
        ("rules_only_share", "lists_only_share"),
        ("batch_events_max", "queue_events_max"),
        ("state_touched_bytes", "state_bytes_max"),
    )
    for low, high in ordered:
        if getattr(settings, low) > getattr(settings, high):
            said = origins[low] if origins[low].kind != "default" else origins[high]
            yield HaitangError(
                code="setting_refused",
                message=f"`{low}` was {getattr(settings, low):,}, more than `{high}`, "
                f"{getattr(settings, high):,}",
                place=Place(path=said.place),
                hint=f"lower `{low}` or raise `{high}`",
            )


def _refused(spec: SettingSpec, value: object, *, hint: str = "") -> HaitangError:
    shown = symbol(HIDDEN if spec.secret else _plain(value))
    if isinstance(value, str) and spec.kind is not str:
        shown = f"the text {shown}"
    if str(value).startswith("tcp://"):
        hint = SERVICE_LINK_HINT
    expected = expectation(spec)
    return HaitangError(
        code="setting_refused",
        message=f"`{spec.name}` was {shown}; expected {expected}",
        hint=hint or "see docs/reference/settings.md",
    )


def expectation(spec: SettingSpec) -> str:
    """Say in English what a value must be."""
    if spec.choices:
        return "one of " + ", ".join(map(symbol, spec.choices))
    unit = f" {spec.unit}" if spec.unit and spec.unit != "share" else ""
    if spec.least is not None and spec.most is not None:
        number = "a whole number" if spec.kind is int else "a number"
        return f"{number} from {spec.least:,} to {spec.most:,}{unit}"
    text = "a text" if spec.may_be_empty else "a text that is not empty"
    return {bool: "true or false", dict: "a table"}.get(spec.kind, text)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(said: _Said, specs: Mapping[str, SettingSpec]) -> HaitangError:
    """Refuse a name; in the environment it stands in capitals, and so does what was meant."""
    if said.origin.kind != "environment":
        return HaitangError(
            code="setting_unknown",
            message=f"there was no setting {symbol(said.name)}",
            place=said.place,
            hint=did_you_mean(said.name, specs) or "`haitang settings` lists all of them",
            source_line=said.line,
        )
    variable = said.origin.place
    known = [*OTHER_VARIABLES, *(PREFIX + name.upper() for name in specs)]
    hint = did_you_mean(variable, known) or "`haitang settings` lists all of them"
    if re.search(r"_(SERVICE_|PORT_[0-9]+_)", variable):
        hint = SERVICE_LINK_HINT
    return HaitangError(
        code="setting_unknown",
        message=f"there was no setting {symbol(variable)}",
        place=said.place,
        hint=hint,
    )


def _not_toml(error: tomllib.TOMLDecodeError, file: SettingsText) -> HaitangError:
    found = re.search(r"\(at line ([0-9]+), column ([0-9]+)\)", str(error))
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    lines = file.text.splitlines()
    reason = re.sub(r"\s*\(at .*\)$", "", str(error))
    return HaitangError(
        code="settings_malformed",
        message=f"the settings file was no TOML: {symbol(reason)}",
        place=Place(path=file.path, line=line, column=column),
        hint="write `name = value`, one a line; texts stand in double quotation marks",
        source_line=lines[line - 1] if 0 < line <= len(lines) else None,
    )
