"""Detection, measured: what a pack catches of the lab's frauds, and whom it disturbs meanwhile.

Owns the seed protocol, the counting over what the one engine decided, and the figures on public
data sets. It decides nothing itself, never looks at a label before the decisions are made, and lays
nothing out: that is the edge's.
"""
