"""`typologies.yaml`: the catalogue that every policy names one of."""

from __future__ import annotations

import re

from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.standards import STAGES, TypologySpec
from haitang.decision.rules.yamltext import Node, Scalar
from haitang.kernel.errors import symbol

_ID = re.compile(r"[A-Z][0-9]{2}")
_TECHNIQUE = re.compile(r"[FT][0-9]{4}(\.[0-9]{3})?")
_CODE = re.compile(r"[0-9]{4}")


def read_typologies(reader: FileReader) -> list[tuple[TypologySpec, Scalar]]:
    """Return the typologies of one file, each with the place of its id."""
    entries = reader.entries(reader.document.root, "`typologies.yaml`", required=("typologies",))
    if "typologies" not in entries:
        return []
    typologies = []
    for name, (key, node) in reader.mapping(entries["typologies"], "`typologies`").items():
        if not _ID.fullmatch(name):
            reader.refuse(
                key,
                "id_malformed",
                f"the id of a typology was {symbol(name)}; expected a letter and two digits",
                "write for example `B04`",
            )
        typology = _read_typology(reader, name, node)
        if typology is not None:
            typologies.append((typology, key))
    return typologies


def _read_typology(reader: FileReader, name: str, node: Node) -> TypologySpec | None:
    entries = reader.entries(
        node,
        f"typology {symbol(name)}",
        required=("title", "stages"),
        optional=("techniques", "codes"),
    )
    if "title" not in entries or "stages" not in entries:
        return None
    title = reader.pair(entries["title"], f"the title of {symbol(name)}")
    words = reader.choices(entries["stages"], "`stages`", STAGES)
    if title is None:
        return None
    return TypologySpec(
        id=name,
        title=title,
        stages=tuple(stage for stage in STAGES if stage in words),
        techniques=_read_names(reader, entries.get("techniques"), "`techniques`", _TECHNIQUE),
        codes=_read_names(reader, entries.get("codes"), "`codes`", _CODE),
    )


def _read_names(
    reader: FileReader, node: Node | None, what: str, form: re.Pattern[str]
) -> tuple[str, ...]:
    if node is None:
        return ()
    names: list[str] = []
    for name, item in reader.names(node, what):
        if not form.fullmatch(name):
            hint = "write for example `F1032` or `T1110.004`" if form is _TECHNIQUE else ""
            reader.refuse(
                item, "id_malformed", f"{what} named {symbol(name)}; expected a known form", hint
            )
        elif name in names:
            reader.refuse(item, "value_repeated", f"{what} names {symbol(name)} twice")
        else:
            names.append(name)
    return tuple(names)
