"""Every message that an author of an expression can see, pinned."""

from __future__ import annotations

import pytest

from haitang.data.events.catalogue import FIELDS
from haitang.decision.rules.expression import (
    ExpressionRefused,
    parse_expression,
    read_expression,
)
from haitang.decision.rules.scope import Scope
from haitang.kernel.errors import HaitangError, Place
from tests.conftest import CheckOutput

SCOPE = Scope(
    fields=FIELDS,
    features={"paid_sum_1h": "number", "seen": "flag", "city": "text"},
    hidden=("windowed",),
    lists=("case_accounts",),
    zone="Asia/Shanghai",
)

WORDS = {
    "operators of other languages": (
        "seen && call_active",
        "seen || call_active",
        "!seen",
        "channel = 'WEB'",
        "channel <> 'WEB'",
        "paid_sum_1h => 1",
        "paid_sum_1h ** 2 > 1",
        "paid_sum_1h // 2 > 1",
        "paid_sum_1h % 2 > 1",
        "seen & call_active",
        "seen | call_active",
        "seen ^ call_active",
        "~seen",
        "paid_sum_1h @ 2",
        "(x := 1)",
        "seen -> call_active",
        "seen ? 1 : 2",
        "seen; call_active",
        "$paid_sum_1h > 1",
        "`seen`",
        "seen \\",
        "seen:",
    ),
    "Python that is not ours": (
        "lambda: seen",
        "paid_sum_1h if seen else 1",
        "channel is None",
        "None",
        "[x for x in channel]",
        "channel[0] == 'A'",
        "{'a': 1}",
        "event.amount > 1",
        "f'{channel}' == 'x'",
        "b'x' == channel",
        "r'x' == channel",
        "await seen",
        "yield seen",
        "class",
        "import os",
        "(seen)(1)",
        "'a' 'b' in remark",
        "channel in ('WEB' 'ATM')",
        "'''a''' in remark",
        "1j > 0",
        "*seen",
        "print(seen)",
        "__import__('os')",
        "min(*seen)",
        "min(a=1)",
    ),
    "words of other languages": (
        "seen AND call_active",
        "NOT seen",
        "seen OR call_active",
        "seen == true",
        "channel == null",
        "remark contains 'x'",
        "remark like 'x'",
        "paid_sum_1h between 1 and 2",
    ),
    "brackets, quotes and numbers": (
        "",
        "  \n ",
        "(",
        ")",
        "seen and",
        "seen and (call_active",
        "seen)",
        "and seen",
        "seen call_active",
        "seen (call_active)",
        "paid_sum_1h > > 1",
        "paid_sum_1h > ",
        "seen, call_active",
        "min(1,, 2)",
        "+paid_sum_1h > 1",
        "seen not",
        "seen not call_active",
        "1 < not seen",
        "1 + not seen",
        "seen in not seen",
        "'abc",
        'channel == "WEB\nand seen',
        "channel == 'W\\'B'",
        "paid_sum_1h > 5h",
        "paid_sum_1h > 5k",
        "paid_sum_1h > 0x10",
        "paid_sum_1h > 007",
        "paid_sum_1h > 1.2.3",
        "paid_sum_1h > 1e999",
        "amount_minor == 123456789012345678901",
        "()",
        "seen and (1, 2)",
    ),
    "characters": (
        "paid_sum_1h ＞ 1",
        "min（1, 2）> 0",
        "channel == “WEB”",
        "seen，call_active",
        "金额 > 1",
        "paid_sum_1h ≥ 1",
        "seen\u00a0and seen",
        "seen\tand seen",
    ),
}

