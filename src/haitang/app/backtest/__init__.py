"""Backtests: what a pack would have done on a stream, and what a change to it would do, in seconds.

The first run decides the stream and keeps every feature value and every decision. A later run with
changed policies asks the same kernel about the changed ones only, and puts the rest together from
what was kept: the outcome is the same, bit by bit.
"""
