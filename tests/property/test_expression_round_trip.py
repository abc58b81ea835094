"""What was read can be written, and reading never fails in a way of its own."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haitang.data.events.catalogue import FIELDS
from haitang.decision.rules.expression import ExpressionRefused, parse_expression, read_expression
from haitang.decision.rules.render import render
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.value_types import is_within, operands_of, type_of

SCOPE = Scope(
    fields=FIELDS,
    features={"paid": "number", "seen": "flag", "city": "text"},
    lists=("cases",),
    zone="Asia/Shanghai",
)

texts = st.text(alphabet=string.ascii_letters + " #'\"，中", min_size=1, max_size=8).filter(
    lambda text: text.strip() and not ("'" in text and '"' in text)
)
quoted = texts.map(lambda text: f'"{text}"' if "'" in text else f"'{text}'")
literals = st.one_of(
    st.integers(-10_000, 10_000).map(str),
    st.floats(-1e12, 1e12, allow_nan=False).map(repr),
    st.sampled_from(["hours(2)", "money(12.5)", "days(1) + minutes(5)", "1_000"]),
)
columns = st.sampled_from(["paid", "amount_minor", "call_seconds"])
words = st.sampled_from(["city", "risky_app", "payee_account"])
arithmetic = st.sampled_from(["+", "-", "*", "/"])
order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


def numbers(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return columns
    inner = numbers(depth - 1)
    return st.one_of(
        columns,
        st.tuples(inner, arithmetic, st.one_of(inner, literals)).map(lambda t: f"({' '.join(t)})"),
        st.tuples(inner, arithmetic, inner).map(" ".join),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(flags(depth - 1), inner).map(lambda t: f"choose({t[0]}, {t[1]}, 0)"),
        st.just("local_hour()"),
    )


def flags(depth: int) -> st.SearchStrategy[str]:
    simple = st.sampled_from(["seen", "screen_share", "True", "is_night('UTC')", "is_holiday()"])
    if depth == 0:
        return simple
    number, flag = numbers(depth - 1), flags(depth - 1)
    several = st.lists(literals, min_size=1, max_size=3, unique=True).map(", ".join)
    return st.one_of(
        simple,
        st.tuples(number, order, literals).map(lambda t: f"{t[0]} {t[1]} ({t[2]})"),
        st.tuples(number, order, number, order, number).map(" ".join),
        st.tuples(words, st.sampled_from(["==", "!="]), quoted).map(" ".join),
        st.tuples(words, st.sampled_from(["in", "not in"]), quoted).map(
            lambda t: f"{t[0]} {t[1]} ({t[2]},)"
        ),
        st.tuples(number, st.sampled_from(["in", "not in"]), several).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]},)"
        ),
        st.tuples(quoted, st.sampled_from(["in", "not in"])).map(lambda t: f"{t[0]} {t[1]} remark"),
        st.tuples(flag, st.sampled_from(["and", "or"]), flag).map(" ".join),
        st.tuples(flag, st.sampled_from(["and", "or"]), flag).map(lambda t: f"({' '.join(t)})"),
        flag.map(lambda text: f"not ({text})"),
        st.tuples(flag, flag).map(lambda t: f"({t[0]}) == ({t[1]})"),
        number.map(lambda text: f"known({text})"),
        st.just("listed('cases', payee_account)"),
    )


@settings(max_examples=400)
@given(flags(3))
def test_what_was_read_can_be_written_and_read_again(text: str) -> None:
    reading = read_expression(text, SCOPE)
    if reading.expression is None:
        # Some texts that the grammar makes mean nothing: `known(1)`, equal numbers in a list …
        allowed = {"constant_wrong", "type_mismatch", "number_out_of_range", "expression_too_deep"}
        assert {fault.code for fault in reading.faults} <= allowed
        return
    canonical = render(reading.expression)
    again = parse_expression(canonical, SCOPE)
    assert again == reading.expression
    assert render(again) == canonical


@given(flags(3))
def test_every_node_below_a_read_expression_has_a_type(text: str) -> None:
    expression = read_expression(text, SCOPE).expression
    pending = [] if expression is None else [expression]
    assert expression is None or is_within(expression, parts=10_000, depth=100)
    while pending:
        node = pending.pop()
        assert type_of(node) in ("number", "text", "flag")
        pending += operands_of(node)


pieces = st.sampled_from(
    [
        "seen",
        "paid",
        "remark",
        "channel",
        "'x'",
        '"',
        "'",
        "(",
        ")",
        ",",
        " ",
        "\n",
        "not",
        "in",
        "and",
        "or",
        "==",
        "<",
        "-",
        "+",
        "*",
        "**",
        "/",
        "1",
        "0.5",
        "1e999",
        ".",
        "[",
        "]",
        "{",
        "lambda",
        "if",
        "None",
        "True",
        "known",
        "listed",
        "money",
        "#",
        "\\",
        "\x00",
        "\ud800",
        "（",
        "e",
        "_",
        "9" * 30,
        "is",
        "=",
        "not in",
        "min",
        "choose",
        "hours",
    ]
)


@settings(max_examples=500)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(pieces, max_size=25).map("".join),
        st.lists(pieces, max_size=25).map(" ".join),
    )
)
@example("(" * 3_000)
@example("-" * 3_999 + "1")
@example("not " * 900 + "seen")
@example("1" * 4_000)
@example(" " * 3_999 + "!")
@example("#" * 4_000)
@example("# " * 1_999 + "\n!")
@example("seen" + " and seen" * 440)
@example("paid" + "+paid" * 790)
@example("True (1)")
@example("\ufeff")
@example("seen\x0cand seen")
def test_reading_never_fails_in_a_way_of_its_own(text: str) -> None:
    reading = read_expression(text, SCOPE)
    assert (reading.expression is None) == bool(reading.faults)
    assert all(0 <= fault.offset <= max(0, len(text) - 1) for fault in reading.faults)
    if reading.faults:
        with pytest.raises(ExpressionRefused) as refused:
            parse_expression(text, SCOPE)
        assert refused.value.render()
