from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from haitang.app.readahead import AHEAD_MAX, read_ahead


def test_items_come_in_their_order() -> None:
    assert list(read_ahead(iter(range(100)))) == list(range(100))


def test_an_error_comes_where_it_happened() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    reading = read_ahead(broken())
    assert next(reading) == 1
    with pytest.raises(ValueError, match="torn"):
        next(reading)


def test_no_more_is_made_than_may_wait() -> None:
    made: list[int] = []
    third = threading.Event()

    def counted() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            if number == AHEAD_MAX + 1:
                third.set()
            yield number

    reading = read_ahead(counted())
    assert next(reading) == 0
    assert third.wait(timeout=10)
    # One was taken, as many as may wait do, and one is held ready.
    assert len(made) == AHEAD_MAX + 2
    reading.close()  # type: ignore[attr-defined]


def test_whoever_stops_reading_ends_the_thread() -> None:
    reading = read_ahead(iter(range(50)))
    next(reading)
    threads = [one for one in threading.enumerate() if one.name == "read-ahead"]
    reading.close()  # type: ignore[attr-defined]
    for one in threads:
        one.join(timeout=10)
        assert not one.is_alive()
