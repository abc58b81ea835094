"""The brute-force oracle of law 3: what a window feature is, in plain Python over plain rows.

It keeps every event for ever and looks at all of them for every value. Nothing here is shared with
the engine but the declarations (`Catalogue`, terms) that both read. Each value is a closed interval
of floats that the engine's number has to lie in; exact aggregates have equal ends, a missing value
is `None`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from haitang.data.features import terms
from haitang.data.features.specs import Catalogue, FeatureSpec, KeySpec

Scalar = float | str | bool | None
Row = Mapping[str, Scalar]
Interval = tuple[float, float] | None

second_us = 1_000_000
rounding = 1e-9
"""Relative: means and deviations are computed from exact integer sums on both sides."""
sketch = 0.01
"""Relative value error stated for `quantile` and `rank`."""


class Sighting(NamedTuple):
    """One event of a key: its place in the journal, its instant and the slots on which the key
    stood.
    """

    order: int
    at_us: int
    slots: frozenset[str]


def read(term: terms.Expression, row: Row) -> Scalar:
    """Evaluate an expression for one row; `None` is missing."""
    match term:
        case terms.Number() | terms.Text() | terms.Flag():
            return term.value
        case terms.Field():
            return row.get(term.name)
        case terms.Arithmetic():
            return _arithmetic(term.op, _number(term.left, row), _number(term.right, row))
        case terms.Compare():
            return _compare(term.op, read(term.left, row), read(term.right, row))
        case terms.Logic():
            truths = [read(operand, row) is True for operand in term.operands]
            return all(truths) if term.op == "and" else any(truths)
        case terms.Not():
            return read(term.operand, row) is not True
        case terms.OneOf():
            return read(term.operand, row) in tuple(term.values)
        case terms.Known():
            return read(term.operand, row) is not None
        case _:
            raise AssertionError(f"the oracle does not read {type(term).__name__}")


def key_of(spec: KeySpec, row: Row) -> tuple[str, ...] | None:
    """The key that stands on a slot: the first present alternative of every part, else none."""
    parts = [next((row[f] for f in part if row.get(f)), None) for part in spec.fields]
    return tuple(str(part) for part in parts) if all(part is not None for part in parts) else None


def oracle(catalogue: Catalogue, rows: Sequence[Row]) -> dict[str, list[Interval]]:
    """Every aggregate feature of every row, by law 3 and design.md §4."""
    features = [feature for feature in catalogue.features if feature.aggregate is not None]
    counts = {
        f.name: [f.where is None or read(f.where, row) is True for row in rows] for f in features
    }
    operands = {f.name: [_operand(f, row) for row in rows] for f in features}
    slots = {spec.slot: spec for spec in catalogue.keys}
    retention_us = {entity.name: entity.retention_us for entity in catalogue.entities}
    seen: dict[tuple[str, tuple[str, ...]], list[Sighting]] = {}
    now_us: dict[tuple[str, tuple[str, ...]], int] = {}
    values: dict[str, list[Interval]] = {feature.name: [] for feature in features}
    for order, row in enumerate(rows):
        at_us = int(row["occurred_at_us"] or 0)
        for owner, stood_on in _carried(catalogue, row).items():
            if at_us - now_us.get(owner, at_us) > retention_us[owner[0]]:
                seen[owner] = []
            now_us[owner] = max(at_us, now_us.get(owner, at_us))
            seen.setdefault(owner, []).append(Sighting(order, at_us, frozenset(stood_on)))
        for feature in features:
            spec = slots[feature.key]
            key = key_of(spec, row)
            if key is None:
                values[feature.name].append(None)
                continue
            owner = (spec.entity, key)
            heard = set(
                feature.seen_as or (s.slot for s in catalogue.keys if s.entity == spec.entity)
            )
            ok, of = counts[feature.name], operands[feature.name]
            history = [
                sighting
                for sighting in seen[owner]
                if ok[sighting.order]
                and of[sighting.order] is not None
                and not heard.isdisjoint(sighting.slots)
                and not (feature.prior and sighting.order == order)
                and _inside(feature, sighting.at_us, now_us[owner])
            ]
            values[feature.name].append(_aggregate(feature, history, of, now_us[owner], of[order]))
    return values


def _carried(catalogue: Catalogue, row: Row) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    carried: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for spec in catalogue.keys:
        key = key_of(spec, row)
        if key is not None:
            carried.setdefault((spec.entity, key), []).append(spec.slot)
    return carried


def _inside(feature: FeatureSpec, at_us: int, now_us: int) -> bool:
    if feature.window_us == 0:
        return True
    head_us = now_us - feature.delay_us
    edge_us = head_us - feature.window_us
    if feature.tile_us:
        edge_us = edge_us // feature.tile_us * feature.tile_us
    return edge_us < at_us <= head_us


def _aggregate(
    feature: FeatureSpec,
    history: list[Sighting],
    operands: Sequence[Scalar],
    now_us: int,
    current: Scalar,
) -> Interval:
    found = [operands[sighting.order] for sighting in history]
    name = feature.aggregate
    if name in ("count", "total"):
        return _exactly(len(history))
    if name == "distinct":
        return _exactly(len(set(found)))
    if name == "sum":
        return _exactly(sum(_scaled(feature, found)) / 10**feature.of_scale)
    if not history:
        return None
    if name in ("first_seen", "since"):
        ends = [sighting.at_us for sighting in history]
        return _exactly((now_us - (min(ends) if name == "first_seen" else max(ends))) / second_us)
    if name in ("last", "latest"):
        return _exactly(_code(operands[max(history, key=lambda s: (s.at_us, s.order)).order]))
    numbers = [float(value) for value in found if value is not None]
    if name == "rank":
        return None if current is None else _rank(numbers, float(current))
    assert name is not None
    return STATISTICS[name](feature, numbers)


def _mean(feature: FeatureSpec, numbers: list[float]) -> Interval:
    scaled = _scaled(feature, numbers)
    return _nearly(sum(scaled) / len(scaled) / 10**feature.of_scale)


def _std(feature: FeatureSpec, numbers: list[float]) -> Interval:
    scaled, n = _scaled(feature, numbers), len(numbers)
    if n < 2:
        return None
    spread = n * sum(x * x for x in scaled) - sum(scaled) ** 2
    return _nearly(math.sqrt(spread / (n * (n - 1))) / 10**feature.of_scale)


def _quantile(feature: FeatureSpec, numbers: list[float]) -> Interval:
    place = max(1, math.ceil(feature.quantile * len(numbers) - rounding))
    value = sorted(numbers)[place - 1]
    return value - abs(value) * sketch, value + abs(value) * sketch


def _rank(numbers: list[float], current: float) -> Interval:
    margin = abs(current) * 2 * sketch  # the value and its neighbours are each known to one bucket
    below = sum(x < current - margin for x in numbers)
    at_most = sum(x <= current + margin for x in numbers)
    return below / len(numbers), at_most / len(numbers)


STATISTICS: dict[str, Callable[[FeatureSpec, list[float]], Interval]] = {
    "mean": _mean,
    "std": _std,
    "min": lambda _, numbers: _exactly(min(numbers)),
    "max": lambda _, numbers: _exactly(max(numbers)),
    "quantile": _quantile,
}


def _operand(feature: FeatureSpec, row: Row) -> Scalar:
    """What is aggregated; an event whose `of` is missing does not count."""
    return True if feature.of is None else read(feature.of, row)


def _scaled(feature: FeatureSpec, numbers: Sequence[Scalar]) -> list[int]:
    return [round(float(x) * 10**feature.of_scale) for x in numbers if x is not None]


def _number(term: terms.Expression, row: Row) -> float | None:
    value = read(term, row)
    return None if value is None else float(value)


def _arithmetic(op: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (op == "/" and right == 0):
        return None
    return {"+": left + right, "-": left - right, "*": left * right}.get(op, left / (right or 1))


def _compare(op: str, left: Scalar, right: Scalar) -> bool:
    if left is None or right is None:
        return False
    if op in ("==", "!="):
        return (left == right) is (op == "==")
    a, b = float(left), float(right)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _code(value: Scalar) -> float:
    """Texts are compared by their code in the value matrix (design.md §2)."""
    if isinstance(value, str):
        from haitang.kernel.hashing import hash_text

        return float(hash_text(value) >> 12)
    assert value is not None
    return float(value)


def _exactly(value: float) -> Interval:
    return float(value), float(value)


def _nearly(value: float) -> Interval:
    return value - abs(value) * rounding, value + abs(value) * rounding
