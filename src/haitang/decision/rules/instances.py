"""The instances of a policy: for whom each of them holds, and with which numbers.

A scope is a set of cells, one for each channel and segment; None in a cell stands for a missing
value and for every one that nobody names. So "overlap" and "rest" are questions about sets, and an
event is in exactly the instances that hold its cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.terms import (
    Compare,
    Expression,
    Feature,
    Field,
    Logic,
    Not,
    OneOf,
    Text,
)
from haitang.decision.rules.actions import ACCOMPANYING_ACTIONS, PRIMARY_ACTIONS
from haitang.decision.rules.parameters import INSTANCE_KEYS, read_override
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.sections import check_identifier
from haitang.decision.rules.specs import ParameterSpec, ScopeCell
from haitang.decision.rules.standards import Standards
from haitang.decision.rules.yamltext import Mapping as MappingNode
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import symbol

MAX_INSTANCES = 200
MAX_SCORE = 1_000
STATUSES = ("draft", "shadow", "live", "retired")
REST = "rest"

Place = tuple[str | None, ...]
_CHANNEL = Field(name="channel", type="text")


class Scopes(msgspec.Struct, frozen=True, kw_only=True):
    """What scopes of one policy are made of: its channels, and the pack's segment."""

    channels: tuple[str, ...] = ()
    """Those that the policy names; empty for all, and for events without any."""
    segment: Field | Feature | None = None
    """What the pack calls the segment; None where it names none."""

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments that there can be, where that is known."""
        return FIELDS[self.segment.name].allowed if isinstance(self.segment, Field) else ()


class InstanceForm(msgspec.Struct, frozen=True, kw_only=True):
    """One instance as it is written; None and empty where it says nothing."""

    id: str
    node: Node
    channels: tuple[str, ...] | None = None
    """Names, or nothing for `rest`; None where the key is missing."""
    segments: tuple[str, ...] | None = None
    parameters: Mapping[str, ParameterSpec] = {}
    score: int | None = None
    action: str | None = None
    also: tuple[str, ...] | None = None
    status: str | None = None


def read_instances(
    reader: FileReader,
    node: Node,
    scopes: Scopes,
    parameters: Mapping[str, ParameterSpec],
    *,
    written: Collection[str],
    currency: str,
    standards: Standards | None,
) -> tuple[InstanceForm, ...]:
    """Return the instances as written; those with a fault are left out.

    `written` are the names of all parameters, also of those with a fault.
    """
    items = reader.items(node, "`instances`")
    if not 1 <= len(items) <= MAX_INSTANCES:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`instances` has {len(items)} entries; expected 1 to {MAX_INSTANCES}",
            "remove the key: a policy without instances has one, called like itself",
        )
        return ()
    forms: list[InstanceForm] = []
    for item in items:
        form = _read_instance(
            reader,
            item,
            scopes,
            parameters,
            written=written,
            currency=currency,
            standards=standards,
        )
        if form is None:
            continue
        if any(other.id == form.id for other in forms):
            reader.refuse(
                item,
                "id_duplicate",
                f"two instances are called {symbol(form.id)}",
                "give each its own name",
            )
            continue
        forms.append(form)
    return tuple(forms)


def _read_instance(
    reader: FileReader,
    node: Node,
    scopes: Scopes,
    parameters: Mapping[str, ParameterSpec],
    *,
    written: Collection[str],
    currency: str,
    standards: Standards | None,
) -> InstanceForm | None:
    before = len(reader.problems)
    entries = reader.entries(
        node, "an instance", required=("id",), optional=(*INSTANCE_KEYS[1:], *written)
    )
    name = reader.text(entries["id"], "`id`") if "id" in entries else None
    if name is None or not check_identifier(reader, entries["id"], "`id`", name):
        return None
    channels = segments = None
    if "channel" in entries:
        allowed = FIELDS["channel"].allowed
        channels = _read_words(reader, entries["channel"], "`channel`", allowed)
    if "segment" in entries:
        segments = _read_segments(reader, entries["segment"], scopes)
    also = None
    if isinstance(node, MappingNode) and "also" in node.entries:
        # `also: []` takes back what the policy says, and so does an empty value.
        also = (
            reader.choices(entries["also"], "`also`", ACCOMPANYING_ACTIONS)
            if "also" in entries
            else ()
        )
    form = InstanceForm(
        id=name,
        node=node,
        channels=channels,
        segments=segments,
        parameters={
            own: changed
            for own, parameter in parameters.items()
            if own in entries
            and (
                changed := read_override(
                    reader, entries[own], parameter, currency=currency, standards=standards
                )
            )
            is not None
        },
        score=reader.whole(entries["score"], "`score`", 0, MAX_SCORE)
        if "score" in entries
        else None,
        action=reader.choice(entries["action"], "`action`", PRIMARY_ACTIONS)
        if "action" in entries
        else None,
        also=also,
        status=reader.choice(entries["status"], "`status`", STATUSES)
        if "status" in entries
        else None,
    )
    return form if len(reader.problems) == before else None


def _read_words(
    reader: FileReader, node: Node, what: str, allowed: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the words of one place; nothing stands for `rest`."""
    if isinstance(node, Scalar) and node.text.strip() == REST:
        return ()
    if allowed:
        return reader.choices(node, what, allowed)
    found: list[str] = []
    for word, item in reader.names(node, what):
        if word in found:
            reader.refuse(item, "value_repeated", f"{what} names {symbol(word)} twice")
        else:
            found.append(word)
    return tuple(found)


