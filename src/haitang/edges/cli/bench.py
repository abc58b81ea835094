"""`haitang bench`: starts the benchmarks of the checkout; the package does not hold them."""

from __future__ import annotations

from pathlib import Path

import click

from haitang.app.benchmarks import run_benchmark
from haitang.app.settings import Settings
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording

BENCHMARKS = ("engine", "serve", "recovery")
"""Each is `bench/<name>.py` of the checkout."""


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `bench` with its texts in one language."""
    group = TaughtGroup("bench", wording=wording, settings=settings)
    for name in BENCHMARKS:
        group.add_command(_benchmark(name, wording))
    return group


def _benchmark(name: str, wording: Wording) -> click.Command:
    def run(json: Path | None, repository: Path | None, rest: tuple[str, ...]) -> int:
        arguments = ["--json", str(json), *rest] if json else list(rest)
        return run_benchmark(name, arguments, repository=repository)

    path = click.Path(path_type=Path)
    return TaughtCommand(
        name,
        topic=f"bench.{name}",
        wording=wording,
        callback=run,
        params=[
            click.Option(
                ["--json"], type=path, metavar="FILE", help=wording.say("bench.option.json")
            ),
            click.Option(
                ["--repository"],
                type=path,
                metavar="DIR",
                help=wording.say("bench.option.repository"),
            ),
            click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]..."),
        ],
        context_settings={"ignore_unknown_options": True},
    )
