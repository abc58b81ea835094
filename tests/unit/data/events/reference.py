"""The tables of `docs/reference/events.md`, from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, Family, FieldSpec
from haitang.data.events.diagnosis import expected

FAMILIES: dict[Family, str] = {
    "money": "Money movements",
    "session": "Sessions",
    "authentication": "Authentication",
    "change": "Changes",
    "account": "Accounts",
    "branch": "Branch",
    "staff": "Staff",
    "list": "Lists",
    "order": "Orders and warnings",
    "outcome": "Outcomes and labels",
}
BEGIN = "<!-- from the catalogue; `make golden` rewrites what follows -->"
END = "<!-- until here -->"


def tables() -> str:
    """Return the generated part of the page."""
    return "\n".join([*_event_types(), "", *_fields(), "", *_carried()])


def _event_types() -> Iterator[str]:
    yield "## Event types"
    yield ""
    yield "| type | family | English | 中文 |"
    yield "|---|---|---|---|"
    for name, spec in EVENT_TYPES.items():
        yield f"| `{name}` | {spec.family} | {spec.title_en} | {spec.title_zh} |"


def _fields() -> Iterator[str]:
    yield "## Fields"
    yield ""
    yield "| field | kind | holds | class | English | 中文 |"
    yield "|---|---|---|---|---|---|"
    for name, spec in FIELDS.items():
        holds = _holds(spec)
        yield (
            f"| `{name}` | {spec.kind} | {holds} | {spec.data_class} "
            f"| {spec.title_en} | {spec.title_zh} |"
        )


def _holds(spec: FieldSpec) -> str:
    if spec.name == "event_type":
        return "one of the event types"
    return expected(spec) + (" (required)" if spec.required else "")


def _carried() -> Iterator[str]:
    yield "## Which fields an event type carries"
    yield ""
    everywhere = [
        name for name, spec in FIELDS.items() if len(spec.event_types) == len(EVENT_TYPES)
    ]
    yield f"All types: {_listing(everywhere)}."
    for family, title in FAMILIES.items():
        members = [spec for spec in EVENT_TYPES.values() if spec.family == family]
        assert len({spec.fields for spec in members}) == 1, f"{family} types differ in fields"
        own = [name for name in members[0].fields if name not in everywhere]
        yield ""
        yield f"### {title}"
        yield ""
        yield f"{_listing([spec.name for spec in members])}: {_listing(own)}."


def _listing(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
