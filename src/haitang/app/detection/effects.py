"""What an action means for somebody: whether it stops money, is felt, or takes a person's time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from haitang.decision.engine import ACTIONS, RANK
from haitang.decision.engine.actions import action_bits
from haitang.decision.rules.specs import PolicySpec

Int64 = npt.NDArray[np.int64]

ORDERED = ("STOP48", "FRZ", "PUN", "ALLSUSP")
STOPPING = ("VID", "DELAY", "CV", "HOLD", "NC", "RO", "PROT", "BLOCK", "REJ", *ORDERED, "CALL")
"""Money is stopped or slowed, or a person comes in: the fraud is caught."""
REPORTING = ("WATCH", "LIM", "REP", "STR", "LEAD")
"""What counts as caught beside `STOPPING` where the catalogue asks for a report or for limits."""
REPORTED_FAMILIES = "IJ"
"""Money laundering and insiders: reported, not stopped."""
REPORTED = (
    "D04", "D06", "D09", "D13", "D17", "D18", "E07", "F03", "F06", "F09", "F10", "G12", "G13",
    "G14", "H04", "H08", "K03", "K06",
)  # fmt: skip
"""Typologies of other families for which the catalogue names no action that stops anything."""
CHECKING = ("OTP", "FACE", "SIGN")
CHECKED = ("B07", "B08", "B09")
"""Typologies for which the catalogue asks that identity is verified again, and nothing more."""
LIMITED = ("C10",)
"""Typologies for which the catalogue asks for a tip and for limits."""
UNFELT = ("PASS", "WATCH", "REP", "STR", "LEAD")
FELT = tuple(action.code for action in ACTIONS if action.code not in UNFELT)
"""What a customer notices, from a risk tip on."""
PERSONAL = ("VID", "CV", "HOLD", "NC", "RO", "PROT", "REJ", *ORDERED, "CALL")
"""A person of the bank deals with the customer."""
ALERTING = (*PERSONAL, "REP", "STR", "LEAD")
"""A person of the bank has work to do."""
STEPS = ("TIP", "ACK", "EDU", "OTP", "FACE", "SIGN", "VID", "DELAY", "HOLD", "BLOCK")
"""Part of the act that is asked for: felt by whoever asks, even if the payee is suspected."""

STOPPING_BITS = action_bits(STOPPING)
_REPORTING_BITS = action_bits(REPORTING)
_CHECKING_BITS = action_bits(CHECKING)
_LIMITED_BITS = action_bits(("LIM",))
FELT_BITS = action_bits(FELT)
PERSONAL_BITS = action_bits(PERSONAL)
ALERTING_BITS = action_bits(ALERTING)
STEP_BITS = action_bits(STEPS)


def is_reported(typology: str) -> bool:
    """Tell whether a report is all that the catalogue asks for."""
    return typology[0] in REPORTED_FAMILIES or typology in REPORTED


def catching_bits(typology: str) -> int:
    """Return the actions by which a fraud of this typology counts as caught."""
    if is_reported(typology):
        return STOPPING_BITS | _REPORTING_BITS
    if typology in CHECKED:
        return STOPPING_BITS | _CHECKING_BITS
    return STOPPING_BITS | (_LIMITED_BITS if typology in LIMITED else 0)


def taken_bits(actions: npt.NDArray[np.uint8], further: Int64) -> Int64:
    """Return all actions of each decision as bits."""
    return np.asarray(np.left_shift(np.int64(1), actions.astype(np.int64)) | further)


def policy_bits(policies: tuple[PolicySpec, ...]) -> Int64:
    """Return the actions that each live policy asks for; none for others."""
    return np.array(
        [
            (1 << RANK[policy.action]) | action_bits(policy.also) if policy.status == "live" else 0
            for policy in policies
        ],
        np.int64,
    )


def names_of(bits: int) -> tuple[str, ...]:
    """Return the actions of a set, mildest first."""
    return tuple(action.code for rank, action in enumerate(ACTIONS) if bits >> rank & 1)
