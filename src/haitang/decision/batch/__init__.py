"""仿真批量 — batch: what a pack would have meant, and what a change to it would mean.

Owns backtests: what is kept of a run, how another pack is decided from it, and what is measured.
It calls the one `evaluate`, has no condition or feature of its own, and never reads a file: whoever
keeps runs hands the columns in. Later: champion and challenger, campaigns, back-look.
"""
