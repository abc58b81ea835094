"""Model manifests, `models/<id>.yaml`: which file, which columns, which events, which bounds.

The model's text is passed on as it stands; `decision/models` reads it.
"""

from __future__ import annotations

from haitang.data.features.terms import Expression
from haitang.decision.rules.feature_building import FeatureTable
from haitang.decision.rules.packfile import read_bounds
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.sections import check_identifier, prepare, translate_written
from haitang.decision.rules.source import MAX_DATA_BYTES, PackSource
from haitang.decision.rules.specs import ModelSpec, Party
from haitang.decision.rules.yamltext import Node, decode_text
from haitang.kernel.errors import HaitangError, did_you_mean, symbol

PARTIES: tuple[Party, ...] = ("payer", "payee")
MAX_MODEL_INPUTS = 2_000

_REQUIRED = ("id", "version", "party", "file", "title", "inputs")
_OPTIONAL = ("where", "bounds")


def read_model(
    reader: FileReader, source: PackSource, path: str, table: FeatureTable
) -> ModelSpec | None:
    """Return one model, or None where its manifest has a fault."""
    before = len(reader.problems)
    entries = reader.entries(
        reader.document.root, "a model", required=_REQUIRED, optional=_OPTIONAL
    )
    if any(name not in entries for name in _REQUIRED):
        return None
    name = read_file_id(reader, entries["id"], path)
    version = reader.text(entries["version"], "`version`")
    party = read_party(reader, entries["party"])
    title = reader.pair(entries["title"], "the title of a model")
    text = _read_model_text(reader, source, entries["file"])
    inputs = _read_inputs(reader, entries["inputs"], table)
    where = _read_where(reader, entries.get("where"), table)
    bounds = (
        read_bounds(reader, entries["bounds"], "`bounds`", scaled=True)
        if "bounds" in entries
        else ()
    )
    if len(reader.problems) > before or party is None or title is None:
        return None
    return ModelSpec(
        id=name,
        version=version or "",
        party=party,
        file=reader.text(entries["file"], "`file`") or "",
        text=text,
        inputs=inputs,
        where=where,
        bounds=bounds,
        title=title,
    )


def read_file_id(reader: FileReader, node: Node, path: str) -> str:
    """Return an `id`, which must be the name of its file."""
    name = reader.text(node, "`id`") or ""
    stem = path.rpartition("/")[2].removesuffix(".yaml")
    if name and check_identifier(reader, node, "`id`", name) and name != stem:
        reader.refuse(
            node,
            "id_malformed",
            f"`id` was {symbol(name)} in the file {symbol(stem + '.yaml')}; expected the same name",
            "rename one of them",
        )
    return name


def read_party(reader: FileReader, node: Node) -> Party | None:
    """Return whose risk is meant."""
    word = reader.choice(node, "`party`", PARTIES)
    return next((party for party in PARTIES if party == word), None)


def _read_model_text(reader: FileReader, source: PackSource, node: Node) -> str:
    file = reader.text(node, "`file`")
    if file is None:
        return ""
    content = source.files.get(file)
    if content is None:
        hint = did_you_mean(file, source.under("models", "")) or "paths start at the pack's folder"
        reader.refuse(node, "file_missing", f"the pack has no file {symbol(file)}", hint)
        return ""
    try:
        return decode_text(source.shown(file), content, limit=MAX_DATA_BYTES)
    except HaitangError as error:
        reader.refuse(node, error.code, f"{symbol(file)}: {error.message}", error.hint)
        return ""


def _read_inputs(reader: FileReader, node: Node, table: FeatureTable) -> tuple[str, ...]:
    inputs = []
    written = reader.names(node, "`inputs`")
    if not 1 <= len(written) <= MAX_MODEL_INPUTS:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`inputs` names {len(written)} values; expected 1 to {MAX_MODEL_INPUTS:,}",
        )
    for name, item in written:
        check_readable(reader, item, "`inputs`", name, table)
        inputs.append(name)
    return tuple(inputs)


def check_readable(
    reader: FileReader, node: Node, what: str, name: str, table: FeatureTable
) -> bool:
    """Check that a name is a feature or a field that can be shown as a value."""
    scope = table.scope
    field = scope.fields.get(name)
    if field is not None and field.kind == "remark":
        reader.refuse(
            node,
            "remark_misused",
            f"{what} names {symbol(name)}, which is free text and can only be searched",
        )
        return False
    if field is not None or name in scope.features or not scope.is_unknown(name):
        return True
    reader.refuse(
        node,
        "name_unknown",
        f"{what} names an unknown field or feature {symbol(name)}",
        scope.did_you_mean(name),
    )
    return False


def _read_where(reader: FileReader, node: Node | None, table: FeatureTable) -> Expression | None:
    written = prepare(reader, node, "`where`") if node is not None else None
    if written is None:
        return None
    return translate_written(reader, written, table.scope, "`where`", "flag")
