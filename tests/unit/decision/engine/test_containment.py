"""What remarks contain is told exactly, whatever was asked before."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.remarks import Remarks
from haitang.decision.engine import containment
from haitang.decision.engine.containment import Containment

FIELDS = ("remark", "note")
LETTERS = st.text("aAßb货款", max_size=4)
CONTAINS = st.lists(
    st.tuples(st.sampled_from(FIELDS), st.tuples(LETTERS.filter(bool), LETTERS.filter(bool))),
    max_size=3,
)


def slow_words(
    contains: list[tuple[str, tuple[str, ...]]], columns: list[list[str | None]]
) -> list[list[bool]]:
    return [
        [
            text is not None and any(one.casefold() in text.casefold() for one in needles)
            for text in columns[FIELDS.index(field)]
        ]
        for field, needles in contains
    ]


@given(CONTAINS, st.lists(st.lists(st.none() | LETTERS, min_size=2, max_size=5), max_size=4))
def test_each_event_is_told_what_its_remarks_contain(
    contains: list[tuple[str, tuple[str, ...]]], batches: list[list[str | None]]
) -> None:
    with patch.object(containment, "REMEMBERED_TEXTS", 3):
        told = Containment(contains, FIELDS)
        for column in batches:
            columns = [column, column[::-1]]
            words = told.words([Remarks.of(one) for one in columns], len(column))
            bits = [
                ((words[i // 64] >> np.uint64(i % 64)) & np.uint64(1)).astype(bool).tolist()
                for i in range(len(contains))
            ]
            assert bits == slow_words(contains, columns)


def test_a_word_holds_sixty_four_containments() -> None:
    contains = [("remark", (f"<{i}>",)) for i in range(70)]
    told = Containment(contains, ("remark",))
    words = told.words([Remarks.of(["<3><69>", None, "<64>"])], 3)
    assert words.tolist() == [[1 << 3, 0, 0], [1 << 5, 0, 1]]
    assert words.flags.c_contiguous


def test_slices_of_a_column_are_looked_at_once() -> None:
    told = Containment([("remark", ("货",))], ("remark",))
    column = Remarks.of(["货款", "转账", None])
    with patch.object(Containment, "_read", autospec=True, side_effect=Containment._read) as read:
        for start in range(3):
            part = column[start:]
            assert told.words([part], len(part)).tolist() == [[1, 0, 0][start:]]
    assert read.call_count == 2
