from __future__ import annotations

import pytest

from haitang.decision.rules.includes import include_names
from haitang.decision.rules.pack import load_pack, load_pack_unlocked, lock_text
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.source import PackSource, pack_digest
from haitang.kernel.errors import HaitangError
from tests.conftest import CheckOutput
from tests.unit.decision.rules.joined_packs import FAMILY, OUTERMOST, SHARED, draft, joined
from tests.unit.decision.rules.small_packs import FEATURES, POLICY, small_pack

OTHER_FEATURE = """\
features:
  is_payment:
    title: {en: Payment again, zh: 支付}
    value: event_type == 'TXN_REQUEST'
"""


def problems(source: PackSource) -> tuple[HaitangError, ...]:
    with pytest.raises(PackRefused) as refused:
        load_pack(source)
    return refused.value.problems


def test_names_of_all_packs_are_the_names_of_one() -> None:
    pack = load_pack(joined())
    assert (pack.id, pack.version) == ("whole-bank", "3.0.0")
    assert [policy.policy_id for policy in pack.policies] == ["large_share"]
    assert {one.name for one in pack.lists} == {"case_accounts", "watched"}
    assert {one.slot for one in pack.catalogue.keys} >= {"customer", "payee_account"}
    assert "paid_sum_1h" in {feature.name for feature in pack.catalogue.features}


def test_a_pack_that_is_reached_twice_is_read_once() -> None:
    pack = load_pack(joined())
    entities = [entity.name for entity in pack.catalogue.entities]
    assert entities == ["customer", "account", "customer_payee"]


def test_settings_are_those_of_the_outermost_pack_that_says_them() -> None:
    own = "tiers: {medium: 100, high: 200}\n"
    assert load_pack(joined()).zone == "Asia/Shanghai"
    assert [bound.score for bound in load_pack(joined()).tiers] == [300, 600, 850]
    pack = load_pack(joined(**{"pack.yaml": OUTERMOST + own + "zone: UTC\n"}))
    assert pack.zone == "UTC"
    assert [bound.score for bound in pack.tiers] == [100, 200]
    assert pack.catalogue.holidays == ("2026-01-01",)


def test_what_nobody_else_says_is_taken_from_the_first_included_pack_that_says_it() -> None:
    family = FAMILY + "zone: UTC\n"
    first = OUTERMOST.replace("[shared, family]", "[family, shared]")
    assert load_pack(joined(**{"includes/family/pack.yaml": family})).zone == "Asia/Shanghai"
    source = joined(**{"pack.yaml": first, "includes/family/pack.yaml": family})
    assert load_pack(source).zone == "UTC"


def test_keys_may_name_entities_of_an_included_pack() -> None:
    own = FAMILY + "keys:\n  device: {entity: account, fields: [device_id]}\n"
    pack = load_pack(joined(**{"includes/family/pack.yaml": own}))
    assert "device" in {key.slot for key in pack.catalogue.keys}


def test_the_digest_does_not_depend_on_where_the_files_were_read() -> None:
    beside = joined()
    published = PackSource(name="packs/1a2b", files=beside.files)
    assert load_pack(published).digest == load_pack(beside).digest == pack_digest(beside)


def test_the_digest_covers_included_files_but_not_what_is_said_about_them() -> None:
    before = pack_digest(joined())
    assert (
        pack_digest(joined(**{"includes/shared/LOCK": "", "includes/family/PHILOSOPHY.md": "x"}))
        == before
    )
    changed = joined(**{"includes/shared/features/money.yaml": FEATURES + "# more\n"})
    assert pack_digest(changed) != before


def test_a_pack_without_includes_has_the_digest_that_it_had() -> None:
    assert load_pack(small_pack()).digest == pack_digest(small_pack())


def test_a_fault_is_shown_where_the_author_has_the_file() -> None:
    broken = FEATURES.replace("amount_base_minor", "amount_bas_minor")
    (found,) = [
        problem
        for problem in problems(joined(**{"includes/shared/features/money.yaml": broken}))
        if problem.code == "name_unknown"
    ][:1]
    assert str(found.place).startswith("packs/shared/features/money.yaml:10:")
    files = joined(**{"includes/shared/features/money.yaml": broken}).files
    (kept,) = [
        problem
        for problem in problems(PackSource(name="kept", files=files))
        if problem.code == "name_unknown"
    ][:1]
    assert str(kept.place).startswith("kept/includes/shared/features/money.yaml:10:")


CASES = {
    "circle": {"includes/shared/pack.yaml": SHARED + "includes: [family]\n"},
    "itself": {"includes/family/pack.yaml": FAMILY.replace("[shared]", "[shared, family]")},
    "missing": {"pack.yaml": OUTERMOST.replace("family]", "familie]")},
    "missing_far": {"pack.yaml": OUTERMOST.replace("family]", "family, treasury]")},
    "twice": {"pack.yaml": OUTERMOST.replace("family]", "family, shared]")},
    "no_name": {"pack.yaml": OUTERMOST.replace("family]", "../family]")},
    "not_included": {"includes/other/pack.yaml": FAMILY.replace("family", "other")},
    "feature_twice": {"includes/family/features/more.yaml": OTHER_FEATURE},
    "policy_twice": {"policies/large_share.yaml": draft("large_share")},
    "entity_twice": {
        "includes/family/pack.yaml": FAMILY + "entities:\n  account: {retention: 3d}\n"
    },
    "list_twice": {
        "includes/family/pack.yaml": FAMILY + "lists:\n  watched: {title: {en: W, zh: 关注}}\n"
    },
    "nobody_says": {
        "includes/shared/pack.yaml": SHARED.replace("zone: Asia/Shanghai\n", "").replace(
            "base_currency: CNY\n", ""
        )
    },
    "unread_file": {"includes/family/policies/x.yml": "id: x\n"},
    "nested": {"includes/family/includes/shared/pack.yaml": SHARED},
}


@pytest.mark.parametrize("case", CASES)
def test_bad_includes_are_refused_with_their_mend(case: str, check_output: CheckOutput) -> None:
    found = problems(joined(**CASES[case]))
    check_output("\n".join(problem.render() for problem in found) + "\n")


def test_every_pack_keeps_its_own_lock() -> None:
    live = POLICY.replace("id: large_share", "id: outer")
    locked = joined(**{"policies/outer.yaml": live})
    own = lock_text(locked)
    assert own.split()[:2] == ["outer", "1"]
    assert "large_share" not in own
    assert load_pack(joined(**{"policies/outer.yaml": live, "LOCK": own})).policies


def test_the_lock_of_an_included_pack_is_checked_too() -> None:
    inner = {"includes/family/policies/large_share.yaml": POLICY}
    (missing,) = problems(joined(**inner))
    assert missing.code == "lock_missing"
    assert missing.place.path == "packs/family"
    assert "haitang check --write-lock packs/family" in missing.hint
    unlocked = load_pack_unlocked(joined(**inner))
    assert [problem.code for problem in unlocked.lock_problems] == ["lock_missing"]
    assert unlocked.loaded.pack.policies


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("includes: [common, cards-merchants]", ("common", "cards-merchants")),
        ("includes: common", ("common",)),
        ("includes:\n  - common\n  - aml", ("common", "aml")),
        ("includes: [../common, Common]", ()),
        ("includes: {common: 1}", ()),
        ("pack: small", ()),
        ("includes: [common", ()),
    ],
)
def test_the_names_of_included_packs_are_told_without_refusing(
    written: str, names: tuple[str, ...]
) -> None:
    assert include_names(written.encode()) == names
