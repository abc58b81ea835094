"""The standards that all shipped packs share: complete, in both languages, and safe to be read by
those whom they are about.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from haitang.adapters.files.packs import read_pack_folder
from haitang.data.features.specs import TextPair
from haitang.decision.engine.actions import ACTIONS
from haitang.decision.rules.measures import VOCABULARY
from haitang.decision.rules.pack import load_pack_unlocked
from haitang.decision.rules.source import PackSource
from haitang.decision.rules.standards import CallScript, Standards, tips_off
from tests.packs.bank import PACKS, listed

FAMILIES = {
    "A": 12, "B": 16, "C": 20, "D": 22, "E": 8, "F": 10, "G": 17, "H": 8, "I": 12, "J": 8, "K": 6,
}  # fmt: skip
"""Families of the typology catalogue and how many each has."""

ROWS = {
    *(f"REG-{number:02}" for number in (*range(1, 30), *range(40, 49), *range(60, 68))),
    *(f"INT-{number:02}" for number in range(1, 10)),
}
"""Every row of the specification's tables on the law."""

RESTRICTING = {
    "LIM", "CV", "NC", "RO", "PROT", "BLOCK", "REJ", "STOP48", "FRZ", "PUN", "ALLSUSP",
}  # fmt: skip
UNSEEN = {"PASS", "WATCH", "CALL", "REP", "STR", "LEAD"}
SECTION_18 = {
    "核实交易": "VERIFY", "重新核验身份": "REIDENTIFY", "延迟支付结算": "DELAY",
    "限制或者中止有关业务": "RESTRICT",
}  # fmt: skip

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{[^}]*\}")


@cache
def standards() -> Standards:
    """Return the standards of the common pack, which every other one includes."""
    found = load_pack_unlocked(read_pack_folder(PACKS / "common")).loaded.standards
    assert found is not None
    return found


def texts_of(script: CallScript) -> list[TextPair]:
    return [
        script.title, script.when_to_use, script.opening, *script.questions, *script.signs,
        script.if_yes, script.if_no, script.if_unreachable, *script.never_say,
    ]  # fmt: skip


def test_every_action_has_its_measure() -> None:
    measures = standards().measures
    assert set(measures) == set(VOCABULARY)
    assert {action for action in measures if measures[action].restricts} == RESTRICTING
    wrong = [
        f"{action.code}: {measures[action.code].measure} for {action.measure.zh}"
        for action in ACTIONS
        if action.measure.zh in SECTION_18
        and action.code != "WATCH"
        and measures[action.code].measure != SECTION_18[action.measure.zh]
    ]
    assert not wrong, listed(wrong)


def test_every_action_that_customers_see_has_a_notice_in_both_languages() -> None:
    measures = standards().measures
    assert {action for action in measures if not measures[action].seen} == UNSEEN
    wrong = [
        action
        for action, measure in measures.items()
        for text in (measure.notice, measure.appeal)
        if measure.seen and (text is None or not speaks_both(text))
    ]
    assert not wrong, listed(wrong)


def test_every_restriction_names_reason_basis_appeal_and_end() -> None:
    found = standards()
    wrong = []
    for action in sorted(RESTRICTING):
        measure = found.measures[action]
        assert measure.notice is not None
        wrong += [
            f"{action}: {text}"
            for text in (measure.notice.en, measure.notice.zh)
            if not all(part in text for part in ("{reason}", "{basis}", "{appeal}"))
        ]
        if measure.basis not in found.regulation:
            wrong.append(f"{action}: basis {measure.basis}")
        if measure.ending in ("open", "verified", "time") and not measure.longest_us:
            wrong.append(f"{action}: has no longest time")
    assert not wrong, listed(wrong)


def test_limits_on_an_account_leave_basic_services() -> None:
    """Social security, medical care and utilities keep working, and the customer reads that."""
    wrong = [
        f"{action}: {word}"
        for action in ("LIM", "NC", "RO")
        for word in ("社保", "医疗", "水电")
        if word not in (standards().measures[action].notice or TextPair(en="", zh="")).zh
    ]
    assert not wrong, listed(wrong)


def test_no_notice_or_script_tells_of_a_report() -> None:
    found = standards()
    spoken = [
        (f"{action}", text)
        for action, measure in found.measures.items()
        for text in (measure.notice, measure.appeal)
        if text is not None
    ]
    spoken += [(name, text) for name, script in found.scripts.items() for text in texts_of(script)]
    wrong = [f"{name}: {text.zh}" for name, text in spoken if tips_off(text.en + text.zh)]
    assert not wrong, listed(wrong)
    assert found.measures["STR"].seen is False


