from __future__ import annotations

import pytest

from haitang.decision.rules.measures import VOCABULARY
from haitang.decision.rules.pack import load_pack, load_pack_with_tests
from haitang.decision.rules.problems import PackRefused
from haitang.decision.rules.standards import Standards, tips_off
from haitang.kernel.instants import DAY_US, parse_instant
from tests.conftest import CheckOutput
from tests.unit.decision.rules.small_packs import PACK, small_pack
from tests.unit.decision.rules.standard_texts import FILES, MILD, edited, with_standards


def standards() -> Standards:
    found = load_pack_with_tests(with_standards()).standards
    assert found is not None
    return found


def test_a_pack_without_measures_and_typologies_is_a_study() -> None:
    assert load_pack_with_tests(small_pack()).standards is None


def test_every_action_has_its_measure() -> None:
    found = standards()
    assert set(found.measures) == set(VOCABULARY)
    limit = found.measures["LIM"]
    assert (limit.measure, limit.basis, limit.restricts, limit.seen) == (
        "RESTRICT", "REG-05", True, True,
    )  # fmt: skip
    assert limit.longest_us == 90 * DAY_US
    assert limit.notice is not None
    assert "{reason}" in limit.notice.zh


def test_typologies_say_their_stages_techniques_and_codes() -> None:
    found = standards()
    assert found.typologies["C04"].techniques == ("F1032",)
    assert found.typologies["D02"].stages == ("AFTER", "BATCH")
    assert found.typologies["D02"].codes == ("3006",)


def test_a_call_script_says_what_to_ask_and_what_never_to_say() -> None:
    script = standards().scripts["victim_call"]
    assert [question.zh for question in script.questions] == [
        "做什么用？", "收款人是谁？", "账号谁给的？",
    ]  # fmt: skip
    assert script.never_say[0].en == "A password"


def test_a_number_of_the_law_is_given_by_time_in_the_unit_of_conditions() -> None:
    parameter = standards().parameter("REG-40.cash_day")
    assert parameter is not None
    changed_us = parse_instant("2017-07-01T00:00:00+08:00")
    assert [(one.from_us, one.to_us, one.value, one.unit) for one in parameter.values] == [
        (parse_instant("2007-03-01T00:00:00+08:00"), changed_us, 20_000_000.0, "money"),
        (changed_us, 0, 5_000_000.0, "money"),
    ]
    wait = standards().parameter("REG-40.wait")
    assert wait is not None
    assert wait.values[0].value == 86_400.0
    assert wait.values[0].to_us == parse_instant("2020-01-01T00:00:00+08:00")


@pytest.mark.parametrize("name", ["REG-40.cash", "REG-99.cash_day", "REG-40", ""])
def test_a_number_that_the_law_does_not_have_is_none(name: str) -> None:
    assert standards().parameter(name) is None


def test_the_first_reading_holds_unless_the_pack_chooses() -> None:
    first = standards().parameter("REG-40.term")
    assert first is not None
    assert (first.chosen, first.values[0].value) == ("short", 2.0)
    chosen = edited("pack.yaml", "tiers:", "readings: {REG-40.term: long}\ntiers:")
    found = load_pack_with_tests(chosen).standards
    assert found is not None
    second = found.parameter("REG-40.term")
    assert second is not None
    assert (second.chosen, second.values[0].value) == ("long", 5.0)
    assert [reading.name for reading in second.readings] == ["short", "long"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我们已提交可疑交易报告", "可疑交易"),
        ("A Suspicious Transaction was filed", "suspicious transaction"),
        ("您的账户限额已调低", ""),
        ("出借账户帮人洗钱属于违法", ""),
    ],
)
def test_words_that_tell_of_a_report_are_found(text: str, words: str) -> None:
    assert tips_off(text) == words


LONG = """\
      long:
        title: {en: five years, zh: 五年}
        values:
          - {from: 2019-04-01, value: 5, source: 85号}
"""
WAIT = """\
    values:
      - {from: 2017-07-01, to: 2020-01-01, value: 24h, source: 令〔2016〕3号}
"""
SEEN = "restricts: true\n    seen: "
FIRST = "{from: 2007-03-01, value"
M, T, S, R = (
    "measures.yaml",
    "typologies.yaml",
    "scripts/victim_call.yaml",
    "regulation/REG-40.yaml",
)
BASIS = "regulation/REG-05.yaml"
NOTICE_EN = '"Limits are lower. {reason} {basis} {appeal}"'

