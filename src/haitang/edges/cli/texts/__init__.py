"""Every text of the command line in English and Chinese, one module per topic."""

from haitang.edges.cli.texts.assembled import TEXTS, Said

__all__ = ["TEXTS", "Said"]
