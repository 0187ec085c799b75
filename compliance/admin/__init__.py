"""The admin of this floor: policies, stops, reviews, and the reasons for every judgement."""

from compliance.admin import (  # noqa: F401
    audit,
    decisions,
    evidence,
    house,
    matrix,
    messages,
    optouts,
    policies,
    privacy,
    reachable,
    retention,
    review_policies,
    reviews,
    rule_sets,
    seeds,
    stops,
    studio,
    testers,
)
