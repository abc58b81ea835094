"""How the service says what happened: a name and details, to whoever keeps the log."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[..., None]
"""Takes the name of what happened and its details, as a structured log does."""
