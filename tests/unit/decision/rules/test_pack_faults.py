"""Every message that an author of a pack can see: each case changes one place of a good pack."""

from __future__ import annotations

import pytest

from haitang.decision.rules.pack import load_pack
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.source import PackSource
from tests.conftest import CheckOutput
from tests.unit.decision.rules.small_packs import (
    FEATURES,
    MODEL,
    PACK,
    POLICY,
    changed,
    small_files,
    small_pack,
)

PACK_FILE, FEATURES_FILE, POLICY_FILE = (
    "pack.yaml",
    "features/money.yaml",
    "policies/large_share.yaml",
)
MODEL_FILE, LIST_FILE = "models/mule.yaml", "lists/case_accounts.csv"

Change = tuple[str, str, str]

HEAD: tuple[Change, ...] = (
    (PACK_FILE, "pack: small", "pack: Small-Pack"),
    (PACK_FILE, "version: 1.0.0", "version: '1'"),
    (PACK_FILE, "title: {en: Small pack, zh: 小策略包}", "title: Small pack"),
    (PACK_FILE, "title: {en: Small pack, zh: 小策略包}", "title: {en: Small pack}"),
    (PACK_FILE, "title: {en: Small pack, zh: 小策略包}", "title: {en: Small pack, zh: ''}"),
    (
        PACK_FILE,
        "title: {en: Small pack, zh: 小策略包}",
        "title: {en: Small, or tiny, zh: 小策略包}",
    ),
    (PACK_FILE, "zone: Asia/Shanghai", "zone: Asia/Shangai"),
    (PACK_FILE, "zone: Asia/Shanghai\n", ""),
    (PACK_FILE, "zone: Asia/Shanghai", "zone:"),
    (PACK_FILE, "base_currency: CNY", "base_currency: RMB"),
    (PACK_FILE, "holidays:", "holliday:"),
    (PACK_FILE, "[2026-01-01]", "[2026-13-01]"),
    (PACK_FILE, "[2026-01-01]", "[2026-01-01, 2026-01-01]"),
    (PACK_FILE, "{retention: 400d}", "{retention: 401d}"),
    (PACK_FILE, "{retention: 400d}", "{retention: forever}"),
    (PACK_FILE, "{retention: 400d}", "400d"),
    (PACK_FILE, "entity: account,", "entity: acount,"),
    (PACK_FILE, "fields: [payee_account]", "fields: [payee_acount]"),
    (PACK_FILE, "fields: [payee_account]", "fields: [amount_minor]"),
    (PACK_FILE, "fields: [payee_account]", "fields: []"),
    (PACK_FILE, "high: 600", "high: 300"),
    (PACK_FILE, "high: 600", "high: 1001"),
    (PACK_FILE, "high: 600", "high: 6.5"),
    (PACK_FILE, "high: 600", "high: '600'"),
    (PACK_FILE, "high: 600", "higher: 600"),
    (PACK_FILE, "segment: customer_segment", "segment: amount_minor"),
    (PACK_FILE, "segment: customer_segment", "segment: customer_segmnt"),
    (PACK_FILE, "[ELDER, VULNERABLE]", "[ELDER, VULNERABL]"),
    (PACK_FILE, "[MOBILE, WEB]", "[MOBILE, WAP]"),
    (PACK_FILE, "action: BLOCK", "action: BLOK"),
    (PACK_FILE, "action: BLOCK", "action: CALL"),
    (PACK_FILE, "also: CALL}", "also: [CALL, CALL]}"),
    (PACK_FILE, "also: CALL}", "also: PASS}"),
    (PACK_FILE, "  - {tier: [medium, high], action: TIP}", "  - {tier: critical, action: TIP}"),
    (PACK_FILE, "lists/case_accounts.csv", "lists/case_account.csv"),
    (PACK_FILE, "  watched:", "  Watched!:"),
)
FEATURE: tuple[Change, ...] = (
    (FEATURES_FILE, "features:\n", "feature:\n"),
    (FEATURES_FILE, "features:\n", "features: []\nx:\n"),
    (FEATURES_FILE, "  is_payment:", "  amount_minor:"),
    (FEATURES_FILE, "  last_channel:", "  min:"),
    (FEATURES_FILE, "  last_channel:", "  lambda:"),
    (FEATURES_FILE, "  last_channel:", "  Last-Channel:"),
    (FEATURES_FILE, "  last_channel:", "  paid_sum_1d:"),
    (FEATURES_FILE, "  last_channel:", "  last_{window}:"),
    (FEATURES_FILE, "paid_sum_{window}:", "paid_sum:"),
    (FEATURES_FILE, "    unit: ratio", "    unit: ratios"),
    (FEATURES_FILE, "    unit: ratio", "    window: 1d"),
    (
        FEATURES_FILE,
        "    key: customer\n    aggregate: sum",
        "    key: custommer\n    aggregate: sum",
    ),
    (FEATURES_FILE, "    key: customer\n    aggregate: sum", "    aggregate: sum"),
    (FEATURES_FILE, "aggregate: sum", "aggregate: summ"),
    (FEATURES_FILE, "aggregate: sum", "aggregate: count"),
    (FEATURES_FILE, "aggregate: sum", "aggregate: total"),
    (FEATURES_FILE, "    of: amount_base_minor\n", ""),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: channel\n"),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: paid_ratio\n"),
    (
        FEATURES_FILE,
        "    of: amount_base_minor\n",
        "    of: amount_base_minor\n    quantile: 0.9\n",
    ),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: amount_base_minor\n    scale: 12\n"),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: amount_base_minor\n    prior: yes\n"),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: amount_base_minor\n    tile: 1h\n"),
    (FEATURES_FILE, "    of: amount_base_minor\n", "    of: amount_base_minor\n    delay: 390d\n"),
    (
        FEATURES_FILE,
        "    of: amount_base_minor\n",
        "    of: amount_base_minor\n    seen_as: payee_account\n",
    ),
    (
        FEATURES_FILE,
        "    of: amount_base_minor\n",
        "    of: amount_base_minor\n    seen_as: [customer, customer]\n",
    ),
    (FEATURES_FILE, "    where: is_payment\n", "    where: amount_minor\n"),
    (FEATURES_FILE, "    where: is_payment\n", "    where: paid_sum_1h > 5\n"),
    (FEATURES_FILE, "    where: is_payment\n", "    where: is_paymnt\n"),
    (FEATURES_FILE, "    where: is_payment\n", "    where: is_payment and\n"),
    (FEATURES_FILE, "    where: is_payment\n", "    where: [is_payment]\n"),
    (FEATURES_FILE, "[1h, 1d, 30d]", "[1h, 1d, 24h]"),
    (FEATURES_FILE, "[1h, 1d, 30d]", "[1h, 1d, 401d]"),
    (FEATURES_FILE, "[1h, 1d, 30d]", "[1h, 1d, 0s]"),
    (FEATURES_FILE, "[1h, 1d, 30d]", "[1h, 1d, 1w]"),
    (FEATURES_FILE, "[1h, 1d, 30d]", "[]"),
    (FEATURES_FILE, "    prior: true\n", "    window: 1d\n"),
    (FEATURES_FILE, "paid_sum_1h / paid_sum_1d", "paid_ratio + 1"),
    (FEATURES_FILE, "event_type == 'TXN_REQUEST'", "paid_ratio > 1"),
    (FEATURES_FILE, "paid_sum_1h / paid_sum_1d", "paid_sum_1h / paid_sum_2d + channel"),
    (FEATURES_FILE, "zh: 当日占比", "zh: ~"),
)
RULE: tuple[Change, ...] = (
    (POLICY_FILE, "id: large_share", "id: large_shares"),
    (POLICY_FILE, "version: 1", "version: 0"),
    (POLICY_FILE, "version: 1", "version: 1.0"),
    (POLICY_FILE, "status: live", "status: alive"),
    (POLICY_FILE, "typology: C04", "typology: Scam"),
    (POLICY_FILE, "party: payer", "party: customer"),
    (POLICY_FILE, "score: 400", "score: 1001"),
    (POLICY_FILE, "score: 400", "score: high"),
    (POLICY_FILE, "action: TIP", "action: [TIP]"),
    (POLICY_FILE, "action: TIP", "action: STR"),
    (POLICY_FILE, "also: [CALL]", "also: [RING]"),
    (POLICY_FILE, "owner: tests\n", ""),
    (POLICY_FILE, "owner: tests\n", "owner: tests\nurgency: high\n"),
    (POLICY_FILE, "paid_ratio > 0.8", "paid_ration > 0.8"),
    (POLICY_FILE, "money(5000)", "monney(5000)"),
    (POLICY_FILE, "is_payment and paid_ratio > 0.8\n  and", "paid_ratio > 0.8 and ("),
    (
        POLICY_FILE,
        "is_payment and paid_ratio > 0.8\n  and paid_sum_1h >= money(5000)",
        "paid_ratio",
    ),
    (POLICY_FILE, "{paid_sum_1h} left", "{paid_sum_30d} left"),
    (POLICY_FILE, "{paid_sum_1h} left", "{paid_sum_2h} left"),
    (POLICY_FILE, "{paid_sum_1h} left", "{paid_sum_1h left"),
    (POLICY_FILE, "{paid_sum_1h} left", "{paid_sum_1h} of {paid_sum_1d} left"),
    (POLICY_FILE, "shows: [paid_sum_1d]", "shows: [paid_sum_2d]"),
    (POLICY_FILE, "shows: [paid_sum_1d]", "shows: [remark]"),
    (POLICY_FILE, "shows: [paid_sum_1d]", "shows: [paid_sum_1d, paid_sum_1d]"),
    (POLICY_FILE, "fires: true", "fires: false"),
    (POLICY_FILE, "    fires: true\n", "    fires: 1\n"),
    (POLICY_FILE, "fires on one large transfer", "stays silent on a small one"),
    (POLICY_FILE, "amount_minor: 600000", "amount: 600000"),
    (POLICY_FILE, "amount_minor: 600000", "login_method: FACE"),
    (POLICY_FILE, "amount_minor: 600000", "amount_minor: -1"),
    (POLICY_FILE, "amount_minor: 600000", "amount_minor: '600000'"),
    (POLICY_FILE, "amount_minor: 600000", "cash: yes"),
    (POLICY_FILE, "amount_minor: 600000", "rail: SWIFTLY"),
    (POLICY_FILE, "amount_minor: 600000", "repeat: {times: 0, every: 1h}"),
    (POLICY_FILE, "amount_minor: 600000", "repeat: {times: 3}"),
    (POLICY_FILE, "at: 5m", "at: soon"),
    (POLICY_FILE, "event_type: TXN_REQUEST, ", ""),
    (POLICY_FILE, "event_type: TXN_REQUEST, amount_minor: 600000", "event_type: TXN_REQEST"),
    (
        POLICY_FILE,
        "event_type: TXN_REQUEST, amount_minor: 600000",
        "event_type: LIST_UPSERT, list_name: x",
    ),
    (
        POLICY_FILE,
        "      - {at: 5m, event_type: TXN_REQUEST, amount_minor: 600000}\n",
        "      []\n",
    ),
)
OTHER: tuple[Change, ...] = (
    (MODEL_FILE, "id: mule", "id: mules"),
    (MODEL_FILE, "file: models/mule.txt", "file: mule.txt"),
    (
        MODEL_FILE,
        "inputs: [amount_base_minor, paid_sum_1d]",
        "inputs: [amount_base_minor, paid_sum_2d]",
    ),
    (MODEL_FILE, "inputs: [amount_base_minor, paid_sum_1d]", "inputs: []"),
    (MODEL_FILE, "where: is_payment", "where: paid_sum_1d"),
    (MODEL_FILE, "medium: 0.5", "medium: 500"),
    (MODEL_FILE, "medium: 0.5", "medium: 0.9"),
    (LIST_FILE, "value,effective_at", "account,effective_at"),
    (LIST_FILE, "value,effective_at,expires_at,source", "value,effective_at,effective_at"),
    (LIST_FILE, "B7,2026-01-01", "B7,2026-1-1"),
    (LIST_FILE, "B7,2026-01-01", "B7,2026-02-30"),
    (LIST_FILE, "B7,2026-01-01", ",2026-01-01"),
    (LIST_FILE, "B7,2026-01-01", "B8,2026-01-01"),
    (LIST_FILE, "B7,2026-01-01,", "B7,2026-01-01,2025-01-01"),
    (LIST_FILE, "B7,2026-01-01,,police", "B7,2026-01-01,,police,more"),
    (LIST_FILE, "B7,", '"B7,'),
)
YAML: tuple[Change, ...] = (
    (POLICY_FILE, "  is_payment and", "\tis_payment and"),
    (POLICY_FILE, "score: 400", "score: 400\nscore: 500"),
    (POLICY_FILE, "score: 400", "score: &a 400"),
    (POLICY_FILE, "score: 400", "score: *a"),
    (POLICY_FILE, "score: 400", "score: !!int 400"),
    (POLICY_FILE, "score: 400", "score: 400: 500"),
    (POLICY_FILE, "score: 400", "score: @400"),
    (POLICY_FILE, "also: [CALL]", "also: [CALL"),
    (POLICY_FILE, "also: [CALL]", "also: [CALL}"),
    (POLICY_FILE, "basis: REG-05", 'basis: "REG-05'),
    (POLICY_FILE, "basis: REG-05", 'basis: "\\q"'),
    (POLICY_FILE, "basis: REG-05", " basis: REG-05"),
    (POLICY_FILE, "basis: REG-05", "basis"),
    (POLICY_FILE, "basis: REG-05", "basis: R\u200bEG"),
    (POLICY_FILE, "basis: REG-05", "basis: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"),
    (POLICY_FILE, "basis: REG-05", "? [a]\n: b"),
    (POLICY_FILE, "tests:", "---\ntests:"),
    (POLICY_FILE, POLICY, ""),
    (POLICY_FILE, POLICY, "just words"),
    (POLICY_FILE, POLICY, "- a\n- b\n"),
    (PACK_FILE, PACK, "# nothing\n"),
    (FEATURES_FILE, FEATURES, "features: nothing\n"),
    (MODEL_FILE, MODEL, "id: mule\n"),
)


