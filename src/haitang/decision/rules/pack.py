"""A whole pack: files in, a checked `Pack` out, or every fault at once."""

from __future__ import annotations

import hashlib

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import Catalogue
from haitang.decision.rules.duplicates import refuse_duplicates
from haitang.decision.rules.feature_building import FeatureTable, build_features
from haitang.decision.rules.features import Declaration, read_features
from haitang.decision.rules.friction import (
    check_friction_segment,
    refuse_lesson_rows,
    refuse_lessons,
    refuse_refusing_rows,
)
from haitang.decision.rules.includes import (
    PackPart,
    PackParts,
    check_file_names,
    read_parts,
)
from haitang.decision.rules.lists import read_lists
from haitang.decision.rules.lock import check_lock, write_lock
from haitang.decision.rules.models import read_model
from haitang.decision.rules.packfile import PackHead, segment_values
from haitang.decision.rules.policies import PolicyReader, ReadPolicy
from haitang.decision.rules.policytests import PolicyTest
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.source import PackSource, content_digest, pack_digest
from haitang.decision.rules.specs import ListSpec, ModelSpec, Pack, PolicySpec
from haitang.decision.rules.standard_files import read_standards, standards_digests
from haitang.decision.rules.standards import Standards
from haitang.decision.rules.yamltext import Document, Mapping, read_yaml
from haitang.kernel.errors import HaitangError, symbol

MAX_POLICIES = 10_000
MAX_CACHED_FILES = 20_000


class LoadCache:
    """What earlier loads read, by content: give the same one to every load of a pack that is being
    edited.

    A policy is read again only when its file or anything that its names could mean has changed.
    Loads with and without a cache give equal packs.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.policies: dict[tuple[str, str, str], ReadPolicy] = {}

    @property
    def size(self) -> int:
        """How many files and policies it holds."""
        return len(self.documents) + len(self.policies)

    def bound(self) -> None:
        """Forget everything when too much has gathered."""
        if self.size > 2 * MAX_CACHED_FILES:
            self.documents.clear()
            self.policies.clear()


class LoadedPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack and the tests of its policies."""

    pack: Pack
    tests: tuple[PolicyTest, ...]
    standards: Standards | None = None
    """What its policies are held against; None for a study."""


class UnlockedPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was read whole, whatever its `LOCK` says, and where that does not agree."""

    loaded: LoadedPack
    lock_problems: tuple[HaitangError, ...]


def load_pack(source: PackSource, *, cache: LoadCache | None = None) -> Pack:
    """Return the pack, or raise `PackRefused` with everything that is wrong with it."""
    return load_pack_with_tests(source, cache=cache).pack


def load_pack_with_tests(source: PackSource, *, cache: LoadCache | None = None) -> LoadedPack:
    """Return the pack with the tests of its policies, or raise `PackRefused`."""
    problems = Problems()
    read = _Loader(source, problems, cache).load()
    if read is not None:
        _check_locks(read, problems)
    problems.refuse()
    assert read is not None, "a pack without faults was loaded"
    return read.loaded


def load_pack_unlocked(source: PackSource, *, cache: LoadCache | None = None) -> UnlockedPack:
    """Return the pack even where `LOCK` is behind: an author tests before giving a new version."""
    problems, lock_problems = Problems(), Problems()
    read = _Loader(source, problems, cache).load()
    problems.refuse()
    assert read is not None, "a pack without faults was loaded"
    _check_locks(read, lock_problems)
    return UnlockedPack(loaded=read.loaded, lock_problems=lock_problems.found)


def lock_text(source: PackSource, *, cache: LoadCache | None = None) -> str:
    """Return the `LOCK` that the pack should have, or raise `PackRefused`.

    It holds the pack's own policies; those of included packs stand in theirs. Refused is also a
    policy that changed under the version that the old `LOCK` has: writing a lock must not be a way
    around the rule that it keeps.
    """
    problems = Problems()
    read = _Loader(source, problems, cache).load()
    problems.refuse()
    assert read is not None, "a pack without faults was loaded"
    own = read.parts.outermost
    text = write_lock(own.source, read.policies[own.name], problems)
    problems.refuse()
    return text


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was read, and what of it came from which of its parts."""

    loaded: LoadedPack
    parts: PackParts
    policies: dict[str, tuple[PolicySpec, ...]]


