"""Answers at hand: the newest by position, and all that is not durable."""

from __future__ import annotations

from haitang.app.service.recent import RecentBodies


def test_the_newest_runs_are_found_by_position_and_the_oldest_let_go() -> None:
    recent = RecentBodies(4)
    recent.add(10, [b"a", b"b"], durable_position=10)
    recent.add(12, [b"c"], durable_position=12)
    recent.add(13, [b"d", b"e"], durable_position=13)
    assert [recent.find(position) for position in range(9, 16)] == [
        None, None, None, b"c", b"d", b"e", None,
    ]  # fmt: skip


def test_what_is_not_durable_is_kept_however_much_it_is() -> None:
    recent = RecentBodies(1)
    recent.add(0, [b"a", b"b"], durable_position=0)
    recent.add(2, [b"c"], durable_position=1)
    assert [recent.find(position) for position in range(3)] == [b"a", b"b", b"c"]
    recent.add(3, [b"d"], durable_position=3)
    assert [recent.find(position) for position in range(4)] == [None, None, None, b"d"]


def test_positions_between_runs_have_no_answer() -> None:
    recent = RecentBodies(8)
    recent.add(0, [b"a"], durable_position=0)
    recent.add(5, [b"b"], durable_position=5)
    assert recent.find(3) is None
    assert recent.find(-1) is None
