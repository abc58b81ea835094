"""Order and once-only."""

from __future__ import annotations

import hashlib

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haitang.data.events.errors import DuplicateRefused
from haitang.data.events.order import Deduplicator, in_order, merge_in_order, table_in_order
from haitang.data.events.remembered import NEW, REUSED
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


def test_memory_is_bounded_and_the_last_events_are_never_forgotten() -> None:
    seen = Deduplicator(events_max=4)
    for number in range(100):
        assert seen.admit(login(number), position=number)
        assert len(seen) == min(number + 1, 4)
        for recent in range(max(0, number - 3), number + 1):
            assert not seen.admit(login(recent), position=1_000)
    assert seen.position_of("e95") is None
    assert seen.position_of("e96") == 96


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 40))
def test_a_state_that_was_written_goes_on_as_if_nothing_had_happened(
    numbers: list[int], cut: int
) -> None:
    whole = Deduplicator(events_max=3)
    first = Deduplicator(events_max=3)
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


class Plain:
    """What a deduplicator does, by a dictionary."""

    def __init__(self, events_max: int) -> None:
        self.events_max = events_max
        self.known: dict[str, tuple[bytes, int]] = {}

    def admit_each(
        self, event_ids: list[str], contents: list[bytes], *, position: int, is_dense: bool
    ) -> list[int]:
        told = []
        for event_id, content in zip(event_ids, contents, strict=True):
            known = self.known.get(event_id)
            if known is None:
                if len(self.known) == self.events_max:
                    del self.known[next(iter(self.known))]
                self.known[event_id] = content, position
                told.append(NEW)
            else:
                told.append(known[1] if known[0] == content else REUSED - known[1])
            position += known is None or not is_dense
        return told


@settings(max_examples=300)
@given(
    st.integers(1, 12),
    st.booleans(),
    st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=20), max_size=12),
)
def test_it_answers_as_a_dictionary_would(
    events_max: int, is_dense: bool, calls: list[list[tuple[int, int]]]
) -> None:
    seen, plain = Deduplicator(events_max), Plain(events_max)
    position = 0
    for call in calls:
        ids, contents = [f"E{number}" for number, _ in call], [b"%d" % which for _, which in call]
        told = seen.admit_each(ids, contents, position=position, is_dense=is_dense)
        assert told == plain.admit_each(ids, contents, position=position, is_dense=is_dense)
        assert {n: seen.position_of(f"E{n}") for n in range(31)} == {
            n: plain.known[f"E{n}"][1] if f"E{n}" in plain.known else None for n in range(31)
        }
        position += len(call)
        seen = Deduplicator.read(seen.write())


def test_many_events_are_told_apart_while_old_ones_leave() -> None:
    seen = Deduplicator(events_max=3_000)
    for start in range(0, 40_000, 1_000):
        ids = [f"E{number}" for number in range(start, start + 1_000)]
        contents = [event_id.encode() for event_id in ids]
        assert seen.admit_each(ids, contents, position=start) == [NEW] * 1_000
        again = seen.admit_each(ids, contents, position=start, is_dense=True)
        assert again == list(range(start, start + 1_000))
    assert [seen.position_of(f"E{number}") for number in range(40_000)] == [
        None if number < 37_000 else number for number in range(40_000)
    ]


def test_another_size_keeps_the_newest() -> None:
    seen = Deduplicator(events_max=300)
    for number in range(1_000):
        assert seen.admit_content(f"E{number}", b"content", position=number)
    smaller, larger = (Deduplicator.read(seen.write(), events_max=size) for size in (50, 5_000))
    assert (len(smaller), len(larger)) == (50, 300)
    for number in range(1_000, 1_100):
        assert smaller.admit_content(f"E{number}", b"content", position=number)
        assert larger.admit_content(f"E{number}", b"content", position=number)
    assert [smaller.position_of(f"E{number}") for number in (1_049, 1_050)] == [None, 1_050]
    assert [larger.position_of(f"E{number}") for number in (699, 700)] == [None, 700]


def test_the_state_of_before_is_read() -> None:
    def known(number: int) -> bytes:
        digest = hashlib.blake2b(b"%d" % number, digest_size=16).digest()
        return digest + number.to_bytes(8)

    young, old = ({f"E{n}": known(n) for n in numbers} for numbers in (range(4, 7), range(4)))
    seen = Deduplicator.read(msgspec.msgpack.encode([1, 4, young, old]))
    assert [seen.position_of(f"E{number}") for number in range(7)] == [None] * 3 + [3, 4, 5, 6]
    assert not seen.admit_content("E5", b"5", position=9)
    with pytest.raises(DuplicateRefused, match="stood at position 6 with other content"):
        seen.admit_content("E6", b"7", position=9)
    assert seen.admit_content("E9", b"9", position=9)
    assert seen.position_of("E3") is None


def test_the_state_of_another_version_is_refused() -> None:
    with pytest.raises(DuplicateRefused, match="was of version 3; expected 2"):
        Deduplicator.read(msgspec.msgpack.encode([3, 5, b"", b"", b""]))
    with pytest.raises(DuplicateRefused, match="columns of unequal length"):
        Deduplicator.read(msgspec.msgpack.encode([2, 5, bytes(16), bytes(16), bytes(16)]))
    with pytest.raises(DuplicateRefused, match="an id twice"):
        Deduplicator.read(msgspec.msgpack.encode([2, 5, bytes(32), bytes(32), bytes(16)]))
