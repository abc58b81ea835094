from __future__ import annotations

import hashlib

import msgspec
import pytest

from haitang.data.features.specs import KeySpec, TextPair
from haitang.data.features.terms import Arithmetic, Compare, Feature, Field, Logic, OneOf, Text
from haitang.decision.rules.pack import (
    LoadCache,
    load_pack,
    load_pack_with_tests,
    lock_text,
)
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.specs import ListEntry, TableRow, TierBound
from haitang.kernel.instants import DAY_US, HOUR_US, parse_instant
from tests.unit.decision.rules.small_packs import (
    FEATURES,
    PACK,
    POLICY,
    changed,
    small_files,
    small_pack,
)

POLICY_FILE = "policies/large_share.yaml"


def feature_text(body: str) -> PackSource:
    """Return the small pack with one more feature."""
    text = f"{FEATURES}  extra:\n    title: {{en: Extra, zh: 额外}}\n{body}"
    return small_pack(**{"features/money.yaml": text})


def extra(body: str) -> object:
    pack = load_pack(feature_text(body))
    return next(feature for feature in pack.catalogue.features if feature.name == "extra")


def test_a_pack_says_what_its_files_say() -> None:
    pack = load_pack(small_pack())
    assert (pack.id, pack.version, pack.zone, pack.base_currency) == (
        "small",
        "1.0.0",
        "Asia/Shanghai",
        "CNY",
    )
    assert pack.title == TextPair(en="Small pack", zh="小策略包")
    assert pack.segment_source == "customer_segment"
    assert pack.tiers == (
        TierBound(tier="medium", score=300),
        TierBound(tier="high", score=600),
        TierBound(tier="critical", score=850),
    )
    assert pack.table[1] == TableRow(
        tiers=("high",),
        channels=("MOBILE", "WEB"),
        segments=("ELDER", "VULNERABLE"),
        action="HOLD",
        also=("CALL",),
    )
    assert pack.catalogue.keys[0] == KeySpec(
        slot="customer", entity="customer", fields=(("payer_customer_id", "customer_id"),)
    )
    assert pack.catalogue.keys[3].fields == (("payer_customer_id",), ("payee_account",))
    assert pack.catalogue.entities[1].retention_us == 30 * DAY_US
    assert pack.catalogue.holidays == ("2026-01-01",)


def test_a_family_has_one_feature_per_window() -> None:
    features = load_pack(small_pack()).catalogue.features
    family = [feature for feature in features if feature.name.startswith("paid_sum_")]
    assert [(feature.name, feature.window_us) for feature in family] == [
        ("paid_sum_1h", HOUR_US),
        ("paid_sum_1d", DAY_US),
        ("paid_sum_30d", 30 * DAY_US),
    ]
    assert [feature.title for feature in family][1:] == [
        TextPair(en="Paid out in 1 day", zh="近1天转出金额"),
        TextPair(en="Paid out in 30 days", zh="近30天转出金额"),
    ]


def test_features_stand_after_those_they_read() -> None:
    names = [feature.name for feature in load_pack(small_pack()).catalogue.features]
    assert names == [
        "is_payment",
        "paid_sum_1h",
        "paid_sum_1d",
        "paid_sum_30d",
        "paid_ratio",
        "last_channel",
    ]


def test_a_condition_takes_in_the_features_that_it_names() -> None:
    features = {feature.name: feature for feature in load_pack(small_pack()).catalogue.features}
    event_type = Field(name="event_type", type="text")
    condition = Logic(
        op="and",
        operands=(
            Compare(op="==", left=event_type, right=Text(value="TXN_REQUEST")),
            OneOf(
                operand=Field(name="txn_type", type="text"),
                values=("TRANSFER_INTER", "TRANSFER_INTRA"),
            ),
        ),
    )
    assert features["paid_sum_1h"].where == condition
    assert features["is_payment"].value == condition
    assert features["paid_ratio"].value == Arithmetic(
        op="/",
        left=Feature(name="paid_sum_1h", type="number"),
        right=Feature(name="paid_sum_1d", type="number"),
    )


