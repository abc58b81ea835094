"""A small pack with standards, whose one policy has everything that a live policy needs."""

from __future__ import annotations

from typing import Any

from haitang.decision.rules.measures import VOCABULARY
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked
from haitang.decision.rules.source import PackSource
from tests.unit.decision.rules.small_packs import FEATURES, PACK

HEAD = PACK.split("lists:", maxsplit=1)[0]
UNSEEN = ("PASS", "WATCH", "CALL", "REP", "STR", "LEAD")
RESTRICTING = ("LIM", "CV", "NC", "RO", "PROT", "BLOCK", "REJ", "STOP48", "FRZ", "PUN", "ALLSUSP")

TYPOLOGIES = """\
typologies:
  C14: {title: {en: Broken deposit, zh: 提前支取}, stages: [DURING], techniques: [F1032]}
  I01: {title: {en: Large cash, zh: 大额现金}, stages: [DURING]}
"""

SCRIPT = """\
id: victim_call
title: {en: Somebody may be deceived, zh: 疑似受骗}
when_to_use: {en: Money is about to leave., zh: 资金即将转出。}
opening: {en: "Good day, this is {bank}.", zh: "您好，这里是{bank}。"}
questions:
  - {en: What is it for?, zh: 做什么用？}
  - {en: Who gave you the number?, zh: 账号是谁给的？}
  - {en: Did you meet?, zh: 见过面吗？}
  - {en: Who knows of it?, zh: 还有谁知道？}
signs:
  - {en: Haste., zh: 催促。}
  - {en: Secrecy., zh: 保密。}
  - {en: A stranger., zh: 陌生人。}
if_yes: {en: Stop., zh: 停止。}
if_no: {en: Release., zh: 放行。}
if_unreachable: {en: Try again., zh: 再拨。}
never_say:
  - {en: You are a suspect., zh: 您有嫌疑。}
  - {en: We watch you., zh: 我们在监控您。}
"""

LAW = """\
id: REG-40
title: {en: Large value, zh: 大额交易}
source: {en: Order 3, zh: 令3号}
requirement: {en: Report., zh: 报告。}
not_checked: {en: Needs the case room., zh: 需人工。}
parameters:
  cash_day:
    unit: money
    title: {en: Cash a day, zh: 当日现金}
    values:
      - {from: 2026-01-01, to: 2026-07-01, value: 50000, source: Order 3}
      - {from: 2026-07-01, value: 100000, source: Order 9}
  report_within:
    unit: working_days
    title: {en: Time to report, zh: 报告时限}
    values:
      - {from: 2026-01-01, value: 5, source: Order 3}
"""

ROW = """\
id: REG-05
title: {en: Measures, zh: 措施}
source: {en: Article 18, zh: 第十八条}
requirement: {en: Graded., zh: 分级。}
not_checked: {en: Needs people., zh: 需人工。}
"""

POLICY = """\
id: c14_break_and_send
version: 1
status: live
owner: tests
typology: C14
title: {en: Deposit broken and sent, zh: 支取后转出}
party: payer
stages: [DURING]
severity: high
channels: [MOBILE, WEB, COUNTER]
catches: {en: A deposit that goes on at once., zh: 存款支取后立即转出。}
misses: {en: Patience., zh: 耐心等待。}
parameters:
  least_sum: {unit: money, value: 30000, title: {en: Least sum, zh: 最低金额}}
  least_share: {unit: ratio, value: 0.5, title: {en: Least share, zh: 最低占比}}
when: |
  is_payment and paid_sum_1h >= least_sum
  and paid_ratio >= least_share
score: 500
action: HOLD
also: [CALL]
instances:
  - {id: ordinary, segment: rest}
  - {id: elder, segment: [ELDER, VULNERABLE], least_sum: 10000, score: 560}
  - {id: counter, channel: [COUNTER], segment: rest, least_sum: 50000, action: CV}
reason: {en: "{paid_sum_1h} left", zh: "转出{paid_sum_1h}"}
basis: [REG-05]
customer_text: {en: Broken deposits are what fraudsters wait for., zh: 骗子常让人提前支取存款。}
call_script: victim_call
runbook:
  - {en: Ask who the payee is., zh: 询问收款人。}
  - {en: Look at the last hour., zh: 查看最近一小时。}
false_positives: {en: A house., zh: 购房。}
tests:
  - name: fires at the bound
    fires: true
    events: [{event_type: TXN_REQUEST, amount_minor: =least_sum}]
  - name: fires on two halves
    fires: true
    events:
      - {event_type: TXN_REQUEST, amount_minor: =least_sum / 2}
      - {at: 10m, event_type: TXN_REQUEST, amount_minor: =least_sum / 2}
  - name: leaves alone a cent below
    fires: false
    events: [{event_type: TXN_REQUEST, amount_minor: =least_sum - 1}]
  - name: leaves alone what left over the day
    fires: false
    events:
      - {event_type: TXN_REQUEST, amount_minor: =2 * least_sum}
      - {at: 2h, event_type: TXN_REQUEST, amount_minor: =least_sum}
"""

POLICY_FILE = "policies/c14_break_and_send.yaml"


def _measures() -> str:
    lines = ["measures:"]
    for action in VOCABULARY:
        seen = action not in UNSEEN
        lines += [
            f"  {action}:",
            f"    title: {{en: {action}, zh: 措施}}",
            f"    measure: {'VERIFY' if seen else 'NONE'}",
            f"    restricts: {str(action in RESTRICTING).lower()}",
            f"    seen: {str(seen).lower()}",
            "    reversible: true",
            "    ends: open",
        ]
        if seen:
            lines += [
                "    basis: REG-05",
                '    notice: {en: "{reason} {basis} {appeal}", zh: "{reason}{basis}{appeal}"}',
                "    appeal: {en: At any counter., zh: 任一网点。}",
            ]
    return "\n".join(lines) + "\n"


def standard_source(policies: dict[str, str] | None = None, **files: str) -> PackSource:
    """Return the pack with other policies, by path, and other files; `a__b` is `a/b`."""
    texts = {
        "pack.yaml": HEAD,
        "features/money.yaml": FEATURES,
        "measures.yaml": _measures(),
        "typologies.yaml": TYPOLOGIES,
        "scripts/victim_call.yaml": SCRIPT,
        "regulation/REG-05.yaml": ROW,
        "regulation/REG-40.yaml": LAW,
        **(policies if policies is not None else {POLICY_FILE: POLICY}),
        **{name.replace("__", "/"): text for name, text in files.items()},
    }
    return PackSource(
        name="packs/small", files={path: text.encode() for path, text in texts.items()}
    )


def load_standard(policy: str = POLICY, **more: Any) -> LoadedPack:
    """Return the pack with one policy, whatever `LOCK` says."""
    name = policy.partition("\n")[0].removeprefix("id: ")
    return load_pack_unlocked(standard_source({f"policies/{name}.yaml": policy}, **more)).loaded


def with_change(old: str, new: str, text: str = POLICY) -> str:
    """Return a policy with one piece of it replaced."""
    assert old in text, f"{old!r} is not in the policy"
    return text.replace(old, new, 1)
