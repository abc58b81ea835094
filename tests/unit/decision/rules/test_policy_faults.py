"""Every message about parameters, instances, tests and what people read: each case changes one
place of a policy that has everything.
"""

from __future__ import annotations

import pytest

from haitang.decision.rules.pack import load_pack_unlocked
from haitang.decision.rules.problems import PackRefused
from tests.conftest import CheckOutput
from tests.unit.decision.rules.standard_packs import (
    POLICY,
    POLICY_FILE,
    load_standard,
    standard_source,
    with_change,
)

Change = tuple[str, str]

LEAST_SUM = "least_sum: {unit: money, value: 30000, title: {en: Least sum, zh: 最低金额}}"
ORDINARY = "  - {id: ordinary, segment: rest}\n"
ELDER = "  - {id: elder, segment: [ELDER, VULNERABLE], least_sum: 10000, score: 560}\n"
COUNTER = "  - {id: counter, channel: [COUNTER], segment: rest, least_sum: 50000, action: CV}\n"
CUSTOMER_TEXT = POLICY[POLICY.index("customer_text:") : POLICY.index("call_script:")]

PARAMETERS: tuple[Change, ...] = (
    (LEAST_SUM, "least_sum: {value: 30000, title: {en: Least sum, zh: 最低金额}}"),
    ("unit: money, value: 30000", "unit: yuan, value: 30000"),
    ("unit: money, value: 30000", "unit: money"),
    ("unit: money, value: 30000", "unit: money, value: 30000, regulation: REG-40.cash_day"),
    ("unit: money, value: 30000", "unit: money, value: 30000.001"),
    ("unit: money, value: 30000", "unit: money, value: 2h"),
    ("unit: money, value: 30000", "unit: money, regulation: REG-40.cash_days"),
    ("unit: money, value: 30000", "unit: money, regulation: REG-40.report_within"),
    ("unit: ratio, value: 0.5", "unit: ratio, value: half"),
    ("value: 0.5, title: {en: Least share, zh: 最低占比}", "value: 0.5"),
    (
        "  least_share: {",
        "  spare: {unit: days, value: 1, title: {en: a, zh: 甲}}\n  least_share: {",
    ),
    ("  least_share: {", "  paid_ratio: {"),
    ("  least_share: {", "  amount_minor: {"),
    ("  least_share: {", "  score: {"),
    ("  least_share: {", "  min: {"),
    ("paid_ratio >= least_share", "paid_ratio >= least_shares"),
    ('reason: {en: "{paid_sum_1h} left"', 'reason: {en: "{paid_sum_1h} of {least_sum} left"'),
    ('reason: {en: "{paid_sum_1h} left"', 'reason: {en: "{paid_sum_1d} left"'),
)
INSTANCES: tuple[Change, ...] = (
    ("segment: [ELDER, VULNERABLE]", "segment: [ELDERLY]"),
    ("channel: [COUNTER]", "channel: [BRANCH]"),
    ("id: elder,", "id: ordinary,"),
    ("id: elder,", "id: Elder,"),
    ("least_sum: 10000,", "least_sums: 10000,"),
    ("least_sum: 10000,", "least_sum: 1h,"),
    ("least_sum: 10000,", "least_sum: REG-40.cash_days,"),
    ("score: 560}", "score: 5600}"),
    ("action: CV}", "action: CALL}"),
    ("least_sum: 50000, action: CV}", "status: alive}"),
    # Overlapping, empty and equal scopes.
    (COUNTER, "  - {id: counter, channel: [COUNTER], action: CV}\n"),
    (ORDINARY, "  - {id: ordinary, segment: [ORDINARY, ELDER]}\n"),
    (ORDINARY, "  - {id: ordinary}\n"),
    ("channel: [COUNTER]", "channel: [ATM]"),
    (
        ORDINARY,
        ORDINARY + "  - {id: other, channel: [MOBILE, WEB, COUNTER], segment: rest, score: 1}\n",
    ),
    (COUNTER, "  - {id: counter, channel: [COUNTER], segment: rest}\n"),
    (POLICY[POLICY.index("instances:") : POLICY.index("reason:")], "instances: []\n"),
)
TESTS: tuple[Change, ...] = (
    ("amount_minor: =least_sum}]", "amount_minor: =least_sums}]"),
    ("amount_minor: =least_sum}]", "amount_minor: =least_sum +}]"),
    ("amount_minor: =least_sum}]", "amount_minor: '=max(least_sum, 1)'}]"),
    ("amount_minor: =least_sum}]", "amount_minor: =least_sum / 0}]"),
    ("amount_minor: =least_sum}]", "amount_minor: =0 - least_sum}]"),
    ("amount_minor: =least_sum}]", "amount_minor: =least_sum, channel: =least_sum}]"),
    ("amount_minor: =least_sum}]", "at: =100 * least_sum, amount_minor: 1}]"),
    (
        "amount_minor: =least_sum}]",
        "amount_minor: 1, repeat: {times: =least_sum, every: 1s}}]",
    ),
    ("    fires: true\n", "    fires: true\n    for: [older]\n"),
    ("    fires: true\n", "    fires: true\n    for: [elder]\n"),
    ("    fires: false\n", "    fires: true\n"),
    ("amount_minor: =least_sum - 1}]", "amount_minor: 1, channel: ATM}]"),
    ("amount_minor: =least_sum - 1}]", "amount_minor: 1, customer_segment: ELDER}]"),
    ("amount_minor: =least_sum}]", "amount_minor: =least_sum, customer_segment: ~}]"),
    ("TXN_REQUEST, amount_minor: =least_sum - 1}]", "LOGIN}]"),
    ("TXN_REQUEST, amount_minor: =least_sum - 1}]", "TXN_IN, amount_minor: =least_sum}]"),
)
NOTES: tuple[Change, ...] = (
    ("severity: high\n", ""),
    ("stages: [DURING]\nseverity: high\n", ""),
    ("severity: high\n", "severity: severe\n"),
    ("stages: [DURING]", "stages: [NOW]"),
    ("channels: [MOBILE, WEB, COUNTER]", "channels: [MOBILE, WAP]"),
    ("typology: C14", "typology: C41"),
    ("typology: C14", "typology: I01"),
    ("basis: [REG-05]", "basis: []"),
    ("basis: [REG-05]", "basis: [REG-50]"),
    ("basis: [REG-05]", "basis: [REG-05, REG-05]"),
    ("misses: {en: Patience., zh: 耐心等待。}", "misses: Patience."),
    ("misses: {en: Patience., zh: 耐心等待。}", "misses: {en: Patience.}"),
    ("misses: {en: Patience., zh: 耐心等待。}", "misses: {en: Patience., zh: Patience.}"),
    ("  - {en: Look at the last hour., zh: 查看最近一小时。}\n", ""),
    ("  - {en: Look at the last hour., zh: 查看最近一小时。}\n", "  - Look at the last hour.\n"),
    (CUSTOMER_TEXT, ""),
    ("骗子常让人提前支取存款。", "我们已提交可疑交易报告。"),
    ("action: HOLD\nalso: [CALL]", "action: WATCH\nalso: [STR]"),
    ("call_script: victim_call\n", ""),
    ("call_script: victim_call\n", "call_script: victims_call\n"),
    ("severity: high\n", "severity: high\ntechniques: [1032]\n"),
    ("action: HOLD\nalso: [CALL]", "action: REJ"),
    ("action: CV}", "action: REJ, also: [REP]}"),
)


