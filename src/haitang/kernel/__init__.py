"""Kernel: the few ideas that every room shares.

Owns money (`money`), instants, durations and local calendars (`instants`), the one hash of text
(`hashing`), derived identifiers and tokens of personal values (`identity`), and the shape of an
error (`errors`). Never reads a clock, a file of the user, the environment, a random source or a
socket; knows no room above it. Needs no port. Import from its modules; this package exports nothing
itself.
"""
