from __future__ import annotations

import pytest

from haitang.edges.cli.values import show_action, show_duration, show_value
from haitang.edges.cli.wording import Wording

EN, ZH = Wording("en"), Wording("zh")


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (None, "money", "—", "—"),
        (True, "", "yes", "是"),
        (False, "", "no", "否"),
        ("MOBILE", "", "MOBILE", "MOBILE"),
        (8_600_000.0, "money", "86,000.00", "86,000.00"),
        (725.0, "seconds", "12 min 5 s", "12 分 5 秒"),
        (3.0, "days", "3 d", "3 天"),
        (0.95, "ratio", "0.95", "0.95"),
        (0.0, "ratio", "0", "0"),
        (10.0, "ratio", "10", "10"),
        (256.7, "times", "256.7 ×", "256.7 ×"),
        (12.5, "km", "12.5 km", "12.5 km"),
        (1_234_567.0, "count", "1,234,567", "1,234,567"),
        (3.14159, "", "3.142", "3.142"),
    ],
)
def test_values_are_written_as_an_analyst_would(
    value: float | str | bool | None, unit: str, en: str, zh: str
) -> None:
    assert show_value(value, unit=unit, wording=EN) == en
    assert show_value(value, unit=unit, wording=ZH) == zh


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.6, "1 min"), (90_061, "1 d 1 h"), (86_460, "1 d 1 min"), (-60, "−1 min")],
)
def test_durations_are_written_in_their_two_largest_units(seconds: float, said: str) -> None:
    assert show_duration(seconds, wording=EN) == said


def test_an_action_of_another_vocabulary_stands_as_its_code() -> None:
    assert show_action("HOLD", wording=ZH) == "HOLD 挂起待核"
    assert show_action("NEWER", wording=ZH) == "NEWER"
