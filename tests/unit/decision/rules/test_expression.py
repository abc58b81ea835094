from __future__ import annotations

import pytest

from haitang.data.events.catalogue import FIELDS
from haitang.data.features.terms import (
    Arithmetic,
    Call,
    Compare,
    Contains,
    Expression,
    Feature,
    Field,
    Flag,
    Known,
    Listed,
    Logic,
    Not,
    Number,
    OneOf,
    Text,
)
from haitang.decision.rules.expression import ExpressionRefused, parse_expression, read_expression
from haitang.decision.rules.render import render
from haitang.decision.rules.scope import Scope
from haitang.decision.rules.tokens import (
    MAX_EXPRESSION_CHARACTERS,
    MAX_EXPRESSION_NESTING,
    MAX_EXPRESSION_PARTS,
)

SCOPE = Scope(
    fields=FIELDS,
    features={"paid": "number", "seen": "flag", "city": "text"},
    inlined={
        "is_login": Compare(
            op="==", left=Field(name="event_type", type="text"), right=Text(value="LOGIN")
        )
    },
    lists=("case_accounts",),
    zone="Asia/Shanghai",
)
AMOUNT = Field(name="amount_minor", type="number")
CHANNEL = Field(name="channel", type="text")
SHARED = Field(name="screen_share", type="flag")
PAID = Feature(name="paid", type="number")


def read(text: str) -> Expression:
    return parse_expression(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("screen_share", SHARED),
        ("amount_minor > 5", Compare(op=">", left=AMOUNT, right=Number(value=5))),
        ("not screen_share", Not(operand=SHARED)),
        ("not True", Flag(value=False)),
        (
            "paid * 2 - 1",
            Arithmetic(
                op="-",
                left=Arithmetic(op="*", left=PAID, right=Number(value=2)),
                right=Number(value=1),
            ),
        ),
        ("-paid", Arithmetic(op="-", left=Number(value=0), right=PAID)),
        ("channel in ('WEB',)", OneOf(operand=CHANNEL, values=("WEB",))),
        ("paid in (1, -2.5)", OneOf(operand=PAID, values=(1.0, -2.5))),
        ("'a' in remark", Contains(field="remark", needles=("a",))),
        ("'a' not in remark", Not(operand=Contains(field="remark", needles=("a",)))),
        ("'a' in remark or 'b' in remark", Contains(field="remark", needles=("a", "b"))),
        ("known(amount_minor)", Known(operand=AMOUNT)),
        (
            "listed('case_accounts', payee_account)",
            Listed(list="case_accounts", field="payee_account"),
        ),
        (
            "choose(seen, 1, paid)",
            Call(
                function="choose",
                arguments=(Feature(name="seen", type="flag"), Number(value=1), PAID),
            ),
        ),
        ("local_hour()", Call(function="local_hour", zone="Asia/Shanghai")),
        ("is_night('UTC')", Call(function="is_night", zone="UTC")),
        ("is_login", SCOPE.inlined["is_login"]),
        (
            "channel == city",
            Compare(op="==", left=CHANNEL, right=Feature(name="city", type="text")),
        ),
        (
            "seen == screen_share",
            Compare(op="==", left=Feature(name="seen", type="flag"), right=SHARED),
        ),
    ],
)
def test_text_means_this_tree(text: str, expected: Expression) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seconds(30)", 30),
        ("minutes(1.5)", 90),
        ("hours(2)", 7_200),
        ("days(400)", 34_560_000),
        ("money(5000)", 500_000),
        ("money(0.29)", 29),
        ("money(-12.5)", -1_250),
        ("hours(1) + 2 * minutes(5)", 4_200),
        ("1_000.5", 1_000.5),
        ("2e3", 2_000),
        ("-(-3)", 3),
    ],
)
def test_constants_are_folded(text: str, value: float) -> None:
    assert read(f"paid > {text}") == Compare(op=">", left=PAID, right=Number(value=value))


def test_money_follows_the_currency_of_the_pack() -> None:
    yen = Scope(fields=FIELDS, currency="JPY")
    folded = parse_expression("amount_minor > money(5000)", yen)
    assert folded == Compare(op=">", left=AMOUNT, right=Number(value=5_000))


def test_a_chain_is_the_and_of_its_pairs() -> None:
    assert read("1 < paid <= 5") == read("1 < paid and paid <= 5")