def refusal(policy: str) -> str:
    with pytest.raises(PackRefused) as refused:
        load_standard(policy)
    return "\n".join(f"[{problem.code}] {problem.render()}" for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("parameters", PARAMETERS),
        ("instances", INSTANCES),
        ("tests", TESTS),
        ("notes", NOTES),
    ],
)
def test_a_fault_is_named_where_it_stands(
    name: str, changes: tuple[Change, ...], check_output: CheckOutput
) -> None:
    shown = []
    for old, new in changes:
        policy = POLICY
        if new.startswith("action: WATCH"):
            # Nothing but the report is left, so that nobody may be told.
            policy = policy.replace(", action: CV", "")
        title = f"{old.strip()[:70]!r} became {new.strip()[:70]!r}"
        shown.append(f"## {title}\n\n{refusal(with_change(old, new, policy))}")
    assert name
    check_output("\n\n".join(shown), "refusals")


def test_two_live_instances_with_one_condition_are_refused(check_output: CheckOutput) -> None:
    twin = POLICY.replace("id: c14_break_and_send", "id: c14_again").replace(
        "is_payment and paid_sum_1h >= least_sum\n  and paid_ratio >= least_share",
        "paid_ratio >= least_share and paid_sum_1h >= least_sum\n  and is_payment",
    )
    source = standard_source({POLICY_FILE: POLICY, "policies/c14_again.yaml": twin})
    with pytest.raises(PackRefused) as refused:
        load_pack_unlocked(source)
    check_output(refused.value.render())


def test_a_segment_cannot_be_named_where_the_pack_has_none(check_output: CheckOutput) -> None:
    source = standard_source()
    head = source.files["pack.yaml"].decode()
    files = {**source.files, "pack.yaml": head.replace("segment: customer_segment\n", "").encode()}
    with pytest.raises(PackRefused) as refused:
        load_pack_unlocked(type(source)(name=source.name, files=files))
    check_output(refused.value.render())
