from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.terms import Field
from haitang.decision.rules.expression import parse_expression
from haitang.decision.rules.instances import (
    InstanceForm,
    Scopes,
    default_words,
    scope_cells,
    scope_condition,
    universe,
)
from haitang.decision.rules.render import render
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.silence import Kind, Possibilities
from haitang.decision.rules.value_types import names_read
from haitang.decision.rules.yamltext import Scalar
from tests.unit.decision.rules.standard_packs import POLICY, load_standard, with_change

NODE = Scalar(text="", style="", line=0, column=0, index=0)
SEGMENT = Field(name="customer_segment", type="text")
CHANNELS, SEGMENTS = FIELDS["channel"].allowed, FIELDS["customer_segment"].allowed


def form(
    name: str,
    channels: tuple[str, ...] | None = None,
    segments: tuple[str, ...] | None = None,
) -> InstanceForm:
    return InstanceForm(id=name, node=NODE, channels=channels, segments=segments)


def held(
    forms: tuple[InstanceForm, ...], scopes: Scopes
) -> dict[tuple[str | None, str | None], list[str]]:
    """Return which instances hold an event, asked of the conditions that are evaluated."""
    cells = scope_cells(forms, scopes)
    every = universe(forms, scopes)
    possibilities = Possibilities(())
    conditions = {
        one.id: scope_condition(cells[one.id], *every, scopes.segment)
        for one in forms
        if cells[one.id]
    }
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for channel, segment in itertools.product((*CHANNELS, None), (*SEGMENTS, None)):
        kind = Kind("TXN_REQUEST", (("channel", channel), ("customer_segment", segment)))
        found[channel, segment] = [
            name
            for name, parts in conditions.items()
            if all(possibilities.could_hold(part, kind) for part in parts)
        ]
    return found


