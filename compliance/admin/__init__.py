"""The admin of this floor: policies, stops, reviews, and the reasons for every judgement."""

from compliance.admin import decisions, messages, policies, reviews, stops  # noqa: F401
