"""资金图谱 — graph: what is known of payments only by looking at who paid whom.

Owns chains, cycles, hops, fans and shared-attribute components: their definitions, their state and
the kernels that keep it, event by event. It never asks what a policy makes of a value, and never
looks at more than the bound that a feature declares.
"""
