"""模型工厂, models: files of trained models turned into scores with reasons.

Owns the reader of LightGBM's text format, the tree scorer that equals LightGBM bit for bit, and the
contributions of each input to a score. Never trains, and never decides what a score leads to.
"""

from haitang.decision.models.errors import ModelRefused
from haitang.decision.models.layout import TreeArrays, TreeScratch, lay_out, make_scratch
from haitang.decision.models.lightgbm_text import read_model
from haitang.decision.models.ports import Contributions, Scorer
from haitang.decision.models.reasons import explain_row
from haitang.decision.models.scorer import TreeEnsemble
from haitang.decision.models.tree_model import TreeModel
from haitang.decision.models.trees import answer_block, score_block

__all__ = [
    "Contributions",
    "ModelRefused",
    "Scorer",
    "TreeArrays",
    "TreeEnsemble",
    "TreeModel",
    "TreeScratch",
    "answer_block",
    "explain_row",
    "lay_out",
    "make_scratch",
    "read_model",
    "score_block",
]
