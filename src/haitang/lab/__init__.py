"""Lab: an invented bank whose days, frauds and worked cases exercise every other room.

Owns the seeded generator of a bank (`build_bank`, `generate`), the fraud stories woven into it,
the three worked cases as scenarios with their pass criteria, and the leak test that keeps
generated data honest. It never decides anything and never reads a clock or a file: a seed goes in,
event columns come out.
"""
