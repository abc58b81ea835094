"""What all policies of a pack are held against: measures, typologies, call scripts and the law.

A pack has standards when it, or a pack that it includes, has `measures.yaml` or `typologies.yaml`;
a pack without them is a study and its policies need only what a draft needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from haitang.data.features.specs import TextPair
from haitang.kernel.errors import Place

MeasureCode = Literal[
    "NONE", "VERIFY", "REIDENTIFY", "DELAY", "RESTRICT", "REFUSE", "ASSIST", "PUNISH", "REPORT"
]
"""VERIFY to RESTRICT are the four measures of §18; the others stand on their own articles."""
MEASURES: tuple[MeasureCode, ...] = get_args(MeasureCode)

Ending = Literal["once", "time", "verified", "order", "open"]
"""What ends an action: nothing is left of it, a clock, a verified identity, an authority's order or
list, or a review."""

Stage = Literal["BEFORE", "DURING", "AFTER", "BATCH"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""事前, 事中, 事后, 批: before the money is asked for, while it is, afterwards, once a day."""

PARAMETER_UNITS = (
    "money", "seconds", "days", "count", "ratio", "km", "km/h", "years", "hour", "score",
)  # fmt: skip
"""Units that a policy's parameter may have."""

REGULATION_UNITS = (*PARAMETER_UNITS, "months", "working_days")
"""Units of the law; a policy can read those that its parameters can have."""


class MeasureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What one action means for the customer, and on what it stands."""

    action: str
    title: TextPair
    measure: MeasureCode
    basis: str = ""
    """Row of the regulation sheet, `REG-05`; empty for what needs none."""
    restricts: bool
    """The customer can do less than before: needs reason, basis, notice, appeal and an end."""
    seen: bool
    """The customer is told; False is also what must never be told (`STR`)."""
    reversible: bool
    ending: Ending
    longest_us: int = 0
    """Longest time where a clock ends it or asks for a review; 0 where none does."""
    notice: TextPair | None = None
    """What the customer is sent, with `{reason}`, `{basis}` and `{appeal}`; with `{ends}` where a
    clock runs."""
    appeal: TextPair | None = None
    """Where to object and what to bring."""


class TypologySpec(msgspec.Struct, frozen=True, kw_only=True):
    """One way of fraud, laundering or misuse."""

    id: str
    title: TextPair
    stages: tuple[Stage, ...]
    techniques: tuple[str, ...] = ()
    """MITRE F3 or ATT&CK."""
    codes: tuple[str, ...] = ()
    """Codes of the police and PBoC platform."""


class CallScript(msgspec.Struct, frozen=True, kw_only=True):
    """What a colleague says to somebody who is being deceived, or may be."""

    id: str
    title: TextPair
    when_to_use: TextPair
    opening: TextPair
    questions: tuple[TextPair, ...]
    signs: tuple[TextPair, ...]
    """What shows that it is a scam."""
    if_yes: TextPair
    if_no: TextPair
    if_unreachable: TextPair
    never_say: tuple[TextPair, ...]


class RegulationValue(msgspec.Struct, frozen=True, kw_only=True):
    """What the law says from one day on; `to_us` 0 means until further notice.

    `value` is as conditions see it: money in minor units of the currency, durations in seconds.
    """

    from_us: int
    to_us: int = 0
    value: float
    unit: str
    source: str
    superseded_by: str = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read the law where it is unsettled; `name` is empty where it is settled."""

    name: str = ""
    title: TextPair | None = None
    values: tuple[RegulationValue, ...]


class RegulationParameter(msgspec.Struct, frozen=True, kw_only=True):
    """A number of the law, by time; `REG-40.cash_day`."""

    name: str
    title: TextPair
    unit: str
    currency: str = ""
    """Of money; the pack's own unless the law names another."""
    readings: tuple[Reading, ...]
    chosen: str = ""
    """Name of the reading that the outermost pack takes; the first unless it says so."""

    @property
    def values(self) -> tuple[RegulationValue, ...]:
        """Values under the chosen reading, oldest first, without gap or overlap."""
        return next(one for one in self.readings if one.name == self.chosen).values


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What checks a row: `policy:i01_cash`, `parameter:REG-40.cash_day`, `test:file::name`."""

    kind: Literal["policy", "parameter", "test"]
    name: str
    place: Place
    """Where the sheet says so."""


class RegulationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the conformance sheet."""

    id: str
    title: TextPair
    source: TextPair
    requirement: TextPair
    from_us: int = 0
    """When it came into force; 0 for what is no law (yet)."""
    to_us: int = 0
    superseded_by: str = ""
    parameters: tuple[RegulationParameter, ...] = ()
    checked_by: tuple[Check, ...] = ()
    not_checked: TextPair | None = None
    """What is not checked, and why; beside checks it says what they leave out."""


_TIPPING_OFF = (
    "可疑交易", "可疑报告", "反洗钱调查", "反洗钱监测", "反洗钱中心", "反洗钱报告",
    "suspicious transaction", "suspicious activity", "laundering investigation",
    "laundering report",
)  # fmt: skip


def tips_off(text: str) -> str:
    """Return the first words that would tell a customer of a report that must stay secret, or
    nothing.
    """
    lowered = text.lower()
    return next((words for words in _TIPPING_OFF if words in lowered), "")


class Standards(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a policy may name besides fields and features; each by its id."""

    measures: Mapping[str, MeasureSpec]
    typologies: Mapping[str, TypologySpec]
    scripts: Mapping[str, CallScript]
    regulation: Mapping[str, RegulationRow]
    broken: frozenset[str] = frozenset()
    """Ids whose text has a fault of its own: naming them is no second fault."""

    def parameter(self, name: str) -> RegulationParameter | None:
        """Return the parameter that `REG-40.cash_day` names."""
        row, _, own = name.partition(".")
        found = self.regulation.get(row)
        parameters = found.parameters if found is not None else ()
        return next((one for one in parameters if one.name == own), None)
