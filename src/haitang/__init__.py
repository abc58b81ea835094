"""Haitang 海塘: an open bank anti-fraud platform.

Every event of a bank goes through one deterministic engine, which updates exact sliding-window
features, evaluates policies and models, and returns one explained decision before the money moves.
`ARCHITECTURE.md` shows the rooms, `docs/internals/design.md` what they hand each other. Floors, top
to bottom:

    edges > app > adapters | lab > response > decision > data > kernel
"""

from haitang._machine_code import keep_machine_code_apart

keep_machine_code_apart()
