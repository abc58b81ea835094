"""Lists that a pack ships with: CSV files of values with their validity."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from haitang.decision.rules.packfile import DeclaredList, PackHead
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.source import MAX_DATA_BYTES, PackSource
from haitang.decision.rules.specs import ListEntry, ListSpec
from haitang.decision.rules.yamltext import decode_text
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol
from haitang.kernel.instants import SECOND_US, check_instant, load_zone, parse_instant

COLUMNS = ("value", "effective_at", "expires_at", "source")
MAX_LIST_ENTRIES = 500_000
MAX_VALUE_CHARACTERS = 128


def read_lists(
    source: PackSource, head: PackHead, reader: FileReader, problems: Problems
) -> tuple[ListSpec, ...]:
    """Return every declared list with its entries; `reader` is that of `pack.yaml`."""
    lists = []
    named = set()
    for declared in head.lists:
        entries: tuple[ListEntry, ...] = ()
        if declared.file:
            named.add(declared.file)
            entries = _read_file(source, declared, head.zone, reader, problems)
        lists.append(ListSpec(name=declared.name, title=declared.title, entries=entries))
    for path in source.under("lists", ".csv"):
        if path not in named:
            problems.add(
                "file_unexpected",
                f"no list of `pack.yaml` names {symbol(path)}",
                place=Place(source.shown(path)),
                hint="declare it under `lists`, or remove the file",
            )
    return tuple(lists)


def _read_file(
    source: PackSource, declared: DeclaredList, zone: str, reader: FileReader, problems: Problems
) -> tuple[ListEntry, ...]:
    content = source.files.get(declared.file)
    if content is None:
        hint = (
            did_you_mean(declared.file, source.under("lists", ".csv"))
            or "paths start at the pack's folder"
        )
        reader.refuse(
            declared.node, "file_missing", f"the pack has no file {symbol(declared.file)}", hint
        )
        return ()
    path = source.shown(declared.file)
    try:
        text = decode_text(path, content, limit=MAX_DATA_BYTES)
        return tuple(_read_rows(path, text, zone, problems))
    except HaitangError as error:
        problems.add(
            error.code,
            error.message,
            place=error.place,
            hint=error.hint,
            source_line=error.source_line,
        )
        return ()


def _read_rows(path: str, text: str, zone: str, problems: Problems) -> list[ListEntry]:
    rows = csv.reader(io.StringIO(text), strict=True)
    entries: list[ListEntry] = []
    header: list[str] | None = None
    seen: set[str] = set()
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            problems.add(
                "list_malformed",
                f"this row is not CSV: {symbol(error)}",
                place=Place(path, rows.line_num),
            )
            return entries
        if row is None:
            break
        place = Place(path, rows.line_num)
        if header is None:
            header = [cell.strip() for cell in row]
            if not _check_header(header, place, problems):
                return []
        elif row:
            entry = _read_row(
                dict(zip(header, row, strict=False)), len(row) > len(header), zone, place, problems
            )
            if entry is not None and entry.value in seen:
                problems.add(
                    "value_repeated",
                    f"{symbol(entry.value)} stands twice in this list",
                    place=place,
                )
            elif entry is not None:
                seen.add(entry.value)
                entries.append(entry)
        if len(entries) > MAX_LIST_ENTRIES:
            problems.add(
                "file_too_large",
                f"the list has more than {MAX_LIST_ENTRIES:,} entries",
                place=place,
            )
            return []
    if header is None:
        problems.add(
            "list_malformed",
            "the list has no header",
            place=Place(path, 1),
            hint="start it with `value,effective_at,expires_at,source`",
        )
    return entries


def _check_header(header: list[str], place: Place, problems: Problems) -> bool:
    for position, name in enumerate(header):
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"the columns are `{','.join(COLUMNS)}`"
            message = f"a list has no column {symbol(name)}"
            problems.add("list_malformed", message, place=place, hint=hint)
            return False
        if name in header[:position]:
            message = f"the column {symbol(name)} stands twice"
            problems.add("list_malformed", message, place=place)
            return False
    if "value" not in header:
        problems.add("list_malformed", "the list has no column `value`", place=place)
        return False
    return True


def _read_row(
    row: dict[str, str], overlong: bool, zone: str, place: Place, problems: Problems
) -> ListEntry | None:
    value = row.get("value", "").strip()
    if overlong or not 1 <= len(value) <= MAX_VALUE_CHARACTERS:
        message = (
            "this row has more cells than the header" if overlong
            else f"`value` has {len(value)} characters; expected 1 to {MAX_VALUE_CHARACTERS}"
        )  # fmt: skip
        problems.add("list_malformed", message, place=place)
        return None
    instants: list[int] = []
    for column in ("effective_at", "expires_at"):
        text = row.get(column, "").strip()
        try:
            instants.append(_instant(text, zone))
        except HaitangError as error:
            message = f"`{column}` was {symbol(text)}; expected a date or an instant of RFC 3339"
            hint = "write for example `2026-03-02` or `2026-03-02T10:00:00+08:00`"
            problems.add(error.code, message, place=place, hint=hint)
            return None
    effective_at_us, expires_at_us = instants
    if expires_at_us and expires_at_us <= effective_at_us:
        problems.add(
            "list_malformed", f"{symbol(value)} expires before it takes effect", place=place
        )
        return None
    return ListEntry(
        value=value,
        effective_at_us=effective_at_us,
        expires_at_us=expires_at_us,
        source=row.get("source", "").strip(),
    )


def _instant(text: str, zone: str) -> int:
    """Return the instant of an RFC 3339 text or of a date's start in the zone; 0 for nothing."""
    if not text:
        return 0
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            day = datetime.fromisoformat(text).replace(tzinfo=load_zone(zone))
        except ValueError:
            return parse_instant(text)
        return check_instant(int(day.astimezone(UTC).timestamp()) * SECOND_US)
    return parse_instant(text)
