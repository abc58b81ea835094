"""The three worked cases as scenarios: what happened, and what must have been done about it.

Facts come from the published accounts; every field that had to be invented is listed as an
assumption of the scenario. Criteria are data: expectations of decisions, or the name of the room
that will have to meet them.
"""

from haitang.lab.scenarios.catalogue import SCENARIOS, scenario, scenarios
from haitang.lab.scenarios.criteria import (
    Assumption,
    Criterion,
    CriterionResult,
    Expectation,
    Scenario,
    judge,
    unexplained_fields,
)

__all__ = [
    "SCENARIOS",
    "Assumption",
    "Criterion",
    "CriterionResult",
    "Expectation",
    "Scenario",
    "judge",
    "scenario",
    "scenarios",
    "unexplained_fields",
]