def words(allowed: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    some = st.lists(st.sampled_from(allowed), min_size=1, max_size=3, unique=True).map(tuple)
    return st.one_of(st.none(), st.just(()), some)


FORMS = st.lists(st.tuples(words(CHANNELS), words(SEGMENTS)), min_size=1, max_size=4).map(
    lambda written: tuple(form(f"i{n}", *pair) for n, pair in enumerate(written))
)
POLICY_CHANNELS = st.lists(st.sampled_from(CHANNELS), max_size=4, unique=True).map(tuple)


@given(FORMS, POLICY_CHANNELS)
def test_a_condition_holds_for_exactly_the_cells_of_its_scope(
    forms: tuple[InstanceForm, ...], channels: tuple[str, ...]
) -> None:
    scopes = Scopes(channels=channels, segment=SEGMENT)
    cells = scope_cells(forms, scopes)
    for cell, names in held(forms, scopes).items():
        assert names == [one.id for one in forms if cell in cells[one.id]]


@given(st.lists(st.sampled_from(SEGMENTS), min_size=1, unique=True), POLICY_CHANNELS)
def test_with_a_rest_every_event_of_the_policy_is_in_exactly_one_instance(
    named: list[str], channels: tuple[str, ...]
) -> None:
    forms = (form("rest", None, ()), *(form(one.lower(), None, (one,)) for one in named))
    for (channel, segment), names in held(
        forms, Scopes(channels=channels, segment=SEGMENT)
    ).items():
        mine = not channels or channel in channels
        owner = segment.lower() if segment in named and segment else "rest"
        assert names == ([owner] if mine else [])


@given(FORMS)
def test_a_rest_never_takes_what_a_sibling_names(forms: tuple[InstanceForm, ...]) -> None:
    scopes = Scopes(segment=SEGMENT)
    cells = scope_cells(forms, scopes)
    for one, other in itertools.permutations(forms, 2):
        if one.segments == () and other.segments and other.channels is None:
            assert not {segment for _, segment in cells[one.id]} & set(other.segments)


def test_rest_gives_way_only_where_the_sibling_is() -> None:
    forms = (form("other", None, ()), form("elder", ("MOBILE",), ("ELDER",)))
    found = held(forms, Scopes(segment=SEGMENT))
    assert found["MOBILE", "ELDER"] == ["elder"]
    assert found["WEB", "ELDER"] == ["other"]
    assert found["MOBILE", "MINOR"] == ["other"]
    assert found[None, None] == ["other"]


def test_a_missing_value_belongs_to_the_rest() -> None:
    forms = (form("rest", ()), form("phone", ("MOBILE",)))
    found = held(forms, Scopes())
    assert (found[None, "ELDER"], found["MOBILE", None]) == (["rest"], ["phone"])


@pytest.mark.parametrize(
    ("instance", "written"),
    [
        ("ordinary", "channel in ('MOBILE', 'WEB') and not customer_segment in {}"),
        ("elder", "channel in ('MOBILE', 'WEB', 'COUNTER') and customer_segment in {}"),
        ("counter", "channel == 'COUNTER' and not customer_segment in {}"),
    ],
)
def test_an_instance_is_the_policy_that_one_would_write_by_hand(
    instance: str, written: str
) -> None:
    sums = {"ordinary": 30_000, "elder": 10_000, "counter": 50_000}
    (policy,) = [one for one in load_standard().pack.policies if one.instance == instance]
    by_hand = (
        (
            POLICY[: POLICY.index("parameters:")]
            + "when: "
            + written.format("('ELDER', 'VULNERABLE')")
            + f" and is_payment and paid_sum_1h >= money({sums[instance]}) and paid_ratio >= 0.5\n"
            + POLICY[POLICY.index("score: 500") : POLICY.index("instances:")]
            + POLICY[POLICY.index("reason:") : POLICY.index("tests:")]
        )
        .replace("status: live", "status: draft")
        .replace("channels: [MOBILE, WEB, COUNTER]\n", "")
    )
    (same,) = load_standard(by_hand).pack.policies
    assert render(policy.when) == render(same.when)
    assert policy.when == same.when


def test_a_scope_is_asked_before_what_the_author_wrote() -> None:
    for policy in load_standard().pack.policies:
        assert names_read(policy.when)[:2] == ("channel", "customer_segment")
        assert policy.reads == ("is_payment", "paid_sum_1h", "paid_ratio")


def test_a_policy_without_instances_has_one_that_is_called_like_it() -> None:
    start, end = POLICY.index("instances:"), POLICY.index("reason:")
    (policy,) = load_standard(POLICY[:start] + POLICY[end:]).pack.policies
    assert (policy.id, policy.policy_id, policy.instance) == (
        "c14_break_and_send",
        "c14_break_and_send",
        "",
    )
    assert render(policy.when).startswith("channel in ('MOBILE', 'WEB', 'COUNTER') and is_payment")


def test_an_instance_overrides_and_inherits() -> None:
    found = {
        one.instance: (one.id, one.score, one.action, one.also, one.status)
        for one in load_standard(
            with_change("score: 560}", "score: 560, status: shadow}")
        ).pack.policies
    }
    name = "c14_break_and_send"
    assert found == {
        "ordinary": (f"{name}.ordinary", 500, "HOLD", ("CALL",), "live"),
        "elder": (f"{name}.elder", 560, "HOLD", ("CALL",), "shadow"),
        "counter": (f"{name}.counter", 500, "CV", ("CALL",), "live"),
    }


def test_an_instance_may_take_back_what_accompanies() -> None:
    text = with_change("score: 560}", "score: 560, also: []}")
    assert [one.also for one in load_standard(text).pack.policies] == [("CALL",), (), ("CALL",)]


@pytest.mark.parametrize(
    ("own", "siblings", "expected"),
    [
        (form("a", ("WEB", "MOBILE"), ("NEW", "ELDER")), (), ("WEB", "NEW")),
        (form("a", None, ()), (), ("MOBILE", "ORDINARY")),
        (form("a", (), ()), (form("b", ("MOBILE",), ("ORDINARY",)),), ("MOBILE", "ELDER")),
        (form("a", ()), (form("b", ("MOBILE",)),), ("WEB", None)),
        (form("a", None, ()), (form("b", None, ("ORDINARY", "ELDER")),), ("MOBILE", "MINOR")),
    ],
)
def test_test_events_are_of_the_first_channel_and_segment_of_the_scope(
    own: InstanceForm, siblings: tuple[InstanceForm, ...], expected: tuple[str, str]
) -> None:
    scopes = Scopes(segment=SEGMENT)
    cells = scope_cells((own, *siblings), scopes)
    assert default_words(own, cells["a"], scopes) == expected


def test_expressions_of_scopes_can_be_read_back() -> None:
    text = render(load_standard().pack.policies[0].when)
    scope = Scope(
        fields=FIELDS,
        features={"is_payment": "flag", "paid_sum_1h": "number", "paid_ratio": "number"},
    )
    assert parse_expression(text, scope) == load_standard().pack.policies[0].when
