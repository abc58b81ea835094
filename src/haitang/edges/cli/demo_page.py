"""The demo's page, served by a thread of its own on a port of this machine alone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from haitang.app.demofeed import DemoFeed
from haitang.app.wiring import file_error
from haitang.edges.console.app import make_page
from haitang.edges.console.page import PageSetting

LOCALHOST = "127.0.0.1"

START_SECONDS_MAX = 10.0
END_SECONDS_MAX = 2
"""How long readers have to take the last frame; it takes them a tick."""


@contextmanager
def page_served(feed: DemoFeed, setting: PageSetting, *, port: int) -> Iterator[str]:
    """Serve the page until the block ends and give its address; port 0 is any free one."""
    import uvicorn

    listener = _listener(port)
    config = uvicorn.Config(
        make_page(feed, setting),
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=END_SECONDS_MAX,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="page", daemon=True)
    thread.start()
    try:
        yield f"http://{LOCALHOST}:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)
        listener.close()


def _listener(port: int) -> socket.socket:
    """Bind before the thread starts: a port in use is told here, and readers may come at once."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOCALHOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise file_error(error, path=Path(f"{LOCALHOST}:{port}")) from error
    return listener
