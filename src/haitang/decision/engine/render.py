"""Render one decision from its columns: words, values, baselines, measures, in both languages."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from haitang.data.events.catalogue import FIELDS
from haitang.data.features import terms
from haitang.data.features.program import CODE_SHIFT
from haitang.data.features.specs import FeatureSpec, TextPair
from haitang.decision.engine.actions import ACTIONS, ActionSpec
from haitang.decision.engine.decisions import (
    Contribution,
    Decision,
    Hit,
    Measure,
    ModelScore,
    ReadValue,
    Spared,
)
from haitang.decision.engine.friction import PEOPLE
from haitang.decision.engine.modes import degraded_name
from haitang.decision.engine.program import EngineProgram
from haitang.decision.engine.reading import conjuncts
from haitang.decision.models.reasons import explain_row
from haitang.decision.rules.parameters import value_at
from haitang.decision.rules.specs import TIERS, PolicySpec
from haitang.kernel.hashing import hash_text
from haitang.kernel.identity import derive_id
from haitang.kernel.instants import format_instant
from haitang.kernel.money import format_money

if TYPE_CHECKING:
    from haitang.decision.engine.batches import DecisionBatch

CONTRIBUTIONS_MAX = 12
"""Inputs of a model that a decision names, largest effect first."""
UNKNOWN = TextPair(en="unknown", zh="未知")
_YES = TextPair(en="yes", zh="是")
_NO = TextPair(en="no", zh="否")

_UNITS_EN = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_UNITS_ZH = ((86400.0, "天"), (3600.0, "小时"), (60.0, "分"), (1.0, "秒"))

OCCURRED = "occurred_at_us"

Value = float | str | bool | None


def render(batch: DecisionBatch, index: int) -> Decision:
    """Return decision `index` of a batch."""
    program, events = batch.program, batch.events
    pack = program.pack
    first, behind = int(batch.hit_starts[index]), int(batch.hit_starts[index + 1])
    # Most events hit nothing, and turning codes back into words is most of the work.
    words = _words_of_event(batch, index) if behind > first else {}
    hits: list[Hit] = []
    shadow_hits: list[Hit] = []
    contributions: dict[int, tuple[Contribution, ...]] = {}
    for h in range(first, behind):
        p = int(batch.hit_policies[h])
        names = program.policy_reads[p]
        start = int(batch.value_starts[h])
        read = batch.hit_values[start : start + len(names)]
        if p >= len(program.policies):
            m = p - len(program.policies)
            contributions[m] = _contributions(program, m, read, words)
            continue
        policy = program.policies[p]
        hit = _hit(
            program, policy, dict(zip(names, read.tolist(), strict=True)), words, batch, index
        )
        (hits if policy.status == "live" else shadow_hits).append(hit)
    action = ACTIONS[int(batch.actions[index])]
    further = int(batch.further[index])
    actions: tuple[ActionSpec, ...] = (action,)
    if further:
        others = (spec for i, spec in enumerate(ACTIONS) if further >> i & 1)
        actions = (action, *(spec for spec in others if spec.code != action.code))
    event_id = events.event_ids[index]
    return Decision(
        decision_id=derive_id(event_id, pack.digest),
        event_id=event_id,
        occurred_at_us=int(events.occurred_at_us[index]),
        action=action.code,
        actions=tuple(spec.code for spec in actions),
        tier=TIERS[int(batch.tiers[index])],
        score_payer=int(batch.scores[0, index]),
        score_payee=int(batch.scores[1, index]),
        typologies=tuple(sorted({hit.typology for hit in hits})),
        hits=tuple(hits),
        shadow_hits=tuple(shadow_hits),
        models=_model_scores(batch, index, contributions),
        measures=tuple(
            Measure(action=spec.code, measure=spec.measure.zh, title=spec.title, basis=spec.basis)
            for spec in actions
            if spec.code != "PASS"
        ),
        pack=pack.id,
        pack_version=pack.version,
        pack_digest=pack.digest,
        degraded=degraded_name(batch.mode),
        spared=_spared(batch, index),
    )


def _spared(batch: DecisionBatch, index: int) -> Spared | msgspec.UnsetType:
    """Return which challenge the customer was spared, and why."""
    if batch.softened is None or not batch.softened.spared[index]:
        return msgspec.UNSET
    action = ACTIONS[int(batch.softened.spared[index])]
    asked_at_us = int(batch.softened.asked_at_us[index])
    if asked_at_us == PEOPLE:
        return Spared(
            action=action.code,
            asked_at_us=None,
            shown=TextPair(
                en=f"a person calls in the place of: {action.title.en}",
                zh=f"由工作人员致电，不再要求{action.title.zh}",
            ),
        )
    seconds = (int(batch.events.occurred_at_us[index]) - asked_at_us) / 1e6
    ago = shown(seconds, "seconds", batch.program.pack.base_currency)
    at = format_instant(asked_at_us, batch.program.pack.zone)
    return Spared(
        action=action.code,
        asked_at_us=asked_at_us,
        shown=TextPair(
            en=f"the customer was asked about this {ago.en} ago ({at}), and nothing bad came of it "
            f"since; not asked again: {action.title.en}",
            zh=f"客户已于{ago.zh}前（{at}）因同一原因被核实，此后未见不利结果，本次不再重复：{action.title.zh}",
        ),
    )


def _words_of_event(batch: DecisionBatch, index: int) -> dict[float, str]:
    """Return the texts of one event by their code, so that a value row can be turned back into a
    word.
    """
    words: dict[float, str] = {}
    for row, column in enumerate(batch.events.texts):
        text = column[index]
        if text is not None:
            words[float(int(batch.events.hashes[row, index]) >> CODE_SHIFT)] = text
    return words


def _known_words() -> dict[float, str]:
    """Return the codes of every enumeration of the catalogue."""
    return {
        float(hash_text(text) >> CODE_SHIFT): text
        for field in FIELDS.values()
        for text in field.allowed
    }


_ENUMERATIONS = _known_words()


def value_of(number: float, kind: str, words: dict[float, str]) -> Value:
    """Return a value row's number as what it stands for."""
    if math.isnan(number):
        return None
    if kind == "text":
        return words.get(number) or _ENUMERATIONS.get(number) or f"#{int(number):013x}"
    if kind == "flag":
        return bool(number)
    return number


