"""Declarations to `FeatureSpec`s: in the order of their dependencies and without cycles."""

from __future__ import annotations

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import FeatureSpec, TextPair
from haitang.data.features.terms import Expression, ValueType
from haitang.decision.rules.features import (
    MAX_FEATURES,
    NUMERIC_AGGREGATES,
    Declaration,
    Member,
)
from haitang.decision.rules.graph_features import CONDITIONS, GraphDeclaration
from haitang.decision.rules.packfile import PackHead
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.sections import WrittenExpression, integer_fields, translate_written
from haitang.decision.rules.value_types import (
    is_integral,
    is_within,
    names_read,
    substitute,
    type_of,
)
from haitang.kernel.errors import did_you_mean, symbol
from haitang.kernel.instants import format_duration

MAX_INLINED_PARTS = 2_000
"""Nodes of a condition after the features that it names were put in their place."""

MAX_INLINED_DEPTH = 96
FRACTION_SCALE = 6
"""Decimal places kept of values that are not whole numbers."""

_WORDS_EN = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_WORDS_ZH = {"s": "秒", "m": "分钟", "h": "小时", "d": "天"}
_INTEGER_FIELDS = integer_fields(FIELDS)


class FeatureTable:
    """The features built so far: what later expressions of the pack may read."""

    def __init__(self, head: PackHead, lists: frozenset[str], *, complete: bool) -> None:
        self.features: list[FeatureSpec] = []
        self.types: dict[str, ValueType] = {}
        self.over_event: dict[str, Expression] = {}
        """Derived features that read event fields only; `where` and `of` take them in."""
        self.broken: set[str] = set()
        # The scopes look at the tables above as they grow.
        self.scope = Scope(
            fields=FIELDS,
            features=self.types,
            broken=self.broken,
            complete=complete,
            lists=lists,
            zone=head.zone,
            currency=head.base_currency,
        )
        """What a policy, a model or a derived feature may read."""
        self.event_scope = msgspec.structs.replace(
            self.scope, features={}, inlined=self.over_event, hidden=self.types
        )
        """What a condition on single events may read."""


def build_features(
    declarations: list[Declaration], head: PackHead, lists: frozenset[str], *, complete: bool
) -> FeatureTable:
    """Return all features, each after those it reads, otherwise in the pack's order.

    `complete` is False when some file could not be read at all.
    """
    nameless = any(not declaration.members for declaration in declarations)
    table = FeatureTable(head, lists, complete=complete and not nameless)
    owners = _owners(declarations)
    for declaration in _ordered(declarations, owners, table):
        names = {member.name for member in declaration.members}
        built = [] if not declaration.whole or names & table.broken else _build(declaration, table)
        if not built:
            table.broken |= names
        for feature in built:
            table.features.append(feature)
            table.types[feature.name] = feature.type
    return table


def _owners(declarations: list[Declaration]) -> dict[str, int]:
    """Return which declaration makes each name; a name that is made twice is a fault."""
    owners: dict[str, int] = {}
    for position, declaration in enumerate(declarations):
        for member in declaration.members:
            if member.name in owners:
                first = declarations[owners[member.name]]
                declaration.reader.refuse(
                    declaration.key,
                    "id_duplicate",
                    f"feature {symbol(member.name)} is declared twice",
                    f"it stands first in {symbol(first.reader.document.path)} line "
                    f"{first.key.line + 1}",
                )
            else:
                owners[member.name] = position
            if len(owners) == MAX_FEATURES + 1:
                declaration.reader.refuse(
                    declaration.key,
                    "pack_too_large",
                    f"the pack has more than {MAX_FEATURES:,} features",
                )
    return owners


def _ordered(
    declarations: list[Declaration], owners: dict[str, int], table: FeatureTable
) -> list[Declaration]:
    """Return declarations with dependencies first; those on a cycle are reported and left broken.

    Depth first with a stack of its own: a chain of features may be longer than Python's.
    """
    reads = [
        [owners[name] for name in declaration.names_read() if name in owners]
        for declaration in declarations
    ]
    done: set[int] = set()
    ordered: list[Declaration] = []
    for start in range(len(declarations)):
        path = [] if start in done else [start]
        pending = [iter(reads[start])]
        while path:
            following = next((position for position in pending[-1] if position not in done), None)
            if following is None:
                pending.pop()
                finished = path.pop()
                done.add(finished)
                ordered.append(declarations[finished])
            elif following in path:
                _refuse_cycle([declarations[at] for at in path[path.index(following) :]], table)
            else:
                path.append(following)
                pending.append(iter(reads[following]))
    return ordered


def _refuse_cycle(cycle: list[Declaration], table: FeatureTable) -> None:
    names = [declaration.members[0].name for declaration in cycle]
    if names[0] in table.broken:
        return
    for declaration in cycle:
        table.broken |= {member.name for member in declaration.members}
    shown = " → ".join(map(symbol, [*names, names[0]]))
    cycle[0].reader.refuse(
        cycle[0].key,
        "feature_cyclic",
        f"features read each other in a circle: {shown}",
        "let one of them read something else",
    )


def _build(declaration: Declaration, table: FeatureTable) -> list[FeatureSpec]:
    if declaration.value is not None:
        return _build_derived(declaration, declaration.value, table)
    if declaration.graph is not None:
        return _build_graph(declaration, declaration.graph, table)
    return _build_aggregate(declaration, table)


