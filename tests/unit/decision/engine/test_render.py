"""What a decision says of itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from haitang.decision.engine import Decision, Hit
from haitang.kernel.identity import derive_id
from tests.conftest import CheckOutput
from tests.model_texts import small_model
from tests.unit.decision.engine.engine_packs import (
    FEATURES,
    decide,
    login,
    payment,
    policy,
    read_pack,
)

SHOWN_FEATURES: dict[str, Any] = {
    **FEATURES,
    "paid_count_1h": {
        "key": "customer", "aggregate": "count", "where": "is_payment", "window": "1h",
        "unit": "count",
    },
    "paid_before_1h": {
        "key": "customer", "aggregate": "sum", "of": "amount_base_minor", "where": "is_payment",
        "window": "1h", "prior": True, "unit": "money",
    },
    "share": {"value": "amount_base_minor / paid_sum_1h", "unit": "ratio"},
    "multiple": {"value": "amount_base_minor / 778", "unit": "times"},
    "since_login": {
        "key": "customer", "aggregate": "since", "where": "event_type == 'LOGIN'",
        "unit": "seconds",
    },
    "last_login": {
        "key": "customer", "aggregate": "latest", "of": "login_method",
        "where": "event_type == 'LOGIN'",
    },
    "first_seen": {"key": "customer", "aggregate": "first_seen", "prior": True, "unit": "seconds"},
}  # fmt: skip


def hit_of(when: str, *rows: dict[str, Any], **fields: Any) -> Hit:
    """The only hit of the last of the rows."""
    pack = read_pack([policy("one", when, **fields)], features=SHOWN_FEATURES)
    (hit,) = decide(pack, *rows).hits
    return hit


def reason(shows: list[str], *rows: dict[str, Any]) -> tuple[str, str]:
    text = " | ".join(f"{{{name}}}" for name in shows)
    hit = hit_of("True", *rows, shows=shows, reason={"en": text, "zh": text})
    return hit.reason.en, hit.reason.zh


def test_money_is_shown_in_the_currency_of_the_pack() -> None:
    row = payment(amount_minor=123_456_789)
    assert reason(["paid_sum_1h"], row) == ("CNY 1,234,567.89", "1,234,567.89元")


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0, "0 s", "0秒"),
        (59, "59 s", "59秒"),
        (60, "1 min", "1分"),
        (3_725, "1 h 2 min", "1小时2分"),
        (90_061, "1 d 1 h", "1天1小时"),
        (86_400 + 61, "1 d 1 min", "1天1分"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: int, en: str, zh: str) -> None:
    first = login()
    later = payment(occurred_at_us=first["occurred_at_us"] + seconds * 1_000_000)
    assert reason(["since_login"], first, later) == (en, zh)


def test_ratios_texts_flags_and_counts_are_shown_as_what_they_are() -> None:
    rows = [payment(0, amount_minor=200_000), payment(1, call_active=True)]
    shows = ["share", "channel", "call_active", "is_payment", "paid_count_1h"]
    assert reason(shows, *rows) == (
        "33.33 % | MOBILE | yes | yes | 2",
        "33.33% | MOBILE | 是 | 是 | 2",
    )


def test_a_multiple_is_shown_as_the_number_before_times() -> None:
    assert reason(["multiple"], payment(0, amount_minor=200_000)) == ("257.1", "257.1")


def test_what_is_missing_is_called_unknown() -> None:
    shows = ["since_login", "fee_minor", "channel", "proxy", "first_seen"]
    en, zh = reason(shows, payment(channel=None))
    assert en.split(" | ") == ["unknown"] * 5
    assert zh.split(" | ") == ["未知"] * 5


def test_texts_of_earlier_events_are_named_where_the_catalogue_knows_them() -> None:
    hit = hit_of("True", login(login_method="FACE"), payment(1), shows=["last_login"])
    (read,) = hit.values
    # The word of an earlier event is not at hand: its code stands for it, always the same.
    assert isinstance(read.value, str)
    assert read.value.startswith("#")
    assert read.shown.en == read.shown.zh == read.value


def test_a_value_that_looks_like_a_placeholder_stays_what_it_is() -> None:
    row = payment(payee_account="{amount_minor}")
    assert reason(["payee_account", "amount_minor"], row)[0] == "{amount_minor} | CNY 1,000.00"


def test_a_free_text_can_be_quoted_in_a_reason() -> None:
    hit = hit_of(
        "'贷款' in remark",
        payment(remark="还贷款"),
        reason={"en": "says {remark}", "zh": "附言{remark}"},
    )
    assert (hit.reason.en, hit.reason.zh) == ("says 还贷款", "附言还贷款")


BASELINES: dict[str, tuple[str, float | str | None]] = {
    "paid_sum_1h > money(500)": ("paid_sum_1h", 50_000.0),
    "money(500) < paid_sum_1h": ("paid_sum_1h", 50_000.0),
    "paid_sum_1h > paid_before_1h": ("paid_sum_1h", 100_000.0),
    "paid_before_1h < paid_sum_1h": ("paid_before_1h", 200_000.0),
    "paid_sum_1h >= 2 * paid_before_1h": ("paid_sum_1h", 200_000.0),
    "paid_sum_1h > paid_before_1h - money(5)": ("paid_sum_1h", 99_500.0),
    "paid_sum_1h > paid_before_1h / 4": ("paid_sum_1h", 25_000.0),
    "is_payment and paid_sum_1h > 1 and paid_sum_1h > 2": ("paid_sum_1h", 1.0),
    "channel == 'MOBILE'": ("channel", "MOBILE"),
    "channel in ('MOBILE', 'WEB')": ("channel", None),
    "paid_sum_1h - paid_before_1h > 5": ("paid_sum_1h", None),
    "paid_sum_1h > max(paid_before_1h, 3)": ("paid_sum_1h", None),
    "is_payment": ("is_payment", None),
}


@pytest.mark.parametrize("when", BASELINES)
def test_a_value_stands_beside_what_it_was_held_against(when: str) -> None:
    name, baseline = BASELINES[when]
    hit = hit_of(when, payment(0), payment(1))
    assert {read.name: read.baseline for read in hit.values}[name] == baseline


def test_values_are_those_that_the_policy_reads_then_those_it_shows() -> None:
    hit = hit_of(
        "is_payment and paid_sum_1h > 1 and not proxy",
        payment(),
        shows=["channel", "paid_sum_1h", "paid_count_1h"],
    )
    assert [(read.name, read.value, read.unit) for read in hit.values] == [
        ("is_payment", True, ""),
        ("paid_sum_1h", 100_000.0, "money"),
        ("proxy", None, ""),
        ("channel", "MOBILE", ""),
        ("paid_count_1h", 1.0, "count"),
    ]


def test_typologies_of_live_hits_are_named_once() -> None:
    pack = read_pack(
        [
            policy("a", "True", typology="D01"),
            policy("b", "True", typology="B04"),
            policy("c", "True", typology="D01"),
            policy("d", "True", typology="G01", status="shadow"),
        ]
    )
    assert decide(pack, payment()).typologies == ("B04", "D01")


def test_every_action_but_a_pass_names_its_measure() -> None:
    pack = read_pack([policy("a", "True", action="HOLD", also=["CALL"])])
    measures = decide(pack, payment()).measures
    assert [(own.action, own.title.zh, own.basis) for own in measures] == [
        ("HOLD", "挂起待核", "反电信网络诈骗法 §18"),
        ("CALL", "外呼核实", "反电信网络诈骗法 §18"),
    ]
    assert decide(read_pack(), payment()).measures == ()


def test_a_decision_is_named_by_its_event_and_the_content_of_the_pack() -> None:
    packs = [read_pack(), read_pack(), read_pack([policy("a", "proxy")])]
    first, same, other_pack = (decide(pack, payment(0)) for pack in packs)
    other_event = decide(packs[0], payment(1))
    assert first.decision_id == derive_id("E-0", packs[0].digest)
    assert first.decision_id == same.decision_id
    assert len({first.decision_id, other_pack.decision_id, other_event.decision_id}) == 3
    assert (other_pack.pack, other_pack.pack_digest) == ("engine", packs[2].digest)


def whole_decision() -> Decision:
    model = {
        "version": 3,
        "party": "payee",
        "title": {"en": "Small model", "zh": "小模型"},
        "inputs": ["amount_minor", "payee_account_age_days", "call_seconds"],
        "bounds": {"medium": 0.5},
    }
    pack = read_pack(
        [
            policy(
                "a_sum", "is_payment and paid_sum_1h >= 2 * paid_before_1h", score=650,
                action="OTP", also=["CALL"], typology="D01", shows=["since_login"],
                reason={
                    "en": "{paid_sum_1h} left, signed in {since_login} ago",
                    "zh": "转出{paid_sum_1h}，{since_login}前登录",
                },
                basis="REG-05",
            ),
            policy("b_payee", "known(payee_account)", party="payee", score=200, typology="A03"),
            policy("c_shadow", "channel == 'MOBILE'", status="shadow", score=900, action="BLOCK"),
        ],
        features=SHOWN_FEATURES,
        models={"small": (model, small_model())},
        table=[{"tier": "high", "action": "HOLD", "also": ["STR"]}],
    )  # fmt: skip
    return decide(pack, login(0), payment(1), payment(2))


def test_a_whole_decision(check_output: CheckOutput) -> None:
    decision = whole_decision()
    text = msgspec.json.format(msgspec.json.encode(decision), indent=2).decode()
    # Both name the content of the pack's files and say nothing to a reader.
    text = text.replace(decision.pack_digest, "0" * 64).replace(decision.decision_id, "0" * 32)
    check_output(text)
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
