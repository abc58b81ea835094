"""决策引擎 — engine: one event in, one explained decision out.

Owns `evaluate`, the combination of policies, models and the policy table, and the rendering of
decisions. It never reads a clock or a file, keeps nothing outside `EngineState`, and has no second
way of deciding.
"""

from haitang.decision.engine.actions import ACTIONS, FURTHER, PRIMARY, RANK, ActionSpec
from haitang.decision.engine.batches import DecisionBatch
from haitang.decision.engine.brief import brief_answers, decision_ids
from haitang.decision.engine.columns import decision_digest, pack_decisions, unpack_decisions
from haitang.decision.engine.decisions import Decision, Hit, Measure, ModelScore, ReadValue, Spared
from haitang.decision.engine.evaluate import evaluate
from haitang.decision.engine.modes import FAIL_POLICY, FULL, LISTS_ONLY, MODE_NAMES, RULES_ONLY
from haitang.decision.engine.prepared import Prepared
from haitang.decision.engine.program import EngineProgram, compile_pack
from haitang.decision.engine.state import EngineState

__all__ = [
    "ACTIONS",
    "FAIL_POLICY",
    "FULL",
    "FURTHER",
    "LISTS_ONLY",
    "MODE_NAMES",
    "PRIMARY",
    "RANK",
    "RULES_ONLY",
    "ActionSpec",
    "Decision",
    "DecisionBatch",
    "EngineProgram",
    "EngineState",
    "Hit",
    "Measure",
    "ModelScore",
    "Prepared",
    "ReadValue",
    "Spared",
    "brief_answers",
    "compile_pack",
    "decision_digest",
    "decision_ids",
    "evaluate",
    "pack_decisions",
    "unpack_decisions",
]
