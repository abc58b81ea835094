from __future__ import annotations

import pytest

from haitang.edges.cli.columns import bar, cut, pad, pad_left, table, width_of, wrap


def test_chinese_takes_two_columns() -> None:
    assert width_of("海塘 Haitang") == 12
    assert pad("海塘", 6) + "|" == "海塘  |"
    assert pad_left("元", 4) == "  元"
    assert width_of("e\u0301") == 1


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("海塘海塘", 6, "海塘…"), ("", 1, "")],
)
def test_long_texts_are_cut_within_the_columns(text: str, columns: int, shown: str) -> None:
    assert cut(text, columns) == shown
    assert width_of(cut(text, columns)) <= columns


def test_english_breaks_at_spaces_and_chinese_anywhere_but_before_punctuation() -> None:
    assert wrap("one two three four five", columns=22) == ["one two three four", "five"]
    said = "海塘在资金转出之前作出决策，并且解释。"
    assert wrap(said, columns=26) == ["海塘在资金转出之前作出决", "策，并且解释。"]
    assert wrap("海塘在资金转出之前作出决，策", columns=24) == ["海塘在资金转出之前作出", "决，策"]


def test_a_word_longer_than_the_line_stands_alone() -> None:
    long = "x" * 40
    assert wrap(f"see {long} there", columns=30) == ["see", long, "there"]


def test_nothing_is_one_empty_line() -> None:
    assert wrap("", columns=30, indent="  ") == ["  "]


@pytest.mark.parametrize(
    ("value", "drawn"), [(0, ""), (-1, ""), (8, "████"), (4, "██"), (0.001, "▏"), (99, "████")]
)
def test_bars_are_in_eighths_and_everything_above_zero_shows(value: float, drawn: str) -> None:
    assert bar(value, full=8, columns=4) == drawn


def test_tables_align_by_columns_of_the_terminal() -> None:
    rows = [("名称", "数"), ("a", "1,000")]
    assert table(rows, right=frozenset({1})) == ["  名称     数", "  a     1,000"]
    assert table([]) == []
