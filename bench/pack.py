"""The generated pack: 192 window features over four keys, 600 policies of three comparisons, one
tree model.
"""

from __future__ import annotations

import itertools

import msgspec
import numpy as np
import numpy.typing as npt

from bench import stream
from bench.peers import statistics, windows_us
from haitang.data.features import terms
from haitang.data.features.specs import (
    Aggregate,
    Catalogue,
    EntitySpec,
    FeatureSpec,
    KeySpec,
    TextPair,
)
from haitang.decision.rules.specs import ModelSpec, Pack, PolicySpec, TableRow, TierBound

policy_count = 600
comparisons_per_policy = 3
pass_probability = (0.05, 0.5)
retention_us = 8 * stream.day_us

Float64 = npt.NDArray[np.float64]

_aggregates: dict[str, Aggregate] = {
    "count": "count",
    "sum": "sum",
    "max": "max",
    "mean": "mean",
    "std": "std",
}
_amount = terms.Field(name="amount_minor", type="number")
_actions = ("PASS", "TIP", "OTP", "HOLD", "BLOCK")


def _title(text: str) -> TextPair:
    return TextPair(en=text, zh=text)


def base_features() -> list[FeatureSpec]:
    """The 120 features that the peers compute too, in the order of `peers.names()`."""
    return [
        FeatureSpec(
            name=f"{key}_{statistic}_{window}",
            type="number",
            title=_title(f"{statistic} of {key} in {window}"),
            unit="count" if statistic == "count" else "money",
            key=key,
            aggregate=_aggregates[statistic],
            of=_amount,
            window_us=length_us,
        )
        for key in stream.keys
        for window, length_us in windows_us.items()
        for statistic in statistics
    ]


def _read(name: str) -> terms.Expression:
    return terms.Feature(name=name, type="number")


def _derived(name: str, op: str, left: terms.Expression, right: terms.Expression) -> FeatureSpec:
    kind = terms.Arithmetic(op="/" if op == "/" else "-", left=left, right=right)
    return FeatureSpec(name=name, type="number", title=_title(name), unit="ratio", value=kind)


def derived_features() -> list[FeatureSpec]:
    """72 ratios and differences: 18 a key, between neighbouring windows and against the amount."""
    made: list[FeatureSpec] = []
    for key in stream.keys:
        for short, long in itertools.pairwise(windows_us):
            for statistic in ("count", "sum"):
                left, right = (
                    _read(f"{key}_{statistic}_{short}"),
                    _read(f"{key}_{statistic}_{long}"),
                )
                made.append(_derived(f"{key}_{statistic}_{short}_of_{long}", "/", left, right))
        for window in windows_us:
            mean = _read(f"{key}_mean_{window}")
            made.append(_derived(f"{key}_amount_to_mean_{window}", "/", _amount, mean))
        for window in ("24h", "7d"):
            largest = _read(f"{key}_max_{window}")
            made.append(_derived(f"{key}_amount_less_max_{window}", "-", _amount, largest))
    return made


def catalogue() -> Catalogue:
    """The keys and all 192 features."""
    return Catalogue(
        entities=tuple(EntitySpec(name=key, retention_us=retention_us) for key in stream.keys),
        keys=tuple(KeySpec(slot=key, entity=key, fields=((key,),)) for key in stream.keys),
        features=(*base_features(), *derived_features()),
    )


def policies(sample: Float64, names: list[str]) -> tuple[PolicySpec, ...]:
    """Draw policies whose comparisons each hold for 5–50 % of `sample` (features × events)."""
    source = np.random.default_rng(stream.seed + 1)
    return tuple(_policy(number, source, sample, names) for number in range(policy_count))


def _policy(
    number: int, source: np.random.Generator, sample: Float64, names: list[str]
) -> PolicySpec:
    operands: dict[str, terms.Expression] = {}
    while len(operands) < comparisons_per_policy:
        row = int(source.integers(len(names)))
        drawn = _comparison(source, sample[row], names[row])
        if drawn is not None:
            operands[names[row]] = drawn
    shown = " ".join(f"{{{name}}}" for name in operands)
    return PolicySpec(
        id=f"policy_{number:03d}",
        version=1,
        status="live",
        title=_title(f"Policy {number}"),
        typology="F02",
        party="payer",
        when=terms.Logic(op="and", operands=tuple(operands.values())),
        score=int(source.integers(1, 40)),
        action=_actions[int(source.integers(len(_actions)))],
        reason=TextPair(en=f"values were {shown}", zh=f"数值为{shown}"),
        shows=("amount_minor",),
    )


def _comparison(source: np.random.Generator, row: Float64, name: str) -> terms.Compare | None:
    """One comparison that holds for 5–50 % of the sample, or none where ties or gaps forbid it."""
    share = source.uniform(*pass_probability)
    above = bool(source.integers(2))
    finite = row[np.isfinite(row)]
    if len(finite) < len(row) * share:
        return None
    # A missing value makes the comparison false, so the share is of all events, known or not.
    quantile = share * len(row) / len(finite)
    bound = float(np.quantile(finite, 1 - quantile if above else quantile))
    holds = np.sum(finite > bound if above else finite < bound) / len(row)
    if not pass_probability[0] <= holds <= pass_probability[1]:
        return None
    return terms.Compare(
        op=">" if above else "<", left=_read(name), right=terms.Number(value=bound)
    )


def model(text: str, names: list[str]) -> ModelSpec:
    """Wrap a LightGBM model text whose columns are all features, in order."""
    return ModelSpec(
        id="trees", version="1", party="payer", file="trees.txt", text=text,
        inputs=tuple(names), title=_title("Trees"),
        bounds=(TierBound(tier="medium", score=500), TierBound(tier="high", score=900)),
    )  # fmt: skip


def base_pack() -> Pack:
    """Only the features that the peers compute as well."""
    whole = pack()
    fewer = msgspec.structs.replace(whole.catalogue, features=tuple(base_features()))
    return msgspec.structs.replace(whole, catalogue=fewer)


def pack(*, chosen: tuple[PolicySpec, ...] = (), models: tuple[ModelSpec, ...] = ()) -> Pack:
    """The pack with these policies and models; without any, it only computes features."""
    return Pack(
        id="bench",
        version="1.0.0",
        digest="0" * 64,
        title=_title("Bench"),
        zone="UTC",
        base_currency="CNY",
        catalogue=catalogue(),
        policies=chosen,
        tiers=(
            TierBound(tier="medium", score=300),
            TierBound(tier="high", score=600),
            TierBound(tier="critical", score=850),
        ),
        table=(
            TableRow(tiers=("critical",), action="BLOCK", also=("CALL",)),
            TableRow(tiers=("high",), action="HOLD"),
            TableRow(tiers=("medium",), channels=("MOBILE", "WEB"), action="TIP"),
        ),
        models=models,
    )