def _check_locks(read: _Read, problems: Problems) -> None:
    for part in read.parts.parts:
        check_lock(part.source, read.policies[part.name], problems)


class _Loader:
    """One load under way."""

    def __init__(self, source: PackSource, problems: Problems, cache: LoadCache | None) -> None:
        self.source = source
        self.problems = problems
        self.cache = cache

    def load(self) -> _Read | None:
        """Read all sections in the order in which they name each other."""
        if self.cache is not None:
            self.cache.bound()
        parts = read_parts(self.source, self.problems, self._reader)
        if parts is None:
            return None
        head = parts.head
        lists = tuple(declared for part in parts.parts for declared in self._lists(part, head))
        table = self._features(parts)
        self._check_segment(parts, table)
        _check_friction(parts)
        standards = read_standards(parts, self.problems, self._reader)
        policies, tests = self._policies(parts, table, standards)
        models = self._models(parts, table)
        if len(self.problems):
            # Locks and digests of a pack that cannot be loaded would only bury its faults.
            return None
        read = tuple(policy for part in parts.parts for policy in policies[part.name])
        pack = _assemble(self.source, head, table, read, models, lists)
        loaded = LoadedPack(pack=pack, tests=tests, standards=standards)
        return _Read(loaded=loaded, parts=parts, policies=policies)

    def _reader(self, source: PackSource, path: str) -> FileReader | None:
        """Return the reader of one YAML file, or note why it cannot be read."""
        shown = source.shown(path)
        content = source.files[path]
        try:
            document = self._document(shown, content)
        except HaitangError as error:
            self.problems.add(
                error.code,
                error.message,
                place=error.place,
                hint=error.hint,
                source_line=error.source_line,
            )
            return None
        return FileReader(document, self.problems)

    def _document(self, shown: str, content: bytes) -> Document:
        if self.cache is None:
            return read_yaml(shown, content)
        key = (shown, content_digest(content))
        document = self.cache.documents.get(key)
        if document is None:
            document = self.cache.documents[key] = read_yaml(shown, content)
        return document

    def _lists(self, part: PackPart, head: PackHead) -> tuple[ListSpec, ...]:
        own = msgspec.structs.replace(part.head, zone=head.zone)
        return read_lists(part.source, own, part.reader, self.problems)

    def _features(self, parts: PackParts) -> FeatureTable:
        declarations: list[Declaration] = []
        complete = True
        for part in parts.parts:
            for path in part.source.under("features", ".yaml"):
                reader = self._reader(part.source, path)
                read = read_features(reader, parts.head) if reader is not None else None
                declarations += read or ()
                complete = complete and read is not None
        lists = frozenset(declared.name for declared in parts.head.lists)
        return build_features(declarations, parts.head, lists, complete=complete)

    def _check_segment(self, parts: PackParts, table: FeatureTable) -> None:
        segment = parts.head.segment
        if segment is None:
            return
        name = segment.text.strip()
        scope = table.scope
        field = FIELDS.get(name)
        if field is not None and field.kind == "text":
            if "table" in parts.said:
                segment_values(parts.said["table"].reader, field.allowed)
        elif scope.features.get(name) != "text" and (field or scope.is_unknown(name)):
            parts.said["segment"].reader.refuse(
                segment,
                "name_unknown",
                f"`segment` was {symbol(name)}; expected a text field of the event or a text "
                "feature",
                "" if field or name in scope.features else scope.did_you_mean(name),
            )

    def _policies(
        self, parts: PackParts, table: FeatureTable, standards: Standards | None
    ) -> tuple[dict[str, tuple[PolicySpec, ...]], tuple[PolicyTest, ...]]:
        check_file_names(parts.parts, "policies", "policy", self.problems)
        meaning = _meaning(parts, table)
        policy_reader = PolicyReader(parts.head, table, standards)
        policies: dict[str, tuple[PolicySpec, ...]] = {}
        tests: list[PolicyTest] = []
        count = sum(len(part.source.under("policies", ".yaml")) for part in parts.parts)
        if count > MAX_POLICIES:
            self.problems.add("pack_too_large", f"the pack has more than {MAX_POLICIES:,} policies")
            return policies, ()
        for part in parts.parts:
            own: list[PolicySpec] = []
            for path in part.source.under("policies", ".yaml"):
                read = self._policy(part, path, meaning, policy_reader)
                tests += read.tests
                own += read.instances
            policies[part.name] = tuple(own)
        refuse_lessons(
            ((part.source, policies[part.name]) for part in parts.parts),
            parts.head.friction,
            self.problems,
        )
        if standards is not None and "table" in parts.said:
            refuse_refusing_rows(parts.said["table"].reader, parts.head.table)
        if standards is not None:
            by_source = ((part.source, policies[part.name]) for part in parts.parts)
            refuse_duplicates(by_source, self.problems)
        return policies, tuple(tests)

    def _policy(
        self, part: PackPart, path: str, meaning: str, policy_reader: PolicyReader
    ) -> ReadPolicy:
        cache = self.cache.policies if self.cache is not None else {}
        key = (part.source.shown(path), content_digest(part.source.files[path]), meaning)
        read = cache.get(key)
        if read is not None:
            return read
        before = len(self.problems)
        reader = self._reader(part.source, path)
        if reader is None:
            return ReadPolicy()
        read = policy_reader.read(reader, path)
        if len(self.problems) == before:
            cache[key] = read
        return read

    def _models(self, parts: PackParts, table: FeatureTable) -> tuple[ModelSpec, ...]:
        check_file_names(parts.parts, "models", "model", self.problems)
        models = []
        for part in parts.parts:
            for path in part.source.under("models", ".yaml"):
                reader = self._reader(part.source, path)
                model = read_model(reader, part.source, path, table) if reader else None
                if model is not None:
                    models.append(model)
        return tuple(models)