class _Kind:
    """Type and unit of everything a policy can name, once per program."""

    def __init__(self, program: EngineProgram) -> None:
        self.features: dict[str, FeatureSpec] = {
            feature.name: feature for feature in program.pack.catalogue.features
        }

    def title(self, name: str) -> TextPair:
        """Return what people call a feature or field."""
        if name in self.features:
            return self.features[name].title
        return TextPair(en=FIELDS[name].title_en, zh=FIELDS[name].title_zh)

    def of(self, name: str) -> tuple[str, str]:
        """Return (type, unit) of a feature or field."""
        if name in self.features:
            return self.features[name].type, self.features[name].unit
        field = FIELDS[name]
        if field.unit == "minor" or name.endswith("_minor"):
            return field.type, "money"
        for suffix, unit in (("_seconds", "seconds"), ("_days", "days"), ("_us", "instant")):
            if name.endswith(suffix):
                return field.type, unit
        return field.type, ""


_KINDS: dict[str, _Kind] = {}
_KINDS_MAX = 16


def _kinds(program: EngineProgram) -> _Kind:
    # The plan's digest covers titles, types and units of every feature.
    digest = program.plan.digest
    if digest not in _KINDS:
        if len(_KINDS) >= _KINDS_MAX:
            _KINDS.clear()
        _KINDS[digest] = _Kind(program)
    return _KINDS[digest]


_COUNTED_IN = {"days": ("d", "天"), "km": ("km", "公里"), "km/h": ("km/h", "公里/小时")}


