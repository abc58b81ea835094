"""A small whole pack, and how to make other packs of it that differ in one place."""

from __future__ import annotations

from haitang.decision.rules.pack import lock_text
from haitang.decision.rules.source import PackSource

PACK = """\
pack: small
version: 1.0.0
title: {en: Small pack, zh: 小策略包}
owner: tests
zone: Asia/Shanghai
base_currency: CNY
entities:
  customer: {retention: 400d}
  account: {retention: 30d}
  customer_payee: {retention: 400d}
keys:
  customer: {entity: customer, fields: [payer_customer_id | customer_id]}
  payee_customer: {entity: customer, fields: [payee_customer_id]}
  payee_account: {entity: account, fields: [payee_account]}
  customer_payee: {entity: customer_payee, fields: [payer_customer_id, payee_account]}
tiers: {medium: 300, high: 600, critical: 850}
segment: customer_segment
table:
  - {tier: critical, action: BLOCK, also: [CALL]}
  - {tier: high, channel: [MOBILE, WEB], segment: [ELDER, VULNERABLE], action: HOLD, also: CALL}
  - {tier: [medium, high], action: TIP}
holidays: [2026-01-01]
working_days: [2026-01-04]
lists:
  case_accounts: {title: {en: Case accounts, zh: 涉案账户}, file: lists/case_accounts.csv}
  watched: {title: {en: Watched, zh: 关注}}
"""

FEATURES = """\
features:
  paid_ratio:
    title: {en: Share of the day, zh: 当日占比}
    value: paid_sum_1h / paid_sum_1d
    unit: ratio
  paid_sum_{window}:
    title: {en: "Paid out in {window}", zh: "近{window}转出金额"}
    key: customer
    aggregate: sum
    of: amount_base_minor
    where: is_payment
    window: [1h, 1d, 30d]
    unit: money
  is_payment:
    title: {en: Payment, zh: 支付}
    value: event_type == 'TXN_REQUEST' and txn_type in ('TRANSFER_INTER', 'TRANSFER_INTRA')
  last_channel:
    title: {en: Last channel, zh: 最近渠道}
    key: customer
    aggregate: latest
    of: channel
    prior: true
"""

POLICY = """\
id: large_share
version: 1
status: live
title: {en: Most of the day in an hour, zh: 一小时内集中转出}
typology: C04
party: payer
when: |
  is_payment and paid_ratio > 0.8
  and paid_sum_1h >= money(5000)
score: 400
action: TIP
also: [CALL]
reason:
  en: "{paid_sum_1h} left within the hour"
  zh: "一小时内转出{paid_sum_1h}"
shows: [paid_sum_1d]
basis: REG-05
owner: tests
runbook: [{en: Look at the session, zh: 查看会话}, {en: Call the customer, zh: 致电客户}]
false_positives: {en: Rent day, zh: 交租日}
misses: {en: Split over banks, zh: 分散在多家银行}
tests:
  - name: fires on one large transfer
    events:
      - {at: 5m, event_type: TXN_REQUEST, amount_minor: 600000}
    fires: true
  - name: stays silent on a small one
    events:
      - {at: 5m, event_type: TXN_REQUEST}
    fires: false
"""

LIST = """\
value,effective_at,expires_at,source
B7,2026-01-01,,police
B8,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,bank
"""

MODEL = """\
id: mule
version: "2026.1"
party: payee
file: models/mule.txt
title: {en: Mule, zh: 骡子账户}
inputs: [amount_base_minor, paid_sum_1d]
where: is_payment
bounds: {medium: 0.5, high: 0.9}
"""


def small_files() -> dict[str, bytes]:
    """Return the files of the small pack, without `LOCK`."""
    texts = {
        "pack.yaml": PACK,
        "features/money.yaml": FEATURES,
        "policies/large_share.yaml": POLICY,
        "lists/case_accounts.csv": LIST,
        "models/mule.yaml": MODEL,
        "models/mule.txt": "tree\nversion=v4\n",
        "PHILOSOPHY.md": "What it is for.\n",
        "CHANGELOG.md": "1.0.0\n",
    }
    return {path: text.encode() for path, text in texts.items()}


def small_pack(**changes: str | None) -> PackSource:
    """Return the small pack, locked, with some files replaced or left out; `a__b` is `a/b`."""
    return pack_of(small_files(), {name.replace("__", "/"): text for name, text in changes.items()})


def pack_of(files: dict[str, bytes], changes: dict[str, str | None]) -> PackSource:
    """Return a pack with a fresh lock where one can be made, and then the changes."""
    files = dict(files)
    files["LOCK"] = lock_text(PackSource(name="packs/small", files=files)).encode()
    for path, text in changes.items():
        if text is None:
            del files[path]
        else:
            files[path] = text.encode()
    return PackSource(name="packs/small", files=files)


def changed(path: str, old: str, new: str) -> PackSource:
    """Return the small pack with one piece of one file replaced, and locked as before."""
    text = small_files()[path].decode()
    assert old in text, f"{old!r} is not in {path}"
    return pack_of(small_files(), {path: text.replace(old, new, 1)})
