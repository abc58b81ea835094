"""The tree of commands."""

from __future__ import annotations

import click

from haitang.app.settings import Settings
from haitang.edges.cli.taught import TaughtGroup
from haitang.edges.cli.wording import Wording

COMMANDS = {
    "demo": "haitang.edges.cli.demo",
    "replay": "haitang.edges.cli.replay",
    "explain": "haitang.edges.cli.explain",
    "check": "haitang.edges.cli.check",
    "policy": "haitang.edges.cli.policy",
    "backtest": "haitang.edges.cli.backtest",
    "regulation": "haitang.edges.cli.regulation",
    "serve": "haitang.edges.cli.serve",
    "publish": "haitang.edges.cli.publish",
    "follow": "haitang.edges.cli.follow",
    "journal": "haitang.edges.cli.journal",
    "settings": "haitang.edges.cli.settings",
    "keys": "haitang.edges.cli.keys",
    "backup": "haitang.edges.cli.backup",
    "restore": "haitang.edges.cli.restore",
    "send": "haitang.edges.cli.send",
    "lists": "haitang.edges.cli.lists",
    "lab": "haitang.edges.cli.lab",
    "bench": "haitang.edges.cli.bench",
}
"""Every command and the module that builds it, imported only when the command runs."""


def build_program(*, wording: Wording, settings: Settings) -> click.Group:
    """Build `haitang` with all texts in one language."""
    program = TaughtGroup(
        "haitang", wording=wording, settings=settings, modules=COMMANDS, no_args_is_help=True
    )
    program.params.append(
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help=wording.say("option.version"),
            callback=_tell_version,
        )
    )
    return program


def _tell_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            said = version("haitang")
        except PackageNotFoundError:
            # Run from a checkout that was never installed.
            said = "0"
        click.echo(f"haitang {said}")
        context.exit()
