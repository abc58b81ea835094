"""The `policies/<id>.yaml` files: when a policy fires, for whom, what it concludes, and what it
says to people.

One file gives one `PolicySpec` for each of its instances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_args

import msgspec

from haitang.data.events.catalogue import EVENT_TYPES, FIELDS
from haitang.data.features.terms import Expression, Feature, Field, Logic
from haitang.decision.rules.actions import ACCOMPANYING_ACTIONS, PRIMARY_ACTIONS
from haitang.decision.rules.editorial import (
    LEAST_TESTS,
    NOTES,
    Notes,
    check_notes,
    check_typology,
    read_notes,
)
from haitang.decision.rules.feature_building import FeatureTable
from haitang.decision.rules.instances import (
    InstanceForm,
    Scopes,
    check_differences,
    check_scopes,
    default_words,
    read_instances,
    scope_cells,
    scope_condition,
    universe,
)
from haitang.decision.rules.models import check_readable, read_file_id, read_party
from haitang.decision.rules.packfile import PackHead
from haitang.decision.rules.parameters import (
    check_read,
    constants_of,
    read_parameters,
    values_at,
    with_parameters,
)
from haitang.decision.rules.policytests import (
    SPEAKING,
    TEST_START_US,
    PolicyTest,
    Subject,
    check_tested,
    fill_tests,
)
from haitang.decision.rules.reading import FileReader
from haitang.decision.rules.reasons import check_reason
from haitang.decision.rules.sections import prepare, translate_written
from haitang.decision.rules.silence import Kind, Possibilities
from haitang.decision.rules.specs import ParameterSpec, PolicySpec, ScopeCell, Status
from haitang.decision.rules.standards import Standards
from haitang.decision.rules.testforms import TestForm, TestWords, read_test_forms
from haitang.decision.rules.value_types import names_read
from haitang.decision.rules.yamltext import Mapping as MappingNode
from haitang.decision.rules.yamltext import Node
from haitang.kernel.errors import symbol

STATUSES: tuple[Status, ...] = get_args(Status)

MAX_SCORE = 1_000
MAX_VERSION = 1_000_000

_REQUIRED = (
    "id", "version", "status", "title", "typology", "party", "when", "score", "action",
    "reason", "owner",
)  # fmt: skip
_OPTIONAL = ("also", "shows", "channels", "parameters", "instances", "tests", *NOTES)
_TYPOLOGY = re.compile(r"[A-Z][0-9]{2}")


class ReadPolicy(NamedTuple):
    """What one file says: its instances, none where it has a fault, and their tests."""

    instances: tuple[PolicySpec, ...] = ()
    tests: tuple[PolicyTest, ...] = ()


class PolicyReader:
    """Reads the policy files of one pack, which share features, segment and standards."""

    def __init__(self, head: PackHead, table: FeatureTable, standards: Standards | None) -> None:
        self.table = table
        self.standards = standards
        self.currency = head.base_currency
        self.segment = _segment_of(head, table)
        self.possibilities = Possibilities(table.features)

    def read(self, reader: FileReader, path: str) -> ReadPolicy:
        """Return what one file says; every fault is noted at its place."""
        return _Reading(self, reader, path).read()


def _segment_of(head: PackHead, table: FeatureTable) -> Field | Feature | None:
    """Return the text that tells segments apart; a wrong name was refused with `pack.yaml`."""
    name = head.segment.text.strip() if head.segment is not None else ""
    if name in table.types:
        return Feature(name=name, type="text")
    field = FIELDS.get(name)
    return Field(name=name, type="text") if field is not None and field.kind == "text" else None


class _Reading:
    """The reading of one file."""

    def __init__(self, owner: PolicyReader, reader: FileReader, path: str) -> None:
        self.owner = owner
        self.reader = reader
        self.path = path
        self.before = len(reader.problems)
        self.entries = reader.entries(
            reader.document.root, "a policy", required=_REQUIRED, optional=_OPTIONAL
        )

        node = self.entries.get("parameters")
        self.parameter_names = frozenset(node.entries if isinstance(node, MappingNode) else ())
        """All that are written, also those with a fault: naming them is no second one."""

    def is_whole(self) -> bool:
        """Tell whether no fault was found so far."""
        return len(self.reader.problems) == self.before

    def read(self) -> ReadPolicy:
        reader, entries, owner = self.reader, self.entries, self.owner
        name = read_file_id(reader, entries["id"], self.path) if "id" in entries else ""
        typology = _read_typology(reader, entries["typology"]) if "typology" in entries else ""
        check_typology(reader, entries, name, owner.standards)
        notes = read_notes(reader, entries, typology, owner.standards)
        channels = FIELDS["channel"].allowed
        scopes = Scopes(
            channels=reader.choices(entries["channels"], "`channels`", channels)
            if "channels" in entries
            else (),
            segment=owner.segment,
        )
        parameters = (
            read_parameters(reader, entries["parameters"], owner.table, owner.standards)
            if "parameters" in entries
            else {}
        )
        forms = (
            read_instances(
                reader,
                entries["instances"],
                scopes,
                parameters,
                written=self.parameter_names,
                currency=owner.currency,
                standards=owner.standards,
            )
            if "instances" in entries
            else ()
        )
        words = TestWords(
            currency=owner.currency,
            parameters=self.parameter_names,
            instances=tuple(form.id for form in forms),
        )
        tests = read_test_forms(reader, entries["tests"], words) if "tests" in entries else ()
        policy = self._read_policy(name, typology, notes, parameters)
        if policy is None or not self.is_whole():
            return ReadPolicy()
        return self._instances(policy, forms, scopes, parameters, tests)

    def _read_policy(
        self, name: str, typology: str, notes: Notes, parameters: Mapping[str, ParameterSpec]
    ) -> PolicySpec | None:
        """Return what all instances share, with the condition as it is written."""
        reader, entries, table = self.reader, self.entries, self.owner.table
        if any(required not in entries for required in _REQUIRED):
            return None
        status = reader.choice(entries["status"], "`status`", STATUSES)
        version = reader.whole(entries["version"], "`version`", 1, MAX_VERSION)
        score = reader.whole(entries["score"], "`score`", 0, MAX_SCORE)
        party = read_party(reader, entries["party"])
        title = reader.pair(entries["title"], "the title of a policy")
        reason = reader.pair(entries["reason"], "the reason of a policy")
        action = reader.choice(entries["action"], "`action`", PRIMARY_ACTIONS)
        also = (
            reader.choices(entries["also"], "`also`", ACCOMPANYING_ACTIONS)
            if "also" in entries
            else ()
        )
        owner = reader.text(entries["owner"], "`owner`") or ""
        self.written = prepare(reader, entries["when"], "`when`")
        when = self._translate(parameters.values())
        shows = _read_shows(reader, entries["shows"], table) if "shows" in entries else ()
        reads = self._reads(when) if when is not None else ()
        if self.written is not None and when is not None and "parameters" in entries:
            check_read(reader, entries["parameters"], parameters, self.written.prepared.names)
        if when is not None and reason is not None:
            shown = (*reads, *shows, *parameters)
            check_reason(reader, entries["reason"], shown, table.scope)
        if when is None or party is None or title is None or reason is None or not self.is_whole():
            return None
        return PolicySpec(
            id=name,
            policy=name,
            version=version or 1,
            status=_status(status),
            title=title,
            typology=typology,
            party=party,
            when=when,
            reads=reads,
            score=score or 0,
            action=action or "PASS",
            also=also,
            reason=reason,
            shows=shows,
            owner=owner,
            path=self.path,
            line=entries["status"].line + 1,
            parameters=tuple(parameters.values()),
            **msgspec.structs.asdict(notes),
        )

    def _translate(self, parameters: Iterable[ParameterSpec]) -> Expression | None:
        """Return the condition with the numbers of one instance in place."""
        if self.written is None:
            return None
        constants = constants_of(parameters)
        scope = with_parameters(self.owner.table.scope, constants, self.parameter_names)
        return translate_written(self.reader, self.written, scope, "`when`", "flag")

    def _reads(self, when: Expression) -> tuple[str, ...]:
        """Return what the author wrote down; the date that a law asks for is not of it."""
        assert self.written is not None, "a condition was translated from what is written"
        written = set(self.written.prepared.names)
        return tuple(
            name for name in names_read(when) if name != "occurred_at_us" or name in written
        )

    def _instances(
        self,
        policy: PolicySpec,
        forms: tuple[InstanceForm, ...],
        scopes: Scopes,
        parameters: Mapping[str, ParameterSpec],
        tests: tuple[TestForm, ...],
    ) -> ReadPolicy:
        """Return the instances of a policy that is right by itself, with their tests."""
        reader = self.reader
        every = universe(forms, scopes)
        cells: dict[str, tuple[ScopeCell, ...]] = {}
        if forms:
            cells = scope_cells(forms, scopes)
            check_scopes(reader, forms, cells)
            policies = tuple(
                self._instance(policy, form, parameters, cells[form.id], every) for form in forms
            )
            said = {one.instance: _said(one) for one in policies}
            check_differences(reader, forms, said)
        elif scopes.channels:
            own = tuple((channel, segment) for channel in every[0] for segment in every[1])
            policies = (_scoped(policy, own, every, self.owner.segment),)
        else:
            policies = (policy,)
        speaking = tuple(one for one in policies if one.status in SPEAKING)
        if speaking and self.owner.standards is not None:
            check_notes(reader, self.entries, speaking, self.owner.standards)
        for one, form in zip(policies, forms, strict=False):
            self._check_alive(one, form)
        if not self.is_whole():
            return ReadPolicy()
        nodes: list[InstanceForm | None] = list(forms) if forms else [None]
        subjects = [
            self._subject(one, form, scopes) for one, form in zip(policies, nodes, strict=True)
        ]
        filled = fill_tests(
            reader,
            tests,
            subjects,
            currency=self.owner.currency,
            possibilities=self.owner.possibilities,
        )
        if self.is_whole():
            check_tested(
                reader,
                self.entries.get("tests"),
                subjects,
                filled,
                least_live=1 if self.owner.standards is None else LEAST_TESTS,
            )
        return ReadPolicy(policies, filled) if self.is_whole() else ReadPolicy()

    def _instance(
        self,
        policy: PolicySpec,
        form: InstanceForm,
        parameters: Mapping[str, ParameterSpec],
        cells: tuple[ScopeCell, ...],
        every: tuple[tuple[str | None, ...], tuple[str | None, ...]],
    ) -> PolicySpec:
        own = tuple({**parameters, **form.parameters}.values())
        # Constants are folded where they stand, so a condition is read anew for other numbers.
        when = self._translate(own) if form.parameters else policy.when
        changed = msgspec.structs.replace(
            policy,
            id=f"{policy.id}.{form.id}",
            instance=form.id,
            status=policy.status if form.status is None else _status(form.status),
            when=policy.when if when is None else when,
            parameters=own,
            score=policy.score if form.score is None else form.score,
            action=policy.action if form.action is None else form.action,
            also=policy.also if form.also is None else form.also,
            line=form.node.line + 1,
        )
        return _scoped(changed, cells, every, self.owner.segment) if cells else changed

    def _check_alive(self, policy: PolicySpec, form: InstanceForm) -> None:
        """Refuse an instance whose scope the events that its condition is about cannot have."""
        possibilities = self.owner.possibilities
        kinds = (Kind(event_type) for event_type in EVENT_TYPES)
        if any(possibilities.could_hold(policy.when, kind) for kind in kinds):
            return
        if self.is_whole():
            self.reader.refuse(
                form.node,
                "instance_dead",
                f"no event is in the instance {symbol(form.id)}: those that `when` is about do not "
                "carry what its scope asks for",
                "change its scope, or remove it",
            )

    def _subject(self, policy: PolicySpec, form: InstanceForm | None, scopes: Scopes) -> Subject:
        channel, segment = default_words(form, policy.scope, scopes)
        field = self.owner.segment
        in_scope = frozenset(policy.scope) if policy.scope is not None else None
        if in_scope is not None and not isinstance(field, Field):
            # What a feature says of the customer is not known before the test is run.
            in_scope |= {(own, None) for own, _ in in_scope}
        return Subject(
            name=policy.id,
            instance=policy.instance,
            node=form.node if form is not None else self.entries["status"],
            status=policy.status,
            when=policy.when,
            channel=channel,
            segment=segment if isinstance(field, Field) else None,
            segment_field=field.name if isinstance(field, Field) else "",
            in_scope=in_scope,
            segments=frozenset(own for _, own in in_scope or () if own is not None)
            | frozenset(scopes.segments),
            values=values_at(policy.parameters, TEST_START_US),
        )


def _scoped(
    policy: PolicySpec,
    cells: tuple[ScopeCell, ...],
    every: tuple[tuple[str | None, ...], tuple[str | None, ...]],
    segment: Field | Feature | None,
) -> PolicySpec:
    """Return the policy for some events only: the scope is asked first, since it is cheap."""
    conditions = scope_condition(cells, *every, segment)
    when = policy.when
    if conditions:
        written = when.operands if isinstance(when, Logic) and when.op == "and" else (when,)
        when = Logic(op="and", operands=(*conditions, *written))
    return msgspec.structs.replace(policy, when=when, scope=cells)


def _said(policy: PolicySpec) -> object:
    """Return what an instance concludes and from which numbers, without its scope and name."""
    numbers = tuple((one.name, one.value, one.periods) for one in policy.parameters)
    return numbers, policy.score, policy.action, frozenset(policy.also), policy.status


def _status(word: str | None) -> Status:
    return next((status for status in STATUSES if status == word), "draft")


def _read_typology(reader: FileReader, node: Node) -> str:
    typology = reader.text(node, "`typology`") or ""
    if typology and not _TYPOLOGY.fullmatch(typology):
        reader.refuse(
            node,
            "value_unknown",
            f"`typology` was {symbol(typology)}; expected an id of the catalogue",
            "write for example `B04`",
        )
    return typology


def _read_shows(reader: FileReader, node: Node, table: FeatureTable) -> tuple[str, ...]:
    shows: list[str] = []
    for name, item in reader.names(node, "`shows`"):
        if not check_readable(reader, item, "`shows`", name, table):
            continue
        if name in shows:
            reader.refuse(item, "value_repeated", f"`shows` names {symbol(name)} twice")
        else:
            shows.append(name)
    return tuple(shows)