def refusal(source: PackSource) -> str:
    with pytest.raises(PackRefused) as refused:
        load_pack(source)
    return "\n".join(f"[{problem.code}] {problem.render()}" for problem in refused.value.problems)


def refusals(changes: tuple[Change, ...]) -> str:
    shown = []
    for path, old, new in changes:
        title = f"{path}: {old.strip()[:60]!r} became {new.strip()[:60]!r}"
        shown.append(f"## {title}\n\n{refusal(changed(path, old, new))}")
    return "\n\n".join(shown)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("head", HEAD),
        ("features", FEATURE),
        ("policies", RULE),
        ("models and lists", OTHER),
        ("yaml", YAML),
    ],
)
def test_a_fault_is_named_where_it_stands(
    name: str, changes: tuple[Change, ...], check_output: CheckOutput
) -> None:
    assert name
    check_output(refusals(changes), "refusals")


def with_bytes(path: str, content: bytes) -> PackSource:
    source = small_pack()
    return PackSource(name=source.name, files={**source.files, path: content})


def test_files_that_do_not_belong_are_named(check_output: CheckOutput) -> None:
    sources = (
        small_pack(**{"pack.yaml": None}),
        with_bytes("policy/x.yaml", b"id: x\n"),
        with_bytes("policies/x.yml", b"id: x\n"),
        with_bytes("policies/deep/x.yaml", b"id: x\n"),
        with_bytes("pack.yml", b"id: x\n"),
        with_bytes("../x.yaml", b"id: x\n"),
        with_bytes("lists/unused.csv", b"value\nA\n"),
        with_bytes("lists/case_accounts.csv", b""),
        with_bytes("policies/large_share.yaml", "id: 共享".encode("gb18030")),
        with_bytes("policies/large_share.yaml", b"id: x\n" + b"#" * (1 << 20)),
        with_bytes("models/mule.txt", b"\xff\xfe"),
        with_bytes("models/big.bin", b"x" * (64 << 20)),
    )
    check_output("\n\n".join(map(refusal, sources)))


