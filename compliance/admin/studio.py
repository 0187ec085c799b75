"""What the studio, a floor below, is told of words while they are written: what stands against them, and their longest."""

from channels.admin import studio
from channels.models import TemplateVersion
from compliance import findings, reviews
from compliance.content.segments import VARIABLE


def longest(version: TemplateVersion) -> str:
    """A text message with a long value for each variable and every branch said: the most that it may cost."""
    return findings.read(version).shown("body", VARIABLE)


studio.checks.problems = reviews.problems
studio.checks.longest = longest
