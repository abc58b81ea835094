"""Requests that stand in the document and really work; tests send every one of them."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

TRANSFER: Example = {
    "event_type": "TXN_REQUEST",
    "event_id": "0190b6a8-7c1f",
    "occurred_at": "2026-03-02T10:00:00+08:00",
    "channel": "MOBILE",
    "txn_type": "TRANSFER_INTER",
    "amount_minor": 8_600_000,
    "currency": "CNY",
    "payer_customer_id": "C100001",
    "payer_account": "A100001",
    "payee_account": "B200002",
    "screen_share": True,
    "remark": "货款",
}
LOGIN: Example = {
    "event_type": "LOGIN",
    "event_id": "0190b6a8-7c20",
    "occurred_at_us": 1_772_416_860_000_000,
    "channel": "MOBILE",
    "customer_id": "C100001",
    "device_id": "D300003",
}
LABEL: Example = {
    "event_type": "LABEL",
    "event_id": "0190b6a8-7c21",
    "occurred_at_us": 1_772_503_260_000_000,
    "label": "FRAUD_VICTIM",
    "subject_event_id": "0190b6a8-7c1f",
    "source": "branch",
}
LIST_ENTRY: Example = {"list_value": "A100001", "category": "mule", "source": "police"}
PUBLICATION: Example = {
    "files": {"pack.yaml": "aWQ6IHJldGFpbAo="},
    "author": "lin",
    "approver": "wang",
    "note": "quarterly review",
}
ROLL_BACK: Example = {"author": "lin", "approver": "wang", "note": "too many tips"}
ERROR: Example = {
    "error": {
        "code": "field_unknown",
        "message": "field `amount` is not known",
        "place": "$.amount",
        "hint": "did you mean `amount_minor`?",
    }
}
DECISION: Example = {
    "decision_id": "5f2b0e6c7d1a4b3895d0c1e2f3a4b5c6",
    "event_id": "0190b6a8-7c1f",
    "position": 1_204_551,
    "action": "HOLD",
    "actions": ["HOLD", "CALL"],
    "tier": "high",
    "score_payer": 812,
    "score_payee": 240,
    "typologies": ["A01"],
    "hits": [
        {
            "policy": "screen_share_new_payee",
            "version": 2,
            "party": "payer",
            "score": 700,
            "action": "HOLD",
        }
    ],
    "pack": "retail",
    "pack_version": "1.0.0",
    "degraded": "",
}
