"""Packs that include packs: which are meant, in what order they count, and what becomes one.

A pack that is reached twice is read once. What is a name (entities, keys, lists, features,
policies, models) is declared once among all of them; what is a setting (zone, currency, tiers,
table …) is that of the outermost pack, or of the first included pack that says it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from haitang.decision.rules.packfile import PackHead, check_complete, read_pack_file
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.source import (
    INCLUDES_FOLDER,
    PACK_FILE,
    PackSource,
    check_files,
    split_included,
)
from haitang.decision.rules.yamltext import Mapping, Node, Scalar, Sequence, read_yaml
from haitang.kernel.errors import HaitangError, Place, did_you_mean, symbol

MAX_INCLUDES = 64
"""Packs that a pack may bring with it, through whatever depth."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SETTINGS = (
    "zone", "base_currency", "tiers", "table", "segment", "holidays", "working_days", "readings",
    "friction",
)  # fmt: skip

Opener = Callable[[PackSource, str], FileReader | None]
"""Opens one YAML file of a pack, or notes why it cannot be read."""


class PackPart(msgspec.Struct, frozen=True, kw_only=True):
    """One of the packs that are read together; the outermost has no `name`."""

    name: str
    source: PackSource
    """Its own files, by their paths in its own folder."""
    reader: FileReader
    """Of its `pack.yaml`."""
    head: PackHead

    def full_path(self, path: str) -> str:
        """Return the path of one of its files among all files of the outermost pack."""
        return f"includes/{self.name}/{path}" if self.name else path


class PackParts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is read together, and the head that comes of it."""

    parts: tuple[PackPart, ...]
    """Each after those that it includes; the outermost pack last."""
    head: PackHead
    said: dict[str, PackPart]
    """Which part says each setting."""

    @property
    def outermost(self) -> PackPart:
        """The pack that includes the others."""
        return self.parts[-1]


def include_names(content: bytes) -> tuple[str, ...]:
    """Return the packs that a `pack.yaml` includes, for gathering their files.

    What is wrong with the file is for `read_parts` to say; names that are none are left out.
    """
    try:
        root = read_yaml(PACK_FILE, content).root
    except HaitangError:
        return ()
    node = root.entries.get("includes") if isinstance(root, Mapping) else None
    items = node.items if isinstance(node, Sequence) else (node,)
    names = [item.text.strip() for item in items if isinstance(item, Scalar)]
    return tuple(name for name in names if _NAME.fullmatch(name))


def read_parts(source: PackSource, problems: Problems, opener: Opener) -> PackParts | None:
    """Return all packs that are read together, or None when their heads cannot be told."""
    return _Reading(source, problems, opener).read()


class _Reading:
    """The walk over the includes of one pack."""

    def __init__(self, source: PackSource, problems: Problems, opener: Opener) -> None:
        self.problems = problems
        self.opener = opener
        self.sources = _split(source)
        self.source = source
        self.parts: dict[str, PackPart] = {}
        """Parts that were read, each after those that it includes."""
        self.order: list[str] = []
        """Names of parts as they were reached: whose settings come first."""
        self.failed = False

    def read(self) -> PackParts | None:
        """Read every head, then make one of them."""
        if not check_files(self.source, self.problems):
            return None
        self._visit("", ())
        self._check_reached()
        if self.failed:
            return None
        parts = tuple(self.parts.values())
        by_reach = [self.parts[name] for name in self.order]
        _check_names(parts)
        said = {
            setting: next(part for part in by_reach if setting in part.head.said)
            for setting in _SETTINGS
            if any(setting in part.head.said for part in by_reach)
        }
        head = _merge(parts, said)
        check_complete(parts[-1].reader, head)
        return PackParts(parts=parts, head=head, said=said)

    def _visit(self, name: str, path: tuple[str, ...]) -> None:
        self.order.append(name)
        own = self.sources[name]
        reader = self.opener(own, PACK_FILE)
        if reader is None:
            self.failed = True
            return
        for included, node in _read_includes(reader):
            if included in path:
                self._refuse_circle(reader, node, (*path[path.index(included) :], included))
            elif included not in self.sources:
                self._refuse_missing(reader, node, included)
            elif included not in self.order:
                self._visit(included, (*path, included))
        known = tuple(entity for part in self.parts.values() for entity in part.head.entities)
        head = read_pack_file(reader, outermost=not name, included=known)
        self.parts[name] = PackPart(name=name, source=own, reader=reader, head=head)

    def _refuse_circle(self, reader: FileReader, node: Node, names: tuple[str, ...]) -> None:
        self.failed = True
        shown = " → ".join(map(symbol, names))
        reader.refuse(
            node,
            "include_cycle",
            f"these packs include each other in a circle: {shown}",
            "move what both need into a pack of its own",
        )

    def _refuse_missing(self, reader: FileReader, node: Node, name: str) -> None:
        self.failed = True
        reader.refuse(
            node,
            "include_missing",
            f"there was no pack {symbol(name)}",
            did_you_mean(name, [known for known in self.sources if known])
            or f"put it beside this pack, or into {symbol(f'includes/{name}')}",
        )

    def _check_reached(self) -> None:
        for name, own in self.sources.items():
            if name and not self.failed and name not in self.parts:
                self.problems.add(
                    "file_unexpected",
                    f"no pack includes {symbol(name)}",
                    place=Place(own.name),
                    hint="name it under `includes`, or remove the folder",
                )
            elif name and name in self.parts:
                check_files(own, self.problems)
                self._check_flat(own)

    def _check_flat(self, own: PackSource) -> None:
        """Check that an included pack brings no packs inside of its own folder."""
        inside = sorted({split_included(path)[0] for path in own.files} - {""})
        for name in inside:
            self.problems.add(
                "file_unexpected",
                f"the pack {symbol(name)} lies inside of an included pack",
                place=Place(own.shown(f"{INCLUDES_FOLDER}/{name}")),
                hint=f"put it into {symbol(f'{INCLUDES_FOLDER}/{name}')} of the outermost pack",
            )


def _split(source: PackSource) -> dict[str, PackSource]:
    """Return the outermost pack's own files, and those of each included one."""
    files: dict[str, dict[str, bytes]] = {"": {}}
    for path, content in source.files.items():
        name, own = split_included(path)
        files.setdefault(name, {})[own] = content
    return {
        name: PackSource(
            name=source.shown(f"includes/{name}/{PACK_FILE}").removesuffix(f"/{PACK_FILE}")
            if name
            else source.name,
            files=own,
        )
        for name, own in files.items()
        if not name or PACK_FILE in own
    }


