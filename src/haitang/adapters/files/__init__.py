"""Files: packs, events, decisions, feature values and state on a local disk.

Owns opening, reading in pieces, writing completely or not at all, and saying in the one grammar
what went wrong with a path. Never interprets what it carries: decoding belongs to `data`, reading
a pack to `decision`.
"""
