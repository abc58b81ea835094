"""What the column machine computes of an expression, against plain Python over the same values."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.events.batch import EventBatch, FieldSet
from haitang.data.features import terms
from haitang.data.features.specs import Catalogue, FeatureSpec, TextPair
from haitang.decision.engine import EngineState, compile_pack, evaluate
from haitang.decision.rules.specs import Pack
from haitang.kernel.hashing import hash_texts

NUMBERS = ("amount_minor", "fee_minor", "latitude", "longitude")
FLAGS = ("cash", "urgent")
TEXT = "channel"
WORDS = ("MOBILE", "WEB", "COUNTER")
ZONE = "Asia/Shanghai"
EVENTS = 70
"""More than one block of 64, and a short second one."""

numbers = st.one_of(
    st.builds(
        lambda value: terms.Number(value=value), st.sampled_from([0.0, 1.0, -2.5, 30.0, 1e6])
    ),
    st.builds(lambda name: terms.Field(name=name, type="number"), st.sampled_from(NUMBERS)),
)
texts = st.just(terms.Field(name=TEXT, type="text"))


def _deeper(inner: st.SearchStrategy[terms.Expression]) -> st.SearchStrategy[terms.Expression]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.builds(
            lambda op, sides: terms.Arithmetic(op=op, left=sides[0], right=sides[1]),
            st.sampled_from(["+", "-", "*", "/"]),
            pair,
        ),
        st.builds(
            lambda name, sides: terms.Call(function=name, arguments=sides),
            st.sampled_from(["min", "max", "modulo", "coalesce"]),
            pair,
        ),
        st.builds(
            lambda name, one: terms.Call(function=name, arguments=(one,)),
            st.sampled_from(["abs", "floor", "log", "sqrt"]),
            inner,
        ),
        st.builds(
            lambda name: terms.Call(function=name, zone=ZONE),
            st.sampled_from(["local_hour", "weekday"]),
        ),
    )


values = st.recursive(numbers, _deeper, max_leaves=6)
tests = st.one_of(
    st.builds(
        lambda op, left, right: terms.Compare(op=op, left=left, right=right),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        values,
        values,
    ),
    st.builds(
        lambda op, word: terms.Compare(
            op=op, left=terms.Field(name=TEXT, type="text"), right=terms.Text(value=word)
        ),
        st.sampled_from(["==", "!="]),
        st.sampled_from(WORDS),
    ),
    st.builds(
        lambda words: terms.OneOf(operand=terms.Field(name=TEXT, type="text"), values=tuple(words)),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True),
    ),
    st.builds(lambda value: terms.Known(operand=value), values),
    st.builds(lambda name: terms.Field(name=name, type="flag"), st.sampled_from(FLAGS)),
    st.builds(lambda value: terms.Flag(value=value), st.booleans()),
    st.just(terms.Call(function="is_night", zone=ZONE)),
    st.just(terms.Call(function="is_holiday", zone=ZONE)),
)


def _combined(inner: st.SearchStrategy[terms.Expression]) -> st.SearchStrategy[terms.Expression]:
    return st.one_of(
        st.builds(
            lambda op, sides: terms.Logic(op=op, operands=tuple(sides)),
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(lambda one: terms.Not(operand=one), inner),
    )


flags = st.recursive(tests, _combined, max_leaves=6)
choices = st.builds(
    lambda flag, first, second: terms.Call(function="choose", arguments=(flag, first, second)),
    flags,
    values,
    values,
)

Row = dict[str, float | str | bool | None]


def _number(value: float | str | bool | None) -> float:
    assert not isinstance(value, str)
    return math.nan if value is None else float(value)


def _divide(left: float, right: float) -> float:
    return left / right if right != 0.0 else math.nan


def _call(term: terms.Call, row: Row) -> float:  # noqa: PLR0911 - one exit per function
    at = dt.datetime.fromtimestamp(int(_number(row["at"])) // 1_000_000, ZoneInfo(ZONE))
    night = at.hour >= 22 or at.hour < 6
    calendar = {
        "local_hour": at.hour,
        "weekday": at.weekday(),
        "is_night": night,
        "is_holiday": at.weekday() >= 5,
    }
    if term.function in calendar:
        return float(calendar[term.function])
    if term.function == "choose":
        return value(term.arguments[1 if truth(term.arguments[0], row) else 2], row)
    given = [value(argument, row) for argument in term.arguments]
    if term.function == "coalesce":
        return given[1] if math.isnan(given[0]) else given[0]
    if any(math.isnan(one) for one in given):
        return math.nan
    match term.function, given:
        case "min", [left, right]:
            return min(left, right)
        case "max", [left, right]:
            return max(left, right)
        case "modulo", [left, right]:
            return left - right * math.floor(left / right) if right != 0.0 else math.nan
        case "abs", [one]:
            return abs(one)
        case "floor", [one]:
            return float(math.floor(one)) if math.isfinite(one) else one
        case "log", [one]:
            return math.log(one) if one > 0.0 else math.nan
        case "sqrt", [one]:
            return math.sqrt(one) if one >= 0.0 else math.nan
        case _:
            raise AssertionError(term)


def value(term: terms.Expression, row: Row) -> float:
    """Evaluate a numeric expression; NaN is missing."""
    match term:
        case terms.Number(value=number):
            return number
        case terms.Field(name=name):
            return _number(row[name])
        case terms.Arithmetic(op=op, left=left, right=right):
            first, second = value(left, row), value(right, row)
            if math.isnan(first) or math.isnan(second):
                return math.nan
            operations = {"+": first + second, "-": first - second, "*": first * second}
            return operations[op] if op in operations else _divide(first, second)
        case terms.Call():
            return _call(term, row)
        case _:
            raise AssertionError(term)


def truth(term: terms.Expression, row: Row) -> bool:  # noqa: PLR0911 - one exit per kind of term
    """Evaluate a flag."""
    match term:
        case terms.Flag(value=flag):
            return flag
        case terms.Field(name=name):
            return row[name] is True
        case terms.Compare(op=op, left=terms.Field(name="channel"), right=terms.Text(value=word)):
            held = row[TEXT]
            return held is not None and (held == word) == (op == "==")
        case terms.Compare(op=op, left=left, right=right):
            first, second = value(left, row), value(right, row)
            if math.isnan(first) or math.isnan(second):
                return False
            return {
                "<": first < second,
                "<=": first <= second,
                ">": first > second,
                ">=": first >= second,
                "==": first == second,
                "!=": first != second,
            }[op]
        case terms.OneOf(values=words):
            return row[TEXT] in words
        case terms.Known(operand=operand):
            return not math.isnan(value(operand, row))
        case terms.Logic(op="and", operands=operands):
            return all(truth(operand, row) for operand in operands)
        case terms.Logic(operands=operands):
            return any(truth(operand, row) for operand in operands)
        case terms.Not(operand=operand):
            return not truth(operand, row)
        case terms.Call():
            return _call(term, row) == 1.0
        case _:
            raise AssertionError(term)


def rows(seed: int) -> list[Row]:
    """Draw events with missing, zero, negative, infinite-prone and ordinary values."""
    draw = np.random.default_rng(seed)
    pool: list[float | None] = [None, 0.0, 1.0, -2.5, 30.0, 1e6, 90.0, -90.0]
    return [
        {
            "at": 1_760_000_000_000_000 + int(draw.integers(0, 400 * 86_400)) * 1_000_000,
            **{name: pool[draw.integers(len(pool))] for name in NUMBERS},
            **{name: (None, True, False)[draw.integers(3)] for name in FLAGS},
            TEXT: (None, *WORDS)[draw.integers(4)],
        }
        for _ in range(EVENTS)
    ]


def _pack(features: tuple[FeatureSpec, ...]) -> Pack:
    title = TextPair(en="pack", zh="策略包")
    return Pack(
        id="expressions", version="1", digest="d", title=title, zone=ZONE, base_currency="CNY",
        catalogue=Catalogue(entities=(), keys=(), features=features),
        policies=(), tiers=(), table=(),
    )  # fmt: skip


def _columns(found: list[Row], fields: object) -> EventBatch:
    # The engine asks for the fields of list events too, which these rows do not have.
    assert isinstance(fields, FieldSet)
    return EventBatch(
        occurred_at_us=np.array([row["at"] for row in found], dtype=np.int64),
        fields=fields,
        numbers=np.array(
            [[_number(row.get(name)) for row in found] for name in fields.numbers], dtype=np.float64
        ).reshape(len(fields.numbers), len(found)),
        hashes=np.array(
            [
                hash_texts([str(row[name]) if row.get(name) else None for row in found])
                for name in fields.texts
            ],
            dtype=np.uint64,
        ).reshape(len(fields.texts), len(found)),
        remarks=(),
        event_ids=[str(i) for i in range(len(found))],
        texts=(),
    )


@settings(max_examples=150)
@given(
    given_values=st.lists(st.one_of(values, choices), min_size=1, max_size=4),
    given_flags=st.lists(flags, min_size=1, max_size=4),
    seed=st.integers(0, 1_000),
)
def test_the_machine_computes_what_the_language_says(
    given_values: list[terms.Expression], given_flags: list[terms.Expression], seed: int
) -> None:
    title = TextPair(en="feature", zh="指标")
    features = tuple(
        FeatureSpec(name=f"v{i}", type="number", title=title, value=term)
        for i, term in enumerate(given_values)
    ) + tuple(
        FeatureSpec(name=f"f{i}", type="flag", title=title, value=term)
        for i, term in enumerate(given_flags)
    )
    found = rows(seed)
    program = compile_pack(_pack(features))
    out = evaluate(_columns(found, program.fields), EngineState.create(program), keep_features=True)
    assert out.features is not None
    for i, term in enumerate(given_values):
        expected = np.array([value(term, row) for row in found])
        np.testing.assert_allclose(out.features[i], expected, rtol=1e-12, atol=1e-9)
    for i, term in enumerate(given_flags):
        column = out.features[len(given_values) + i]
        held = [bool(number == 1.0) for number in column]
        assert held == [truth(term, row) for row in found]


def test_distances_are_those_of_the_sphere_and_missing_without_a_place() -> None:
    points: tuple[terms.Expression, ...] = tuple(
        terms.Field(name=name, type="number")
        for name in ("latitude", "longitude", "fee_minor", "amount_minor")
    )
    title = TextPair(en="feature", zh="指标")
    apart = FeatureSpec(
        name="apart", type="number", title=title,
        value=terms.Call(function="distance_km", arguments=points),
    )  # fmt: skip
    names = ("latitude", "longitude", "fee_minor", "amount_minor")
    # Arcs of a half, a quarter and a sixth of the circumference of the sphere of 6,371.0088 km.
    places = [
        ((0.0, 30.0, 0.0, 120.0), math.pi / 2 * 6371.0088),
        ((60.0, 0.0, 60.0, 180.0), math.pi / 3 * 6371.0088),
        ((31.23, 121.47, 31.23, 121.47), 0.0),
        ((0.0, 0.0, 0.0, 180.0), math.pi * 6371.0088),
        ((None, 121.47, 31.23, 121.47), None),
        ((31.23, 121.47, 31.23, None), None),
    ]
    found: list[Row] = [
        {"at": 0, "channel": None, **dict(zip(names, where, strict=True))} for where, _ in places
    ]
    program = compile_pack(_pack((apart,)))
    out = evaluate(_columns(found, program.fields), EngineState.create(program), keep_features=True)
    assert out.features is not None
    for measured, (_, expected) in zip(out.features[0], places, strict=True):
        if expected is None:
            assert math.isnan(measured)
        else:
            assert abs(measured - expected) < 1e-3