def _check_friction(parts: PackParts) -> None:
    head = parts.head
    if head.friction is None:
        return
    reader = parts.said["friction"].reader
    root = reader.document.root
    assert isinstance(root, Mapping), "it was read from a mapping"
    node = root.entries["friction"]
    segment = head.segment.text.strip() if head.segment else ""
    check_friction_segment(reader, node, head.friction, segment, head.table)
    if "table" in parts.said:
        refuse_lesson_rows(parts.said["table"].reader, head.friction, head.table)


def _meaning(parts: PackParts, table: FeatureTable) -> str:
    """Return a digest of everything that decides what a name in a policy means."""
    head = parts.head
    written = [
        parts.outermost.source.name,
        head.zone,
        head.base_currency,
        *(declared.name for declared in head.lists),
        *(f"{name}:{kind}" for name, kind in sorted(table.types.items())),
        *sorted(table.broken),
        head.segment.text if head.segment is not None else "",
        # Tests are held against what derived features can be.
        msgspec.json.encode([feature.value for feature in table.features]).decode(),
        *(f"{chosen.parameter}={chosen.reading}" for chosen in head.readings),
        *standards_digests(parts),
    ]
    return hashlib.sha256("\n".join(written).encode()).hexdigest()


def _assemble(
    source: PackSource,
    head: PackHead,
    table: FeatureTable,
    policies: tuple[PolicySpec, ...],
    models: tuple[ModelSpec, ...],
    lists: tuple[ListSpec, ...],
) -> Pack:
    return Pack(
        id=head.id,
        version=head.version,
        digest=pack_digest(source),
        title=head.title,
        zone=head.zone,
        base_currency=head.base_currency,
        catalogue=Catalogue(
            entities=head.entities,
            keys=head.keys,
            features=tuple(table.features),
            holidays=head.holidays,
            working_days=head.working_days,
        ),
        policies=policies,
        tiers=head.tiers,
        table=head.table,
        segment_source=head.segment.text.strip() if head.segment else "",
        lists=lists,
        models=models,
        friction=head.friction,
    )
