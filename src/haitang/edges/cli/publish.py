"""`haitang publish`: a pack into the running service, and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click

from haitang.app.settings import Settings
from haitang.app.wiring import read_pack_folder
from haitang.edges.cli.faults import ExitCode
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.edges.client import Client, Publication
from haitang.kernel.instants import parse_instant

URL_DEFAULT = "http://127.0.0.1:8620"
TIMEOUT_S = 600.0
"""A pack with other features takes as long as its state takes to build."""


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `publish` with its texts in one language."""
    del settings

    def run(**given: Any) -> int:
        return _publish(given, wording=wording)

    def text(name: str, **values: object) -> str:
        return wording.say(f"publish.option.{name}", **values)

    return TaughtCommand(
        "publish",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["pack"], type=click.Path(path_type=Path), metavar="PACK",
                           required=False),
            click.Option(["--author"], default="", help=text("author")),
            click.Option(["--approver"], default="", help=text("approver")),
            click.Option(["--note"], default="", help=text("note")),
            click.Option(["--at"], help=text("at")),
            click.Option(["--canary"], type=click.IntRange(1, 9_999), help=text("canary")),
            click.Option(["--shadow"], is_flag=True, help=text("shadow")),
            click.Option(["--rollback"], is_flag=True, help=text("rollback")),
            click.Option(["--list", "listing"], is_flag=True, help=text("list")),
            click.Option(["--url"], default=URL_DEFAULT, envvar="HAITANG_URL",
                         help=text("url", value=URL_DEFAULT)),
            click.Option(["--key"], required=True, envvar="HAITANG_KEY", help=text("key")),
        ],
    )  # fmt: skip


def _publish(given: dict[str, Any], *, wording: Wording) -> int:
    with Client(given["url"], given["key"], timeout_s=TIMEOUT_S) as client:
        if given["rollback"]:
            live = _live(client.publications())
            done = client.roll_back(
                live, author=given["author"], approver=given["approver"], note=given["note"]
            )
            views: Sequence[Publication] = [done]
        elif given["pack"] is not None:
            kind: Literal["live", "shadow", "canary"] = "live"
            if given["canary"]:
                kind = "canary"
            elif given["shadow"]:
                kind = "shadow"
            done = client.publish(
                dict(read_pack_folder(given["pack"]).files),
                author=given["author"],
                approver=given["approver"],
                note=given["note"],
                kind=kind,
                share=given["canary"] or 0,
                start_at_us=parse_instant(given["at"]) if given["at"] else 0,
            )
            views = [done]
        elif given["listing"]:
            views = client.publications()
        else:
            raise click.UsageError(wording.say("publish.no_pack"))
    for view in views:
        click.echo(_row(view, wording=wording))
    return ExitCode.DONE


def _live(views: Sequence[Publication]) -> int:
    return next(view.number for view in reversed(views) if view.state == "live")


def _row(view: Publication, *, wording: Wording) -> str:
    return wording.say(
        "publish.row",
        number=view.number,
        kind=view.kind,
        state=view.state,
        pack=view.pack,
        version=view.pack_version,
        position=wording.count(view.position),
        people=f"{view.author} / {view.approver}",
        note=view.trouble or view.note,
    ).rstrip()
