"""A whole pack: files in, a checked `Pack` out, or every fault at once."""

from __future__ import annotations

import hashlib

import msgspec

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.specs import Catalogue
from haitang.decision.rules.feature_building import FeatureTable, build_features
from haitang.decision.rules.features import Declaration, read_features
from haitang.decision.rules.lists import read_lists
from haitang.decision.rules.lock import check_lock, write_lock
from haitang.decision.rules.models import read_model
from haitang.decision.rules.packfile import PackHead, read_pack_file, segment_values
from haitang.decision.rules.policies import read_policy
from haitang.decision.rules.policytests import PolicyTest
from haitang.decision.rules.problems import Problems
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.source import (
    PACK_FILE,
    PackSource,
    check_files,
    content_digest,
    pack_digest,
)
from haitang.decision.rules.specs import ListSpec, ModelSpec, Pack, PolicySpec
from haitang.decision.rules.yamltext import Document, read_yaml
from haitang.kernel.errors import HaitangError, symbol

MAX_POLICIES = 10_000
MAX_CACHED_FILES = 20_000

_Read = tuple[PolicySpec | None, tuple[PolicyTest, ...]]


class LoadCache:
    """What earlier loads read, by content: give the same one to every load of a pack that is being
    edited.

    A policy is read again only when its file or anything that its names could mean has changed.
    Loads with and without a cache give equal packs.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.policies: dict[tuple[str, str, str], _Read] = {}

    def bound(self) -> None:
        """Forget everything when too much has gathered."""
        if len(self.documents) + len(self.policies) > 2 * MAX_CACHED_FILES:
            self.documents.clear()
            self.policies.clear()


class LoadedPack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack and the tests of its policies."""

    pack: Pack
    tests: tuple[PolicyTest, ...]


def load_pack(source: PackSource, *, cache: LoadCache | None = None) -> Pack:
    """Return the pack, or raise `PackRefused` with everything that is wrong with it."""
    return load_pack_with_tests(source, cache=cache).pack


def load_pack_with_tests(source: PackSource, *, cache: LoadCache | None = None) -> LoadedPack:
    """Return the pack with the tests of its policies, or raise `PackRefused`."""
    problems = Problems()
    loaded = _Loader(source, problems, cache).load()
    if loaded is not None:
        check_lock(source, loaded.pack.policies, problems)
    problems.refuse()
    assert loaded is not None, "a pack without faults was loaded"
    return loaded


def lock_text(source: PackSource, *, cache: LoadCache | None = None) -> str:
    """Return the `LOCK` that the pack should have, or raise `PackRefused`.

    Refused is also a policy that changed under the version that the old `LOCK` has: writing a lock
    must not be a way around the rule that it keeps.
    """
    problems = Problems()
    loaded = _Loader(source, problems, cache).load()
    problems.refuse()
    assert loaded is not None, "a pack without faults was loaded"
    text = write_lock(source, loaded.pack.policies, problems)
    problems.refuse()
    return text


class _Loader:
    """One load under way."""

    def __init__(self, source: PackSource, problems: Problems, cache: LoadCache | None) -> None:
        self.source = source
        self.problems = problems
        self.cache = cache

    def load(self) -> LoadedPack | None:
        """Read all sections in the order in which they name each other."""
        if self.cache is not None:
            self.cache.bound()
        if not check_files(self.source, self.problems):
            return None
        reader = self._reader(PACK_FILE)
        if reader is None:
            return None
        head = read_pack_file(reader)
        lists = read_lists(self.source, head, reader, self.problems)
        table = self._features(head)
        self._check_segment(reader, head, table)
        policies, tests = self._policies(head, table)
        models = self._models(table)
        if len(self.problems):
            # Locks and digests of a pack that cannot be loaded would only bury its faults.
            return None
        pack = _assemble(self.source, head, table, policies, models, lists)
        return LoadedPack(pack=pack, tests=tests)

    def _reader(self, path: str) -> FileReader | None:
        """Return the reader of one YAML file, or note why it cannot be read."""
        shown = self.source.shown(path)
        content = self.source.files[path]
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

    def _features(self, head: PackHead) -> FeatureTable:
        declarations: list[Declaration] = []
        complete = True
        for path in self.source.under("features", ".yaml"):
            reader = self._reader(path)
            read = read_features(reader, head) if reader is not None else None
            declarations += read or ()
            complete = complete and read is not None
        lists = frozenset(declared.name for declared in head.lists)
        return build_features(declarations, head, lists, complete=complete)

    def _check_segment(self, reader: FileReader, head: PackHead, table: FeatureTable) -> None:
        if head.segment is None:
            return
        name = head.segment.text.strip()
        scope = table.scope
        field = FIELDS.get(name)
        if field is not None and field.kind == "text":
            segment_values(reader, field.allowed)
        elif scope.features.get(name) != "text" and (field or scope.is_unknown(name)):
            reader.refuse(
                head.segment,
                "name_unknown",
                f"`segment` was {symbol(name)}; expected a text field of the event or a text "
                "feature",
                "" if field or name in scope.features else scope.did_you_mean(name),
            )

    def _policies(
        self, head: PackHead, table: FeatureTable
    ) -> tuple[tuple[PolicySpec, ...], tuple[PolicyTest, ...]]:
        meaning = _meaning(self.source, head, table)
        policies: list[PolicySpec] = []
        tests: list[PolicyTest] = []
        paths = self.source.under("policies", ".yaml")
        if len(paths) > MAX_POLICIES:
            self.problems.add("pack_too_large", f"the pack has more than {MAX_POLICIES:,} policies")
            return (), ()
        for path in paths:
            policy, own_tests = self._policy(path, meaning, head, table)
            tests += own_tests
            if policy is not None:
                policies.append(policy)
        return tuple(policies), tuple(tests)

    def _policy(self, path: str, meaning: str, head: PackHead, table: FeatureTable) -> _Read:
        cache = self.cache.policies if self.cache is not None else {}
        key = (path, content_digest(self.source.files[path]), meaning)
        read = cache.get(key)
        if read is not None:
            return read
        before = len(self.problems)
        reader = self._reader(path)
        if reader is None:
            return None, ()
        read = read_policy(reader, path, table, head.base_currency)
        if len(self.problems) == before:
            cache[key] = read
        return read

    def _models(self, table: FeatureTable) -> tuple[ModelSpec, ...]:
        models = []
        for path in self.source.under("models", ".yaml"):
            reader = self._reader(path)
            model = read_model(reader, self.source, path, table) if reader is not None else None
            if model is not None:
                models.append(model)
        return tuple(models)


def _meaning(source: PackSource, head: PackHead, table: FeatureTable) -> str:
    """Return a digest of everything that decides what a name in a policy means."""
    parts = [
        source.name,
        head.zone,
        head.base_currency,
        *(declared.name for declared in head.lists),
        *(f"{name}:{kind}" for name, kind in sorted(table.types.items())),
        *sorted(table.broken),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


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
    )