def _read_segments(reader: FileReader, node: Node, scopes: Scopes) -> tuple[str, ...]:
    if scopes.segment is None:
        reader.refuse(
            node,
            "scope_unknown",
            "the instance names a segment, but the pack does not say what a segment is",
            "write `segment: customer_segment` in `pack.yaml`",
        )
        return ()
    return _read_words(reader, node, "`segment`", scopes.segments)


# -- scopes ----------------------------------------------------------------------------------------


def scope_cells(
    forms: tuple[InstanceForm, ...], scopes: Scopes
) -> dict[str, tuple[ScopeCell, ...]]:
    """Return the cells of each instance, by its id.

    `rest` gives way: an instance that says it leaves a cell to every sibling that holds the cell
    and names a channel or segment where it names none itself.
    """
    channels, segments = universe(forms, scopes)
    bases = {
        form.id: {
            (channel, segment)
            for channel in (form.channels or channels)
            if channel in channels
            for segment in (form.segments or segments)
        }
        for form in forms
    }
    result: dict[str, tuple[ScopeCell, ...]] = {}
    for form in forms:
        cells = set(bases[form.id])
        if form.channels == () or form.segments == ():
            for other in forms:
                if _names_more(other, form):
                    cells -= bases[other.id]
        result[form.id] = tuple(
            (channel, segment)
            for channel in channels
            for segment in segments
            if (channel, segment) in cells
        )
    return result


def universe(forms: Iterable[InstanceForm], scopes: Scopes) -> tuple[Place, Place]:
    """Return all channels and all segments that matter; None is everything else, and missing."""
    channels: Place = scopes.channels or (*FIELDS["channel"].allowed, None)
    named = (word for form in forms for word in form.segments or ())
    return channels, (*(scopes.segments or tuple(dict.fromkeys(named))), None)


def _names_more(other: InstanceForm, form: InstanceForm) -> bool:
    """Tell whether a sibling names a channel or a segment where this instance names none."""
    by_channel = bool(other.channels) and not form.channels
    by_segment = bool(other.segments) and not form.segments
    return by_channel or by_segment


def check_scopes(
    reader: FileReader,
    forms: tuple[InstanceForm, ...],
    cells: Mapping[str, tuple[ScopeCell, ...]],
) -> None:
    """Check that no scope is empty and no event is in two instances."""
    for position, form in enumerate(forms):
        own = set(cells[form.id])
        if not own:
            reader.refuse(
                form.node,
                "instance_dead",
                f"no event is in the instance {symbol(form.id)}: the policy is not for its "
                "channels, or its siblings leave nothing over",
                "change its scope, or remove it",
            )
        for other in forms[:position]:
            shared = own & set(cells[other.id])
            if shared:
                example = next(cell for cell in cells[form.id] if cell in shared)
                reader.refuse(
                    form.node,
                    "instances_overlap",
                    f"{_in_words(example)} is in the instances {symbol(other.id)} and "
                    f"{symbol(form.id)}",
                    "name different channels or segments, or write `rest` in one of them",
                )
                break


