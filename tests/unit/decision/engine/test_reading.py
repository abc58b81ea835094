"""What an expression reads and for which event types it can hold."""

from __future__ import annotations

import pytest

from haitang.decision.engine.reading import conjuncts, event_part, event_types_of, names_read
from haitang.decision.rules.specs import Pack
from tests.unit.decision.engine.engine_packs import policy, read_pack

GUARDS: dict[str, frozenset[str] | None] = {
    "event_type == 'LOGIN'": frozenset({"LOGIN"}),
    "'LOGIN' == event_type": frozenset({"LOGIN"}),
    "event_type in ('LOGIN', 'LOGOUT')": frozenset({"LOGIN", "LOGOUT"}),
    "is_payment": frozenset({"TXN_REQUEST"}),
    "is_payment and paid_sum_1h > 5": frozenset({"TXN_REQUEST"}),
    "is_payment and event_type in ('LOGIN', 'TXN_REQUEST')": frozenset({"TXN_REQUEST"}),
    "is_payment and event_type == 'LOGIN'": frozenset(),
    "is_payment or event_type == 'LOGIN'": frozenset({"TXN_REQUEST", "LOGIN"}),
    "(is_payment and call_active) or (event_type == 'LOGIN' and proxy)": frozenset(
        {"TXN_REQUEST", "LOGIN"}
    ),
    "False": frozenset(),
    "is_payment or call_active": None,
    "not is_payment": None,
    "not (event_type != 'LOGIN')": None,
    "event_type != 'LOGIN'": None,
    "paid_sum_1h > 5": None,
    "known(event_type)": None,
    "choose(is_payment, 1, 0) == 1": None,
}


def guarded_pack(when: str) -> Pack:
    return read_pack([policy("one", when)])


@pytest.mark.parametrize("when", GUARDS)
def test_a_guard_names_the_event_types_for_which_it_can_hold(when: str) -> None:
    pack = guarded_pack(when)
    features = {feature.name: feature for feature in pack.catalogue.features}
    assert event_types_of(pack.policies[0].when, features) == GUARDS[when]


GATES: dict[str, str | None] = {
    "is_payment": "is_payment",
    "not is_payment": "not is_payment",
    "is_payment and paid_sum_1h > 5": "is_payment",
    "is_payment and paid_sum_1h > 5 and call_active": "is_payment and call_active",
    "paid_sum_1h > 5": None,
    "not (paid_sum_1h > 5)": None,
    "known(paid_sum_1h)": None,
    "amount_minor > paid_sum_1h": None,
    "amount_minor > 5": "amount_minor > 5",
    "is_payment or paid_sum_1h > 5": None,
    "(is_payment and paid_sum_1h > 5) or (call_active and paid_sum_1h > 9)": (
        "is_payment or call_active"
    ),
    "not (is_payment and paid_sum_1h > 5)": None,
}


@pytest.mark.parametrize("when", GATES)
def test_a_gate_is_what_the_event_alone_tells(when: str) -> None:
    expected = GATES[when]
    pack = read_pack([policy("one", when), policy("two", expected or when)])
    features = {feature.name: feature for feature in pack.catalogue.features}
    one, two = (instance.when for instance in pack.policies)
    assert event_part(one, features) == (None if expected is None else two)


def test_names_are_read_once_and_in_order_wherever_they_stand() -> None:
    pack = read_pack(
        [
            policy(
                "one",
                "not proxy and '贷款' in remark and listed('watched', payee_account)"
                " and max(paid_sum_1h, amount_minor) > 3 * amount_minor"
                " and (channel in ('WEB', 'ATM') or known(fee_minor))",
            )
        ],
        lists={"watched": {"title": {"en": "Watched", "zh": "关注"}}},
    )
    assert names_read(pack.policies[0].when) == [
        "proxy",
        "remark",
        "payee_account",
        "paid_sum_1h",
        "amount_minor",
        "channel",
        "fee_minor",
    ]


def test_conjuncts_are_the_parts_that_must_all_hold() -> None:
    nested = guarded_pack("proxy and (call_active and (emulator or rooted)) and is_payment")
    assert len(conjuncts(nested.policies[0].when)) == 4
    single = guarded_pack("proxy or call_active")
    assert len(conjuncts(single.policies[0].when)) == 1