def test_features_of_features_of_the_event_are_taken_in_too() -> None:
    text = FEATURES.replace("where: is_payment", "where: is_large").replace(
        "  last_channel:",
        "  is_large:\n    title: {en: Large, zh: 大额}\n"
        "    value: is_payment and amount_minor > money(10000)\n  last_channel:",
    )
    features = load_pack(small_pack(**{"features/money.yaml": text})).catalogue.features
    summed = next(feature for feature in features if feature.name == "paid_sum_1h")
    assert isinstance(summed.where, Logic)
    assert not any(isinstance(operand, Feature) for operand in summed.where.operands)


def test_the_type_of_a_feature_follows_what_it_holds() -> None:
    features = {feature.name: feature for feature in load_pack(small_pack()).catalogue.features}
    assert {name: feature.type for name, feature in features.items()} == {
        "is_payment": "flag",
        "paid_sum_1h": "number",
        "paid_sum_1d": "number",
        "paid_sum_30d": "number",
        "paid_ratio": "number",
        "last_channel": "text",
    }


@pytest.mark.parametrize(
    ("of", "scale"),
    [
        ("amount_base_minor", 0),
        ("cash", 0),
        ("amount_minor - fee_minor * 2", 0),
        ("choose(cash, amount_minor, 0)", 0),
        ("max(amount_minor, fee_minor)", 0),
        ("floor(latitude)", 0),
        ("amount_minor / 2", 6),
        ("amount_minor * 0.5", 6),
        ("latitude", 6),
        ("min(amount_minor, latitude)", 6),
    ],
)
def test_sums_of_whole_numbers_keep_no_decimal_places(of: str, scale: int) -> None:
    feature = extra(f"    key: customer\n    aggregate: sum\n    of: {of}\n    window: 1d\n")
    assert msgspec.structs.asdict(feature)["of_scale"] == scale  # type: ignore[arg-type]


def test_a_stated_scale_wins() -> None:
    body = "    key: customer\n    aggregate: sum\n    of: latitude\n    window: 1d\n    scale: 2\n"
    assert msgspec.structs.asdict(extra(body))["of_scale"] == 2  # type: ignore[arg-type]


def test_everything_an_aggregate_may_say_is_read() -> None:
    feature = extra(
        "    key: customer\n    aggregate: quantile\n    of: amount_minor\n    where: cash\n"
        "    seen_as: [customer, payee_customer]\n    window: 30d\n    delay: 7d\n    tile: 1h\n"
        "    prior: true\n    quantile: 0.95\n    unit: money\n"
    )
    said = msgspec.structs.asdict(feature)  # type: ignore[arg-type]
    assert said["seen_as"] == ("customer", "payee_customer")
    assert (said["window_us"], said["delay_us"], said["tile_us"]) == (
        30 * DAY_US,
        7 * DAY_US,
        HOUR_US,
    )
    assert (said["prior"], said["quantile"], said["unit"]) == (True, 0.95, "money")


def test_a_policy_says_what_its_file_says() -> None:
    (policy,) = load_pack(small_pack()).policies
    assert (policy.id, policy.version, policy.status, policy.typology) == (
        "large_share",
        1,
        "live",
        "C04",
    )
    assert (policy.party, policy.score, policy.action, policy.also) == (
        "payer",
        400,
        "TIP",
        ("CALL",),
    )
    assert policy.reason == TextPair(
        en="{paid_sum_1h} left within the hour", zh="一小时内转出{paid_sum_1h}"
    )
    assert (policy.shows, policy.basis, policy.owner, policy.path) == (
        ("paid_sum_1d",),
        ("REG-05",),
        "tests",
        POLICY_FILE,
    )


