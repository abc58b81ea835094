"""Small builders: typical by default, so that a test shows only what matters."""

from __future__ import annotations

from typing import Any

import msgspec

from haitang.data.features.specs import TextPair
from haitang.decision.engine.decisions import (
    Contribution,
    Decision,
    Hit,
    Measure,
    ModelScore,
    ReadValue,
)

HIT = Hit(
    policy="screen_share_payee_change",
    version=3,
    status="live",
    typology="B04",
    party="payer",
    score=700,
    action="HOLD",
    also=("CALL",),
    title=TextPair(en="Payee added on a shared screen", zh="屏幕共享中添加收款人"),
    reason=TextPair(
        en="A payee was added while the screen was shared for 12 minutes",
        zh="屏幕共享12分钟期间添加了收款人",
    ),
    values=(
        ReadValue(
            name="screen_share",
            value=True,
            shown=TextPair(en="yes", zh="是"),
        ),
        ReadValue(
            name="since_login",
            value=725.0,
            shown=TextPair(en="12 min 5 s", zh="12分5秒"),
            baseline=1800.0,
            unit="seconds",
        ),
        ReadValue(
            name="paid_sum_1d",
            value=8_600_000.0,
            shown=TextPair(en="CNY 86,000.00", zh="8.6万元"),
            baseline=1_000_000.0,
            unit="money",
        ),
        ReadValue(name="usual_city", value=None, shown=TextPair(en="unknown", zh="未知")),
    ),
    basis="REG-05",
)

DECISION = Decision(
    decision_id="0123456789abcdef0123456789abcdef",
    event_id="E-1",
    occurred_at_us=1_772_416_800_000_000,
    action="HOLD",
    actions=("HOLD", "CALL"),
    tier="high",
    score_payer=700,
    score_payee=0,
    typologies=("B04",),
    hits=(HIT,),
    shadow_hits=(),
    models=(
        ModelScore(
            model="transfer_risk",
            version="1.2.0",
            party="payer",
            score=0.8123,
            contributions=(
                Contribution(name="paid_sum_1d", value=8_600_000.0, weight=1.5),
                Contribution(name="age_years", value=63.0, weight=0.4),
                Contribution(name="known_device", value=1.0, weight=-0.25),
            ),
        ),
    ),
    measures=(
        Measure(
            action="HOLD",
            measure="延迟支付结算",
            title=TextPair(en="delayed settlement", zh="延迟支付结算"),
            basis="反电信网络诈骗法 §18",
        ),
    ),
    pack="retail",
    pack_version="1.0.0",
    pack_digest="ab" * 32,
)


def decision(**changes: Any) -> Decision:
    """Return a typical decision with some fields changed."""
    return msgspec.structs.replace(DECISION, **changes)
