"""Every policy of the bank is readable, lawful and tested both ways; what the pack's reader refuses
is not tested again.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from haitang.adapters.files.packs import read_pack_folder
from haitang.app.conformance import conformance_sheet
from haitang.app.policytests import run_policy_tests
from haitang.data.events.catalogue import FIELDS
from haitang.data.features import terms
from haitang.data.features.specs import Catalogue, TextPair
from haitang.decision.engine.reading import conjuncts
from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import PolicySpec
from haitang.decision.rules.standards import tips_off
from haitang.decision.rules.value_types import names_read
from haitang.kernel.instants import parse_instant
from tests.packs.bank import BANK, PACKS, bank_pack, listed

FAMILIES = "ABCDEFGHIJK"
WEAK_SCORE = 300
"""Below the medium tier: one such signal alone must not get in a customer's way."""

MILD = {"PASS", "WATCH", "TIP", "ACK", "EDU", "OTP", "LIM"}
OF_AUTHORITIES = {"PUN", "FRZ", "STOP48", "ALLSUSP"}
"""Measures that a court, the police or their list decides."""

PARTS = sorted(path.parent for path in PACKS.glob("*/pack.yaml"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{[^}]*\}")


@pytest.mark.parametrize("folder", PARTS, ids=lambda folder: folder.name)
def test_every_shipped_pack_can_be_used_by_itself(folder: Path) -> None:
    pack = load_pack(read_pack_folder(folder))
    assert pack.id == folder.name


def test_the_bank_is_its_parts() -> None:
    own = {path.stem for path in PACKS.glob("*/policies/*.yaml") if path.parts[-3] != "bank"}
    assert {policy.policy_id for policy in bank_pack().pack.policies} == own


def test_a_published_bank_has_the_same_digest() -> None:
    source = read_pack_folder(BANK)
    published = load_pack(PackSource(name="published", files=source.files))
    assert published.digest == bank_pack().pack.digest


def test_every_family_of_the_catalogue_has_live_policies() -> None:
    live = {policy.typology[0] for policy in bank_pack().pack.policies if policy.status == "live"}
    assert live == set(FAMILIES)


def test_every_policy_fires_and_stays_silent_as_its_tests_say() -> None:
    loaded = bank_pack()
    report = run_policy_tests(loaded.pack, loaded.tests)
    failures = [
        f"{result.policy}: {result.name}: should fire {result.should_fire} {result.error or ''} "
        + ", ".join(f"{value.name} = {value.value}" for value in result.values)
        for result in report.failed
    ]
    assert not failures, listed(failures)
    assert not report.untested


def test_runbooks_name_only_fields_features_and_policies_that_exist() -> None:
    loaded = bank_pack()
    known = {feature.name for feature in loaded.pack.catalogue.features}
    known |= {policy.policy_id for policy in loaded.pack.policies}
    known |= {one.name for one in loaded.pack.lists} | set(FIELDS)
    wrong = {
        f"{policy.policy_id}: `{name}`"
        for policy in loaded.pack.policies
        for step in policy.runbook
        for name in re.findall(r"`([^`]*)`", step.en + step.zh)
        if name not in known | {one.name for one in policy.parameters}
    }
    assert not wrong, listed(sorted(wrong))


def test_texts_are_written_in_both_languages() -> None:
    wrong = set()
    for policy in bank_pack().pack.policies:
        for text in texts_of(policy):
            if CHINESE.search(PLACEHOLDER.sub("", text.en)):
                wrong.add(f"{policy.policy_id}: Chinese in the English text {text.en!r}")
            if not CHINESE.search(text.zh):
                wrong.add(f"{policy.policy_id}: no Chinese in {text.zh!r}")
    assert not wrong, listed(sorted(wrong))


def test_every_policy_has_an_owner() -> None:
    assert not [policy.id for policy in bank_pack().pack.policies if not policy.owner]


def test_a_weak_signal_alone_does_not_stop_a_customer() -> None:
    wrong = [
        f"{policy.id}: score {policy.score}, action {policy.action}"
        for policy in bank_pack().pack.policies
        if policy.score < WEAK_SCORE and policy.action not in MILD
    ]
    assert not wrong, listed(wrong)


def test_no_policy_does_what_an_authority_decides() -> None:
    wrong = [
        f"{policy.id}: {policy.action} {policy.also}"
        for policy in bank_pack().pack.policies
        if {policy.action, *policy.also} & OF_AUTHORITIES
    ]
    assert not wrong, listed(wrong)


def test_no_text_of_a_policy_tells_of_a_report() -> None:
    wrong = [
        policy.id
        for policy in bank_pack().pack.policies
        for text in (policy.reason, policy.customer_text)
        if text is not None and (tips_off(text.en + text.zh) or re.search(r"\bSTR\b", text.en))
    ]
    assert not wrong, listed(wrong)


def test_every_feature_is_read() -> None:
    """A feature costs time on every event that carries its key."""
    pack = bank_pack().pack
    read: set[str] = set()
    for policy in pack.policies:
        read |= set(names_read(policy.when)) | set(policy.shows)
    for feature in pack.catalogue.features:
        for expression in (feature.value, feature.of, feature.where):
            read |= set(names_read(expression)) if expression is not None else set()
    # Flags over the event are taken into the conditions of windows and leave no name there.
    unread = [
        feature.name
        for feature in pack.catalogue.features
        if feature.name not in read and not _reads_the_event_alone(feature.name, pack.catalogue)
    ]
    assert not unread, listed(unread)


def _reads_the_event_alone(name: str, catalogue: Catalogue) -> bool:
    found = next((one for one in catalogue.features if one.name == name), None)
    if found is None:
        return name in FIELDS
    return found.value is not None and all(
        _reads_the_event_alone(inner, catalogue) for inner in names_read(found.value)
    )


def test_the_regulation_sheet_names_only_what_is_there() -> None:
    sheet = conformance_sheet(BANK, now_us=parse_instant("2026-11-01T00:00:00+08:00"))
    assert sheet.rows_total == sheet.rows_checked + sheet.rows_partly + sheet.rows_not_checked
    assert sheet.checks_by_kind["policy"] > 0
    assert sheet.tests_verified


def texts_of(policy: PolicySpec) -> list[TextPair]:
    texts = (
        policy.title, policy.reason, policy.catches, policy.misses, policy.customer_text,
        policy.false_positives, *policy.runbook,
    )  # fmt: skip
    return [text for text in texts if text is not None]


def test_a_reason_says_times_of_multiples_and_per_cent_of_ratios() -> None:
    """A ratio is shown as per cent: “25670 % times the usual” is what nobody understands."""
    pack = bank_pack().pack
    units = {feature.name: feature.unit for feature in pack.catalogue.features}
    wrong, multiples = [], 0
    for policy in pack.policies:
        for text in (policy.reason.en, policy.reason.zh):
            for match in re.finditer(r"\{(\w+)\}(?=(\s*(?:times|fold)\b|倍)?)", text):
                unit, said = units.get(match[1], ""), match[2] is not None
                multiples += said and unit == "times"
                if (unit == "ratio" and said) or (unit == "times" and not said):
                    wrong.append(f"{policy.id}: {match[0]} of unit {unit} in {text!r}")
    assert multiples > 40
    assert not wrong, listed(wrong)


def _least_amount(condition: terms.Expression) -> float:
    """Return the least amount for which a condition can hold, as far as it says so."""
    return max(
        (
            part.right.value
            for part in conjuncts(condition)
            if isinstance(part, terms.Compare)
            and part.op == ">="
            and part.left == terms.Field(name="amount_base_minor", type="number")
            and isinstance(part.right, terms.Number)
        ),
        default=0.0,
    )


def test_no_policy_asks_the_graph_for_less_than_it_searches() -> None:
    """Below what `asked` says a graph feature is missing, and a policy would be silent unseen."""
    pack = bank_pack().pack
    searched = {
        feature.name: _least_amount(feature.graph.asked)
        for feature in pack.catalogue.features
        if feature.graph is not None and feature.graph.asked is not None
    }
    assert max(searched.values()) > 0
    failures = [
        f"{policy.id}: {name} is searched from {searched[name]:,.0f}, asked from {least:,.0f}"
        for policy in pack.policies
        for name in names_read(policy.when)
        if name in searched and (least := _least_amount(policy.when)) < searched[name]
    ]
    assert not failures, listed(failures)