FAULTS: dict[str, tuple[str, str, str]] = {
    "measure_missing": (M, MILD.format(action="WATCH"), ""),
    "measure_unknown": (M, "  WATCH:", "  WACTH:"),
    "measure_word": (M, "measure: RESTRICT", "measure: RESTRICTS"),
    "restriction_unseen": (M, f"{SEEN}true", f"{SEEN}false"),
    "restriction_without_basis": (M, "    basis: REG-05\n", ""),
    "basis_unknown": (M, "basis: REG-05", "basis: REG-06"),
    "notice_without_chinese": (M, '      zh: "限额已调低。{reason}{basis}{appeal}"\n', ""),
    "notice_without_appeal": (M, NOTICE_EN, '"Limits are lower. {reason} {basis}"'),
    "notice_of_unknown_value": (M, NOTICE_EN, '"{reasons} {reason} {basis} {appeal}"'),
    "notice_with_brace": (M, NOTICE_EN, '"{reason} {basis} {appeal} }"'),
    "notice_tips_off": (M, "限额已调低。", "限额已调低，可疑交易已上报。"),
    "clock_without_time": (M, "ends: open\n    longest: 90d", "ends: time"),
    "order_with_time": (M, "ends: open\n", "ends: order\n"),
    "typology_id": (T, "  C04:", "  C4:"),
    "typology_stage": (T, "[DURING]", "[DURNG]"),
    "typology_technique": (T, "[F1032]", "[F32]"),
    "typology_title": (T, ", zh: 冒充客服", ""),
    "script_name": (S, "id: victim_call", "id: victim_cal"),
    "script_part": (S, "if_no: {en: Release it., zh: 放行。}\n", ""),
    "script_questions": (S, "  - {en: Who is the payee?, zh: 收款人是谁？}\n", ""),
    "script_language": (S, "{en: Good day., zh: 您好。}", "{en: Good day.}"),
    "script_tips_off": (S, "zh: 撤销。", "zh: 我们会提交可疑交易报告。"),
    "row_id": (R, "id: REG-40", "id: REG-41"),
    "row_id_form": (R, "id: REG-40", "id: reg_40"),
    "row_translation": (R, ", zh: 大额交易", ""),
    "unit_missing": (R, "    unit: money\n    values:", "    values:"),
    "unit_unknown": (R, "unit: years", "unit: year"),
    "values_overlap": (R, "2017-07-01, value: 50000", "2007-01-01, value: 50000"),
    "values_overlap_end": (R, FIRST, "{from: 2007-03-01, to: 2018-01-01, value"),
    "values_gap": (R, FIRST, "{from: 2007-03-01, to: 2016-01-01, value"),
    "value_ends_early": (R, "to: 2020-01-01", "to: 2017-01-01"),
    "value_no_source": (R, ", source: 85号", ""),
    "value_day": (R, "from: 2024-12-01", "from: 2024-13-01"),
    "value_number": (R, "value: 50000", "value: fifty"),
    "value_too_fine": (R, "value: 50000", "value: 50000.001"),
    "value_duration": (R, "value: 24h", "value: 24 hours"),
    "currency_unknown": (R, "currency: USD", "currency: USX"),
    "currency_of_years": (R, "unit: years", "unit: years\n    currency: CNY"),
    "one_reading": (R, LONG, ""),
    "neither_values_nor_readings": (R, WAIT, ""),
    "check_form": (R, "policy:large_share", "large_share"),
    "check_parameter": (R, "parameter:REG-40.cash_day", "parameter:REG-40.cash_dai"),
    "neither_checked_nor_not": (BASIS, "not_checked: {en: nobody looked, zh: 尚未核查}\n", ""),
    "row_ends_early": (BASIS, "from: 2022-12-01", "from: 2022-12-01\nto: 2022-01-01"),
    "reading_unknown": ("pack.yaml", "tiers:", "readings: {REG-40.term: lang}\ntiers:"),
    "reading_of_settled": ("pack.yaml", "tiers:", "readings: {REG-40.cash_day: long}\ntiers:"),
    "reading_of_nothing": ("pack.yaml", "tiers:", "readings: {REG-40.trem: long}\ntiers:"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_bad_standards_are_refused_with_file_line_and_mend(
    case: str, check_output: CheckOutput
) -> None:
    with pytest.raises(PackRefused) as refused:
        load_pack(edited(*FAULTS[case]))
    check_output("\n".join(problem.render() for problem in refused.value.problems) + "\n")


@pytest.mark.parametrize(
    ("path", "what"),
    [("typologies.yaml", "typology"), ("scripts/victim_call.yaml", "call script"),
     ("regulation/REG-40.yaml", "row"), ("measures.yaml", "measure")],
)  # fmt: skip
def test_standards_are_declared_once_among_all_packs(path: str, what: str) -> None:
    inner = {f"includes/more/{path}": FILES[path]}
    head = PACK.replace("entities:", "includes: [more]\nentities:")
    more = "pack: more\nversion: 1.0.0\ntitle: {en: More, zh: 更多}\n"
    source = with_standards(**{
        "pack.yaml": head.replace(", file: lists/case_accounts.csv", ""),
        "includes/more/pack.yaml": more, **inner,
    })  # fmt: skip
    with pytest.raises(PackRefused) as refused:
        load_pack(source)
    codes = {problem.code for problem in refused.value.problems}
    assert "id_duplicate" in codes
    assert what in refused.value.problems[0].message


def test_a_row_of_the_table_refuses_nobody_for_good_without_a_person() -> None:
    asked = "{tier: [medium, high], action: TIP}"
    alone = edited("pack.yaml", asked, "{tier: [medium, high], action: REJ}")
    with pytest.raises(PackRefused) as refused:
        load_pack(alone)
    assert [problem.code for problem in refused.value.problems] == ["refusal_without_person"]
    called = edited("pack.yaml", asked, "{tier: [medium, high], action: REJ, also: [CALL]}")
    assert load_pack(called).table[-1].action == "REJ"
