"""The worked cases by name and variant."""

from __future__ import annotations

from collections.abc import Callable

from haitang.lab.scenarios.criteria import Scenario
from haitang.lab.scenarios.false_boss import false_boss
from haitang.lab.scenarios.parcel_caller import parcel_caller
from haitang.lab.scenarios.runner import runner

SCENARIOS: dict[str, Callable[[int], Scenario]] = {
    "AS-1": parcel_caller,
    "AS-2": lambda shift_days: runner("own-outlets", shift_days),
    "AS-2/other-banks": lambda shift_days: runner("other-banks", shift_days),
    "AS-3": lambda shift_days: false_boss("denied", shift_days),
    "AS-3/recalled": lambda shift_days: false_boss("recalled", shift_days),
}
"""Every case and variant; the argument moves it by whole days (multiples of 7 keep the weekday)."""


def scenario(name: str, *, shift_days: int = 0) -> Scenario:
    """One case by its name in `SCENARIOS`."""
    return SCENARIOS[name](shift_days)


def scenarios() -> tuple[Scenario, ...]:
    """Every case and variant at its own date."""
    return tuple(tell(0) for tell in SCENARIOS.values())