def _build_derived(
    declaration: Declaration, written: WrittenExpression, table: FeatureTable
) -> list[FeatureSpec]:
    value = translate_written(declaration.reader, written, table.scope, "`value`")
    if value is None:
        return []
    name = declaration.members[0].name
    if all(read in FIELDS or read in table.over_event for read in names_read(value)):
        over_event = substitute(value, table.over_event)
        if not _check_size(declaration, written, over_event):
            return []
        table.over_event[name] = over_event
    return [
        FeatureSpec(
            name=name,
            type=type_of(value),
            title=declaration.title,
            unit=declaration.unit,
            value=value,
        )
    ]


def _build_graph(
    declaration: Declaration, graph: GraphDeclaration, table: FeatureTable
) -> list[FeatureSpec]:
    faults = len(declaration.reader.problems)
    conditions: dict[str, Expression | None] = {}
    for key in CONDITIONS:
        written: WrittenExpression | None = getattr(graph, key)
        if written is not None:
            what = f"`{key}`"
            scope = table.event_scope
            condition = translate_written(declaration.reader, written, scope, what, "flag")
            if condition is None or not _check_size(declaration, written, condition):
                return []
            conditions[key] = condition
    for name, node in graph.lists:
        if name not in table.scope.lists and table.scope.complete:
            declaration.reader.refuse(
                node,
                "list_unknown",
                f"the pack has no list {symbol(name)}",
                did_you_mean(name, table.scope.lists) or "declare it under `lists` in `pack.yaml`",
            )
    if len(declaration.reader.problems) > faults:
        return []
    spec = msgspec.structs.replace(
        graph.spec, lists=tuple(name for name, _ in graph.lists), **conditions
    )
    return [
        FeatureSpec(
            name=declaration.members[0].name,
            type="number",
            title=declaration.title,
            unit=declaration.unit,
            graph=spec,
        )
    ]


def _build_aggregate(declaration: Declaration, table: FeatureTable) -> list[FeatureSpec]:
    aggregate = declaration.aggregate
    assert aggregate is not None, "a declaration without `value` that is whole has an aggregate"
    of = where = None
    scope = table.event_scope
    faults = len(declaration.reader.problems)
    if declaration.where is not None:
        where = translate_written(declaration.reader, declaration.where, scope, "`where`", "flag")
        _check_size(declaration, declaration.where, where)
    if declaration.of is not None:
        of = translate_written(declaration.reader, declaration.of, scope, "`of`")
        _check_size(declaration, declaration.of, of)
        _check_of(declaration, declaration.of, of)
    incomplete = (of is None and declaration.of) or (where is None and declaration.where)
    if incomplete or len(declaration.reader.problems) > faults:
        return []
    value_type: ValueType = (
        type_of(of) if of is not None and aggregate in ("last", "latest") else "number"
    )
    scale = declaration.scale
    if scale is None:
        exact = of is None or type_of(of) == "text" or is_integral(of, _INTEGER_FIELDS)
        scale = 0 if exact else FRACTION_SCALE
    return [
        FeatureSpec(
            name=member.name,
            type=value_type,
            title=_title(declaration.title, member),
            unit=declaration.unit,
            key=declaration.slot,
            aggregate=aggregate,
            of=of,
            of_scale=scale,
            where=where,
            seen_as=declaration.seen_as,
            window_us=member.window_us,
            delay_us=declaration.delay_us,
            tile_us=declaration.tile_us,
            prior=declaration.prior,
            quantile=declaration.quantile,
        )
        for member in declaration.members
    ]


def _check_of(declaration: Declaration, written: WrittenExpression, of: Expression | None) -> None:
    if of is None or declaration.aggregate not in NUMERIC_AGGREGATES or type_of(of) != "text":
        return
    declaration.reader.refuse(
        written.scalar,
        "type_mismatch",
        f"`of` is a text; the aggregate {symbol(declaration.aggregate)} needs a number",
        "count different texts with `aggregate: distinct`",
    )


def _check_size(
    declaration: Declaration, written: WrittenExpression, expression: Expression | None
) -> bool:
    """Check a tree after features took their places in it; features of features can grow without
    bound.
    """
    if expression is None or is_within(
        expression, parts=MAX_INLINED_PARTS, depth=MAX_INLINED_DEPTH
    ):
        return True
    declaration.reader.refuse(
        written.scalar,
        "expression_too_many_parts",
        f"with the features that it names, the expression has more than {MAX_INLINED_PARTS:,} "
        "parts or "
        f"{MAX_INLINED_DEPTH} levels",
        "name fewer features that name others",
    )
    return False


def _title(title: TextPair, member: Member) -> TextPair:
    """Return the title with `{window}` said in words."""
    if "{window}" not in title.en and "{window}" not in title.zh:
        return title
    text = format_duration(member.window_us)
    number, unit = text[:-1], text[-1]
    english = f"{number} {_WORDS_EN[unit]}{'' if number == '1' else 's'}"
    return msgspec.structs.replace(
        title,
        en=title.en.replace("{window}", english),
        zh=title.zh.replace("{window}", f"{number}{_WORDS_ZH[unit]}"),
    )
