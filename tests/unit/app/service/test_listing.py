"""Requests about lists, as events."""

from __future__ import annotations

from haitang.app.service.listing import entry_rows, read_listing
from haitang.data.events.codec import decode_stored, encode_event
from haitang.data.lists.entries import EntryRules, entry_event

NOW_US = 1_772_294_400_000_000
RULES = EntryRules(list_name="grey", occurred_at_us=NOW_US)


def test_good_rows_become_arrivals_and_bad_ones_are_named_by_their_index() -> None:
    listing = read_listing(
        [b'{"list_value":"a"}', b"{}", b'{"list_value":"b","severity":2}', b"nonsense"],
        rules=RULES,
    )
    assert listing.indices == (0, 2)
    assert [index for index, _ in listing.refused] == [1, 3]
    for arrival in listing.arrivals:
        assert arrival.content == encode_event(arrival.event)
        assert decode_stored(arrival.content) == arrival.event
        assert arrival.event.event_type == "LIST_UPSERT"


def test_a_row_repeated_at_another_time_is_another_change_unless_it_says_when() -> None:
    plain, dated = b'{"list_value":"a"}', b'{"list_value":"a","occurred_at_us":%d}' % NOW_US
    later = EntryRules(list_name="grey", occurred_at_us=NOW_US + 5)
    first = read_listing([plain, dated], rules=RULES).arrivals
    second = read_listing([plain, dated], rules=later).arrivals
    assert first[0].event.event_id != second[0].event.event_id
    assert first[1] == second[1]


def test_the_rows_of_events_say_the_same_events_again() -> None:
    events = [
        entry_event(
            {"list_value": value, "severity": 2.0, "effective_at_us": NOW_US - 9},
            rules=RULES,
            origin=("file", number),
        )
        for number, value in enumerate(("a", "名单"))
    ]
    rows = list(entry_rows(events))
    assert [name for name, _ in rows] == ["grey", "grey"]
    elsewhere = EntryRules(list_name="grey", occurred_at_us=NOW_US + 77)
    listing = read_listing([row for _, row in rows], rules=elsewhere)
    assert [arrival.event for arrival in listing.arrivals] == events
