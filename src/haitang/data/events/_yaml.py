"""A mapping file's YAML as a small tree in which everything knows its place.

Scalars stay the text that was written (`NO` is no flag); anchors, aliases, tags and repeated keys
are refused. Packs have a reader of their own on a higher floor; this one serves mapping files
only.
"""

from __future__ import annotations

import yaml
from msgspec import Struct

from haitang.data.events.errors import MappingRefused
from haitang.kernel.errors import Place, symbol

MAPPING_BYTES_MAX = 262_144
YAML_DEPTH_MAX = 12


class Scalar(Struct, frozen=True, kw_only=True):
    """A text and where it stands; lines and columns count from 0."""

    text: str
    line: int
    column: int


class Sequence(Struct, frozen=True, kw_only=True):
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


class Entries(Struct, frozen=True, kw_only=True):
    """A mapping; `keys` holds where each key stands."""

    values: dict[str, Node]
    keys: dict[str, Scalar]
    line: int
    column: int


Node = Scalar | Sequence | Entries


class Source:
    """One file: its path and lines, for places."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")

    def fault(
        self, at: Node | tuple[int, int], code: str, message: str, hint: str = ""
    ) -> MappingRefused:
        """Return a refusal at a node, or at a line and column from 0."""
        line, column = at if isinstance(at, tuple) else (at.line, at.column)
        line = min(line, len(self.lines) - 1)
        return MappingRefused(
            code=code,
            message=message,
            place=Place(path=self.path, line=line + 1, column=column + 1),
            hint=hint,
            source_line=self.lines[line],
        )


def read_tree(source: Source, text: str) -> Node:
    """Return the tree of a text, or raise the first fault that keeps it from being read."""
    if len(text) > MAPPING_BYTES_MAX:
        raise MappingRefused(
            code="mapping_too_long",
            message=f"the mapping was {len(text):,} characters long; "
            f"expected at most {MAPPING_BYTES_MAX:,}",
            place=Place(path=source.path),
        )
    try:
        _refuse_cleverness(source, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark else (0, 0)
        raise source.fault(
            at, "mapping_not_yaml", f"the file was not YAML: {symbol(error.problem)}"
        ) from None
    except yaml.YAMLError:
        raise source.fault(
            (0, 0), "mapping_not_yaml", "the file was not YAML: it held a control character"
        ) from None
    if root is None:
        raise source.fault((0, 0), "mapping_empty", "the mapping was empty")
    return _tree(source, root)


def _refuse_cleverness(source: Source, text: str) -> None:
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        at = (event.start_mark.line, event.start_mark.column) if event.start_mark else (0, 0)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise source.fault(at, "mapping_not_yaml", "a second document began here")
        if getattr(event, "anchor", None) is not None:
            raise source.fault(
                at, "mapping_anchor", "an anchor or alias stood here", "write the value out"
            )
        if getattr(event, "tag", None) is not None:
            raise source.fault(at, "mapping_tag", "a tag stood here", "write the value without `!`")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > YAML_DEPTH_MAX:
            raise source.fault(
                at, "mapping_nested", f"the file was nested more than {YAML_DEPTH_MAX} deep here"
            )


def _tree(source: Source, node: yaml.Node) -> Node:
    line, column = node.start_mark.line, node.start_mark.column
    if isinstance(node, yaml.ScalarNode):
        return Scalar(text=node.value, line=line, column=column)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_tree(source, item) for item in node.value)
        return Sequence(items=items, line=line, column=column)
    assert isinstance(node, yaml.MappingNode)
    values: dict[str, Node] = {}
    keys: dict[str, Scalar] = {}
    for key_node, value_node in node.value:
        key = _tree(source, key_node)
        if not isinstance(key, Scalar):
            raise source.fault(key, "mapping_key", "a key was not a text")
        if key.text in values:
            raise source.fault(key, "mapping_key", f"key {symbol(key.text)} stood twice")
        values[key.text] = _tree(source, value_node)
        keys[key.text] = key
    return Entries(values=values, keys=keys, line=line, column=column)
