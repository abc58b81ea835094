"""Small standards beside the small pack: measures, typologies, a call script, a row of the law."""

from __future__ import annotations

from haitang.decision.rules.measures import VOCABULARY
from haitang.decision.rules.source import PackSource
from tests.unit.decision.rules.small_packs import PACK

MILD = """\
  {action}:
    title: {{en: {action}, zh: 措施}}
    measure: NONE
    restricts: false
    seen: false
    reversible: true
    ends: once
"""
LIMIT = """\
  LIM:
    title: {en: Lower limits, zh: 限额}
    measure: RESTRICT
    basis: REG-05
    restricts: true
    seen: true
    reversible: true
    ends: open
    longest: 90d
    notice:
      en: "Limits are lower. {reason} {basis} {appeal}"
      zh: "限额已调低。{reason}{basis}{appeal}"
    appeal:
      en: Object at a counter.
      zh: 可到网点申诉。
"""
MEASURES = (
    "measures:\n"
    + LIMIT
    + "".join(MILD.format(action=action) for action in VOCABULARY if action != "LIM")
)
TYPOLOGIES = """\
typologies:
  C04: {title: {en: Fake customer service, zh: 冒充客服}, stages: [DURING], techniques: [F1032]}
  D02: {title: {en: Many in, zh: 分散入}, stages: [AFTER, BATCH], codes: ["3006"]}
"""
SCRIPT = """\
id: victim_call
title: {en: A customer, zh: 客户}
when_to_use: {en: Signs stand together., zh: 信号叠加时。}
opening: {en: Good day., zh: 您好。}
questions:
  - {en: What is it for?, zh: 做什么用？}
  - {en: Who is the payee?, zh: 收款人是谁？}
  - {en: Who told you the account?, zh: 账号谁给的？}
signs:
  - {en: Hurry, zh: 催促}
  - {en: Secrecy, zh: 保密}
if_yes: {en: Stop it., zh: 撤销。}
if_no: {en: Release it., zh: 放行。}
if_unreachable: {en: Keep the delay., zh: 维持延迟。}
never_say:
  - {en: A password, zh: 密码}
  - {en: A code, zh: 验证码}
"""
BASIS = """\
id: REG-05
title: {en: Graded measures, zh: 分级处置}
source: {en: Law §18, zh: 反诈法§18}
requirement: {en: Four measures., zh: 四类措施。}
from: 2022-12-01
not_checked: {en: nobody looked, zh: 尚未核查}
"""
LARGE = """\
id: REG-40
title: {en: Large values, zh: 大额交易}
source: {en: Order 3, zh: 令〔2016〕3号}
requirement: {en: Report it., zh: 报告。}
from: 2017-07-01
parameters:
  cash_day:
    title: {en: Cash a day, zh: 当日现金}
    unit: money
    values:
      - {from: 2007-03-01, value: 200000, source: 令〔2006〕2号, superseded_by: 令〔2016〕3号}
      - {from: 2017-07-01, value: 50000, source: 令〔2016〕3号}
  cash_day_usd:
    title: {en: Dollars a day, zh: 当日美元}
    unit: money
    currency: USD
    values:
      - {from: 2017-07-01, value: 10000, source: 令〔2016〕3号}
  wait:
    title: {en: Wait, zh: 等待}
    unit: seconds
    values:
      - {from: 2017-07-01, to: 2020-01-01, value: 24h, source: 令〔2016〕3号}
  term:
    title: {en: Term, zh: 期限}
    unit: years
    readings:
      short:
        title: {en: two years, zh: 两年}
        values:
          - {from: 2024-12-01, value: 2, source: 办法}
      long:
        title: {en: five years, zh: 五年}
        values:
          - {from: 2019-04-01, value: 5, source: 85号}
checked_by: [policy:large_share, parameter:REG-40.cash_day, "test:tests/unit/test_x.py::test_it"]
"""

FILES = {
    "pack.yaml": PACK.replace(", file: lists/case_accounts.csv", ""),
    "measures.yaml": MEASURES,
    "typologies.yaml": TYPOLOGIES,
    "scripts/victim_call.yaml": SCRIPT,
    "regulation/REG-05.yaml": BASIS,
    "regulation/REG-40.yaml": LARGE,
}


def with_standards(**changes: str | None) -> PackSource:
    """Return a pack of standards alone, some of its files replaced or left out."""
    files = {**FILES, **changes}
    return PackSource(
        name="packs/common",
        files={path: text.encode() for path, text in files.items() if text is not None},
    )


def edited(path: str, old: str, new: str) -> PackSource:
    """Return the pack of standards with one piece of one file replaced."""
    assert old in FILES[path], f"{old!r} is not in {path}"
    return with_standards(**{path: FILES[path].replace(old, new, 1)})
