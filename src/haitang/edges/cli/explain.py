"""`haitang explain`: one decision, told so that an analyst understands it."""

from __future__ import annotations

from pathlib import Path

import click

from haitang.app.settings import Settings
from haitang.app.wiring import Listed, find_decision, strictest_decisions
from haitang.edges.cli.columns import table
from haitang.edges.cli.explanations import explanation_lines
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.kernel.instants import load_zone

OVERVIEW_COUNT = 10


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `explain` with its texts in one language."""
    del settings  # every command is built alike

    def run(decisions: Path, identifier: str | None, zone: str) -> int:
        load_zone(zone)
        if identifier is None:
            lines = overview_lines(
                strictest_decisions(decisions, count=OVERVIEW_COUNT),
                path=decisions,
                wording=wording,
            )
        else:
            lines = explanation_lines(
                find_decision(decisions, identifier), wording=wording, zone=zone
            )
        click.echo("\n".join(lines))
        return 0

    return TaughtCommand(
        "explain",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["decisions"], type=click.Path(path_type=Path), metavar="DECISIONS"),
            click.Argument(["identifier"], metavar="[ID]", required=False),
            click.Option(
                ["--zone"], default="UTC", metavar="ZONE", help=wording.say("explain.option.zone")
            ),
        ],
    )


def overview_lines(best: list[Listed], *, path: Path, wording: Wording) -> list[str]:
    """Offer the decisions with the highest scores, for a reader who has no identifier yet."""
    if not best:
        return [wording.say("explain.empty", path=path)]
    rows = [
        (wording.say("explain.column.score"), wording.say("explain.column.tier"),
         wording.say("explain.column.action"), wording.say("explain.column.event")),
        *(
            (str(one.score), wording.say(f"tier.{one.tier}"), one.action, one.event_id)
            for one in best
        ),
    ]  # fmt: skip
    return [
        wording.say("explain.overview"),
        "",
        *table(rows, right=frozenset({0})),
        "",
        wording.say("explain.overview_next", path=path, id=best[0].event_id),
    ]
