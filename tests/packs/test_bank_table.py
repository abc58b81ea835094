"""What the bank does with combined scores."""

from __future__ import annotations

from haitang.decision.rules.actions import PRIMARY_ACTIONS
from haitang.decision.rules.specs import TableRow, Tier
from tests.packs.bank import bank_pack

FRIGHTENED = ("ELDER", "MINOR", "VULNERABLE")
PERSON_DECIDES = "HOLD"


def row_for(tier: Tier, segment: str, channel: str) -> TableRow | None:
    """Return the first row of the table that matches."""
    return next(
        (
            row
            for row in bank_pack().pack.table
            if (not row.tiers or tier in row.tiers)
            and (not row.segments or segment in row.segments)
            and (not row.channels or channel in row.channels)
        ),
        None,
    )


def test_a_combination_of_signals_gets_a_person_and_never_a_refusal() -> None:
    strictest = PRIMARY_ACTIONS.index(PERSON_DECIDES)
    for row in bank_pack().pack.table:
        assert PRIMARY_ACTIONS.index(row.action) <= strictest, row


def test_people_who_are_easily_frightened_are_called_wherever_anything_is_asked_of_them() -> None:
    asked = 0
    for segment in FRIGHTENED:
        for tier in ("medium", "high", "critical"):
            row = row_for(tier, segment, "MOBILE")
            assert row is not None, (tier, segment)
            if row.action == "WATCH" and not row.also:
                continue
            asked += 1
            assert "CALL" in row.also, (tier, segment)
            assert row.action != "EDU", "no quiz for people who are easily frightened"
    assert asked == 2 * len(FRIGHTENED), "from the tier high on a person decides"


def test_a_single_weak_signal_disturbs_nobody() -> None:
    for segment in (*FRIGHTENED, "ORDINARY"):
        row = row_for("medium", segment, "MOBILE")
        assert row is not None
        assert (row.action, row.also) == ("WATCH", ())


def test_a_low_score_passes() -> None:
    assert row_for("low", "ORDINARY", "MOBILE") is None


def test_tiers_rise() -> None:
    bounds = [bound.score for bound in bank_pack().pack.tiers]
    assert bounds == sorted(bounds)
    assert len(set(bounds)) == len(bounds)
