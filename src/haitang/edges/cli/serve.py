"""`haitang serve`: the decision service, a process that holds the socket and one that decides."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from pathlib import Path
from typing import Any

import click

from haitang.app.service.supervising import Supervisor
from haitang.app.settings import Settings
from haitang.edges.cli.service_flags import flag_values, service_settings
from haitang.edges.cli.taught import TaughtCommand
from haitang.edges.cli.wording import Wording
from haitang.kernel.errors import HaitangError

BACKLOG = 2_048
"""Connections that the system holds for us while no node accepts."""
STOP_MARGIN_S = 60.0
"""What a node may take to end beyond the time for open requests: its last snapshot."""


def command(*, wording: Wording, settings: Settings) -> click.Command:
    """Build `serve` with its texts in one language."""
    del settings

    def run(**given: Any) -> int:
        return _serve(given, wording=wording)

    say = wording.say
    path = click.Path(path_type=Path)
    return TaughtCommand(
        "serve",
        wording=wording,
        callback=run,
        params=[
            click.Option(["--data", "data_folder"], type=path, required=True,
                         help=say("serve.option.data")),
            click.Option(["--pack"], type=path, help=say("serve.option.pack")),
            click.Option(["--host"], help=say("serve.option.host", value="127.0.0.1")),
            click.Option(["--port"], type=click.IntRange(0, 65_535),
                         help=say("serve.option.port", value=8_620)),
            click.Option(["--settings", "settings_file"], type=path,
                         help=say("serve.option.settings")),
            click.Option(["--token-key-file"], type=path, metavar="FILE",
                         help=say("serve.option.token_key_file")),
            click.Option(["--token-algorithm"], type=click.Choice(["sm3", "sha256"]),
                         help=say("serve.option.token_algorithm")),
            click.Option(["--accept-clock/--no-accept-clock"], default=None,
                         help=say("serve.option.accept_clock")),
            click.Option(["--follower/--no-follower", "follower_enabled"], default=None,
                         help=say("serve.option.follower")),
            click.Option(["--processors-awake/--no-processors-awake"], default=None,
                         help=say("serve.option.processors_awake")),
            click.Option(["--listen-fd"], type=int, hidden=True),
            click.Option(["--tell-fd"], type=int, hidden=True),
            click.Option(["--standby"], is_flag=True, hidden=True),
        ],
    )  # fmt: skip


def _serve(given: dict[str, Any], *, wording: Wording) -> int:
    chosen = service_settings(given)
    if given["listen_fd"] is not None:
        import uvloop

        from haitang.edges.cli.serving import run_node

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(
                run_node(
                    chosen,
                    pack=given["pack"],
                    settings_file=given["settings_file"],
                    listening=socket.socket(fileno=given["listen_fd"]),
                    tell_fd=given["tell_fd"],
                    standby=given["standby"],
                    wording=wording,
                )
            )
    from haitang.app.wiring import MachineClock, open_log

    listening = _listen(chosen.host, chosen.port)
    log = open_log(clock=MachineClock(), level=chosen.log_level, form=chosen.log_format)
    supervisor = Supervisor(
        lambda listen_fd, tell_fd, standby: _node_command(given, listen_fd, tell_fd, standby),
        listening,
        tell=log.tell,
        pause=time.sleep,
        stop_timeout_s=chosen.drain_timeout_s + STOP_MARGIN_S,
    )
    try:
        return supervisor.run()
    finally:
        listening.close()


def _node_command(given: dict[str, Any], listen_fd: int, tell_fd: int, standby: bool) -> list[str]:
    words = [sys.executable, "-m", "haitang", "serve", *flag_values(given)]
    words += ["--listen-fd", str(listen_fd), "--tell-fd", str(tell_fd)]
    return [*words, "--standby"] if standby else words


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, or say why there is none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise HaitangError(
            code="use_address",
            message=f"the address `{host}` could not be used: {_reason(error)}",
            hint="name an address of this machine with `--host`",
        ) from None
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise HaitangError(
            code="use_port",
            message=f"port {port} of `{host}` could not be used: {_reason(error)}",
            hint="stop what listens there, or name another one with `--port`",
        ) from None
    return listening


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower().rstrip(".")
