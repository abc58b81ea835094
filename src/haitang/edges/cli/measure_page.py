"""The page of a measurement: method, every table and the charts, written whole by the command."""

from __future__ import annotations

from collections.abc import Sequence

from haitang.app.detection.effects import (
    ALERTING,
    CHECKED,
    CHECKING,
    FELT,
    LIMITED,
    PERSONAL,
    REPORTED,
    REPORTED_FAMILIES,
    REPORTING,
    STOPPING,
)
from haitang.app.detection.measuring import Measurement
from haitang.app.detection.seeds import SPENT_SEEDS
from haitang.edges.cli.columns import width_of, wrap
from haitang.edges.cli.measure_charts import bars, curve
from haitang.edges.cli.measure_tables import RECALL_TARGET, Section, sections
from haitang.edges.cli.wording import Wording

PAGE_COLUMNS = 120
CHARTS = ("typologies.svg", "budgets.svg")


def charts(found: Measurement, *, wording: Wording) -> dict[str, str]:
    """Draw the charts, by the name of their file."""
    say = wording.say
    chinese = wording.language == "zh"
    rows = [
        (f"{one.group} {one.title_zh if chinese else one.title_en}", one.caught)
        for one in found.typologies
    ]
    return {
        CHARTS[0]: bars(rows, title=say("measure.chart.typologies"), target=RECALL_TARGET),
        CHARTS[1]: curve(
            found.curve,
            title=say("measure.chart.budgets"),
            across=say("measure.column.budget"),
            names=(say("measure.column.value"), say("measure.column.recall")),
        ),
    }


def page(found: Measurement, *, folder: str, wording: Wording) -> str:
    """Write the whole page; `folder` is where the charts lie beside it."""
    say = wording.say
    pictures = {
        "typologies": f"![{say('measure.chart.typologies')}]({folder}/{CHARTS[0]})",
        "budgets": f"![{say('measure.chart.budgets')}]({folder}/{CHARTS[1]})",
    }
    parts = [f"# {say('measure.page.title')}", say("measure.page.made")]
    parts += [_standing(found, wording), *_method(found, wording)]
    frauds = f"{found.frauds_per_day_10000:,.0f}"
    for section in sections(found, wording=wording):
        parts.append(f"## {say(f'measure.section.{section.name}')}")
        note = f"measure.page.{section.name}"
        parts.append(say(note, frauds=frauds))
        if section.name in pictures:
            parts.append(pictures[section.name])
        parts.append(_table(section) if section.rows else say("measure.nothing"))
    if found.public:
        parts.append(_sources(found, wording))
    return "\n\n".join(map(_wrapped, parts)) + "\n"


def _wrapped(part: str) -> str:
    """Fill the lines of prose; a list, a table, a heading or a command stays as it is."""
    if part[:1] in "#!|" or part.startswith(("* ", "    ")):
        return part
    text = ""
    for line in part.splitlines():
        # Between Chinese characters a line's end is no space.
        apart = text and width_of(text[-1]) == 1 and width_of(line[:1]) == 1
        text += f" {line}" if apart else line
    return "\n".join(wrap(text, columns=PAGE_COLUMNS))


def _standing(found: Measurement, wording: Wording) -> str:
    say = wording.say
    seeds = ", ".join(map(str, found.seeds))
    lines = [
        say(
            "measure.title", pack=found.pack, version=found.pack_version,
            live=wording.count(found.instances_live), events=wording.count(found.events),
            streams=len(found.seeds),
        ),
        say("measure.digest", digest=f"`{found.pack_digest}`"),
        say(
            "measure.seeds.rule" if found.seeds_by_rule else "measure.seeds.chosen",
            seeds=seeds, day=found.measured_on,
        ),
        say(
            "measure.page.size", customers=wording.count(found.customers), days=found.days,
            history=found.history_days, frauds=wording.count(found.recall.caught.whole),
        ),
    ]  # fmt: skip
    lines += [
        say(
            "measure.page.stream", seed=one.seed, events=wording.count(one.events),
            frauds=one.frauds, fingerprint=one.fingerprint,
        )
        for one in found.streams
    ]  # fmt: skip
    if found.lock_problems:
        lines.append(say("measure.unlocked", count=found.lock_problems))
    return "\n".join(f"* {' '.join(line.splitlines())}" for line in lines)


def _method(found: Measurement, wording: Wording) -> list[str]:
    say = wording.say
    return [
        f"## {say('measure.page.method.title')}",
        say("measure.page.method.seeds", spent=_in_runs(sorted(SPENT_SEEDS))),
        say(
            "measure.page.method.caught", stopping=" ".join(STOPPING),
        ),
        say(
            "measure.page.method.asked", reporting=" ".join(REPORTING),
            families=", ".join(REPORTED_FAMILIES), reported=" ".join(REPORTED),
            checking=" ".join(CHECKING), checked=" ".join(CHECKED), limited=" ".join(LIMITED),
        ),
        say("measure.page.method.value"),
        say("measure.page.method.honest", felt=" ".join(FELT), personal=" ".join(PERSONAL)),
        say("measure.page.method.alerts", alerting=" ".join(ALERTING)),
        say("measure.page.method.intervals"),
        say("measure.page.method.limits", frauds=f"{found.frauds_per_day_10000:,.0f}"),
        say("measure.page.method.again"),
        f"    {_command(found)}",
    ]  # fmt: skip


def _in_runs(numbers: Sequence[int]) -> str:
    """Return ascending numbers as a text, three and more that follow each other as a range."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def _command(found: Measurement) -> str:
    """Write the command that measures the same again."""
    words = ["haitang lab measure"]
    words += [] if found.seeds_by_rule else [f"--seed {seed}" for seed in found.seeds]
    words += [
        f"--customers {found.customers}", f"--days {found.days}",
        f"--history {found.history_days}", f"--streams {len(found.seeds)}",
        "--markdown docs/reference/detection.md",
    ]  # fmt: skip
    return " ".join(words)


def _sources(found: Measurement, wording: Wording) -> str:
    lines = []
    for one in found.public:
        said = wording.say(
            "measure.page.protocol", title=wording.pick(one.title),
            protocol=wording.pick(one.published.protocol),
            source=wording.pick(one.published.source), digest=one.pack_digest[:12],
        )  # fmt: skip
        lines.append(f"* {said}")
    return "\n".join(lines)


def _table(section: Section) -> str:
    rule = ["---:" if column in section.right else "---" for column in range(len(section.heads))]
    rows = [section.heads, tuple(rule), *section.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
                     for row in rows)  # fmt: skip
