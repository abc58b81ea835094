"""The shape, grammar and rendering of errors."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haitang.kernel.errors import (
    MAX_SYMBOL_LENGTH,
    HaitangError,
    Place,
    Refusals,
    assert_grammar,
    did_you_mean,
    suggest,
    symbol,
)
from tests.conftest import CheckOutput


def unknown_feature(*, line: int = 12, column: int = 9, **changes: str) -> HaitangError:
    return HaitangError(
        code=changes.get("code", "feature_unknown"),
        message=changes.get("message", "unknown feature `out_cnt_1h`"),
        place=Place(changes.get("path", "packs/retail/policies/x.yaml"), line, column),
        hint=changes.get("hint", "did you mean `out_count_1h`?"),
        source_line=changes.get("source_line", "        out_cnt_1h >= 3"),
    )


def test_an_error_renders_with_its_line_a_caret_and_a_hint(check_output: CheckOutput) -> None:
    check_output(unknown_feature().render())


def test_the_caret_stands_under_its_column_behind_chinese_text(check_output: CheckOutput) -> None:
    line = "  when: remark in ('刷单', '返利') and out_cnt_1h >= 3"
    check_output(unknown_feature(source_line=line, column=line.index("out_cnt") + 1).render())


def test_a_long_line_is_cut_around_the_caret(check_output: CheckOutput) -> None:
    line = "when: " + "paid_sum_1h > 3 and " * 40 + "out_cnt_1h > 3 or " + "is_night and " * 30
    check_output(unknown_feature(source_line=line, column=line.index("out_cnt") + 1).render())


def test_a_column_behind_the_line_puts_the_caret_at_its_end(check_output: CheckOutput) -> None:
    check_output(unknown_feature(source_line="  when: (a", column=400, hint="close it").render())


def test_an_error_without_a_source_line_shows_its_hint_below(check_output: CheckOutput) -> None:
    error = HaitangError(
        code="amount_out_of_range",
        message="field `amount_minor` was -5; expected an integer of minor units from 0 to 10^15",
        place=Place("events.jsonl", 17),
        hint="send the direction as the event type",
    )
    check_output(error.render())


def test_an_error_without_a_place_is_its_message() -> None:
    assert str(HaitangError(code="x", message="nothing to read")) == "nothing to read"


def test_a_pointer_is_shown_where_there_is_no_line() -> None:
    assert str(Place("model.json", pointer="$.trees[3]")) == "model.json:$.trees[3]"
    assert str(Place("a.yaml", 3, 4, "$.x")) == "a.yaml:3:4"


def test_control_characters_of_a_source_line_do_not_reach_the_terminal() -> None:
    rendered = unknown_feature(source_line="a\x1b[31mb\x00c\u202ed", column=1).render()
    assert not set(rendered) & {"\x1b", "\x00", "\u202e"}


def test_refusals_are_sorted_and_counted(check_output: CheckOutput) -> None:
    problems = [
        unknown_feature(path="b.yaml"),
        unknown_feature(path="a.yaml", line=20),
        unknown_feature(path="a.yaml", line=3, message="duplicate id `x`", hint="rename one"),
    ]
    refusals = Refusals(problems)
    assert [problem.place.path for problem in refusals.problems] == ["a.yaml", "a.yaml", "b.yaml"]
    check_output(refusals.render())


def test_refusals_are_never_empty() -> None:
    with pytest.raises(AssertionError):
        Refusals([])


def test_errors_travel_between_processes() -> None:
    refusals = Refusals([unknown_feature()])
    again = pickle.loads(pickle.dumps(refusals))
    assert isinstance(again, Refusals)
    assert again.render() == refusals.render()
    assert again.problems[0].code == "feature_unknown"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Unknown feature",
        "unknown feature.",
        "未知指标。",
        'unknown feature "x"',
        "unknown feature 'x'",
        "unknown feature “x”",
        "expected a number, got a text",
        "two\nlines",
        "an open `backtick",
    ],
)
def test_a_message_against_the_grammar_is_a_programmer_error(message: str) -> None:
    with pytest.raises(AssertionError):
        assert_grammar(message)


@pytest.mark.parametrize(
    "message",
    [
        "the pack's id was `Retail.`",
        "`Got` was unknown",
        "3 events were refused",
        "a 'd not matter",
    ],
)
def test_what_stands_in_backticks_is_free(message: str) -> None:
    assert_grammar(message)


def test_a_code_that_is_no_identifier_is_a_programmer_error() -> None:
    with pytest.raises(AssertionError):
        HaitangError(code="Not a code", message="x")


@given(st.text(max_size=300))
@example("a\u2028b\u2029c")
def test_any_text_makes_a_message_through_symbol(text: str) -> None:
    message = f"the value was {symbol(text)}"
    assert_grammar(message)
    assert len(symbol(text)) <= MAX_SYMBOL_LENGTH + 3


def test_the_nearest_known_name_is_suggested() -> None:
    known = ["paid_sum_1h", "out_count_1h", "out_count_1d"]
    assert suggest("out_cnt_1h", known) == "out_count_1h"
    assert suggest("Out_Count_1D", known) == "out_count_1d"
    assert suggest("zzz", known) is None
    assert did_you_mean("zzz", known) == ""
    assert did_you_mean("out_cnt_1h", known) == "did you mean `out_count_1h`?"
