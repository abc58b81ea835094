"""The composition root: settings, wiring, and the runs that the edges start.

Owns which adapter serves which need (`wiring.py` is the one file that names one) and how a run
goes from input to result. Never renders for people, never decides.
"""
