from __future__ import annotations

import pytest

from haitang.data.events.catalogue import FIELDS
from haitang.decision.rules.expression import parse_expression
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.silence import Kind, Possibilities
from tests.unit.decision.rules.standard_packs import standard_source

FEATURES = load_pack_unlocked(standard_source()).loaded.pack.catalogue.features
POSSIBILITIES = Possibilities(FEATURES)
SCOPE = Scope(
    fields=FIELDS,
    features={feature.name: feature.type for feature in FEATURES},
    lists=("watched",),
)


def could(condition: str, event_type: str = "TXN_REQUEST", channel: str | None = "MOBILE") -> bool:
    kind = Kind(event_type, (("channel", channel),))
    return POSSIBILITIES.could_hold(parse_expression(condition, SCOPE), kind)


@pytest.mark.parametrize(
    "condition",
    [
        "is_payment",
        "is_payment and paid_sum_1h > 5 and not listed('watched', payee_account)",
        "event_type in ('LOGIN', 'TXN_REQUEST')",
        "event_type != 'LOGIN' and channel == 'MOBILE'",
        "channel != 'COUNTER' or False",
        "not (event_type == 'LOGIN')",
        "known(amount_minor) and known(channel)",
        "'x' in remark",
        "txn_type == 'TRANSFER_OWN'",
        "choose(is_payment, 1, 0) == 1",
        "last_channel == 'WEB'",
    ],
)
def test_what_could_hold_for_a_payment_on_a_phone(condition: str) -> None:
    assert could(condition)


@pytest.mark.parametrize(
    ("condition", "event_type", "channel"),
    [
        ("is_payment", "LOGIN", "MOBILE"),
        ("is_payment and channel == 'COUNTER'", "TXN_REQUEST", "MOBILE"),
        ("not (channel == 'MOBILE')", "TXN_REQUEST", "MOBILE"),
        ("channel in ('WEB', 'ATM')", "TXN_REQUEST", "MOBILE"),
        ("channel != 'COUNTER'", "TXN_REQUEST", None),
        ("known(channel)", "TXN_REQUEST", None),
        ("amount_minor >= 0", "LOGIN", "MOBILE"),
        ("2 * amount_minor + 1 != 0", "LOGIN", "MOBILE"),
        ("min(amount_minor, 5) < 9", "LOGIN", "MOBILE"),
        ("known(amount_minor)", "LOGIN", "MOBILE"),
        ("'x' in remark", "LOGIN", "MOBILE"),
        ("listed('watched', payee_account)", "LOGIN", "MOBILE"),
        ("is_payment or event_type == 'LOGOUT'", "LOGIN", "MOBILE"),
        ("False", "TXN_REQUEST", "MOBILE"),
    ],
)
def test_what_can_never_hold(condition: str, event_type: str, channel: str | None) -> None:
    assert not could(condition, event_type, channel)


def test_what_is_missing_is_asked_for_by_its_opposite() -> None:
    assert could("not known(amount_minor)", "LOGIN")
    assert could("not (channel == 'COUNTER')", "TXN_REQUEST", None)
