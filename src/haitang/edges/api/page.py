"""The OpenAPI document as a page: no scripts, nothing fetched from elsewhere.

A bank's network has no way to a content network, and a page that loads nothing cannot leak.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

Document = dict[str, Any]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b2733;background:#fff}"
    "h1 small{color:#5b6b7b;font-weight:400}code,pre{font:14px/1.45 ui-monospace,monospace}"
    "pre{background:#f3f6f8;padding:.75rem;overflow-x:auto}"
    "summary{cursor:pointer;padding:.35rem 0}details{border-top:1px solid #dde4ea}"
    "b.method{display:inline-block;min-width:4.5rem}table{border-collapse:collapse}"
    "td,th{text-align:left;vertical-align:top;padding:.15rem .75rem .15rem 0}"
    "@media(prefers-color-scheme:dark){body{color:#dde4ea;background:#12181e}"
    "pre{background:#1c252d}details{border-color:#2d3943}}"
)


def make_page(document: Document) -> str:
    """Return the page of a document."""
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title} <small>{escape(info['summary'])}</small></h1>",
            '<p>The same as <a href="/openapi.json">OpenAPI 3.1</a>. ',
            f"{escape(document['components']['securitySchemes']['key']['description'])}</p>",
            "<h2>Routes</h2>",
            *_operations(document),
            "<h2>Shapes</h2>",
            *_shapes(document),
            "</body></html>",
        )
    )


def _operations(document: Document) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = operation.get("x-scope")
            yield (
                f'<details id="{operation["operationId"]}"><summary>'
                f'<b class="method">{method.upper()}</b><code>{escape(path)}</code> '
                f"{escape(operation['summary'])}"
                f"{f' (scope <code>{scope}</code>)' if scope else ''}</summary>"
            )
            if "description" in operation:
                yield f"<p>{escape(operation['description'])}</p>"
            yield _parameters(document, operation["parameters"])
            yield from _body(operation.get("requestBody"))
            yield "<table><tr><th>status</th><th>means</th><th>shape</th></tr>"
            for status, answer in operation["responses"].items():
                schemas = [content["schema"] for content in answer["content"].values()]
                yield (
                    f"<tr><td>{status}</td><td>{escape(answer['description'])}</td>"
                    f"<td>{_shape_of(schemas[0])}</td></tr>"
                )
            yield "</table></details>"


def _parameters(document: Document, parameters: list[Document]) -> str:
    known = document["components"]["parameters"]
    found = [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
             for each in parameters]  # fmt: skip
    rows = "".join(
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}</td>"
        f"<td>{escape(each['description'])}</td></tr>"
        for each in found
    )
    return f"<table>{rows}</table>"


def _body(body: Document | None) -> Iterator[str]:
    for media, content in (body or {"content": {}})["content"].items():
        yield f"<p><code>{media}</code>: {_shape_of(content['schema'])}</p>"
        for example in content.get("examples", {}).values():
            yield f"<pre>{escape(_shown(example['value']))}</pre>"


def _shapes(document: Document) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        shown = {key: value for key, value in schema.items() if key not in {"title", "description"}}
        label = schema.get("description") or schema.get("title", "")
        yield (
            f'<details id="shape-{name}"><summary><code>{name}</code> {escape(label)}</summary>'
            f"<pre>{escape(_shown(shown))}</pre></details>"
        )


def _shape_of(schema: Document) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#shape-{name}"><code>{name}</code></a>'
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " or ".join(map(_shape_of, schema[several]))
    if "items" in schema:
        return f"array of {_shape_of(schema['items'])}"
    return escape(schema.get("description") or str(schema.get("type", "")))


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
