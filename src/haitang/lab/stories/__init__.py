"""Fraud stories: how the crimes happen, told as acts of ordinary customers of the bank.

A story is written from the crime, never from a detection threshold. Its people are drawn from the
bank's members, its hours and amounts from the same draws as honest life; only the label tables
know of it.
"""

from haitang.lab.stories.catalogue import STORIES, weave
from haitang.lab.stories.kinds import StoryKind

__all__ = ["STORIES", "StoryKind", "weave"]
