"""The admin of this floor: policies, stops, reviews, and the reasons for every judgement."""

from compliance.admin import (  # noqa: F401
    decisions,
    house,
    messages,
    optouts,
    policies,
    reachable,
    reviews,
    rule_sets,
    stops,
)