def shown(value: Value, unit: str, currency: str) -> TextPair:
    """Return a value as people write it, in both languages."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return _YES if value else _NO
    if isinstance(value, str):
        return TextPair(en=value, zh=value)
    if unit == "money":
        minor = round(value)
        return TextPair(
            en=format_money(minor, currency, "en"), zh=format_money(minor, currency, "zh")
        )
    if unit == "seconds":
        return TextPair(en=_duration(value, _UNITS_EN, " "), zh=_duration(value, _UNITS_ZH, ""))
    if unit == "ratio":
        text = f"{_number(value * 100)} %"
        return TextPair(en=text, zh=text.replace(" ", ""))
    if unit in _COUNTED_IN:
        en, zh = _COUNTED_IN[unit]
        return TextPair(en=f"{_number(value)} {en}", zh=f"{_number(value)}{zh}")
    text = _number(value)
    return TextPair(en=text, zh=text)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"


def _duration(seconds: float, units: tuple[tuple[float, str], ...], joiner: str) -> str:
    """Return the two largest units of a duration."""
    rest = abs(seconds)
    parts: list[str] = []
    for size, name in units:
        amount = math.floor(rest / size)
        if amount or (size == 1.0 and not parts):
            parts.append(f"{amount}{joiner}{name}")
            rest -= amount * size
            if len(parts) == 2:
                break
    return ("-" if seconds < 0 else "") + joiner.join(parts)


def _hit(
    program: EngineProgram,
    policy: PolicySpec,
    numbers: dict[str, float],
    words: dict[float, str],
    batch: DecisionBatch,
    index: int,
) -> Hit:
    kinds = _kinds(program)
    currency = program.pack.base_currency
    values: dict[str, Value] = {}
    for name, number in numbers.items():
        kind, _ = kinds.of(name)
        values[name] = value_of(number, kind, words)
    for row, field in enumerate(batch.events.fields.remarks):
        values.setdefault(field, batch.events.remarks[row][index])
    texts = {name: shown(value, kinds.of(name)[1], currency) for name, value in values.items()}
    occurred_at_us = float(batch.events.occurred_at_us[index])
    for parameter in policy.parameters:
        number_of_it = value_at(parameter, int(batch.events.occurred_at_us[index]))
        own = parameter.currency or currency
        texts[parameter.name] = shown(number_of_it, parameter.unit, own)
    baselines = _baselines(policy, {**values, OCCURRED: occurred_at_us})
    return Hit(
        policy=policy.id,
        version=policy.version,
        status=policy.status,
        typology=policy.typology,
        party=policy.party,
        score=policy.score,
        action=policy.action,
        also=policy.also,
        title=policy.title,
        reason=TextPair(
            en=_fill(policy.reason.en, {name: text.en for name, text in texts.items()}),
            zh=_fill(policy.reason.zh, {name: text.zh for name, text in texts.items()}),
        ),
        values=tuple(
            ReadValue(
                name=name,
                value=values[name],
                shown=texts[name],
                baseline=baselines.get(name),
                unit=kinds.of(name)[1],
                title=kinds.title(name),
            )
            for name in numbers
        ),
        basis=", ".join(policy.basis),
    )


def _fill(template: str, texts: dict[str, str]) -> str:
    """Put values into a reason; the loader has checked that every placeholder is read."""
    # In one pass: a payee may well call itself `{amount_minor}`.
    return re.sub(r"\{(\w+)\}", lambda found: texts.get(found[1], found[0]), template)


def _baselines(policy: PolicySpec, values: dict[str, Value]) -> dict[str, float | str | None]:
    """Return what each value was compared with: a constant, or the other side's value."""
    baselines: dict[str, float | str | None] = {}
    for part in conjuncts(policy.when):
        if isinstance(part, terms.Compare):
            for side, other in ((part.left, part.right), (part.right, part.left)):
                if isinstance(side, terms.Field | terms.Feature) and side.name not in baselines:
                    baselines[side.name] = _constant(other, values)
    return baselines


def _constant(term: terms.Expression, values: dict[str, Value]) -> float | str | None:
    match term:
        case terms.Number(value=number):
            return number
        case terms.Text(value=text):
            return text
        case terms.Field(name=name) | terms.Feature(name=name):
            value = values.get(name)
            return value if not isinstance(value, bool) else float(value)
        case terms.Arithmetic(op=op, left=left, right=right):
            first, second = _constant(left, values), _constant(right, values)
            if isinstance(first, float) and isinstance(second, float):
                return _calculate(op, first, second)
            return None
        case terms.Call(
            function="choose",
            arguments=(
                terms.Compare(op="<", left=terms.Field(name=name), right=terms.Number(value=bound)),
                before,
                after,
            ),
        ) if name == OCCURRED:
            # A number of the law, as of the event's time.
            occurred_at_us = values[OCCURRED]
            assert isinstance(occurred_at_us, float), "every event has its time"
            return _constant(before if occurred_at_us < bound else after, values)
        case _:
            return None


def _calculate(op: str, left: float, right: float) -> float | None:
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]


def _contributions(
    program: EngineProgram, m: int, read: Any, words: dict[float, str]
) -> tuple[Contribution, ...]:
    """Return the inputs that moved a model's score most."""
    model = program.pack.models[m]
    kinds = _kinds(program)
    row = np.ascontiguousarray(read, dtype=np.float64)
    weights = explain_row(program.models[m], row).weights.tolist()
    items = sorted(
        zip(model.inputs, row.tolist(), weights, strict=True), key=lambda item: -abs(item[2])
    )
    result = []
    for name, number, weight in items[:CONTRIBUTIONS_MAX]:
        value = value_of(number, kinds.of(name)[0], words)
        result.append(
            Contribution(
                name=name,
                value=float(value) if isinstance(value, bool) else value,
                weight=weight,
                title=kinds.title(name),
            )
        )
    return tuple(result)


def _model_scores(
    batch: DecisionBatch, index: int, contributions: dict[int, tuple[Contribution, ...]]
) -> tuple[ModelScore, ...]:
    scores = []
    for m, model in enumerate(batch.program.pack.models):
        answer = float(batch.answers[m, index])
        if not math.isnan(answer):
            scores.append(
                ModelScore(
                    model=model.id,
                    version=model.version,
                    party=model.party,
                    score=answer,
                    contributions=contributions.get(m, ()),
                )
            )
    return tuple(scores)