def test_nested_and_is_flat_so_that_brackets_do_not_matter() -> None:
    assert read("(seen and screen_share) and call_active") == read(
        "seen and (screen_share and call_active)"
    )


def test_not_in_is_false_where_the_value_is_missing() -> None:
    assert read("channel not in ('WEB',)") == Logic(
        op="and",
        operands=(Known(operand=CHANNEL), Not(operand=OneOf(operand=CHANNEL, values=("WEB",)))),
    )
    assert read("not channel in ('WEB',)") == Not(operand=OneOf(operand=CHANNEL, values=("WEB",)))


def test_lines_and_comments_are_only_space() -> None:
    written = "\n  screen_share  # the stream\n  and paid > 5 # 中文\n\n"
    assert read(written) == read("screen_share and paid > 5")


def test_a_hash_inside_of_quotes_is_no_comment() -> None:
    assert read("'#1' in remark # really") == Contains(field="remark", needles=("#1",))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("((paid)) >   money(1)", "paid > 100"),
        ("paid-(1-paid) > 0", "paid - (1 - paid) > 0"),
        ("(paid-1)-paid > 0", "paid - 1 - paid > 0"),
        ("not (seen and screen_share)", "not (seen and screen_share)"),
        ("(seen or screen_share) and seen", "(seen or screen_share) and seen"),
        ("seen or screen_share and seen", "seen or screen_share and seen"),
        ("channel not in ('WEB', 'ATM') and seen", "channel not in ('WEB', 'ATM') and seen"),
        ('"it\'s" in remark', '"it\'s" in remark'),
        ("(paid > 1) == seen", "(paid > 1) == seen"),
        ("is_holiday()", "is_holiday('Asia/Shanghai')"),
        ("seen and ('a' in remark or 'b' in remark)", "seen and ('a' in remark or 'b' in remark)"),
    ],
)
def test_rendering_is_canonical(text: str, canonical: str) -> None:
    assert render(read(text)) == canonical
    assert read(canonical) == read(text)


def test_length_is_bounded() -> None:
    inside = "seen" + " " * (MAX_EXPRESSION_CHARACTERS - 4)
    assert read(inside) == Feature(name="seen", type="flag")
    with pytest.raises(ExpressionRefused) as refused:
        read(inside + " ")
    assert refused.value.code == "expression_too_long"


@pytest.mark.parametrize("nest", ["({})", "-{}", "abs({})", "1 - ({})"])
def test_nesting_is_bounded(nest: str) -> None:
    text = "paid"
    for _ in range(MAX_EXPRESSION_NESTING * 4):
        text = nest.format(text)
    with pytest.raises(ExpressionRefused) as refused:
        read(f"{text} > 0")
    assert refused.value.code == "expression_too_deep"


def test_a_long_sum_is_too_deep_and_a_long_and_is_not() -> None:
    with pytest.raises(ExpressionRefused, match="nested"):
        read(" + ".join(["paid"] * 60) + " > 0")
    assert isinstance(read(" and ".join(["seen"] * 60)), Logic)


def test_parts_are_bounded() -> None:
    values = ", ".join(map(str, range(MAX_EXPRESSION_PARTS - 2)))
    assert isinstance(read(f"paid in ({values})"), OneOf)
    with pytest.raises(ExpressionRefused) as refused:
        read(f"paid in ({values}, 1.5)")
    assert refused.value.code == "expression_too_many_parts"


def test_every_fault_of_names_and_types_is_told_in_order_and_once() -> None:
    reading = read_expression("foo > 1 and channel < 'WEB' and 1 < bar < 2 and seen", SCOPE)
    assert [(fault.code, fault.offset) for fault in reading.faults] == [
        ("name_unknown", 0),
        ("type_mismatch", 12),
        ("name_unknown", 36),
    ]


def test_columns_count_characters_not_bytes() -> None:
    text = "'共享屏幕' in remark and foo > 1"
    (fault,) = read_expression(text, SCOPE).faults
    assert text[fault.offset :] == "foo > 1"


def test_a_broken_name_is_no_second_fault() -> None:
    scope = Scope(fields=FIELDS, broken=("paid_sum",))
    reading = read_expression("paid_sum > 1 and screen_share", scope)
    assert reading.expression is None
    assert reading.faults == ()
