"""Values as an analyst writes them: money in major units, durations in days and hours."""

from __future__ import annotations

from haitang.decision.engine.actions import ACTIONS
from haitang.edges.cli.wording import Wording
from haitang.kernel.money import format_money

MINOR_PER_MAJOR = 100
"""Minor units in a major one; features of unit `money` are in the bank's base currency."""


def show_value(value: float | str | bool | None, *, unit: str, wording: Wording) -> str:
    """Write one value with its unit; `—` for missing."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return wording.say("value.yes") if value else wording.say("value.no")
    if isinstance(value, str):
        return value
    return _show_number(value, unit=unit, wording=wording)


def _show_number(value: float, *, unit: str, wording: Wording) -> str:
    match unit:
        case "money":
            said = f"{value / MINOR_PER_MAJOR:,.2f}"
        case "seconds":
            said = show_duration(value, wording=wording)
        case "days":
            said = wording.say("value.days", count=_short(value))
        case "ratio":
            said = f"{value:.3f}".rstrip("0").rstrip(".")
        case "times":
            said = f"{_short(value)} ×"
        case "km" | "km/h":
            said = f"{_short(value)} {unit}"
        case _:
            said = _short(value)
    return said


def show_action(code: str, *, wording: Wording) -> str:
    """Write an action with its name; one of an older vocabulary stands as its code."""
    titles = {action.code: action.title for action in ACTIONS}
    return f"{code} {wording.pick(titles[code])}" if code in titles else code


def show_amount(amount_minor: int, *, currency: str, wording: Wording) -> str:
    """Write an amount with its currency."""
    return format_money(amount_minor, currency, wording.language)


def show_duration(seconds: float, *, wording: Wording) -> str:
    """Write a duration in its two largest units."""
    left = abs(round(seconds))
    parts = []
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(wording.say(f"value.{name}", count=count))
    said = " ".join(parts[:2]) or wording.say("value.second", count=0)
    return f"−{said}" if seconds < 0 else said


def _short(value: float) -> str:
    """Write a plain number without needless digits."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.1f}"
