"""决策引擎 — engine: one event in, one explained decision out.

Owns `evaluate`, the combination of policies, models and the policy table, and the rendering of
decisions. It never reads a clock or a file, keeps nothing outside `EngineState`, and has no second
way of deciding.
"""

from haitang.decision.engine.actions import ACTIONS, FURTHER, PRIMARY, RANK, ActionSpec
from haitang.decision.engine.decisions import Decision, Hit, Measure, ModelScore, ReadValue
from haitang.decision.engine.evaluate import DecisionBatch, evaluate
from haitang.decision.engine.program import EngineProgram, compile_pack
from haitang.decision.engine.state import EngineState

__all__ = [
    "ACTIONS",
    "FURTHER",
    "PRIMARY",
    "RANK",
    "ActionSpec",
    "Decision",
    "DecisionBatch",
    "EngineProgram",
    "EngineState",
    "Hit",
    "Measure",
    "ModelScore",
    "ReadValue",
    "compile_pack",
    "evaluate",
]
