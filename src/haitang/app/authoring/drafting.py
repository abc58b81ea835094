"""The file that a new policy begins as: every key that will be asked for, and how to fill it."""

from __future__ import annotations

import re
from pathlib import Path

from haitang.app.wiring import read_pack_folder, write_pack_file
from haitang.decision.rules.source import PACK_FILE
from haitang.kernel.errors import HaitangError, Place, symbol

_ID = re.compile(r"([a-k][0-9]{2})_[a-z][a-z0-9_]{1,59}")

_DRAFT = """\
id: {id}
version: 1
status: draft
owner: {owner}
typology: {typology}
title: {{en: "TODO: what happens, in a few words", zh: "待写：发生了什么"}}
party: payer
stages: [DURING]
severity: medium
catches:
  en: "TODO: one or two sentences: who does what, in which order, within which time."
  zh: "待写：一两句话：谁、做了什么、先后顺序、多长时间内。"
misses:
  en: "TODO: what gets past it, stated plainly."
  zh: "待写：哪些情形会漏掉，直说。"
parameters:
  least_amount: {{unit: money, value: 5000, title: {{en: Least amount, zh: 最低金额}}}}
when: |
  event_type == 'TXN_REQUEST' and amount_base_minor >= least_amount
score: 300
action: WATCH
instances:
  - {{id: ordinary, segment: rest}}
  - {{id: elder, segment: [ELDER, VULNERABLE], least_amount: 2000}}
reason:
  en: "{{amount_base_minor}} was asked for."
  zh: "申请付款{{amount_base_minor}}。"
basis: [REG-05]
runbook:
  - en: "TODO: look at `amount_base_minor` of the last 24 hours, …"
    zh: "待写：查看近24小时的`amount_base_minor`……"
  - en: "TODO: call, release or escalate: when, to whom?"
    zh: "待写：外呼、放行或升级：何时、向谁？"
false_positives:
  en: "TODO: who does the same for a good reason."
  zh: "待写：哪些正常客户也会这样。"
tests:
  - name: fires at the line
    fires: true
    events: [{{event_type: TXN_REQUEST, amount_minor: =least_amount}}]
  - name: fires far above it
    fires: true
    events: [{{event_type: TXN_REQUEST, amount_minor: =least_amount * 20}}]
  - name: leaves alone what is just below the line
    fires: false
    events: [{{event_type: TXN_REQUEST, amount_minor: =least_amount - 1}}]
  - name: "leaves alone TODO: a customer who does the same for a good reason"
    fires: false
    events: [{{event_type: TXN_REQUEST, amount_minor: =least_amount / 2}}]
"""


def draft_policy(folder: Path, name: str, *, owner: str) -> Path:
    """Write `policies/<name>.yaml` as a draft that loads and passes its tests; return its path.

    Nothing that exists is written over. The name begins with the typology: `c14_break_and_send`.
    """
    match = _ID.fullmatch(name)
    if match is None:
        raise HaitangError(
            code="policy_name",
            message=f"the name was {symbol(name)}; expected the typology in lower case and words, "
            "as in `c14_break_and_send`",
            hint="`haitang policy coverage` lists the typologies",
        )
    path = f"policies/{name}.yaml"
    source = read_pack_folder(folder)
    assert PACK_FILE in source.files, "the folder was read as a pack"
    if path in source.files:
        raise HaitangError(
            code="policy_exists",
            message=f"the policy {symbol(name)} existed already",
            place=Place(path=source.shown(path)),
            hint="choose another name, or edit it and raise its version",
        )
    text = _DRAFT.format(id=name, typology=match[1].upper(), owner=owner)
    (folder / "policies").mkdir(exist_ok=True)
    return write_pack_file(folder, path, text.encode())