def test_no_notice_speaks_of_the_pattern_that_was_noticed() -> None:
    """A notice gives the reason that the policy words for the customer, and no rule of thumb."""
    notices = [measure.notice for measure in standards().measures.values() if measure.notice]
    wrong = [notice.zh for notice in notices if re.search(r"模型|规则命中|评分|阈值", notice.zh)]
    assert not wrong, listed(wrong)


def test_call_scripts_cover_victims_mules_firms_takeovers_and_the_counter() -> None:
    scripts = standards().scripts
    assert set(scripts) >= {
        "victim_call", "fake_police_call", "investment_call", "customer_service_call",
        "loan_fee_call", "elder_call", "romance_call", "student_abroad_call", "mule_call",
        "firm_dual_callback", "takeover_check", "counter_four_questions", "merchant_call",
        "employee_talk",
    }  # fmt: skip
    assert len(scripts["counter_four_questions"].questions) == 4


def test_call_scripts_are_written_in_both_languages() -> None:
    wrong = [
        f"{name}: {text.en} / {text.zh}"
        for name, script in standards().scripts.items()
        for text in texts_of(script)
        if not speaks_both(text)
    ]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("word", ["密码", "验证码"])
def test_no_script_asks_for_a_password_or_a_code(word: str) -> None:
    asking = [
        f"{name}: {question.zh}"
        for name, script in standards().scripts.items()
        for question in script.questions
        if re.search(rf"(告诉|念|提供|报一下)[^，。？]*{word}", question.zh)
    ]
    assert not asking, listed(asking)


def test_the_catalogue_is_whole() -> None:
    typologies = standards().typologies
    expected = [f"{family}{number:02}" for family, count in FAMILIES.items()
                for number in range(1, count + 1)]  # fmt: skip
    assert list(typologies) == expected
    assert len(expected) == 139
    wrong = [one.id for one in typologies.values() if not speaks_both(one.title)]
    assert not wrong, listed(wrong)


def test_the_sheet_has_every_row_of_the_specification() -> None:
    regulation = standards().regulation
    assert set(regulation) == ROWS
    wrong = [
        f"{row.id}: {text.zh}"
        for row in regulation.values()
        for text in (row.title, row.requirement, row.not_checked)
        if text is not None and not speaks_both(text)
    ]
    assert not wrong, listed(wrong)


def test_where_the_law_is_unsettled_both_readings_are_there_and_the_bank_chooses() -> None:
    found = standards().regulation
    unsettled = {
        f"{row.id}.{parameter.name}": [reading.name for reading in parameter.readings]
        for row in found.values()
        for parameter in row.parameters
        if len(parameter.readings) > 1
    }
    assert unsettled == {
        "REG-10.term": ["joint_2024", "notice_85"],
        "REG-11.term": ["joint_2024", "notice_85"],
        "REG-11.no_new_account": ["joint_2024", "notice_85"],
        "REG-41.file_within": ["promptly", "five_days"],
    }
    head = (PACKS / "bank" / "pack.yaml").read_text("utf-8")
    assert all(f"{name}: " in head for name in unsettled)


def test_the_other_reading_is_one_word_away() -> None:
    head = "pack: other\nversion: 1.0.0\ntitle: {en: Other, zh: 另一}\nincludes: [common]\n"
    common = read_pack_folder(PACKS / "common")
    files = {f"includes/common/{path}": content for path, content in common.files.items()}

    def years(choice: str) -> float:
        text = f"{head}readings: {{REG-10.term: {choice}}}\n"
        source = PackSource(name="other", files={**files, "pack.yaml": text.encode()})
        found = load_pack_unlocked(source).loaded.standards
        assert found is not None
        parameter = found.parameter("REG-10.term")
        assert parameter is not None
        return parameter.values[-1].value

    assert (years("joint_2024"), years("notice_85")) == (2.0, 5.0)


def speaks_both(text: TextPair) -> bool:
    """Tell whether both halves are written, each in its language."""
    english = PLACEHOLDER.sub("", text.en)
    return bool(english.strip()) and not CHINESE.search(english) and bool(CHINESE.search(text.zh))
