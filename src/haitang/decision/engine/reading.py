"""What an expression reads, and for which events it can hold: asked of a pack's terms when it is
compiled.
"""

from __future__ import annotations

from haitang.data.features import terms
from haitang.data.features.specs import FeatureSpec


def names_read(term: terms.Expression) -> list[str]:
    """Return the fields and features that an expression names, in order, each once."""
    found: list[str] = []

    def walk(node: terms.Expression) -> None:
        match node:
            case terms.Field(name=name) | terms.Feature(name=name):
                found.append(name)
            case terms.Contains(field=field) | terms.Listed(field=field):
                found.append(field)
            case _:
                for part in parts_of(node):
                    walk(part)

    walk(term)
    return list(dict.fromkeys(found))


def parts_of(node: terms.Expression) -> tuple[terms.Expression, ...]:
    """Return the expressions that a node is directly made of, in order."""
    match node:
        case terms.Arithmetic(left=left, right=right) | terms.Compare(left=left, right=right):
            return (left, right)
        case terms.Logic(operands=operands):
            return operands
        case terms.Not(operand=operand) | terms.Known(operand=operand):
            return (operand,)
        case terms.OneOf(operand=operand):
            return (operand,)
        case terms.Call(arguments=arguments):
            return arguments
        case _:
            return ()


def conjuncts(term: terms.Expression) -> list[terms.Expression]:
    """Return the conditions that must all hold."""
    if isinstance(term, terms.Logic) and term.op == "and":
        return [part for operand in term.operands for part in conjuncts(operand)]
    return [term]


def reads_only_lists(term: terms.Expression, features: dict[str, FeatureSpec]) -> bool:
    """Tell whether an expression asks at least one list, and else reads nothing but the event.

    Features that are calculated from the event (`is_payment`) count as the event; those that are
    aggregated over a key's past do not.
    """
    seen: set[str] = set()
    asked = False

    def walk(node: terms.Expression) -> bool:
        nonlocal asked
        match node:
            case terms.Listed():
                asked = True
                return True
            case terms.Feature(name=name):
                value = features[name].value
                if value is None:
                    return False
                if name in seen:
                    return True
                seen.add(name)
                return walk(value)
            case _:
                return all(walk(part) for part in parts_of(node))

    return walk(term) and asked


def is_event_only(term: terms.Expression, features: dict[str, FeatureSpec]) -> bool:
    """Tell whether an expression reads only the event, directly or through other features, so that
    it is known before anything kept is looked up.

    Graph features do not count as the event: in some modes they are not computed, and what is read
    of the state must not depend on the mode.
    """
    if isinstance(term, terms.Feature):
        value = features[term.name].value
        return value is not None and is_event_only(value, features)
    return all(is_event_only(part, features) for part in parts_of(term))


def event_part(term: terms.Expression, features: dict[str, FeatureSpec]) -> terms.Expression | None:
    """Return a condition on the event alone that holds whenever `term` holds, the narrowest that
    can be read off its form; None where there is none.
    """
    if is_event_only(term, features):
        return term
    match term:
        case terms.Feature(name=name, type="flag"):
            value = features[name].value
            return None if value is None else event_part(value, features)
        case terms.Logic(op=op, operands=operands):
            parts = [event_part(operand, features) for operand in operands]
            told = tuple(part for part in parts if part is not None)
            if not told or (op == "or" and len(told) < len(parts)):
                return None
            return told[0] if len(told) == 1 else terms.Logic(op=op, operands=told)
        case _:
            return None


def event_types_of(
    term: terms.Expression, features: dict[str, FeatureSpec]
) -> frozenset[str] | None:
    """Return the event types for which a flag term can be true, or None where none can be told."""
    match term:
        case terms.Compare(
            op="==", left=terms.Field(name="event_type"), right=terms.Text(value=text)
        ):
            return frozenset((text,))
        case terms.Compare(
            op="==", left=terms.Text(value=text), right=terms.Field(name="event_type")
        ):
            return frozenset((text,))
        case terms.OneOf(operand=terms.Field(name="event_type"), values=values):
            return frozenset(str(value) for value in values)
        case terms.Logic(op=op, operands=operands):
            known = [event_types_of(operand, features) for operand in operands]
            if op == "or":
                return None if None in known else frozenset().union(*(set(k or ()) for k in known))
            told = [types for types in known if types is not None]
            return frozenset.intersection(*told) if told else None
        case terms.Flag(value=False):
            return frozenset()
        case terms.Feature(name=name) if features[name].value is not None:
            value = features[name].value
            return event_types_of(value, features) if value is not None else None
        case _:
            return None
