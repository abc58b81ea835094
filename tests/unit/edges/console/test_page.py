from __future__ import annotations

import re

import pytest

from haitang.data.features.specs import TextPair
from haitang.edges.console.page import (
    REGIONS,
    PageSetting,
    changed,
    document,
    kind_of,
    regions_of,
    spoken,
)
from haitang.edges.console.texts import Language
from tests.unit.edges.console.frames import FRAME, shown
from tests.unit.edges.console.markup import parse

SETTING = PageSetting(
    title=TextPair(en="lab bank, seed 7", zh="虚构银行，种子 7"), service_url="http://127.0.0.1:1"
)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("frame", [FRAME, None])
def test_a_page_is_whole_and_every_region_has_its_place(language: Language, frame: object) -> None:
    html = document(SETTING, shown() if frame else shown(None), language=language)
    page = parse(html)
    assert "$" not in html
    assert page.all("html")[0].attributes["lang"] == {"en": "en", "zh": "zh-CN"}[language]
    for name in REGIONS:
        assert page.by_id(name) is not None
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1


def test_nothing_on_the_page_is_inline_or_from_elsewhere() -> None:
    page = parse(document(SETTING, shown(), language="en"))
    assert page.all("style") == []
    for element in page.walk():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.name == "script":
            assert element.text == ""
        if element.name in {"script", "link", "img"}:
            address = element.attributes.get("src") or element.attributes["href"]
            assert address.startswith("/static/")


def test_what_the_frame_says_stands_on_the_page() -> None:
    page = parse(document(SETTING, shown(), language="en"))
    assert page.by_id("when").text == "live Mon 2026-03-02 10:00 120,000 of 180,000 events"
    figures = page.by_id("figures").text
    for said in ("600", "6.2 ms", "635", "CNY 17.3 million", "CNY 15.0 million 87%, before"):
        assert said in figures
    hits = page.by_id("hits").all("tr")
    assert [row.text for row in hits[1:]] == [
        "10:00:00 BLOCK block this transaction C04 CNY 86,000 a shared screen",
        "09:59:00 TIP risk tip B06 on a <call>",
    ]
    assert "HOLD hold for a person 182" in page.by_id("actions").text
    stories = page.by_id("stories").all("article")
    assert stories[0].text == (
        "AS-1 The parcel caller PASS HOLD not yet 2 of 3 events · 1 of 3 criteria met"
    )
    assert "5 more wait for rooms that are not built yet" in stories[1].text


def test_the_chinese_page_says_it_in_chinese() -> None:
    page = parse(document(SETTING, shown(), language="zh"))
    assert page.by_id("when").text == "实时 2026年3月2日 周一 10:00 120,000 / 180,000 个事件"
    assert "1,728万元" in page.by_id("figures").text
    assert "阻断本笔 C04 8.60万元 屏幕共享" in page.by_id("hits").text
    # What is left in Latin letters are names, codes and links.
    words = set(re.findall(r"[A-Za-z]{3,}", page.all("main")[0].text))
    assert words <= {"PASS", "HOLD", "TIP", "BLOCK", "DELAY"}


def test_the_english_page_says_nothing_in_chinese_but_its_name_and_the_way_over() -> None:
    page = parse(document(SETTING, shown(), language="en"))
    said = page.all("body")[0].text.replace("海塘", "").replace("简体中文", "")
    assert not CHINESE.search(said)
    other = page.all("nav")[0].all("a")[0]
    assert other.attributes == {"href": "?language=zh", "hreflang": "zh-CN", "lang": "zh-CN"}


def test_tables_charts_and_controls_can_be_read_without_eyes() -> None:
    page = parse(document(SETTING, shown(), language="en"))
    for table in page.all("table"):
        heads = table.all("th", scope="col")
        assert heads
        assert all(head.text for head in heads)
    charts = page.all("svg", role="img")
    assert [chart.attributes["aria-label"] for chart in charts] == [
        "Events a second over the last 30 s: now 600, at most 600.",
        "Actions over the last 30 s: 60 asked, 40 delayed, 20 stopped.",
    ]
    for other in page.all("svg"):
        assert other in charts or other.attributes.get("aria-hidden") == "true"
    assert page.by_id("said").attributes["aria-live"] == "polite"
    # What ticks is not read aloud by itself.
    assert len([one for one in page.walk() if "aria-live" in one.attributes]) == 1
    assert page.by_id("pause").attributes["aria-pressed"] == "false"
    named = {one.attributes["id"] for one in page.walk() if "id" in one.attributes}
    labels = {one.attributes["aria-labelledby"] for one in page.all("section", class_="card")}
    assert labels <= named


def test_a_chart_tells_kinds_apart_without_colour() -> None:
    regions = regions_of(shown(), language="en")
    kinds = {rect.attributes["class"] for rect in parse(regions["interventions"]).all("rect")}
    assert kinds == {"stopped", "delayed", "asked"}
    page = parse(document(SETTING, shown(), language="en"))
    assert page.all("ul", class_="legend")[0].text == (
        "held or blocked delayed or limited warned or verified"
    )
    assert page.by_id("stripes").name == "pattern"


def test_kinds_follow_the_strictness() -> None:
    assert [kind_of(action) for action in ("PASS", "FACE", "DELAY", "CV", "HOLD", "NEWER")] == [
        "passed", "asked", "delayed", "delayed", "stopped", "passed",
    ]  # fmt: skip


def test_one_sentence_is_said_aloud() -> None:
    assert spoken(FRAME, language="en") == (
        "Mon 2026-03-02 10:00: 120,000 events decided, 635 acted on, "
        "CNY 15.0 million of CNY 17.3 million kept back."
    )
    ended = shown(phase="ended").frame
    assert ended is not None
    assert spoken(ended, language="zh").startswith("演示已结束。2026年3月2日 周一 10:00")


def test_the_last_frame_says_that_it_is_the_last() -> None:
    regions = regions_of(shown(phase="ended"), language="en")
    assert parse(regions["when"]).text.startswith("the day has ended")
    assert "end" in parse(regions["throughput"]).text
    # Over the whole run, not over its last two seconds.
    assert "6,000" in regions["figures"]


def test_words_of_others_are_escaped() -> None:
    setting = PageSetting(title=TextPair(en="<b>&", zh=""))
    html = document(setting, shown(), language="en")
    assert "<b>" not in html
    assert "on a &lt;call&gt;" in html


def test_only_what_differs_is_sent() -> None:
    before = regions_of(shown(), language="en")
    after = regions_of(shown(answer_us=9_000), language="en")
    assert set(changed(after, {})) == set(REGIONS)
    assert set(changed(after, before)) == {"figures"}
    assert changed(before, before) == {}
