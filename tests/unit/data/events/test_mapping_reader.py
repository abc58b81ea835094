"""What is said to the author of a mapping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.errors import MappingRefused
from haitang.data.events.mapping import MappingSpec
from haitang.data.events.mapping_reader import read_mapping
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput

GOOD = """mapping: cards
missing: ["", NA]
events:
  - event_type: LOGIN
    fields:
      event_id: ID
      occurred_at_us: {column: AT, time: {unit: s}}
"""


def good(old: str = "", new: str = "") -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def field(text: str) -> str:
    return f"{GOOD}      {text}\n"


REFUSED = {
    "empty": "",
    "not-yaml": "mapping: [a",
    "control-character": "mapping: \x07",
    "a-list": "- mapping",
    "two-documents": GOOD + "---\n" + GOOD,
    "anchor": good("ID", "&id ID"),
    "tag": good("ID", "!!python/name:os.system ID"),
    "key-twice": field("event_id: ID"),
    "deep": "mapping: " + "[" * 40 + "]" * 40,
    "key-unknown": good("missing", "misssing"),
    "no-events": "mapping: cards\n",
    "events-empty": "mapping: cards\nevents: []\n",
    "event-type-unknown": good("LOGIN", "LOGON"),
    "event-type-missing": good("event_type: LOGIN", "when: []"),
    "required-field-missing": good("      event_id: ID\n"),
    "field-unknown": field("devise_id: D"),
    "field-of-another-type": field("amount_minor: A"),
    "two-sources": field('device_id: {column: A, template: "{B}"}'),
    "no-source": field("device_id: {default: a}"),
    "constant-out-of-bounds": field("customer_age_years: {constant: 151}"),
    "constant-not-allowed": field("channel: {constant: MOBIL}"),
    "value-not-allowed": field("channel: {column: C, values: {1: ATM, 2: HAT}}"),
    "values-a-list": field("channel: {column: C, values: [ATM]}"),
    "scale-of-a-text": field("device_id: {column: D, scale: 100}"),
    "scale-zero": field("customer_age_years: {column: D, scale: 0}"),
    "rounding-unknown": field("customer_age_years: {column: D, round: up}"),
    "time-of-a-text": field("device_id: {column: D, time: {unit: s}}"),
    "time-two-ways": field('received_at_us: {column: D, time: {unit: s, format: "%Y"}}'),
    "time-unit-unknown": field("received_at_us: {column: D, time: {unit: sec}}"),
    "time-format-without-directives": field("received_at_us: {column: D, time: {format: ISO}}"),
    "zone-unknown": field('received_at_us: {column: D, time: {format: "%Y", zone: Asia/Shanhai}}'),
    "duration-malformed": field("received_at_us: {column: D, time: {unit: s, later: 7 days}}"),
    "origin-malformed": field("received_at_us: {column: D, time: {step: 1d, origin: 2026}}"),
    "condition-without-question": good("events:", "skip: [{column: A}]\nevents:"),
    "condition-without-column": good("events:", "skip: [{is: [a]}]\nevents:"),
    "several": good("LOGIN", "LOGON") + "extra: 1\n",
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_mapping_is_refused_at_the_place_of_the_fault(
    name: str, check_output: CheckOutput
) -> None:
    with pytest.raises(HaitangError) as caught:
        read_mapping(REFUSED[name], path="cards.yaml")
    check_output(caught.value.render())


def test_a_mapping_that_is_too_long_is_refused() -> None:
    with pytest.raises(MappingRefused, match="characters long"):
        read_mapping("#" * 300_000)


def test_a_good_mapping_is_read() -> None:
    spec = read_mapping(GOOD, path="cards.yaml")
    assert spec.name == "cards"
    assert spec.columns() == ("ID", "AT")
    assert spec.events[0].fields[0].missing == ("", "NA")


def read_or_refused(text: str) -> str | MappingSpec:
    try:
        return read_mapping(text)
    except HaitangError as error:
        return error.render()


@given(st.text(max_size=60) | st.text(st.sampled_from(" \n:-{}[]',\"&*!|>#?%a1"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert read_or_refused(text)


@given(st.data())
def test_a_damaged_mapping_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    stop = data.draw(st.integers(start, min(len(GOOD), start + 12)))
    middle = data.draw(st.text(st.sampled_from(" \n:-{}[]',\"&*!|>#?%a1\t"), max_size=4))
    assert read_or_refused(GOOD[:start] + middle + GOOD[stop:])
