"""The OpenAPI document: every route, shape and error, made of the types themselves."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import msgspec

from haitang.app.service.answers import ListEntryView, PublicationView, ReplayCheck
from haitang.data.events.catalogue import EVENT_TYPES
from haitang.decision.engine.decisions import Decision
from haitang.edges.api import examples
from haitang.edges.api.event_schemas import REFERENCE, Schema, event_components, field_name, union
from haitang.edges.api.event_scopes import EVENT_SCOPES, OUTCOME_TYPES
from haitang.edges.api.keys import SCOPES, Scope
from haitang.edges.api.limits import DEADLINE_MS_MAX, DEADLINE_MS_MIN, ApiSettings
from haitang.edges.api.refusals import ErrorAnswer
from haitang.edges.api.shapes import (
    BatchAnswer,
    DecisionAnswer,
    Health,
    ListEntry,
    Publication,
    Receipt,
    RollBack,
)
from haitang.kernel.instants import EARLIEST_US, LATEST_US

_SHAPES = (
    DecisionAnswer, BatchAnswer, Receipt, Decision, ReplayCheck, PublicationView, Publication,
    RollBack, ListEntry, ListEntryView, Health, ErrorAnswer,
)  # fmt: skip
_STATUSES = {
    400: "Not understood.",
    401: "The API key is missing, unknown or revoked.",
    403: "The API key lacks the scope.",
    404: "Not there.",
    408: "The body was not complete in time.",
    409: "In conflict with what is stored.",
    413: "Too long, or too many events.",
    415: "A body of another kind.",
    422: "Understood and refused.",
    503: "Busy or not ready; nothing was taken.",
    504: "Too late: no decision was made known; asking again gives the one that was stored.",
}
_COMMON = (401, 403, 408, 413)
_ANYTHING: Schema = {
    "description": "Anything else is refused by its index; the others are not touched by it."
}
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
Place = Literal["path", "query"]


def make_document(settings: ApiSettings, *, media_types: tuple[str, ...] = ()) -> Schema:
    """Return the document; `media_types` are bodies other than JSON that are taken as events."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Haitang 海塘",
            "version": _version(),
            "summary": "Decide on payments before the money moves.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "decisions"}, {"name": "events"}, {"name": "publications"},
            {"name": "lists"}, {"name": "operation"},
        ],
        "security": [{"key": []}],
        "paths": {
            **_intake_paths(settings, media_types),
            **_decision_paths(),
            **_publication_paths(),
            **_list_paths(settings),
            **_operation_paths(settings),
        },
        "components": {
            "schemas": _schemas(settings),
            "headers": _HEADERS,
            "parameters": _PARAMETERS,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`ht_<id>_<secret>`. Scopes: "
                    + " ".join(f"`{name}`: {text}" for name, text in SCOPES.items()),
                }
            },
        },
    }  # fmt: skip


def _version() -> str:
    try:
        return version("haitang")
    except PackageNotFoundError:
        return "0"  # run from a folder that was never installed


