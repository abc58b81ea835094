from __future__ import annotations

import io
from pathlib import Path

import pytest

from haitang.adapters.files.lines import LINE_BYTES_MAX, read_elements, read_lines
from haitang.kernel.errors import HaitangError

PATH = Path("events")


def lines(content: bytes) -> list[tuple[int, bytes, int]]:
    return [
        (line.place.line, line.text, line.end)
        for line in read_lines(io.BytesIO(content), path=PATH)
    ]


def elements(content: bytes) -> list[tuple[str, bytes]]:
    return [
        (element.place.pointer, element.text)
        for element in read_elements(io.BytesIO(content), path=PATH)
    ]


def test_lines_keep_their_numbers_when_blank_ones_are_skipped() -> None:
    assert lines(b"a\n\n  \r\nb\r\nc") == [(1, b"a", 2), (4, b"b", 10), (5, b"c", 11)]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert lines(b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n") == [
        (1, b"a", 5),
        (2, b"\xef\xbb\xbfb", 10),
    ]


def test_an_endless_line_is_cut_and_the_next_one_is_read() -> None:
    long = b"x" * (2 * LINE_BYTES_MAX + 5)
    first, second = lines(long + b"\nnext\n")
    assert first == (1, long[:LINE_BYTES_MAX], len(long) + 1)
    assert second == (2, b"next", len(long) + 6)


def test_a_line_that_ends_at_the_bound_does_not_swallow_the_next() -> None:
    first = b"x" * (LINE_BYTES_MAX - 1)
    assert [text for _, text, _ in lines(first + b"\nnext\n")] == [first, b"next"]


def test_elements_of_an_array_are_pointed_at() -> None:
    assert elements(b'[{"a": 1}, 2 , null]') == [
        ("$[0]", b'{"a": 1}'),
        ("$[1]", b"2"),
        ("$[2]", b"null"),
    ]


def test_a_single_object_is_one_element_and_nothing_is_none() -> None:
    assert elements(b'\xef\xbb\xbf{\n"a": 1}\n') == [("", b'{\n"a": 1}')]
    assert elements(b" \n") == []


@pytest.mark.parametrize("content", [b"[1, 2", b"[1 2]", b"[\xff]", b"[" * 100_000])
def test_a_broken_array_is_refused_whole(content: bytes) -> None:
    with pytest.raises(HaitangError) as refused:
        elements(content)
    assert refused.value.code == "event_document_not_json"
