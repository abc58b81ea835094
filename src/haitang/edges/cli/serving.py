"""The process that decides: a node, its transport, its companions, from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path

import click

from haitang.app.keys import KEYS_FILE, KeyRing
from haitang.app.service.companions import Companions
from haitang.app.service.composing import node_options
from haitang.app.service.housekeeping import Housekeeping
from haitang.app.service.lifecycle import Node
from haitang.app.service.metrics import Metrics
from haitang.app.service.publishing import FirstPack
from haitang.app.service.telling import Tell
from haitang.app.settings_service import ServiceSettings
from haitang.app.shipped import BANK, shipped_pack
from haitang.app.tokenising import read_tokeniser
from haitang.app.wiring import (
    MachineClock,
    decode_payments,
    make_folder,
    open_log,
    processors_awake,
    read_pack_folder,
)
from haitang.edges.api.application import make_app
from haitang.edges.api.intake import PaymentDecoder
from haitang.edges.api.limits import ApiSettings
from haitang.edges.api.server import serve
from haitang.edges.cli.wording import Wording
from haitang.kernel.identity import Tokeniser

SWITCH_S = 0.000_5
"""How long a thread may hold the interpreter while another wants it."""
XML_TYPES = ("application/xml", "text/xml")


async def run_node(
    settings: ServiceSettings,
    *,
    pack: Path | None,
    settings_file: Path | None,
    listening: socket.socket,
    tell_fd: int,
    standby: bool,
    wording: Wording,
) -> int:
    """Serve until SIGTERM; return the exit code."""
    loop = asyncio.get_running_loop()
    # The thread of the loop must not wait long for one that compiles a pack or reads the journal.
    sys.setswitchinterval(SWITCH_S)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    clock = MachineClock()
    log = open_log(clock=MachineClock(), level=settings.log_level, form=settings.log_format)
    folder = Path(settings.data_folder)
    make_folder(folder)
    tokeniser = _tokeniser(settings)
    companions = Companions(
        folder,
        tell=log.tell,
        elapsed_us=clock.elapsed_us,
        options=() if settings_file is None else ("--settings", str(settings_file)),
    )
    node = Node(
        node_options(settings),
        clocks=clock,
        metrics=Metrics(),
        tell=log.tell,
        beside=companions,
    )
    awake = _awake(settings, tell=log.tell)
    try:
        await node.start(
            first_pack=_first_pack(pack),
            warm=(lambda: _say(tell_fd, "standby")) if standby else None,
        )
        app = make_app(
            node,
            KeyRing(folder / KEYS_FILE, clock=clock, tell=log.tell),
            api_settings(settings),
            node.metrics,
            now_us=clock.now_us,
            decoders=_decoders(zone=node.zone, tokeniser=tokeniser),
        )
        keeping = Housekeeping(
            node,
            folder=folder,
            companions=companions if settings.follower_enabled else None,
            retention_days=settings.journal_retention_days,
            now_us=clock.now_us,
            tell=log.tell,
        )
        housework = asyncio.create_task(keeping.run())
        _say(tell_fd, "ready")
        _greet(node, listening, wording=wording)
        await serve(app, listening, api_settings(settings), stopping=stopping)
        housework.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await housework
    finally:
        await node.stop()
        companions.close()
        awake.close()
    return 0


def _awake(settings: ServiceSettings, *, tell: Tell) -> contextlib.ExitStack:
    """Return what keeps the processors awake until it is closed; nothing does unless it is set."""
    held = contextlib.ExitStack()
    if settings.processors_awake:
        held.enter_context(processors_awake(tell=tell))
    return held


def _first_pack(pack: Path | None) -> FirstPack:
    """Return the pack that was named, or the shipped one for a folder that has none yet."""
    source = read_pack_folder(pack or shipped_pack(BANK))
    return FirstPack(
        files=dict(source.files),
        name=source.name,
        origins=source.origins,
        only_if_new=pack is None,
    )


def api_settings(settings: ServiceSettings) -> ApiSettings:
    """Return the bounds of requests."""
    return ApiSettings(
        body_bytes_max=settings.body_bytes_max,
        batch_request_events_max=settings.batch_request_events_max,
        body_timeout_s=settings.body_timeout_s,
        deadline_ms=settings.deadline_ms_default,
        stop_timeout_s=settings.drain_timeout_s,
        metrics_open=settings.metrics_public or settings.host in ("127.0.0.1", "::1", "localhost"),
    )


def _tokeniser(settings: ServiceSettings) -> Tokeniser | None:
    """Return what makes tokens of names; without a key there is none, and names are left out."""
    if not settings.token_key_file:
        return None
    return read_tokeniser(Path(settings.token_key_file), algorithm=settings.token_algorithm)


def _decoders(*, zone: str, tokeniser: Tokeniser | None) -> dict[str, PaymentDecoder]:
    return dict.fromkeys(XML_TYPES, partial(decode_payments, zone=zone, tokeniser=tokeniser))


def _say(tell_fd: int, word: str) -> None:
    """Tell the supervisor how far we are; it may be gone."""
    with contextlib.suppress(OSError):
        os.write(tell_fd, f"{word}\n".encode())


def _greet(node: Node, listening: socket.socket, *, wording: Wording) -> None:
    host, port = listening.getsockname()[:2]
    live = next(view for view in reversed(node.publications()) if view.state == "live")
    click.echo(
        wording.say(
            "serve.listening", pack=live.pack, version=live.pack_version, host=host, port=port
        ),
        err=True,
    )