def _read_includes(reader: FileReader) -> list[tuple[str, Node]]:
    root = reader.document.root
    node = root.entries.get("includes") if isinstance(root, Mapping) else None
    if node is None:
        return []
    found: list[tuple[str, Node]] = []
    for name, item in reader.names(node, "`includes`"):
        if not _NAME.fullmatch(name):
            reader.refuse(
                item,
                "id_malformed",
                f"`includes` named {symbol(name)}; expected the name of a pack's folder",
                "write for example `includes: [common]`",
            )
        elif name in (known for known, _ in found):
            reader.refuse(item, "value_repeated", f"`includes` names {symbol(name)} twice")
        else:
            found.append((name, item))
    if len(found) > MAX_INCLUDES:
        reader.refuse(
            node,
            "value_out_of_range",
            f"`includes` has {len(found)} packs; expected at most {MAX_INCLUDES}",
        )
        return []
    return found


def _merge(parts: tuple[PackPart, ...], said: dict[str, PackPart]) -> PackHead:
    """Return the head of the whole: identity of the outermost pack, settings, everybody's names."""
    settings = {setting: getattr(part.head, setting) for setting, part in said.items()}
    return msgspec.structs.replace(
        parts[-1].head,
        **settings,
        entities=tuple(one for part in parts for one in part.head.entities),
        keys=tuple(one for part in parts for one in part.head.keys),
        lists=tuple(one for part in parts for one in part.head.lists),
        said=frozenset(name for part in parts for name in part.head.said),
    )


def _check_names(parts: tuple[PackPart, ...]) -> None:
    """Check that entities, keys and lists are declared once among all packs."""
    for section, what in (("entities", "entity"), ("keys", "slot"), ("lists", "list")):
        first: dict[str, Place] = {}
        for part in parts:
            root = part.reader.document.root
            node = root.entries.get(section) if isinstance(root, Mapping) else None
            for name, key in node.keys.items() if isinstance(node, Mapping) else ():
                if name in first:
                    part.reader.refuse(
                        key,
                        "id_duplicate",
                        f"{what} {symbol(name)} is declared twice",
                        f"it stands first in {symbol(first[name])}",
                    )
                else:
                    first[name] = part.reader.document.place(key.line, key.column)[0]


def check_file_names(parts: Iterable[PackPart], folder: str, what: str, problems: Problems) -> None:
    """Check that what is called like its file is declared once among all packs."""
    first: dict[str, str] = {}
    for part in parts:
        for path in part.source.under(folder, ".yaml"):
            name = path.rpartition("/")[2].removesuffix(".yaml")
            shown = part.source.shown(path)
            if name in first:
                problems.add(
                    "id_duplicate",
                    f"{what} {symbol(name)} is declared twice",
                    place=Place(shown, 1),
                    hint=f"it stands first in {symbol(first[name])}",
                )
            else:
                first[name] = shown
