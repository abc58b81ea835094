"""Benchmarks of the engine beside its peers: every figure is a ratio or a rate measured in the same
run.

Not part of the package. `python -m bench.engine` runs all; `python -m bench.parts NAME FOLDER` runs
one part in a fresh process and prints its measurements as JSON.
"""
