"""Nouns of floor 3: policies, approvals, stops, the reasons for every judgement, and the law as dated rule sets."""

from compliance.models.audit import AuditEntry, AuditMark, AuditNote, ErasedRow
from compliance.models.governance import (
    Decision,
    FrequencyCap,
    HousePolicy,
    QuietHours,
    Stop,
    WithdrawnWording,
)
from compliance.models.matrix import MatrixRule
from compliance.models.privacy import ErasureRecord, PrivacyRequest
from compliance.models.repermission import Repermission
from compliance.models.retention import CopyRetention
from compliance.models.review_policies import PolicyStep, ReviewPolicy
from compliance.models.reviews import Approval, Review, ReviewComment, ReviewStep, UrgentRelease
from compliance.models.rule_sets import Ban, LawRow, RuleSet, StatutoryCap

__all__ = [
    "Approval",
    "AuditEntry",
    "AuditMark",
    "AuditNote",
    "Ban",
    "CopyRetention",
    "Decision",
    "ErasedRow",
    "ErasureRecord",
    "FrequencyCap",
    "HousePolicy",
    "LawRow",
    "MatrixRule",
    "PolicyStep",
    "PrivacyRequest",
    "QuietHours",
    "Repermission",
    "Review",
    "ReviewComment",
    "ReviewPolicy",
    "ReviewStep",
    "RuleSet",
    "StatutoryCap",
    "Stop",
    "UrgentRelease",
    "WithdrawnWording",
]
