"""Order and once-only."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.errors import DuplicateRefused
from haitang.data.events.order import (
    Deduplicator,
    in_order,
    merge_in_order,
    table_in_order,
)
from haitang.data.events.session import Login
from haitang.kernel.errors import Place

START_US = 1_767_225_600_000_000


def login(number: int, after_us: int = 0, customer: str = "C1") -> Login:
    return Login(event_id=f"e{number}", occurred_at_us=START_US + after_us, customer_id=customer)


def test_events_are_sorted_by_when_they_occurred_and_ties_stay() -> None:
    events = [login(1, 5), login(2, 3), login(3, 5), login(4, 3)]
    assert [event.event_id for event in in_order(events)] == ["e2", "e4", "e1", "e3"]


def test_sorted_streams_merge_with_the_earlier_stream_first_at_a_tie() -> None:
    left, right = [login(1, 1), login(2, 4)], [login(3, 1), login(4, 2), login(5, 4)]
    merged = [event.event_id for event in merge_in_order([left, right])]
    assert merged == ["e1", "e3", "e4", "e2", "e5"]


@given(st.lists(st.integers(0, 5), max_size=20))
def test_a_table_is_ordered_as_its_events_are(after: list[int]) -> None:
    events = [login(number, after_us) for number, after_us in enumerate(after)]
    table = pa.table(
        {
            "event_id": pa.array([event.event_id for event in events], pa.string()),
            "occurred_at_us": pa.array([event.occurred_at_us for event in events], pa.int64()),
        }
    )
    expected = [event.event_id for event in in_order(events)]
    assert table_in_order(table).column("event_id").to_pylist() == expected


def test_the_same_event_again_is_dropped() -> None:
    seen = Deduplicator()
    assert seen.admit(login(1), position=0)
    assert not seen.admit(login(1), position=1)
    assert seen.admit(login(2), position=2)


def test_the_same_id_with_other_content_is_refused_with_both_positions() -> None:
    seen = Deduplicator()
    seen.admit(login(1), position=3)
    with pytest.raises(DuplicateRefused) as caught:
        seen.admit(login(1, customer="C2"), position=9, place=Place(path="a.jsonl", line=10))
    assert (caught.value.first, caught.value.second) == (3, 9)
    assert caught.value.render() == (
        "a.jsonl:10: event id `e1` at position 9 stood at position 3 with other content\n"
        "    a correction is a new event with an id of its own"
    )
    assert not seen.admit(login(1), position=10)


def test_memory_is_bounded_and_the_last_generation_is_never_forgotten() -> None:
    seen = Deduplicator(generation_events_max=4)
    for number in range(100):
        assert seen.admit(login(number), position=number)
        assert len(seen) <= 8
        for recent in range(max(0, number - 3), number + 1):
            assert not seen.admit(login(recent), position=1_000)


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 40))
def test_a_state_that_was_written_goes_on_as_if_nothing_had_happened(
    numbers: list[int], cut: int
) -> None:
    whole = Deduplicator(generation_events_max=3)
    first = Deduplicator(generation_events_max=3)
    for position, number in enumerate(numbers[:cut]):
        whole.admit(login(number), position=position)
        first.admit(login(number), position=position)
    second = Deduplicator.read(first.write())
    for position, number in enumerate(numbers[cut:], start=cut):
        answers = [seen.admit(login(number), position=position) for seen in (whole, second)]
        assert answers[0] == answers[1]
    assert whole.write() == second.write()


@pytest.mark.parametrize("data", [b"", b"\x00", b"not a state", b"\x94\x02\x01\x80\x80"])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    with pytest.raises(DuplicateRefused, match="the state of the deduplicator"):
        Deduplicator.read(data)


def test_a_generation_is_remembered_whole_and_forgotten_bit_by_bit() -> None:
    seen = Deduplicator(generation_events_max=300)
    for number in range(1_000):
        assert seen.admit_content(f"E{number}", b"content", position=number)
    # Three generations were full: the one before the young one is remembered, the rest is not.
    for number in range(600, 1_000):
        assert not seen.admit_content(f"E{number}", b"content", position=number)
    assert len(seen) == 400
    assert seen.position_of("E599") is None
    again = Deduplicator.read(seen.write())
    assert again.write() == seen.write()
    assert (len(again), again.position_of("E600")) == (400, 600)
    # Both go on the same way, though one still lets go of the ids of an older generation.
    for number in range(1_000, 1_400):
        seen.admit_content(f"E{number}", b"content", position=number)
        again.admit_content(f"E{number}", b"content", position=number)
    assert again.write() == seen.write()
