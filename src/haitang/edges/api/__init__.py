"""The decision service over HTTP: bytes to arrivals, outcomes to bytes.

Owns the routes, their limits, the one error shape, the OpenAPI document and the server's stopping.
The hot routes are bare ASGI; the rest goes through Litestar. Never decides, never touches the
engine's state, never reads a file: it needs a `DecisionNode`, a `KeyRing` and `Metrics`.
"""