MEANING = {
    "names": (
        "paid_sum_1 > 1",
        "amout_minor > 1",
        "zzzzzz",
        "windowed > 1",
        "min",
        "amount_minor()",
        "mim(1, 2) > 0",
        "foo(1)",
    ),
    "types": (
        "amount_minor == 'x'",
        "channel == 5",
        "screen_share == 1",
        "seen > 'x'",
        "channel < 'WEB'",
        "seen < screen_share",
        "amount_minor and seen",
        "channel or seen",
        "not amount_minor",
        "not channel",
        "-channel > 1",
        "channel + 1 > 1",
        "seen * 2 > 1",
        "abs(channel) > 1",
        "abs(seen) > 1",
        "choose(amount_minor, 1, 2) > 1",
        "known(seen) > 1",
    ),
    "enumerations": (
        "channel == 'MOBLE'",
        "event_type == 'TXN_REQUST'",
        "'elder' == customer_segment",
        "txn_type in ('TRANSFER_INTER', 'TRANSFER')",
        "channel == 'ZZZZZZ'",
        "party_x == 'A'",
        "customer_type == 'ALIEN'",
        "risky_app == ''",
    ),
    "lists and search": (
        "channel in ()",
        "channel in ('WEB')",
        "channel in (WEB, ATM)",
        "channel in ('WEB', 5)",
        "channel in ('WEB', 'WEB')",
        "seen in (True, False)",
        "'WEB' in ('WEB', 'ATM')",
        "payee_account in case_accounts",
        "'x' in case_accounts",
        "amount_minor in channel",
        "'x' in channel",
        "'x' in city",
        "'x' in nothing",
        "'' in remark",
        "'  ' in note",
        "remark == 'x'",
        "known(remark)",
        "channel in city",
    ),
    "calls": (
        "abs() > 1",
        "min(1) > 1",
        "distance_km(1, 2, 3) > 1",
        "known()",
        "listed('case_accounts')",
        "listed('case_acounts', payee_account)",
        "listed(case_accounts, payee_account)",
        "listed('case_accounts', payee_acount)",
        "listed('case_accounts', amount_minor)",
        "listed('case_accounts', city)",
        "is_night('Asia/Shangai')",
        "is_night(channel)",
        "local_hour(1, 2) > 3",
        "hours(paid_sum_1h) > 1",
        "hours('x') > 1",
        "hours() > 1",
        "money(0.001) > amount_minor",
        "money(1e30) > amount_minor",
        "known(1)",
    ),
    "constants": (
        "1 < 2",
        "'a' == 'a'",
        "True == True",
        "amount_minor / 0 > 1",
        "amount_minor / (1 - 1) > 1",
        "amount_minor > 1e308 * 10",
        "days(1e308) > 1",
    ),
    "several at once": (
        "foo > 1 and bar < 'x' and channel == 'MOBLE'",
        "seen\n  and paid_sum_1 > 1\n  # here\n  or foo",
    ),
}


def refusals(texts: tuple[str, ...]) -> str:
    shown = []
    for text in texts:
        faults = read_expression(text, SCOPE).faults
        assert faults, f"{text!r} was read"
        for fault in faults:
            line = text.count("\n", 0, fault.offset)
            column = fault.offset - (text.rfind("\n", 0, fault.offset) + 1)
            error = HaitangError(
                code=fault.code,
                message=fault.message,
                place=Place("x", line + 1, column + 1),
                hint=fault.hint,
                source_line=text.split("\n")[line],
            )
            shown.append(f"[{error.code}] {error.render()}")
    return "\n\n".join(shown)


@pytest.mark.parametrize("topic", WORDS)
def test_what_is_no_expression_is_answered(topic: str, check_output: CheckOutput) -> None:
    check_output(refusals(WORDS[topic]))


@pytest.mark.parametrize("topic", MEANING)
def test_what_means_nothing_is_answered(topic: str, check_output: CheckOutput) -> None:
    check_output(refusals(MEANING[topic]))


def test_the_first_fault_is_raised_with_its_line() -> None:
    with pytest.raises(ExpressionRefused) as refused:
        parse_expression("seen and\n  foo > 1 and bar > 1", SCOPE, path="x")
    assert refused.value.place == Place("x", 2, 3)
    assert refused.value.source_line == "  foo > 1 and bar > 1"