def test_too_many_files_are_refused(check_output: CheckOutput) -> None:
    many = {f"lists/{number}.csv": b"" for number in range(20_001)}
    check_output(refusal(PackSource(name="packs/small", files={**small_files(), **many})))


def test_locks_are_kept(check_output: CheckOutput) -> None:
    whole = small_pack()
    lock = whole.files["LOCK"].decode()
    edited = POLICY.replace("score: 400", "score: 410")
    policy = "policies/large_share.yaml"
    cases = {
        "no lock": small_pack(LOCK=None),
        "an empty lock": small_pack(LOCK=""),
        "changed, same version": small_pack(**{policy: edited}),
        "changed, new version, old lock": small_pack(
            **{policy: edited.replace("version: 1", "version: 2")}
        ),
        "a version went back": small_pack(LOCK=lock.replace("large_share 1 ", "large_share 3 ")),
        "a policy was removed": small_pack(LOCK=lock + f"gone 1 {'0' * 64}\n"),
        "a broken line": small_pack(LOCK=lock + "large_share one\n"),
        "a repeated line": small_pack(LOCK=lock + lock),
    }
    check_output("\n\n".join(f"## {name}\n\n{refusal(source)}" for name, source in cases.items()))


def test_all_faults_of_all_files_come_in_one_go_and_in_order(check_output: CheckOutput) -> None:
    source = small_pack(
        **{
            "pack.yaml": PACK.replace("high: 600", "high: x").replace("zone: Asia", "zone: Azia"),
            "features/money.yaml": FEATURES.replace("aggregate: sum", "aggregate: sun"),
            "policies/large_share.yaml": POLICY.replace("C04", "c4").replace("TIP", "TOP"),
            "policies/another.yaml": "id: another\nversion: 1\n",
            "lists/case_accounts.csv": "value\nA\nA\n",
        }
    )
    check_output(refusal(source))


def test_one_renamed_feature_does_not_bury_the_author(check_output: CheckOutput) -> None:
    policies = {
        f"policies/p{number}.yaml": POLICY.replace("large_share", f"p{number}").replace(
            "paid_ratio", "pay_ratio"
        )
        for number in range(250)
    }
    shown = refusal(small_pack(**policies))
    assert shown.count("unknown field or feature") == 200
    check_output("\n".join(shown.splitlines()[-4:]))
