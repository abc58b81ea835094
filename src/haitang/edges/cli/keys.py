"""`haitang keys`: make, list and revoke API keys. A secret is shown once and kept nowhere."""

from __future__ import annotations

import getpass
from pathlib import Path

import click
import msgspec

from haitang.app.keys import KEYS_FILE, SCOPES, create_key, list_keys, revoke_key, state_of
from haitang.app.settings import Settings
from haitang.app.settings_service import ServiceSettings
from haitang.app.wiring import MachineClock, StoredKey, make_folder
from haitang.edges.cli.columns import table
from haitang.edges.cli.instants import show_instant
from haitang.edges.cli.taught import TaughtCommand, TaughtGroup
from haitang.edges.cli.wording import Wording

COLUMNS = (
    "keys.column.id",
    "keys.column.name",
    "keys.column.state",
    "keys.column.scopes",
    "keys.column.created",
    "keys.column.expires",
    "keys.column.author",
)
STATES = {
    "valid": "keys.state.valid",
    "revoked": "keys.state.revoked",
    "expired": "keys.state.expired",
}


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `keys` with its texts in one language."""
    group = TaughtGroup("keys", wording=wording, settings=settings)
    group.add_command(_create(wording))
    group.add_command(_list(wording))
    group.add_command(_revoke(wording))
    return group


def _create(wording: Wording) -> click.Command:
    def run(
        name: str,
        scope: tuple[str, ...],
        expires_days: int,
        algorithm: str,
        author: str,
        data: Path,
    ) -> int:
        # Keys may be made before the first start.
        make_folder(data)
        created = create_key(
            data / KEYS_FILE,
            name=name,
            scopes=scope,
            clock=MachineClock(),
            expires_days=expires_days,
            author=author or _who(),
            algorithm="sha256" if algorithm == "sha256" else "sm3",
        )
        # The token alone on standard output, so that a pipe can take it to a store of secrets.
        click.echo(created.token.reveal())
        click.echo(
            wording.say(
                "keys.create.done", id=created.key.id, scopes=", ".join(created.key.scopes)
            ),
            err=True,
        )
        return 0

    return TaughtCommand(
        "create",
        topic="keys.create",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["name"], metavar="NAME"),
            click.Option(
                ["--scope"], multiple=True, required=True, type=click.Choice(SCOPES),
                help=wording.say("keys.option.scope"),
            ),
            click.Option(
                ["--expires-days"], type=click.IntRange(0, 3_650), default=0, metavar="N",
                help=wording.say("keys.option.expires_days"),
            ),
            click.Option(
                ["--algorithm"], type=click.Choice(["sm3", "sha256"]), default="sm3",
                help=wording.say("keys.option.algorithm"),
            ),
            _author_option(wording),
            _data_option(wording),
        ],
    )  # fmt: skip


def _list(wording: Wording) -> click.Command:
    def run(data: Path, json: bool) -> int:
        keys = list_keys(data / KEYS_FILE)
        if json:
            text = msgspec.json.encode([as_view(key) for key in keys])
            click.echo(msgspec.json.format(text, indent=2).decode())
        else:
            click.echo("\n".join(key_lines(keys, now_us=MachineClock().now_us(), wording=wording)))
        return 0

    return TaughtCommand(
        "list",
        topic="keys.list",
        wording=wording,
        callback=run,
        params=[
            _data_option(wording),
            click.Option(["--json"], is_flag=True, help=wording.say("keys.option.json")),
        ],
    )


def _revoke(wording: Wording) -> click.Command:
    def run(identifier: str, author: str, data: Path) -> int:
        key = revoke_key(
            data / KEYS_FILE, identifier, clock=MachineClock(), author=author or _who()
        )
        click.echo(wording.say("keys.revoke.done", id=key.id, name=key.name))
        return 0

    return TaughtCommand(
        "revoke",
        topic="keys.revoke",
        wording=wording,
        callback=run,
        params=[
            click.Argument(["identifier"], metavar="ID"),
            _author_option(wording),
            _data_option(wording),
        ],
    )


def _data_option(wording: Wording) -> click.Option:
    return click.Option(
        ["--data"], type=click.Path(path_type=Path), metavar="DIR",
        default=Path(ServiceSettings().data_folder), envvar="HAITANG_DATA_FOLDER",
        help=wording.say("keys.option.data"),
    )  # fmt: skip


def _author_option(wording: Wording) -> click.Option:
    return click.Option(
        ["--author"], default="", metavar="NAME", help=wording.say("keys.option.author")
    )


def _who() -> str:
    """Return the system's name of whoever runs us; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key as `--json` writes it, without its digest."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at_us: int
    expires_at_us: int
    revoked_at_us: int
    author: str


def as_view(key: StoredKey) -> KeyView:
    """Return what is shown of a key."""
    return KeyView(
        id=key.id, name=key.name, scopes=key.scopes, created_at_us=key.created_at_us,
        expires_at_us=key.expires_at_us, revoked_at_us=key.revoked_at_us, author=key.author,
    )  # fmt: skip


def key_lines(keys: tuple[StoredKey, ...], *, now_us: int, wording: Wording) -> list[str]:
    """Lay the keys out for a person."""
    if not keys:
        return [wording.say("keys.list.empty")]
    head = tuple(wording.say(name) for name in COLUMNS)
    rows = [
        (
            key.id,
            key.name,
            wording.say(STATES[state_of(key, now_us=now_us)]),
            ",".join(key.scopes),
            show_instant(key.created_at_us // 1_000_000 * 1_000_000),
            show_instant(key.expires_at_us // 1_000_000 * 1_000_000) if key.expires_at_us else "—",
            key.author or "—",
        )
        for key in keys
    ]
    return table([head, *rows], indent="")
