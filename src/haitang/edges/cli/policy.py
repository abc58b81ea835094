"""`haitang policy`: the author's day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from haitang.app.authoring.counting import Coverage, cover
from haitang.app.authoring.differences import Difference, differ
from haitang.app.authoring.drafting import draft_policy
from haitang.app.authoring.hits import ALIKE_SHARE, StreamHits, count_hits
from haitang.app.authoring.linting import lint
from haitang.app.authoring.promoting import Goal, promote
from haitang.app.demosources import DemoRequest, open_demo
from haitang.app.policytests import run_policy_tests
from haitang.app.programs import OpenedPack, warm_up
from haitang.app.settings import Settings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.wiring import MachineClock, read_pack_folder, write_json
from haitang.decision.engine import compile_pack
from haitang.decision.rules.pack import LoadedPack, load_pack_unlocked
from haitang.edges.cli.check import test_lines
from haitang.edges.cli.columns import table
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.policy_page import page_lines
from haitang.edges.cli.progress import patience
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording

SHOWN_MAX = 40
"""Names that are listed in the terminal; the JSON has them all."""
_PATH = click.Path(path_type=Path)


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `policy` with its texts in one language."""
    group = TaughtGroup("policy", wording=wording, settings=settings)
    for build in (_new, _test, _lint, _explain, _coverage, _overlap, _dead, _diff, _promote):
        group.add_command(build(wording))
    return group


def _pack_argument() -> click.Argument:
    return click.Argument(["pack"], type=_PATH, metavar="PACK", required=False)


def _option(wording: Wording, name: str, **more: object) -> click.Option:
    key = name.strip("-").replace("-", "_")
    return click.Option([name], help=wording.say(f"policy.option.{key}"), **more)  # type: ignore[arg-type]


def _load(pack: Path | None) -> LoadedPack:
    return load_pack_unlocked(read_pack_folder(pack or shipped_pack(BANK))).loaded


def _new(wording: Wording) -> click.Command:
    def run(pack: Path, name: str, owner: str) -> int:
        path = draft_policy(pack, name, owner=owner)
        click.echo(wording.say("policy.new.written", path=path, pack=pack))
        return ExitCode.DONE

    return TaughtCommand(
        "new",
        topic="policy.new",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["pack"], type=_PATH, metavar="PACK"),
            click.Argument(["name"], metavar="NAME"),
            _option(wording, "--owner", required=True, metavar="TEAM"),
        ],
    )


def _test(wording: Wording) -> click.Command:
    def run(pack: Path | None, policy: tuple[str, ...]) -> int:
        loaded = _load(pack)
        names = {one.id for one in loaded.pack.policies if {one.id, one.policy_id} & set(policy)}
        if policy and not names:
            raise click.UsageError(wording.say("policy.unknown", name=policy[0]))
        tests = [one for one in loaded.tests if not policy or one.policy in names]
        with patience(wording):
            warm_up(compile_pack(loaded.pack))
        clock = MachineClock()
        begun_us = clock.elapsed_us()
        report = run_policy_tests(loaded.pack, tests)
        took_us = clock.elapsed_us() - begun_us
        if policy:
            report = msgspec.structs.replace(
                report, untested=tuple(name for name in report.untested if name in names)
            )
        click.echo("\n".join(test_lines(report, wording=wording)))
        click.echo(wording.say("policy.test.took", seconds=f"{took_us / 1e6:.1f}"))
        return ExitCode.CHECK_FAILED if report.failed else ExitCode.DONE

    return TaughtCommand(
        "test",
        topic="policy.test",
        wording=wording,
        callback=run,
        params=[_pack_argument(), _option(wording, "--policy", multiple=True, metavar="ID")],
    )


def _lint(wording: Wording) -> click.Command:
    def run(pack: Path | None, strict: bool) -> int:
        source = read_pack_folder(pack or shipped_pack(BANK))
        advice = lint(load_pack_unlocked(source).loaded, source)
        for one in advice:
            click.echo(one.render())
        click.echo(wording.say("policy.lint.count", count=wording.count(len(advice))))
        return ExitCode.CHECK_FAILED if strict and advice else ExitCode.DONE

    return TaughtCommand(
        "lint",
        topic="policy.lint",
        wording=wording,
        callback=run,
        params=[_pack_argument(), _option(wording, "--strict", is_flag=True)],
    )


