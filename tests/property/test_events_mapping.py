"""A mapping gives the same events row by row and over the whole table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.events.errors import EventRefused
from haitang.data.events.mapping import (
    RFC3339,
    ROW_COLUMN,
    TEMPLATE_COLUMN,
    Condition,
    EventMapping,
    FieldMapping,
    MappingSpec,
    Rounding,
    TimeSpec,
    map_row,
)
from haitang.data.events.mapping_table import map_table
from haitang.kernel.errors import Place

WORDS = st.sampled_from(
    ["", "a", "NA", "1", "0", "-7", "1.50", "0.005", "2.675", "true", "x" * 5, " 3 ", "1e3", "日",
     "2026-03-02 10:00:00", "2026-03-02T10:00:00+08:00", "2026-03-02", "99999999999999999999"]
)  # fmt: skip
CENTS = st.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
COLUMN_TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), WORDS | st.text(st.characters(codec="utf-8"), max_size=4)),
    (pa.large_string(), WORDS),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)),
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint64(), st.integers(0, 2**64 - 1) | st.integers(0, 9)),
    (pa.float64(), CENTS | st.floats() | st.floats(-1000, 1000)),
    (pa.float32(), st.floats(width=32)),
    (pa.bool_(), st.booleans()),
    (pa.decimal128(20, 3), st.decimals(-1000, 1000, places=3)),
    (pa.timestamp("us"), st.datetimes(datetime(1985, 1, 1), datetime(2110, 1, 1))),  # noqa: DTZ001
    (
        pa.timestamp("s", "Asia/Shanghai"),
        st.datetimes(datetime(1985, 1, 1), datetime(2110, 1, 1)).map(  # noqa: DTZ001
            lambda moment: moment.replace(microsecond=0)
        ),
    ),
]
TIMES = st.one_of(
    st.builds(
        TimeSpec,
        format=st.sampled_from(
            [RFC3339, "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S%z"]
        ),
        zone=st.sampled_from(["", "UTC", "Asia/Shanghai", "America/New_York"]),
        later_us=st.sampled_from([0, 604_800_000_000]),
    ),
    st.builds(TimeSpec, unit=st.sampled_from(["d", "h", "m", "s", "ms", "us", "ns"])),
    st.builds(
        TimeSpec,
        step_us=st.sampled_from([1_000_000, 86_400_000_000]),
        origin_us=st.just(1_640_995_200_000_000),
    ),
)
COLUMNS = ("A", "B", "C")
ROUNDINGS: st.SearchStrategy[Rounding] = st.sampled_from(get_args(Rounding))
MISSING = st.sampled_from([(), ("NA",), ("NA", "-7"), ("true",), ("0",)])


@st.composite
def field_mappings(draw: st.DrawFn, name: str) -> FieldMapping:
    column = draw(st.sampled_from([*COLUMNS, ROW_COLUMN]))
    missing = draw(MISSING)
    if name in ("device_id", "event_id", "remark") and draw(st.booleans()):
        other = draw(st.sampled_from(COLUMNS))
        template = draw(st.sampled_from([f"t-{{{column}}}/{{{other}}}", f"{{{column}}}"]))
        return FieldMapping(
            field=name,
            template=template,
            columns=tuple(dict.fromkeys(TEMPLATE_COLUMN.findall(template))),
            missing=missing,
        )
    if name == "channel":
        return FieldMapping(
            field=name,
            column=column,
            missing=missing,
            values={"1": "ATM", "a": "WEB", "true": "POS"},
            otherwise=draw(st.sampled_from([None, "QR"])),
        )
    if name.endswith("_us"):
        return FieldMapping(field=name, column=column, missing=missing, time=draw(TIMES))
    default: Any = draw(st.sampled_from([None, {"amount_minor": 5, "latitude": 1.5}.get(name)]))
    return FieldMapping(
        field=name,
        column=column,
        missing=missing,
        default=default,
        scale=draw(st.sampled_from([None, Decimal(100), Decimal(1), Decimal("0.1")]))
        if name in ("amount_minor", "latitude")
        else None,
        round=draw(ROUNDINGS) if name == "amount_minor" else "refuse",
        absolute=name == "amount_minor" and draw(st.booleans()),
    )


FIELD_NAMES = (
    "event_id", "occurred_at_us", "received_at_us", "channel", "amount_minor", "latitude",
    "screen_share", "device_id", "remark",
)  # fmt: skip
TEXTS = st.sampled_from([("1",), ("a", "true"), ("-7", "0"), ("NA",)])
CONDITIONS = st.one_of(
    st.builds(Condition, column=st.sampled_from(COLUMNS), among=TEXTS),
    st.builds(Condition, column=st.sampled_from(COLUMNS), excluded=TEXTS),
    st.builds(Condition, column=st.sampled_from(COLUMNS), empty=st.booleans()),
)


@st.composite
def mappings(draw: st.DrawFn) -> MappingSpec:
    events = []
    for _ in range(draw(st.integers(1, 2))):
        names = draw(st.lists(st.sampled_from(FIELD_NAMES), unique=True, max_size=4))
        events.append(
            EventMapping(
                event_type="TXN_REQUEST",
                when=tuple(draw(st.lists(CONDITIONS, max_size=1))),
                fields=tuple(draw(field_mappings(name)) for name in names),
            )
        )
    skip = tuple(draw(st.lists(CONDITIONS, max_size=1)))
    return MappingSpec(name="m", path="m.yaml", skip=skip, events=tuple(events))


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    count = draw(st.integers(0, 6))
    arrays = {}
    for name in COLUMNS:
        kind, cells = draw(st.sampled_from(COLUMN_TYPES))
        values = draw(st.lists(st.none() | cells, min_size=count, max_size=count))
        arrays[name] = pa.array(values, kind)
        if pa.types.is_string(kind) and draw(st.booleans()):
            arrays[name] = arrays[name].dictionary_encode()
    table = pa.table(arrays)
    cut = draw(st.integers(0, count))
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)])


def clipped(row: dict[str, object]) -> dict[str, object]:
    """Arrow holds no integer beyond 64 bits; what is larger is out of every bound either way."""
    return {
        name: min(value, 2**63 - 1) if type(value) is int and abs(value) >= 2**63 else value
        for name, value in row.items()
    }


@given(tables(), mappings())
@settings(max_examples=300)
def test_a_table_maps_as_its_rows_do(table: pa.Table, mapping: MappingSpec) -> None:
    expected: list[tuple[int, dict[str, object]]] = []
    refusals: list[tuple[int, str]] = []
    for index, row in enumerate(table.to_pylist()):
        place = Place(path="x.csv", line=index + 1)
        try:
            found = map_row(row, mapping, row_number=index + 1, place=place)
            expected += [(index, clipped(event)) for event in found]
        except EventRefused as error:
            refusals.append((index, str(error)))
    mapped = map_table(table, mapping, place=Place(path="x.csv"))
    assert [(index, str(error)) for index, error in mapped.refusals()] == refusals
    events = [
        {name: value for name, value in row.items() if value is not None}
        for row in mapped.table.to_pylist()
    ]
    assert list(zip(mapped.rows.tolist(), events, strict=True)) == expected
