from __future__ import annotations

import pytest

from haitang.data.features.terms import Compare, Expression, Logic, Number
from haitang.decision.rules.packfile import PackHead
from haitang.decision.rules.parameters import constants_of, value_at
from haitang.decision.rules.render import render
from haitang.decision.rules.specs import ParameterSpec, PolicySpec
from haitang.decision.rules.standards import RegulationValue
from haitang.kernel.instants import parse_instant
from tests.unit.decision.rules.standard_packs import POLICY, load_standard, with_change

JANUARY_US = parse_instant("2026-01-01T00:00:00+08:00")
JULY_US = parse_instant("2026-07-01T00:00:00+08:00")


def policies(text: str) -> dict[str, PolicySpec]:
    return {policy.instance: policy for policy in load_standard(text).pack.policies}


def bound(when: Expression) -> float:
    """Return what `paid_sum_1h` is held against."""
    assert isinstance(when, Logic)
    for part in when.operands:
        if isinstance(part, Compare) and render(part.left) == "paid_sum_1h":
            assert isinstance(part.right, Number)
            return part.right.value
    raise AssertionError(render(when))


def test_money_is_written_in_the_major_unit_and_compared_in_the_minor_one() -> None:
    found = policies(POLICY)
    assert {name: bound(one.when) for name, one in found.items()} == {
        "ordinary": 3_000_000.0,
        "elder": 1_000_000.0,
        "counter": 5_000_000.0,
    }
    assert found["elder"].parameters[0].value == 1_000_000.0


@pytest.mark.parametrize(
    ("unit", "written", "seen"),
    [
        ("seconds", "2h", 7_200.0),
        ("seconds", "90", 90.0),
        ("days", "7", 7.0),
        ("ratio", "1.5", 1.5),
        ("money", "0.29", 29.0),
        ("hour", "22", 22.0),
    ],
)
def test_a_parameter_stands_for_a_number_of_its_unit(unit: str, written: str, seen: float) -> None:
    text = with_change("unit: ratio, value: 0.5", f"unit: {unit}, value: {written}")
    (parameter,) = [one for one in policies(text)["elder"].parameters if one.name == "least_share"]
    assert (parameter.unit, parameter.value) == (unit, seen)


def test_constants_are_folded_as_if_they_were_written() -> None:
    text = with_change("paid_ratio >= least_share", "paid_ratio >= 2 * least_share - 0.5")
    assert "paid_ratio >= 0.5" in render(policies(text)["elder"].when)


def test_a_number_of_the_law_is_that_of_the_time_of_the_event() -> None:
    text = with_change("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_day")
    found = policies(text)
    (parameter, _) = found["ordinary"].parameters
    assert (parameter.regulation, parameter.value) == ("REG-40.cash_day", None)
    assert [
        value_at(parameter, instant)
        for instant in (JANUARY_US - 1, JANUARY_US, JULY_US - 1, JULY_US)
    ] == [None, 5_000_000.0, 5_000_000.0, 10_000_000.0]
    assert bound(found["elder"].when) == 1_000_000.0


def test_the_date_that_a_law_asks_for_is_not_what_the_author_reads() -> None:
    text = with_change("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_day")
    ordinary = policies(text)["ordinary"]
    assert ordinary.reads == ("is_payment", "paid_sum_1h", "paid_ratio")
    assert "occurred_at_us" in render(ordinary.when)


def test_an_instance_may_take_its_number_from_the_law() -> None:
    text = with_change("least_sum: 10000", "least_sum: REG-40.cash_day")
    assert "choose" in render(policies(text)["elder"].when)


def test_one_value_for_ever_is_a_constant() -> None:
    from_the_first_us = RegulationValue(from_us=0, value=5.0, unit="count", source="Order 3")
    parameter = ParameterSpec(
        name="most", unit="count", title=PackHead().title, periods=(from_the_first_us,)
    )
    assert constants_of([parameter]) == {"most": Number(value=5.0)}
    with_an_end = ParameterSpec(
        name="most",
        unit="count",
        title=PackHead().title,
        periods=(
            RegulationValue(from_us=0, to_us=JULY_US, value=5.0, unit="count", source="Order 3"),
        ),
    )
    assert render(constants_of([with_an_end])["most"]) == (
        f"choose(occurred_at_us < {JULY_US}, 5, 0 / 0)"
    )
