"""A pack of two policies, written where a test wants it."""

from __future__ import annotations

from pathlib import Path

from haitang.decision.rules.pack import lock_text
from haitang.decision.rules.source import LOCK_FILE, PackSource

PACK = """\
pack: small
version: 1.2.0
title: {en: Small pack, zh: 小策略包}
owner: tests
zone: Asia/Shanghai
base_currency: CNY
entities:
  customer: {retention: 400d}
keys:
  customer: {entity: customer, fields: [payer_customer_id | customer_id]}
tiers: {medium: 300, high: 600, critical: 850}
segment: customer_segment
table:
  - {tier: high, action: HOLD, also: [CALL]}
  - {tier: medium, action: TIP}
"""

FEATURES = """\
features:
  is_payment:
    title: {en: Payment, zh: 付款}
    value: event_type == 'TXN_REQUEST'
  paid_sum_1h:
    title: {en: Paid out in 1 h, zh: 近1小时转出金额}
    key: customer
    aggregate: sum
    of: amount_base_minor
    where: is_payment
    window: 1h
    unit: money
  paid_mean_1h_prior:
    title: {en: Mean paid before in 1 h, zh: 此前1小时平均转出}
    key: customer
    aggregate: mean
    of: amount_base_minor
    where: is_payment
    window: 1h
    prior: true
    unit: money
  latest_device:
    title: {en: Device before, zh: 上次设备}
    key: customer
    aggregate: latest
    of: device_id
    where: known(device_id)
    prior: true
"""

LARGE_SUM = """\
id: large_sum
version: 1
status: live
title: {en: Large sum within an hour, zh: 一小时内大额转出}
typology: D01
party: payer
when: is_payment and paid_sum_1h >= money(50000)
score: 650
action: PASS
reason: {en: "{paid_sum_1h} left within an hour", zh: "一小时内转出{paid_sum_1h}"}
shows: [latest_device]
basis: REG-05
owner: tests
runbook: [{en: Look at the last hour., zh: 查看最近一小时。}]
false_positives: {en: House buyers., zh: 购房客户。}
misses: {en: Slow drains., zh: 缓慢转出。}
tests:
  - name: fires at the bound
    events:
      - {at: 0s, event_type: TXN_REQUEST, amount_minor: 5000000}
    fires: true
  - name: stays quiet below
    events:
      - {at: 0s, event_type: TXN_REQUEST, amount_minor: 4999999}
    fires: false
"""

ANY_CALL = """\
id: on_a_call
version: 1
status: shadow
title: {en: Paying during a call, zh: 通话中付款}
typology: B06
party: payer
when: is_payment and call_active
score: 300
action: TIP
reason: {en: "paying {amount_base_minor} during a call", zh: "通话中支付{amount_base_minor}"}
shows: [amount_base_minor]
owner: tests
runbook: [{en: Ask who is calling., zh: 问明来电者。}]
false_positives: {en: Family., zh: 家人。}
misses: {en: Messengers., zh: 即时通讯。}
tests:
  - name: fires during a call
    events:
      - {at: 0s, event_type: TXN_REQUEST, call_active: true}
    fires: true
  - name: stays quiet without
    events:
      - {at: 0s, event_type: TXN_REQUEST, call_active: false}
    fires: false
"""

FILES = {
    "pack.yaml": PACK,
    "features/all.yaml": FEATURES,
    "policies/large_sum.yaml": LARGE_SUM,
    "policies/on_a_call.yaml": ANY_CALL,
}


def pack_source(name: str = "small", **changes: str) -> PackSource:
    """Return the pack with files replaced or added (`policies__x` is `policies/x.yaml`)."""
    files = {path: text.encode() for path, text in FILES.items()}
    for changed, text in changes.items():
        files[f"{changed.replace('__', '/')}.yaml"] = text.encode()
    return PackSource(name=name, files=files)


def write_pack(folder: Path, *, locked: bool = True, **changes: str) -> Path:
    """Write the pack, with its lock unless told otherwise, and return its folder."""
    source = pack_source(str(folder), **changes)
    files = dict(source.files)
    if locked:
        files[LOCK_FILE] = lock_text(source).encode()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
