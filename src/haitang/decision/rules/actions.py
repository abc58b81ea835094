"""The action vocabulary: what a policy or the policy table may ask for, mildest first."""

from __future__ import annotations

PRIMARY_ACTIONS = (
    "PASS", "WATCH", "TIP", "ACK", "EDU", "OTP", "FACE", "SIGN", "VID", "DELAY", "LIM",
    "CV", "HOLD", "NC", "RO", "PROT", "BLOCK", "REJ", "STOP48", "FRZ", "PUN", "ALLSUSP",
)  # fmt: skip
"""Actions that can be the answer to an event, mildest first: the strictest wins."""

FURTHER_ACTIONS = ("CALL", "REP", "STR", "LEAD")
"""Actions that only accompany an answer."""

ACCOMPANYING_ACTIONS = (
    *(action for action in PRIMARY_ACTIONS if action != "PASS"),
    *FURTHER_ACTIONS,
)
"""What `also` may name."""
