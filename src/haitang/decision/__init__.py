"""决策中心, the decision centre: what we conclude.

Owns `rules` (packs and their expression language), `models` (scorers), `engine` (the one
`evaluate`) and `batch` (backtest and what-if over the same engine). Never carries anything out: a
decision is a value, and is never edited. Reads no clock, file, environment or socket.
"""
