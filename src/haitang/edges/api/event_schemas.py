"""Events as JSON Schema: derived from the catalogue, so that the document cannot say otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS, EventTypeSpec, FieldSpec

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"

# The forbidden characters of `data.events.diagnosis`, as ECMA-262 spells them; JSON in UTF-8 has no
# halves of surrogates.
_UNSAFE = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff"
_LINE = rf"^[^\u0000-\u001f{_UNSAFE}]*$"
_PARAGRAPH = rf"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f{_UNSAFE}]*$"
_NEVER_NULL = (
    "event_type",
    "event_id",
    "occurred_at_us",
    "schema_version",
    "list_name",
    "list_value",
)
_OCCURRED_AT: Schema = {
    "type": "string",
    "format": "date-time",
    "minLength": 20,
    "maxLength": 64,
    "description": "RFC 3339 with an offset, from 1990 to 2100; in place of `occurred_at_us`.",
}


def field_name(name: str) -> str:
    """Return under which name a field's schema stands in the document."""
    return f"field_{name}"


def event_name(event_type: str) -> str:
    """Return under which name an event type's schema stands in the document."""
    return "".join(part.capitalize() for part in event_type.split("_"))


def event_components(event_types: Iterable[str]) -> dict[str, Schema]:
    """Return the schemas of event types and of every field that they carry."""
    types = [EVENT_TYPES[name] for name in event_types]
    carried = {name for spec in types for name in spec.fields if name != "event_type"}
    components = {
        field_name(name): _field(spec) for name, spec in FIELDS.items() if name in carried
    }
    components["field_occurred_at"] = _OCCURRED_AT
    components.update({event_name(spec.name): _event(spec) for spec in types})
    return components


def union(event_types: Iterable[str], *, description: str) -> Schema:
    """Return the union of event types, told apart by `event_type`."""
    mapping = {name: REFERENCE + event_name(name) for name in event_types}
    return {
        "description": description,
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "event_type", "mapping": mapping},
    }


def _event(spec: EventTypeSpec) -> Schema:
    properties: dict[str, Schema] = {"event_type": {"const": spec.name, "type": "string"}}
    for name in spec.fields[1:]:
        properties[name] = {"$ref": REFERENCE + field_name(name)}
    properties["occurred_at"] = {"$ref": REFERENCE + "field_occurred_at"}
    required = [name for name in spec.required if name != "occurred_at_us"]
    schema: Schema = {
        "title": f"{spec.title_en} {spec.title_zh}",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "oneOf": [{"required": ["occurred_at_us"]}, {"required": ["occurred_at"]}],
    }
    if "currency" in spec.fields and "amount_minor" in spec.fields:
        # An amount needs its currency.
        schema["anyOf"] = [
            {"properties": {"amount_minor": {"type": "null"}}},
            {"properties": {"currency": {"type": "string"}}, "required": ["currency"]},
        ]
    return schema


def _field(spec: FieldSpec) -> Schema:
    schema: Schema = {"title": f"{spec.title_en} {spec.title_zh}", "x-data-class": spec.data_class}
    nullable = spec.name not in _NEVER_NULL
    if spec.type == "flag":
        kind = "boolean"
    elif spec.type == "number":
        kind = "integer" if spec.integer else "number"
        schema.update(_bounds(spec))
    else:
        kind = "string"
        if spec.allowed:
            schema["enum"] = [*spec.allowed, None] if nullable else list(spec.allowed)
        else:
            schema["maxLength"] = spec.characters_max
            schema["pattern"] = _PARAGRAPH if spec.kind == "remark" else _LINE
            if spec.characters_min:
                schema["minLength"] = spec.characters_min
    schema["type"] = [kind, "null"] if nullable else kind
    return schema


def _bounds(spec: FieldSpec) -> Schema:
    found = {"minimum": spec.minimum, "maximum": spec.maximum}
    return {
        name: int(value) if spec.integer else value
        for name, value in found.items()
        if value is not None
    }