_HEADERS: Schema = {
    "RequestId": {
        "description": "`X-Request-Id` of the request where it was printable ASCII of at most 64 "
        "characters, else a number of ours.",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "Repeated": {
        "description": "The event was known; this is what was decided then.",
        "schema": {"type": "string", "const": "true"},
    },
    "RetryAfter": {
        "description": "Seconds after which to ask again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {"required": True, "schema": {"type": "string"}},
    "Challenge": {"required": True, "schema": {"type": "string"}},
}
_PARAMETERS: Schema = {
    "Deadline": {
        "name": "Haitang-Deadline-Ms",
        "in": "header",
        "description": "Time budget from the arrival of the request, in milliseconds.",
        "schema": {
            "type": "integer", "minimum": DEADLINE_MS_MIN, "maximum": DEADLINE_MS_MAX,
        },
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Repeated in the answer; anything but printable ASCII of at most 64 "
        "characters is replaced by a number of ours.",
        "schema": {"type": "string"},
    },
}  # fmt: skip
_DEADLINE: Schema = {"$ref": "#/components/parameters/Deadline"}
_REQUEST_ID: Schema = {"$ref": "#/components/parameters/RequestId"}


def _schemas(settings: ApiSettings) -> Schema:
    _, shapes = msgspec.json.schema_components(_SHAPES, ref_template=REFERENCE + "{name}")
    # What msgspec takes as base64, and what the codec takes as a value of a list.
    shapes["Publication"]["properties"]["files"]["additionalProperties"]["pattern"] = _BASE64
    entry = shapes["ListEntry"]["properties"]
    entry.update({name: {"$ref": REFERENCE + field_name(name)} for name in entry})
    return {
        "Event": union(EVENT_TYPES, description="Any event of the catalogue."),
        "Outcome": union(OUTCOME_TYPES, description="What became of an earlier event."),
        "Events": {
            "type": "array",
            "maxItems": settings.batch_request_events_max,
            "items": {"anyOf": [{"$ref": REFERENCE + "Event"}, _ANYTHING]},
        },
        "Outcomes": {
            "type": "array",
            "maxItems": settings.batch_request_events_max,
            "items": {"anyOf": [{"$ref": REFERENCE + "Outcome"}, _ANYTHING]},
        },
        **event_components(EVENT_TYPES),
        **shapes,
    }


def _intake_paths(settings: ApiSettings, media_types: tuple[str, ...]) -> Schema:
    transfer = {"transfer": {"value": examples.TRANSFER}, "login": {"value": examples.LOGIN}}
    many = {"value": [examples.TRANSFER, examples.LOGIN]}
    explain: Schema = {
        "name": "explain",
        "in": "query",
        "description": "`full` adds the whole decision, with every value that was read.",
        "schema": {"type": "string", "enum": ["brief", "full"]},
    }
    other = dict.fromkeys(media_types, "ISO 20022 `pacs.008` or `pain.001`")
    lines = {"application/x-ndjson": "JSON Lines: one event a line."}
    decided = _answer("The decision.", "DecisionAnswer", example=examples.DECISION)
    decided["headers"]["Haitang-Repeated"] = {"$ref": "#/components/headers/Repeated"}
    paths = {
        "/v1/decisions": {
            "post": _operation(
                "decide", "decide", "Store an event, decide it, and answer.", tag="decisions",
                body=_body(REFERENCE + "Event", transfer, other=other),
                parameters=[explain, _DEADLINE],
                answers={200: decided}, errors=(400, 409, 415, 422, 503, 504),
            )
        },
        "/v1/decisions:batch": {
            "post": _operation(
                "decide_batch", "decide",
                f"Decide up to {settings.batch_request_events_max} events, each for itself.",
                tag="decisions",
                body=_body(
                    REFERENCE + "Events", {"two": many}, one="Event", other={**lines, **other}
                ),
                parameters=[_DEADLINE],
                answers={200: _answer("A result for each event, in order.", "BatchAnswer")},
                errors=(400, 409, 415, 422, 503, 504),
            )
        },
        "/v1/events": {
            "post": _operation(
                "take_events", "events", "Store events that need no answer.", tag="events",
                body=_body(
                    REFERENCE + "Events", {**transfer, "two": many},
                    one="Event", other={**lines, **other},
                ),
                parameters=[_DEADLINE],
                answers={202: _answer("Durable.", "Receipt")},
                errors=(400, 409, 415, 422, 503, 504),
            )
        },
        "/v1/outcomes": {
            "post": _operation(
                "take_outcomes", "outcomes", "Say what became of earlier events.", tag="events",
                body=_body(
                    REFERENCE + "Outcomes", {"label": {"value": examples.LABEL}},
                    one="Outcome", other=lines,
                ),
                parameters=[_DEADLINE],
                answers={202: _answer("Durable.", "Receipt")},
                errors=(400, 409, 415, 422, 503, 504),
            )
        },
    }  # fmt: skip
    for path in ("/v1/decisions", "/v1/decisions:batch", "/v1/events"):
        paths[path]["post"]["description"] = _second_scopes()
    return paths


def _second_scopes() -> str:
    """Say which events a route's own scope is not enough for."""
    needs = []
    for scope in SCOPES:
        names = [f"`{name}`" for name, wanted in EVENT_SCOPES.items() if wanted == scope]
        if names:
            needs.append(f"`{scope}` for {', '.join(names)}")
    return (
        f"Some types need a second scope: {'; '.join(needs)}. An event that the key may not send "
        "is refused with `scope_missing`, among many by its index."
    )


def _decision_paths() -> Schema:
    identifier = _parameter(
        "id", "path", "Identifier of a decision or of its event.",
        {"type": "string", "minLength": 1, "maxLength": 64},
    )  # fmt: skip
    return {
        "/v1/decisions/{id}": {
            "get": _operation(
                "read_decision", "read", "Return a decision with its whole explanation.",
                tag="decisions", parameters=[identifier],
                answers={200: _answer("The whole decision.", "Decision")}, errors=(404, 503),
            )
        },
        "/v1/decisions/{id}:replay": {
            "post": _operation(
                "replay_decision", "read", "Decide once more from the journal and compare.",
                tag="decisions", parameters=[identifier],
                answers={200: _answer("Recorded and recomputed.", "ReplayCheck")},
                errors=(404, 503),
            )
        },
    }  # fmt: skip


def _publication_paths() -> Schema:
    number = _parameter(
        "number", "path", "The live publication.",
        {"type": "integer", "minimum": 0, "maximum": 999_999_999_999},
    )  # fmt: skip
    views = {"type": "array", "items": {"$ref": REFERENCE + "PublicationView"}}
    return {
        "/v1/publications": {
            "get": _operation(
                "read_publications", "publish", "Return every publication, oldest first.",
                tag="publications", answers={200: _answer("All publications.", views)},
                errors=(503,),
            ),
            "post": _operation(
                "publish", "publish", "Check a pack and publish it.", tag="publications",
                body=_body(REFERENCE + "Publication", {"pack": {"value": examples.PUBLICATION}}),
                answers={201: _answer("Published, or scheduled.", "PublicationView")},
                errors=(400, 409, 415, 422, 503),
            ),
        },
        "/v1/publications/{number}:rollback": {
            "post": _operation(
                "roll_back", "publish", "Make the publication before the live one live again.",
                tag="publications", parameters=[number],
                body=_body(REFERENCE + "RollBack", {"one": {"value": examples.ROLL_BACK}}),
                answers={200: _answer("What is live now.", "PublicationView")},
                errors=(400, 404, 409, 415, 422, 503),
            )
        },
    }  # fmt: skip


def _list_paths(settings: ApiSettings) -> Schema:
    name = _parameter("name", "path", "Name of a list.", {"$ref": REFERENCE + "field_list_name"})
    value = _parameter(
        "value", "path", "The value asked about.", {"$ref": REFERENCE + "field_list_value"}
    )
    at = _parameter(
        "at", "query", "Instant in microseconds UTC; now by default.",
        {"type": "integer", "minimum": EARLIEST_US, "maximum": LATEST_US},
    )  # fmt: skip
    at["required"] = False
    received = {202: _answer("Durable.", "Receipt")}
    return {
        "/v1/lists/{name}/entries": {
            "put": _operation(
                "put_list_entry", "lists", "Put a value on a list, or change its entry.",
                tag="lists", parameters=[name, _DEADLINE],
                body=_list_body(settings), answers=received,
                errors=(400, 404, 409, 413, 415, 422, 503, 504),
            ),
            "delete": _operation(
                "remove_list_entries", "lists", "Take many values off a list.",
                tag="lists", parameters=[name, _DEADLINE],
                body=_list_body(settings), answers=received,
                errors=(400, 404, 409, 413, 415, 422, 503, 504),
            ),
        },
        "/v1/lists/{name}/entries/{value}": {
            "get": _operation(
                "read_list_entry", "lists", "Tell what a list says of a value at an instant.",
                tag="lists", parameters=[name, value, at],
                answers={200: _answer("The entry.", "ListEntryView")}, errors=(404, 422, 503),
            ),
            "delete": _operation(
                "remove_list_entry", "lists", "Take a value off a list.", tag="lists",
                parameters=[name, value, _DEADLINE], answers=received,
                errors=(404, 409, 422, 503, 504),
            ),
        },
    }  # fmt: skip


def _operation_paths(settings: ApiSettings) -> Schema:
    def plain(text: str, media: str, scheme: Schema) -> Schema:
        return {"description": text, "headers": _headers(), "content": {media: {"schema": scheme}}}

    health = {"$ref": REFERENCE + "Health"}
    text: Schema = {"type": "string"}
    metrics = _operation(
        "metrics", None if settings.metrics_open else "operate", "Return metrics for Prometheus.",
        tag="operation",
        answers={200: plain("All metrics.", "text/plain; version=0.0.4; charset=utf-8", text)},
    )  # fmt: skip
    not_ready = plain("It does not decide now.", "application/json", health)
    not_ready["headers"]["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    return {
        "/healthz": {"get": _operation(
            "healthz", None, "Tell whether the process lives.", tag="operation",
            answers={200: _answer("It lives.", "Health")},
        )},
        "/readyz": {"get": _operation(
            "readyz", None, "Tell whether the service decides now.", tag="operation",
            answers={200: _answer("It decides.", "Health"), 503: not_ready},
        )},
        "/metrics": {"get": metrics},
        "/openapi.json": {"get": _operation(
            "openapi", None, "Return this document.", tag="operation",
            answers={200: plain("OpenAPI 3.1.", "application/json", {"type": "object"})},
        )},
        "/docs": {"get": _operation(
            "docs", None, "Return this document as a page.", tag="operation",
            answers={200: plain("A page without scripts.", "text/html; charset=utf-8", text)},
        )},
    }  # fmt: skip


def _parameter(name: str, place: Place, description: str, schema: Schema) -> Schema:
    return {
        "name": name, "in": place, "required": True, "description": description, "schema": schema,
    }  # fmt: skip


def _headers() -> Schema:
    return {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}


def _answer(description: str, shape: str | Schema, *, example: Any = None) -> Schema:
    schema = {"$ref": REFERENCE + shape} if isinstance(shape, str) else shape
    content: Schema = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {
        "description": description,
        "headers": _headers(),
        "content": {"application/json": content},
    }


def _error(status: int) -> Schema:
    answer = _answer(_STATUSES[status], "ErrorAnswer", example=examples.ERROR)
    if status in {429, 503}:
        answer["headers"]["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    if status == 401:
        answer["headers"]["WWW-Authenticate"] = {"$ref": "#/components/headers/Challenge"}
    return answer


def _list_body(settings: ApiSettings) -> Schema:
    """Return a body of one entry or many."""
    entry = {"$ref": REFERENCE + "ListEntry"}
    many = {
        "type": "array",
        "maxItems": settings.batch_request_events_max,
        "items": {"anyOf": [entry, _ANYTHING]},
    }
    shown = {
        "entry": {"value": examples.LIST_ENTRY},
        "entries": {"value": [examples.LIST_ENTRY]},
    }
    body = _body(
        "", shown, other={"application/x-ndjson": "One entry a line; refused by its index."}
    )
    body["content"]["application/json"]["schema"] = {"oneOf": [entry, many]}
    return body


def _body(
    reference: str, shown: Schema, *, one: str = "", other: dict[str, str] | None = None
) -> Schema:
    """Return a request body; `one` is the shape that may come alone, beside an array of them."""
    schema: Schema = {"$ref": reference}
    if one:
        schema = {"oneOf": [{"$ref": REFERENCE + one}, schema]}
    content: Schema = {"application/json": {"schema": schema, "examples": shown}}
    for media, description in (other or {}).items():
        content[media] = {"schema": {"type": "string", "description": description}}
    return {"required": True, "content": content}


def _operation(
    identifier: str,
    scope: Scope | None,
    summary: str,
    *,
    tag: str,
    answers: dict[int, Schema],
    errors: tuple[int, ...] = (),
    body: Schema | None = None,
    parameters: list[Schema] | None = None,
) -> Schema:
    operation: Schema = {
        "operationId": identifier,
        "summary": summary,
        "tags": [tag],
        "parameters": [*(parameters or []), _REQUEST_ID],
        "responses": {str(status): answer for status, answer in answers.items()},
    }
    if scope is None:
        operation["security"] = []
    else:
        operation["x-scope"] = scope
        errors = tuple(sorted({*errors, *(_COMMON if body else (401, 403))}))
    for status in errors:
        operation["responses"][str(status)] = _error(status)
    if body is not None:
        operation["requestBody"] = body
    return operation
