"""Nouns of floor 3: policies, approvals, stops, the reasons for every judgement, and the law as dated rule sets."""

from compliance.models.governance import (
    Approval,
    Decision,
    FrequencyCap,
    HousePolicy,
    QuietHours,
    Stop,
    WithdrawnWording,
)
from compliance.models.rule_sets import Ban, LawRow, RuleSet, StatutoryCap

__all__ = [
    "Approval",
    "Ban",
    "Decision",
    "FrequencyCap",
    "HousePolicy",
    "LawRow",
    "QuietHours",
    "RuleSet",
    "StatutoryCap",
    "Stop",
    "WithdrawnWording",
]
