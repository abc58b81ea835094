from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from haitang.app.keys import SCOPES as STORED_SCOPES
from haitang.data.events.catalogue import EVENT_TYPES, FIELDS
from haitang.data.events.diagnosis import FORBIDDEN
from haitang.edges.api.document import make_document
from haitang.edges.api.keys import SCOPES
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.page import make_page
from haitang.edges.api.requests import AsgiApp
from tests.conftest import CheckOutput
from tests.unit.edges.api.calls import call
from tests.unit.edges.api.memory_node import MemoryNode

DOCUMENT = make_document(ApiSettings(), media_types=("application/xml", "text/xml"))
Operation = tuple[str, str, dict[str, Any]]


def operations() -> list[Operation]:
    return [
        (method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def examples() -> Iterator[Any]:
    for method, path, operation in operations():
        content = operation.get("requestBody", {"content": {}})["content"]
        for media, described in content.items():
            for name, example in described.get("examples", {}).items():
                yield pytest.param(
                    method, path, media, example["value"], id=f"{operation['operationId']}-{name}"
                )


@pytest.mark.parametrize(("method", "path", "media", "body"), list(examples()))
def test_every_example_of_the_document_works(
    app: AsgiApp, method: str, path: str, media: str, body: object
) -> None:
    place = path.replace("{number}", "0").replace("{name}", "watch")
    got = call(app, method, place, body, headers={"Content-Type": media})
    documented = DOCUMENT["paths"][path][method.lower()]["responses"]
    assert 200 <= got.status < 300, got.body
    assert str(got.status) in documented
    if "results" in got.json():
        assert all("decision" in result for result in got.json()["results"])
    assert not got.json().get("refused")


def test_every_documented_route_is_there_and_every_error_is_in_one_shape(app: AsgiApp) -> None:
    for method, path, operation in operations():
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/readyz":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}
        place = path.format(id="e1", number="0", name="watch", value="a")
        got = call(app, method, place)
        assert got.status not in {404, 405} or got.code == "decision_unknown", path


def test_the_routes_stay_as_they_were(check_output: CheckOutput) -> None:
    lines = []
    for method, path, operation in operations():
        statuses = " ".join(operation["responses"])
        lines.append(f"{method:6} {path:40} {operation.get('x-scope', '-'):8} {statuses}")
    check_output("\n".join(lines))


def test_the_document_stays_as_it_was(check_output: CheckOutput) -> None:
    """The events' own shapes follow the catalogue and are checked below."""
    document = json.loads(json.dumps(DOCUMENT))
    document["info"]["version"] = "…"
    own = {name for name in document["components"]["schemas"] if not name.startswith("field_")}
    events = {"".join(part.capitalize() for part in name.split("_")) for name in EVENT_TYPES}
    kept = own - events - {"Event"}
    document["components"]["schemas"] = {
        name: schema for name, schema in document["components"]["schemas"].items() if name in kept
    }
    check_output(json.dumps(document, ensure_ascii=False, indent=1))


def test_every_event_type_and_field_of_the_catalogue_is_described() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    mapping = schemas["Event"]["discriminator"]["mapping"]
    assert list(mapping) == list(EVENT_TYPES)
    for name, reference in mapping.items():
        event = schemas[reference.rpartition("/")[2]]
        assert event["properties"]["event_type"]["const"] == name
        assert set(event["properties"]) == {*EVENT_TYPES[name].fields, "occurred_at"}
        assert set(event["required"]) == {*EVENT_TYPES[name].required} - {"occurred_at_us"}
    assert {f"field_{name}" for name in FIELDS} - set(schemas) == {"field_event_type"}


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (text for name, text in value.items() if name == "$ref")
            for each in value.values():
                yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    for reference in set(references(DOCUMENT)):
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_texts_may_hold_what_the_codec_lets_through() -> None:
    import re

    schemas = DOCUMENT["components"]["schemas"]
    for name in ("event_id", "source_system", "remark"):
        pattern = re.compile(schemas[f"field_{name}"]["pattern"])
        for code in range(0x11000):
            if 0xD800 <= code <= 0xDFFF or chr(code) == "\n":
                continue
            forbidden = FORBIDDEN[FIELDS[name].kind].search(chr(code)) is not None
            assert (pattern.fullmatch(chr(code)) is None) == forbidden, (name, hex(code))


def test_scopes_are_those_that_keys_are_made_with() -> None:
    assert set(SCOPES) == set(STORED_SCOPES)


def test_the_page_shows_every_route_and_shape_and_loads_nothing() -> None:
    page = make_page(DOCUMENT)
    for _, path, operation in operations():
        assert f"<code>{path}</code>" in page
        assert f'id="{operation["operationId"]}"' in page
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="shape-{name}"' in page
    for outside in ("http://", "https://", "src=", "<script", "<link", "@import"):
        assert outside not in page


def test_the_document_that_is_served_is_this_one(app: AsgiApp, node: MemoryNode) -> None:
    served = call(app, "GET", "/openapi.json", token=None).json()
    assert served == json.loads(json.dumps(make_document(ApiSettings())))
    assert not node.submitted
