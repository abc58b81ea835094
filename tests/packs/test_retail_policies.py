"""Every policy of the retail pack is complete, readable and tested both ways."""

from __future__ import annotations

import re
from collections import Counter

from haitang.app.policytests import run_policy_tests
from haitang.data.events.catalogue import FIELDS
from haitang.decision.rules.value_types import names_read
from tests.packs.retail import listed, policy_notes, retail_pack

TYPOLOGIES = {
    "A": 12, "B": 16, "C": 20, "D": 22, "E": 8, "F": 10, "G": 17, "H": 8, "I": 12, "J": 8, "K": 6,
}  # fmt: skip
"""Families of the typology catalogue and how many each has."""

LEAST_POLICIES = 48
LEAST_TYPOLOGIES = 45
LEAST_TESTS_EACH_WAY = 2
WEAK_SCORE = 300
"""Below the medium tier: one such signal alone must not get in a customer's way."""

MILD = {"PASS", "WATCH", "TIP", "ACK", "EDU", "OTP", "LIM"}
FINAL = {"REJ", "PUN", "FRZ", "STOP48", "ALLSUSP", "PROT"}
"""Measures that a person, a court or the police decides."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{[^}]*\}")


def test_the_pack_covers_what_it_promises() -> None:
    policies = retail_pack().pack.policies
    typologies = {policy.typology for policy in policies if policy.status == "live"}
    assert len(policies) >= LEAST_POLICIES
    assert len(typologies) >= LEAST_TYPOLOGIES
    assert {typology[0] for typology in typologies} == set(TYPOLOGIES)


def test_every_typology_is_in_the_catalogue() -> None:
    wrong = [
        f"{policy.id}: {policy.typology}"
        for policy in retail_pack().pack.policies
        if not 1 <= int(policy.typology[1:]) <= TYPOLOGIES.get(policy.typology[0], 0)
    ]
    assert not wrong, listed(wrong)


def test_every_policy_is_named_after_its_typology() -> None:
    wrong = [
        policy.id
        for policy in retail_pack().pack.policies
        if not policy.id.startswith(policy.typology.lower() + "_")
    ]
    assert not wrong, listed(wrong)


def test_every_policy_fires_and_stays_silent_as_its_tests_say() -> None:
    loaded = retail_pack()
    report = run_policy_tests(loaded.pack, loaded.tests)
    failures = [
        f"{result.policy}: {result.name}: should fire {result.should_fire} {result.error or ''} "
        + ", ".join(f"{value.name} = {value.value}" for value in result.values)
        for result in report.failed
    ]
    assert not failures, listed(failures)
    assert not report.untested


def test_every_policy_has_tests_both_ways() -> None:
    loaded = retail_pack()
    ways = Counter((test.policy, test.fires) for test in loaded.tests)
    short = [
        f"{policy.id}: {ways[policy.id, fires]} tests with fires: {fires}"
        for policy in loaded.pack.policies
        for fires in (True, False)
        if ways[policy.id, fires] < LEAST_TESTS_EACH_WAY
    ]
    assert not short, listed(short)


def test_every_policy_tells_analysts_what_to_do_and_where_it_errs() -> None:
    poor = [
        policy
        for policy, notes in policy_notes().items()
        if not (2 <= len(notes.runbook) <= 4 and notes.false_positives and notes.blind_spots)
    ]
    assert not poor, listed(poor)


def test_runbooks_name_only_fields_features_and_policies_that_exist() -> None:
    loaded = retail_pack()
    known = {feature.name for feature in loaded.pack.catalogue.features}
    known |= {policy.id for policy in loaded.pack.policies}
    known |= {one.name for one in loaded.pack.lists} | set(FIELDS)
    wrong = [
        f"{policy}: `{name}`"
        for policy, notes in policy_notes().items()
        for step in notes.runbook
        for name in re.findall(r"`([^`]*)`", step)
        if name not in known
    ]
    assert not wrong, listed(wrong)


def test_texts_are_written_in_both_languages() -> None:
    wrong = []
    for policy in retail_pack().pack.policies:
        for text in (policy.title, policy.reason):
            if CHINESE.search(PLACEHOLDER.sub("", text.en)):
                wrong.append(f"{policy.id}: Chinese in the English text {text.en!r}")
            if not CHINESE.search(text.zh):
                wrong.append(f"{policy.id}: no Chinese in {text.zh!r}")
    assert not wrong, listed(wrong)


def test_every_policy_names_its_basis_and_owner() -> None:
    wrong = [
        f"{policy.id}: basis {policy.basis!r}, owner {policy.owner!r}"
        for policy in retail_pack().pack.policies
        if not re.fullmatch(r"REG-\d{2}", policy.basis) or not policy.owner
    ]
    assert not wrong, listed(wrong)


def test_a_weak_signal_alone_does_not_stop_a_customer() -> None:
    wrong = [
        f"{policy.id}: score {policy.score}, action {policy.action}"
        for policy in retail_pack().pack.policies
        if policy.score < WEAK_SCORE and policy.action not in MILD
    ]
    assert not wrong, listed(wrong)


def test_no_policy_refuses_for_good() -> None:
    wrong = [
        f"{policy.id}: {policy.action} {policy.also}"
        for policy in retail_pack().pack.policies
        if {policy.action, *policy.also} & FINAL
    ]
    assert not wrong, listed(wrong)


def test_no_reason_speaks_of_a_report() -> None:
    """No tipping-off: a text that may reach the customer never mentions such a report."""
    wrong = [
        policy.id
        for policy in retail_pack().pack.policies
        if re.search(r"可疑交易|STR\b|suspicious", policy.reason.zh + policy.reason.en)
    ]
    assert not wrong, listed(wrong)


def test_every_feature_is_read() -> None:
    """A feature costs time on every event that carries its key."""
    pack = retail_pack().pack
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
        if feature.name not in read
        and (feature.value is None or not set(names_read(feature.value)) <= set(FIELDS))
    ]
    assert not unread, listed(unread)
