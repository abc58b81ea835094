"""What is guessed of conditions tells the seldom from the usual."""

from __future__ import annotations

import pytest

from haitang.data.features.plan import PlanBuilder
from haitang.decision.engine.selectivity import Shares
from tests.unit.decision.engine.engine_packs import FEATURES, policy, read_pack

OWN = {
    "paid": {"key": "customer", "aggregate": "sum", "of": "amount_minor", "window": "1d"},
    "known_for": {"key": "customer", "aggregate": "first_seen"},
    "usual": {"key": "customer", "aggregate": "mean", "of": "amount_minor", "window": "30d"},
    "twice": {"value": "2 * paid"},
    "is_seldom": {"value": "paid > 100 and paid > 200"},
}


def share(condition: str) -> float:
    pack = read_pack([policy("own", condition)], features={**FEATURES, **OWN})
    builder = PlanBuilder(pack.catalogue)
    program = builder.program
    test = program.test(pack.policies[0].when)
    rows = program.inputs.features
    features = {rows[one.name]: one for one in pack.catalogue.features if one.name in rows}
    shares = Shares(program.code("value"), program.constants(), features)
    return shares.of_test((test.op, test.a, test.b, test.c))


@pytest.mark.parametrize(
    ("seldom", "usual"),
    [
        ("paid > 100", "paid < 100"),
        ("paid >= 100", "paid >= 0"),
        ("paid > 0", "paid == 0"),
        ("known_for < 3600", "known_for > 3600"),
        ("paid > 100 and known_for < 3600", "paid > 100"),
        ("paid > 100", "paid > 100 or known_for < 3600"),
        ("paid > 100", "not paid > 100"),
        ("is_seldom", "paid > 100"),
        ("usual > 100", "usual < 100"),
        ("twice > 100", "twice < 100"),
    ],
)
def test_the_seldom_is_told_from_the_usual(seldom: str, usual: str) -> None:
    assert 0.0 <= share(seldom) < share(usual) <= 1.0
