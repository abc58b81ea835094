"""`haitang restore`; it is built beside `haitang backup`."""

from __future__ import annotations

from haitang.edges.cli.backup import restore_command as command

__all__ = ["command"]