def _explain(wording: Wording) -> click.Command:
    def run(name: str, pack: Path | None) -> int:
        folder = pack or shipped_pack(BANK)
        source = read_pack_folder(folder)
        loaded = load_pack_unlocked(source).loaded
        policies = [one for one in loaded.pack.policies if name in (one.policy_id, one.id)]
        if not policies:
            raise click.UsageError(wording.say("policy.unknown", name=name))
        click.echo("\n".join(page_lines(policies, loaded, source, wording=wording)))
        return ExitCode.DONE

    return TaughtCommand(
        "explain",
        topic="policy.explain",
        wording=wording,
        callback=run,
        params=[click.Argument(["name"], metavar="NAME"), _pack_argument()],
    )


def _coverage(wording: Wording) -> click.Command:
    def run(pack: Path | None, json: Path | None, events: Path | None) -> int:
        loaded = _load(pack)
        dead = None
        if events is not None:
            dead = _hits(loaded, events, wording=wording, share=ALIKE_SHARE).dead
        found = cover(loaded, dead=dead)
        _write(json, found)
        if str(json) != "-":
            click.echo("\n".join(coverage_lines(found, wording=wording)))
        whole = not (found.typologies_missing or found.untested or found.duplicates)
        return ExitCode.DONE if whole else ExitCode.CHECK_FAILED

    return TaughtCommand(
        "coverage",
        topic="policy.coverage",
        wording=wording,
        callback=run,
        params=[
            _pack_argument(),
            _option(wording, "--json", type=_PATH, metavar="FILE"),
            _option(wording, "--events", type=_PATH, metavar="FILE"),
        ],
    )


def _overlap(wording: Wording) -> click.Command:
    def run(pack: Path | None, events: Path | None, share: float, json: Path | None) -> int:
        found = _hits(_load(pack), events, wording=wording, share=share)
        _write(json, found)
        if str(json) == "-":
            return ExitCode.DONE
        say = wording.say
        rows = [
            (one.first, one.second, wording.count(one.together), f"{one.share:.0%}")
            for one in found.overlaps[:SHOWN_MAX]
        ]
        click.echo(_seen(found, wording=wording))
        heads = ("first", "second", "together", "share")
        lines = table([_head(heads, wording), *rows])
        click.echo("\n".join(lines) if rows else say("policy.overlap.none", share=f"{share:.0%}"))
        if len(found.overlaps) > SHOWN_MAX:
            click.echo(say("policy.more", count=wording.count(len(found.overlaps) - SHOWN_MAX)))
        return ExitCode.DONE

    return TaughtCommand(
        "overlap",
        topic="policy.overlap",
        wording=wording,
        callback=run,
        params=[
            _pack_argument(),
            _option(wording, "--events", type=_PATH, metavar="FILE"),
            _option(
                wording, "--share", type=click.FloatRange(0.01, 1.0), default=ALIKE_SHARE,
                show_default=True,
            ),
            _option(wording, "--json", type=_PATH, metavar="FILE"),
        ],
    )  # fmt: skip


def _dead(wording: Wording) -> click.Command:
    def run(pack: Path | None, events: Path | None, json: Path | None) -> int:
        found = _hits(_load(pack), events, wording=wording, share=1.0)
        _write(json, found)
        if str(json) == "-":
            return ExitCode.DONE
        live = sum(one.status == "live" for one in found.instances)
        click.echo(_seen(found, wording=wording))
        click.echo("\n".join(f"  {name}" for name in found.dead))
        click.echo(
            wording.say(
                "policy.dead.count", dead=wording.count(len(found.dead)), live=wording.count(live)
            )
        )
        return ExitCode.DONE

    return TaughtCommand(
        "dead",
        topic="policy.dead",
        wording=wording,
        callback=run,
        params=[
            _pack_argument(),
            _option(wording, "--events", type=_PATH, metavar="FILE"),
            _option(wording, "--json", type=_PATH, metavar="FILE"),
        ],
    )


def _diff(wording: Wording) -> click.Command:
    def run(old: Path, new: Path) -> int:
        found = differ(_load(old).pack, _load(new).pack)
        click.echo("\n".join(difference_lines(found, wording=wording)))
        unversioned = any(one.unversioned for one in found)
        return ExitCode.CHECK_FAILED if unversioned else ExitCode.DONE

    return TaughtCommand(
        "diff",
        topic="policy.diff",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["old"], type=_PATH, metavar="OLD"),
            click.Argument(["new"], type=_PATH, metavar="NEW"),
        ],
    )