def check_differences(
    reader: FileReader, forms: tuple[InstanceForm, ...], said: Mapping[str, object]
) -> None:
    """Check that no two instances conclude the same from the same numbers: they are one."""
    for position, form in enumerate(forms):
        same = next((other for other in forms[:position] if said[other.id] == said[form.id]), None)
        if same is not None:
            reader.refuse(
                form.node,
                "instances_mergeable",
                f"the instances {symbol(same.id)} and {symbol(form.id)} say the same about "
                "different scopes",
                "name both scopes in one of them, or change a parameter, score or action",
            )


def _in_words(cell: ScopeCell) -> str:
    channel, segment = cell
    parts = [
        f"channel {symbol(channel)}" if channel else "no channel",
        f"segment {symbol(segment)}" if segment else "no segment",
    ]
    return f"an event of {' and '.join(parts)}".replace("of no", "with no")


def scope_condition(
    cells: tuple[ScopeCell, ...], channels: Place, segments: Place, segment: Field | Feature | None
) -> tuple[Expression, ...]:
    """Return the conditions that hold exactly for the events of a scope; none for all events."""
    by_segments: dict[Place, list[str | None]] = {}
    for channel in channels:
        own = tuple(one for one in segments if (channel, one) in cells)
        if own:
            by_segments.setdefault(own, []).append(channel)
    products: list[tuple[Expression, ...]] = []
    for own, together in by_segments.items():
        parts = [_among(_CHANNEL, tuple(together), (*FIELDS["channel"].allowed, None))]
        if segment is not None:
            parts.append(_among(segment, own, segments))
        products.append(tuple(part for part in parts if part is not None))
    if len(products) == 1:
        return products[0]
    return (Logic(op="or", operands=tuple(map(_all_of, products))),)


def _all_of(parts: tuple[Expression, ...]) -> Expression:
    return parts[0] if len(parts) == 1 else Logic(op="and", operands=parts)


def _among(operand: Field | Feature, chosen: Place, every: Place) -> Expression | None:
    """Return the condition that a text is one of the chosen; None where that is always so."""
    left_out = tuple(word for word in every if word not in chosen)
    if not left_out:
        return None
    if None in chosen:
        # True for a missing value, too: `rest` holds events that say nothing.
        return Not(operand=_one_of(operand, left_out))
    return _one_of(operand, chosen)


def _one_of(operand: Field | Feature, words: Place) -> Expression:
    named = tuple(word for word in words if word is not None)
    if len(named) == 1:
        return Compare(op="==", left=operand, right=Text(value=named[0]))
    return OneOf(operand=operand, values=named)


def default_words(
    form: InstanceForm | None, cells: tuple[ScopeCell, ...] | None, scopes: Scopes
) -> tuple[str | None, str | None]:
    """Return the channel and the segment of test events that state none.

    They are the first that the instance names; where it names none, MOBILE and ORDINARY if it holds
    them, else the first that it holds. A segment is left out where the instance says nothing of it.
    """
    if form is None or cells is None:
        return (
            ("MOBILE" if "MOBILE" in scopes.channels else scopes.channels[0], None)
            if (scopes.channels)
            else ("MOBILE", None)
        )
    channels = tuple(dict.fromkeys(channel for channel, _ in cells))
    channel = _first(form.channels, channels, "MOBILE")
    segments = tuple(own for at, own in cells if at == channel)
    segment = _first(form.segments, segments, "ORDINARY") if form.segments is not None else None
    return channel, segment


def _first(named: tuple[str, ...] | None, held: Place, usual: str) -> str | None:
    wanted = (*(named or ()), usual)
    return next((word for word in wanted if word in held), next(iter(held), None))
