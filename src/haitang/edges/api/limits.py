"""What the HTTP edge admits, in one place."""

from __future__ import annotations

import msgspec

DEADLINE_MS_MIN = 1
DEADLINE_MS_MAX = 60_000


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of requests; what passes one is refused, and the refusal names it."""

    body_bytes_max: int = 8 << 20
    publication_bytes_max: int = 64 << 20
    """A pack travels whole, models included, in base64."""
    batch_request_events_max: int = 10_000
    body_timeout_s: float = 10.0
    """From the head of a request to the last byte of its body."""
    head_timeout_s: float = 10.0
    """From the connection, or the first byte of the next request, to the end of the head."""
    head_bytes_max: int = 32_768
    keep_alive_s: float = 75.0
    connections_max: int = 4_096
    deadline_ms: int = 1_000
    """Time budget of a request that names none."""
    slow_calls_max: int = 16
    """Look-ups, replays and publications under way at once; one more is answered 503."""
    documents_max: int = 8
    """Payment messages (XML) that are read or wait to be read; one more is answered 503."""
    document_threads_max: int = 2
    """How many of them are read at once: one of the longest takes hundreds of megabytes."""
    decode_slice_events: int = 256
    """Events of a batch that are decoded before other requests get their turn."""
    linger_s: float = 1.0
    """How long a refused body is still read, so that its sender sees the answer."""
    drain_s: float = 0.5
    """How long a stopping server still answers on open connections, closing each behind it."""
    stop_timeout_s: float = 30.0
    """How long a stopping server waits for what is in flight."""
    metrics_open: bool = True
    """`/metrics` without a key: right where the service listens on localhost only."""