def _promote(wording: Wording) -> click.Command:
    def run(
        pack: Path, name: str, to: Goal, author: str, approver: str, backtest: Path | None
    ) -> int:
        done = promote(
            pack,
            name,
            to=to,
            author=author,
            approver=approver,
            backtest=backtest,
        )
        click.echo(
            wording.say(
                "policy.promoted",
                name=done.policy,
                version=done.version,
                before=wording.say(f"check.status.{done.before}"),
                after=wording.say(f"check.status.{done.after}"),
            )
        )
        for path in done.files:
            click.echo(f"  {path}")
        return ExitCode.DONE

    return TaughtCommand(
        "promote",
        topic="policy.promote",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["pack"], type=_PATH, metavar="PACK"),
            click.Argument(["name"], metavar="NAME"),
            _option(
                wording, "--to", type=click.Choice(["shadow", "live", "retired"]), required=True
            ),
            _option(wording, "--author", required=True, metavar="NAME"),
            _option(wording, "--approver", required=True, metavar="NAME"),
            _option(wording, "--backtest", type=_PATH, metavar="REPORT"),
        ],
    )


def coverage_lines(found: Coverage, *, wording: Wording) -> list[str]:
    """Lay out what a pack covers."""
    say, count = wording.say, wording.count
    rows = [
        (one.family, say(f"policy.family.{one.family}"), f"{one.covered}/{one.typologies}",
         count(one.policies), count(one.live), count(one.shadow))
        for one in found.families
    ]  # fmt: skip
    heads = ("family", "covers", "typologies", "policies", "live", "shadow")
    lines = [
        say("policy.coverage.title", pack=found.pack, version=found.pack_version), "",
        *table([_head(heads, wording), *rows], right=frozenset({3, 4, 5})), "",
        say("policy.coverage.typologies", covered=found.typologies_covered,
            total=found.typologies_total),
        say("policy.coverage.instances", live=count(found.instances_live),
            shadow=count(found.instances_shadow), policies=count(found.policies)),
        say("policy.coverage.faults", untested=count(found.untested),
            duplicates=count(found.duplicates)),
    ]  # fmt: skip
    if found.instances_dead is not None:
        lines.append(say("policy.coverage.dead", dead=count(found.instances_dead)))
    if found.typologies_missing:
        lines.append(say("policy.coverage.missing", names=" ".join(found.typologies_missing)))
    lines += [f"  {name}" for name in found.untested_instances[:SHOWN_MAX]]
    lines += ["  " + " = ".join(names) for names in found.duplicate_instances[:SHOWN_MAX]]
    return lines


def _head(names: Sequence[str], wording: Wording) -> tuple[str, ...]:
    return tuple(wording.say(f"policy.column.{name}") for name in names)


def difference_lines(found: Sequence[Difference], *, wording: Wording) -> list[str]:
    """Lay out what changed between two packs."""
    if not found:
        return [wording.say("policy.diff.none")]
    marks = {"added": "+", "removed": "-", "changed": "~"}
    lines = []
    for one in found:
        line = f"{marks[one.what]} {one.instance}"
        if one.unversioned:
            line += "  " + wording.say("policy.diff.unversioned")
        lines += [line, *(f"    {field}" for field in one.fields)]
    return lines


def _hits(loaded: LoadedPack, events: Path | None, *, wording: Wording, share: float) -> StreamHits:
    """Decide a file of events, or the lab's weeks, and count."""
    opened = OpenedPack(pack=loaded.pack, program=compile_pack(loaded.pack))
    with patience(wording):
        warm_up(opened.program)
    demo = open_demo(DemoRequest(events=events))
    told = 0

    def progressed(done: int) -> None:
        nonlocal told
        if done >= told + 100_000:
            told = done
            click.echo(wording.say("policy.progress", events=wording.count(done)), err=True)

    return count_hits(opened, demo.chunks, alike_share=share, progressed=progressed)


def _seen(found: StreamHits, *, wording: Wording) -> str:
    count = wording.count
    lines = [wording.say("policy.seen", events=count(found.events), days=f"{found.days:.0f}")]
    if found.refused:
        lines.append(wording.say("backtest.refused", rows=count(found.refused)))
    if found.duplicates:
        lines.append(wording.say("backtest.duplicates", rows=count(found.duplicates)))
    return "\n".join(lines)


def _write(path: Path | None, value: msgspec.Struct) -> None:
    if path is None:
        return
    if str(path) == "-":
        click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
    else:
        write_json(path, value)