def test_dates_of_a_list_start_in_the_zone_of_the_pack() -> None:
    cases, watched = load_pack(small_pack()).lists
    assert cases.entries == (
        ListEntry(
            value="B7",
            effective_at_us=parse_instant("2026-01-01T00:00:00+08:00"),
            source="police",
        ),
        ListEntry(
            value="B8",
            effective_at_us=parse_instant("2026-01-01T00:00:00Z"),
            expires_at_us=parse_instant("2027-01-01T00:00:00Z"),
            source="bank",
        ),
    )
    assert watched.entries == ()


def test_a_model_is_passed_on_as_text() -> None:
    (model,) = load_pack(small_pack()).models
    assert model.text == "tree\nversion=v4\n"
    assert model.inputs == ("amount_base_minor", "paid_sum_1d")
    assert model.where == Feature(name="is_payment", type="flag")
    assert model.bounds == (TierBound(tier="medium", score=500), TierBound(tier="high", score=900))


def test_tests_become_rows_with_defaults() -> None:
    loaded = load_pack_with_tests(small_pack())
    fires, silent = loaded.tests
    assert (fires.policy, fires.fires, silent.fires) == ("large_share", True, False)
    assert str(fires.place) == "packs/small/policies/large_share.yaml:23:5"
    assert fires.rows == (
        {
            "event_id": "E1",
            "occurred_at_us": parse_instant("2026-03-02T10:05:00+08:00"),
            "event_type": "TXN_REQUEST",
            "payer_customer_id": "C1",
            "payer_account": "A1",
            "payee_account": "B1",
            "channel": "MOBILE",
            "currency": "CNY",
            "txn_type": "TRANSFER_INTER",
            "amount_minor": 600_000,
            "amount_base_minor": 600_000,
        },
    )


