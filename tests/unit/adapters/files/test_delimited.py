from __future__ import annotations

from pathlib import Path

import pytest

from haitang.adapters.files.delimited import read_delimited_pieces
from haitang.adapters.files.tables import TablePiece
from haitang.kernel.errors import HaitangError


def piece_of(tmp_path: Path, content: bytes) -> TablePiece:
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    (piece,) = read_delimited_pieces(path)
    return piece


def test_cells_are_texts_under_the_names_of_the_header(tmp_path: Path) -> None:
    piece = piece_of(tmp_path, "\ufeffid,名称\n1,甲\n2,\n".encode())
    assert piece.table.to_pydict() == {"id": ["1", "2"], "名称": ["甲", ""]}
    assert piece.lines == (2, 3)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_that_of_the_header(tmp_path: Path, delimiter: str) -> None:
    content = f"a{delimiter}b\n1{delimiter}2\n".encode()
    assert piece_of(tmp_path, content).table.to_pydict() == {"a": ["1"], "b": ["2"]}


def test_lines_are_right_behind_quoted_line_breaks_and_blank_lines(tmp_path: Path) -> None:
    piece = piece_of(tmp_path, b'a,b\n"x\ny",1\n\nz,2\n')
    assert piece.table.to_pydict() == {"a": ["x\ny", "z"], "b": ["1", "2"]}
    assert [piece.line_of(row) for row in range(2)] == [2, 5]


def test_rows_that_cannot_be_read_are_refused_and_keep_their_number(tmp_path: Path) -> None:
    piece = piece_of(tmp_path, b'a,b\n1,2\n3\n\xff,4\n5,6\n"7" x,8\n9,10\n')
    assert sorted(piece.refused) == [1, 2, 4]
    assert [piece.refused[row].place.line for row in (1, 2, 4)] == [3, 4, 6]
    assert [piece.refused[row].code for row in (1, 2, 4)] == [
        "event_not_csv",
        "event_not_utf8",
        "event_not_csv",
    ]
    assert piece.table["a"].to_pylist()[3] == "5"
    assert piece.table["a"].to_pylist()[5] == "9"


@pytest.mark.parametrize("content", [b"", b"\n", b"a,a\n", b"\xff\xfe\n1\n", b'"a\n'])
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(HaitangError) as refused:
        piece_of(tmp_path, content)
    assert refused.value.code == "table_header_malformed"
