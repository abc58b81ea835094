"""The texts of all topics under one roof."""

from __future__ import annotations

from typing import NamedTuple

from haitang.edges.cli.texts import (
    backtest,
    backup,
    bench,
    check,
    demo,
    explain,
    journal,
    keys,
    lab,
    lists,
    measure,
    measure_page,
    policy,
    regulation,
    replay,
    send,
    serve,
    settings,
    shared,
    words,
)

TOPICS = (
    shared, words, replay, explain, check, demo, lab, bench, serve, settings, keys, backup,
    journal, send, lists, regulation, policy, measure, measure_page,
    backtest,
)  # fmt: skip


class Said(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str


def _assemble() -> dict[str, Said]:
    """Join the topics; a name that two of them claim is a fault of ours."""
    texts: dict[str, Said] = {}
    for topic in TOPICS:
        for name, (en, zh) in topic.TEXTS.items():
            assert name not in texts, f"text {name!r} is defined twice"
            texts[name] = Said(en, zh)
    return texts


TEXTS: dict[str, Said] = _assemble()
"""Texts by name; placeholders are those of `str.format`."""