def test_rows_repeat_leave_out_and_go_on_in_time() -> None:
    source = changed(
        POLICY_FILE,
        "      - {at: 5m, event_type: TXN_REQUEST, amount_minor: 600000}\n",
        "      - {at: 1m, event_type: LOGIN, repeat: {times: 3, every: 1h}, customer_id: ~}\n"
        "      - {event_type: LABEL, label: MULE, event_id: own, confidence: 0.5}\n"
        "      - {at: 5m, event_type: TXN_REQUEST, currency: USD, cash: true, payee_account: ~}\n",
    )
    rows = load_pack_with_tests(relocked(source)).tests[0].rows
    start = parse_instant("2026-03-02T10:00:00+08:00")
    minutes = [(int(row["occurred_at_us"]) - start) // 60_000_000 for row in rows]
    assert minutes == [1, 61, 121, 121, 5]
    assert [row["event_id"] for row in rows] == ["E1", "E2", "E3", "own", "E5"]
    assert "customer_id" not in rows[0]
    assert rows[3]["confidence"] == 0.5
    assert rows[4]["cash"] is True
    assert not {"payee_account", "amount_base_minor"} & rows[4].keys()


def relocked(source: PackSource) -> PackSource:
    files = {path: content for path, content in source.files.items() if path != "LOCK"}
    unlocked = PackSource(name=source.name, files=files)
    return PackSource(name=source.name, files={**files, "LOCK": lock_text(unlocked).encode()})


def test_the_digest_covers_what_decides_and_nothing_else() -> None:
    digest = load_pack(small_pack()).digest
    assert (
        load_pack(small_pack(**{"CHANGELOG.md": "2.0.0", "PHILOSOPHY.md": None})).digest == digest
    )
    assert load_pack(small_pack(**{".DS_Store": "x"})).digest == digest
    assert load_pack(small_pack(**{"models/mule.txt": "tree\n"})).digest != digest
    shown = hashlib.sha256()
    for path, content in sorted(small_files().items()):
        if not path.endswith(".md"):
            shown.update(f"{path}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    assert digest == shown.hexdigest()


def test_a_fresh_lock_is_accepted_and_sorted() -> None:
    files = {**small_files(), "policies/a.yaml": POLICY.replace("large_share", "a").encode()}
    text = lock_text(PackSource(name="p", files=files))
    assert [line.split()[:2] for line in text.splitlines()] == [["a", "1"], ["large_share", "1"]]
    pack = load_pack(PackSource(name="p", files={**files, "LOCK": text.encode()}))
    assert [policy.id for policy in pack.policies] == ["a", "large_share"]


def test_writing_a_lock_is_no_way_around_it() -> None:
    edited = small_pack(**{POLICY_FILE: POLICY.replace("score: 400", "score: 410")})
    with pytest.raises(PackRefused, match="has changed, but its version is still 1"):
        lock_text(edited)


def test_drafts_need_no_lock_and_no_tests() -> None:
    draft = POLICY.replace("status: live", "status: draft").split("tests:", maxsplit=1)[0]
    pack = load_pack(small_pack(**{POLICY_FILE: draft, "LOCK": ""}))
    assert pack.policies[0].status == "draft"
    assert lock_text(small_pack(**{POLICY_FILE: draft})) == ""


def test_line_ends_of_windows_change_no_meaning() -> None:
    crlf = {path: content.replace(b"\n", b"\r\n") for path, content in small_files().items()}
    source = relocked(PackSource(name="packs/small", files=crlf))
    pack, same = load_pack(source), load_pack(small_pack())
    assert (pack.policies, pack.catalogue, pack.lists) == (
        same.policies,
        same.catalogue,
        same.lists,
    )


def test_loading_with_a_cache_gives_the_same_pack() -> None:
    cache = LoadCache()
    source = small_pack()
    assert load_pack(source, cache=cache) == load_pack(source, cache=cache) == load_pack(source)


def test_a_cache_notices_that_a_name_changed_its_meaning() -> None:
    cache = LoadCache()
    load_pack(small_pack(), cache=cache)
    renamed = FEATURES.replace("paid_ratio:", "paid_part:")
    with pytest.raises(PackRefused, match="unknown field or feature `paid_ratio`"):
        load_pack(small_pack(**{"features/money.yaml": renamed}), cache=cache)
    yen = PACK.replace("base_currency: CNY", "base_currency: JPY")
    (policy,) = load_pack(small_pack(**{"pack.yaml": yen}), cache=cache).policies
    assert isinstance(policy.when, Logic)
    assert "5000.0" in repr(policy.when.operands[-1])


def test_sections_that_are_optional_have_defaults() -> None:
    lines = PACK.split("tiers:")[0]
    files = {
        "pack.yaml": lines.encode(),
        "features/money.yaml": FEATURES.encode(),
    }
    pack = load_pack(PackSource(name="p", files=files))
    assert (pack.policies, pack.models, pack.lists, pack.table) == ((), (), (), ())
    assert [bound.score for bound in pack.tiers] == [300, 600, 850]


def test_a_chain_of_features_may_be_long() -> None:
    chain = "features:\n" + "".join(
        f"  f{number}:\n    title: {{en: A, zh: 甲}}\n    value: f{number + 1} + 1\n"
        for number in range(1_500)
    )
    chain += "  f1500:\n    title: {en: A, zh: 甲}\n    value: paid_sum_1h\n"
    pack = load_pack(small_pack(**{"features/chain.yaml": chain}))
    assert [feature.name for feature in pack.catalogue.features[-2:]] != ["f0", "f1500"]
    names = [feature.name for feature in pack.catalogue.features]
    assert names.index("f1500") < names.index("f1499") < names.index("f0")


def test_features_that_double_are_refused_before_they_fill_the_memory() -> None:
    doubling = (
        "features:\n  g0:\n    title: {en: A, zh: 甲}\n    value: cash and urgent\n"
        + "".join(
            f"  g{number}:\n    title: {{en: A, zh: 甲}}\n"
            f"    value: (g{number - 1} or cash) == (g{number - 1} or urgent)\n"
            for number in range(1, 60)
        )
    )
    with pytest.raises(PackRefused, match="has more than 2,000 parts"):
        load_pack(small_pack(**{"features/doubling.yaml": doubling}))
